#!/usr/bin/env python3
"""Compares the code on pages with the code they show. usage: lint_examples.py [TREE]

In docs/adding-a-service.md, docs/discovery.md and docs/rpc.md each fenced block after a line `<!-- from FILE -->` stands verbatim, whole lines,
in FILE.
"""

import pathlib
import re
import sys

PAGES = ("docs/adding-a-service.md", "docs/discovery.md", "docs/rpc.md")
SHOWN = re.compile(r"^<!-- from (?P<file>\S+) -->\n(?P<fence>```\w*\n(?P<code>.*?)^```$)?", re.MULTILINE | re.DOTALL)


def complaint_of(root, shown):
    path = root / shown["file"]
    if shown["fence"] is None:
        return "no block follows"
    if not path.is_file():
        return f"{shown['file']} does not exist"
    if not shown["code"].strip() or "\n" + shown["code"] not in "\n" + path.read_text(encoding="utf-8"):
        return f"the block does not stand in {shown['file']}"
    return None


def check_page(root, name):
    """The blocks and the complaints of a page; one without blocks shows nothing that could be true."""
    path = root / name
    page = path.read_text(encoding="utf-8") if path.is_file() else ""
    count = complaints = 0
    for shown in SHOWN.finditer(page):
        count += 1
        complaint = complaint_of(root, shown)
        if complaint is not None:
            complaints += 1
            print(f"{name}:{page.count(chr(10), 0, shown.start()) + 1}: {complaint}")
    if count == 0:
        complaints += 1
        print(f"{name}: shows no code")
    return count, complaints


def main(root):
    results = [check_page(root, name) for name in PAGES]
    count, complaints = (sum(column) for column in zip(*results))
    print(f"examples: {count} blocks, {complaints} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
