#!/bin/sh
# Prints our C files, one a line, from the top of the tree: what git knows or would add, or, outside a
# repository, what the source folders hold.
set -eu

cd -- "$(dirname -- "$0")/.."
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
    git ls-files --cached --others --exclude-standard -- '*.c' '*.h' | while read -r file; do
        [ ! -e "$file" ] || printf '%s\n' "$file"
    done
else
    find api lib services tools tests bench cmake -name '*.[ch]' 2>/dev/null | sort
fi
