#!/bin/sh
# Checks our scripts: that a plain sh can read them, and what shellcheck says where it is installed.
set -eu

cd -- "$(dirname -- "$0")/.."
count=0
for script in dev .ci/run scripts/*.sh scripts/*/*.sh scripts/git-hooks/* bench/run tests/*/*.sh; do
    if [ ! -f "$script" ] || ! head -n 1 "$script" | grep -q '^#!.*/sh$'; then
        continue
    fi
    sh -n "$script"
    if command -v shellcheck >/dev/null; then
        shellcheck -x "$script"
    fi
    count=$((count + 1))
done
echo "shell: $count files, 0 complaints"
