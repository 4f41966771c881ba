"""What the lints share: the C files of a tree, and C text with its comments and strings blanked."""

import pathlib
import subprocess

FOLDERS = ("api", "lib", "services", "tools", "tests", "bench", "cmake")


def files(root, suffixes, folders=FOLDERS):
    """Paths below root, relative and sorted: what git knows or would add; all there are without git."""
    try:
        listed = subprocess.run(
            ["git", "-C", str(root), "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            check=True, capture_output=True).stdout.decode().split("\0")
        if not any(listed):
            raise FileNotFoundError
    except (OSError, subprocess.CalledProcessError):
        listed = [str(path.relative_to(root)) for path in pathlib.Path(root).rglob("*")]
    return sorted({name for name in listed
                   if name.endswith(suffixes) and (name.split("/")[0] in folders or "/" not in name)
                   and (pathlib.Path(root) / name).is_file()})


def read(root, name):
    """The file's text; what is not UTF-8 shows as U+FFFD."""
    return (pathlib.Path(root) / name).read_bytes().decode("utf-8", "replace")


def blank(text):
    """The text with comments and the insides of literals as spaces, so that every place stays its own."""
    out = list(text)
    at, end = 0, len(text)
    while at < end:
        start = at
        if text.startswith("/*", at):
            close = text.find("*/", at + 2)
            at = end if close < 0 else close + 2
        elif text.startswith("//", at):
            close = text.find("\n", at)
            at = end if close < 0 else close
        elif text[at] in "\"'":
            quote = text[at]
            at += 1
            start = at
            while at < end and text[at] != quote and text[at] != "\n":
                at += 2 if text[at] == "\\" else 1
            at = min(at, end)
            _spaces(out, text, start, at)
            at += 1
            continue
        else:
            at += 1
            continue
        _spaces(out, text, start, at)
    return "".join(out)


def _spaces(out, text, start, end):
    for i in range(start, end):
        if text[i] != "\n":
            out[i] = " "


def line_of(text, offset):
    """The number, from 1, of the line that holds the offset."""
    return text.count("\n", 0, offset) + 1
