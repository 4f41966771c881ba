#!/usr/bin/env python3
"""Compares the code on a page with the code it shows. usage: lint_examples.py [TREE]

In docs/adding-a-service.md each fenced block after a line `<!-- from FILE -->` stands verbatim, whole lines,
in FILE.
"""

import pathlib
import re
import sys

PAGE = "docs/adding-a-service.md"
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


def main(root):
    page = (root / PAGE).read_text(encoding="utf-8") if (root / PAGE).is_file() else ""
    count = complaints = 0
    for shown in SHOWN.finditer(page):
        count += 1
        complaint = complaint_of(root, shown)
        if complaint is not None:
            complaints += 1
            print(f"{PAGE}:{page.count(chr(10), 0, shown.start()) + 1}: {complaint}")
    print(f"examples: {count} blocks, {complaints} complaints")
    return 1 if complaints or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
