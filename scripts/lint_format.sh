#!/bin/sh
# Checks that our C files, or those named, are as clang-format would have them. Status 77: it is not here.
set -eu

cd -- "$(dirname -- "$0")/.."
if ! command -v clang-format >/dev/null; then
    echo "format: skipped, there is no clang-format"
    exit 77
fi
if [ $# = 0 ]; then
    # shellcheck disable=SC2046 # no name of ours holds a space
    set -- $(scripts/c_files.sh)
fi
if ! clang-format --dry-run -Werror "$@"; then
    echo "format: ./dev fmt puts it right"
    exit 1
fi
echo "format: $# files, 0 complaints"
