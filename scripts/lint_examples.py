#!/usr/bin/env python3
"""Holds code shown in documents against the files it is taken from. usage: lint_examples.py [TREE]

A fenced block that follows the line `<!-- from FILE -->` stands in FILE, line for line.
"""

import pathlib
import re
import sys

FROM = re.compile(r"<!-- from (\S+) -->\s*$")


def blocks(lines):
    """(line number, file, lines of the block) for each marked block; None for one without its fence."""
    at = 0
    while at < len(lines):
        marked = FROM.match(lines[at])
        at += 1
        if not marked:
            continue
        start = at
        if at == len(lines) or not lines[at].startswith("```"):
            yield start, marked[1], None
            continue
        end = next((i for i in range(at + 1, len(lines)) if lines[i].startswith("```")), None)
        if end is None:
            yield start, marked[1], None
            continue
        yield start, marked[1], lines[at + 1:end]
        at = end + 1


def stands_in(block, lines):
    return any(lines[i:i + len(block)] == block for i in range(len(lines) - len(block) + 1))


def complaint(root, name, block):
    if not block:
        return "no fenced block follows"
    path = root / name
    if not path.is_file():
        return f"there is no {name}"
    if not stands_in(block, path.read_text(encoding="utf-8").splitlines()):
        return f"this does not stand in {name}"
    return None


def main(root):
    shown = failed = 0
    for document in sorted([*root.glob("*.md"), *root.glob("docs/**/*.md")]):
        lines = document.read_text(encoding="utf-8").splitlines()
        for line, name, block in blocks(lines):
            shown += 1
            words = complaint(root, name, block)
            if words:
                failed += 1
                print(f"{document.relative_to(root)}:{line}: {words}")
    print(f"examples: {shown} blocks, {failed} complaints")
    return 1 if failed or not shown else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
