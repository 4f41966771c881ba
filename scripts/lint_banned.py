#!/usr/bin/env python3
"""Checks our C files for what is forbidden here. usage: lint_banned.py [TREE] [FILE...]

Banned calls, unfinished work, files and functions that are too long, mutable statics, conditional
compilation inside functions, headers without their guard. With FILEs, only those are read.
"""

import fnmatch
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import source_tree  # noqa: E402

FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 60

# What may break a rule, and why. (file pattern, rule): reason.
EXCEPTIONS = {
    ("lib/base/check.c", "exit"): "CHECK() ends here",
    ("*/main.c", "exit"): "a program ends where it began",
    ("lib/loop/fiber_stack.c", "static"): "counts mappings, which the kernel limits by process",
    ("cmake/*.c", "exit"): "a program of one file",
    ("bench/load_connection.c", "exit"): "a load other than what was asked for measures nothing",
    ("lib/process/process.c", "print"): "--help and --version go to standard output",
    ("tests/*", "exit"): "a child process of a test, and a fuzz target, end as they must",
    ("tests/*", "number"): "a test knows what it reads",
    ("tests/*", "static"): "a test program is one thread with one story",
}

# rule: (pattern over code without comments and strings, where it holds, what to say)
CALLS = {
    "string": (r"\b(strcpy|strcat|stpcpy|sprintf|vsprintf|strtok|strtok_r|gets)\s*\(", "*",
               "{} does not know the room: use a buffer, a struct text or snprintf()"),
    "number": (r"\b(atoi|atol|atoll|atof|strtol|strtoul|strtoll|strtoull|strtoimax|strtoumax|sscanf)\s*\(", "*",
               "{} hides errors: use text_to_i64() and its kin"),
    "alloca": (r"\b(alloca|strdupa)\s*\(", "*", "{} has no bound"),
    "sleep": (r"\b(usleep)\s*\(", "*", "{} blocks: wait for the event, with a deadline"),
    "test sleep": (r"\b(sleep|nanosleep|clock_nanosleep)\s*\(", "tests/*",
                   "{} guesses: wait for the event, with a deadline"),
    "exit": (r"(?<![\w.>])(exit|abort|quick_exit)\s*\(", "*", "{} is for main.c and CHECK() only"),
    "print": (r"(?<![\w.>])(printf|puts|putchar|vprintf)\s*\(|\bstdout\b", "lib/*",
              "{}: a library does not write to standard output"),
    "secret": (r"\b(memcmp|bcmp|strn?cmp|strcasecmp|text_equal|text_compare)\s*\(", "lib/access/*",
               "{} ends at the first difference, which tells of a secret: use access_secret_equal()"),
    "temporary name": (r"\b(mktemp|tmpnam|tempnam)\s*\(", "*", "{} is a race: use mkstemp() or mkdtemp()"),
}

# In two parts, so that this file may be read by its own rule.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b")
UNFINISHED_SUFFIXES = (".c", ".h", ".cmake", "CMakeLists.txt", ".py", ".sh", ".proto")

GUARD = re.compile(r"^[ \t]*#[ \t]*pragma once\b", re.M)
CONDITIONAL = re.compile(r"^[ \t]*#[ \t]*(if|ifdef|ifndef|elif|else)\b")
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n\\]|\\.|\\\n)*", re.M)
# A table of constants in a function is data: its rows do not count as the function's lines.
TABLE = re.compile(r"^ {4}static const (?:[^;{\n]*|struct \{\n(?: {8}.*\n)* {4}\} \w+\[\w*\]) = \{\n"
                   r"(?: {8}.*\n|\s*\n)* {4}\};\n", re.M)
ATTRIBUTE = re.compile(r"__attribute__\s*\(\(.*?\)\)|_Alignas\s*\([^)]*\)|CLEANUP\s*\([^)]*\)", re.S)


def is_excepted(name, rule):
    return any(fnmatch.fnmatchcase(name, files) and rule == excepted for files, excepted in EXCEPTIONS)


def check_calls(name, code, complain):
    for rule, (pattern, where, words) in CALLS.items():
        if not fnmatch.fnmatchcase(name, where) or is_excepted(name, rule):
            continue
        for found in re.finditer(pattern, code):
            called = next((group for group in found.groups() if group), found.group(0))
            complain(found.start(), words.format(called))


def functions(code):
    """(offset of the opening brace, offset of the closing one) of all at the left margin."""
    return [(found.start(), code.find("\n}", found.start()) + 1) for found in re.finditer(r"^\{", code, re.M)
            if code.find("\n}", found.start()) >= 0]


def check_functions(code, complain):
    for opening, closing in functions(code):
        body = TABLE.sub("", code[opening:closing])
        lines = body.count("\n") - 1
        if lines > FUNCTION_LINES_MAX:
            complain(opening, f"a function of {lines} lines: {FUNCTION_LINES_MAX} fit a screen")
        offset = opening
        for line in code[opening:closing].split("\n"):
            if CONDITIONAL.match(line):
                complain(offset, "conditional compilation inside a function: use a whole file")
            offset += len(line) + 1


def top_level(code):
    """(offset, text) of each declaration outside functions, with what stands in braces left out."""
    code = DIRECTIVE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), code)
    depth, start, kept = 0, 0, []
    for at, byte in enumerate(code):
        if byte == "{":
            depth += 1
            kept.append("{" if depth == 1 else "")
        elif byte == "}":
            depth = max(depth - 1, 0)
            kept.append("}" if depth == 0 else "")
            if depth == 0 and is_function("".join(kept)):
                kept = []
        elif depth == 0 and byte == ";":
            yield start, "".join(kept)
            kept = []
        elif depth == 0 and (kept or not byte.isspace()):
            if not kept:
                start = at
            kept.append(byte)


def is_function(declaration):
    """Whether what ended in a brace is a function's body, not a type or an initializer."""
    head = declaration.split("{")[0]
    return "(" in ATTRIBUTE.sub("", head) and "=" not in head


def is_mutable_object(declaration):
    """Whether it defines an object that can change."""
    words = ATTRIBUTE.sub("", declaration).split("=")[0]
    is_type = re.match(r"\s*(static\s+|const\s+)*(struct|union|enum)\s+\w*\s*(\{\})?\s*$", words)
    if is_type or re.match(r"\s*(typedef|extern|_Static_assert|_Thread_local|static\s+_Thread_local)\b", words):
        return False
    # After DEFINE_SOMETHING(...), or a prototype: no pointer to a function is declared.
    if "(" in words and not re.search(r"\(\s*\*\s*\w+\s*(\[[^\]]*\]\s*)*\)\s*\(", words):
        return False
    if "(" not in words and not re.match(r"\s*[\w\s*{}]+(\[[^\]]*\]\s*)*\s*$", words):
        return False
    last_star = words.rfind("*")
    return "const" not in (words[last_star:] if last_star >= 0 else words).split()\
        and not re.search(r"\bconst\b", words[last_star + 1:] if last_star >= 0 else words)


def check_statics(name, code, complain):
    if is_excepted(name, "static") or name.endswith(".h"):
        return
    for offset, declaration in top_level(code):
        if re.match(r"\w", declaration) and len(declaration.split()) > 1 and is_mutable_object(declaration):
            complain(offset, "a mutable object outside functions: state has an owner")
    for found in re.finditer(r"^[ \t]+static\s+([^;=({]*)", code, re.M):
        if not re.search(r"\b(const|inline|_Thread_local|_Noreturn)\b", found.group(1)):
            complain(found.start(), "a mutable static inside a function: state has an owner")


def check_file(root, name, complain):
    text = source_tree.read(root, name)

    def at(offset, words):
        complain(f"{name}:{source_tree.line_of(text, offset)}: {words}")

    for found in UNFINISHED.finditer(text):
        at(found.start(), f"{found.group()}: finish it, or leave it out")
    if "\ufffd" in text:
        at(text.index("\ufffd"), "not UTF-8")
    lines = text.count("\n")
    if lines > FILE_LINES_MAX and not is_excepted(name, "lines"):
        at(0, f"{lines} lines: split by subject over {FILE_LINES_MAX}")
    if not name.endswith((".c", ".h")):
        return
    code = source_tree.blank(text)
    check_calls(name, code, at)
    check_functions(code, at)
    check_statics(name, code, at)
    if name.endswith(".h") and not GUARD.search(code):
        at(0, "no #pragma once")


def main(arguments):
    root = arguments[0] if arguments else os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
    names = source_tree.files(root, UNFINISHED_SUFFIXES, source_tree.FOLDERS + ("scripts",))
    if len(arguments) > 1:
        names = [name for name in names if name in arguments[1:]]
    complaints = []
    for name in names:
        check_file(root, name, complaints.append)
    for complaint in complaints:
        print(complaint)
    print(f"banned: {len(names)} files, {len(complaints)} complaints")
    return 1 if complaints or (not names and len(arguments) < 2) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
