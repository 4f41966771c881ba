#!/bin/sh
# Writes a manual page for each program and each command of `marquee`, from what --help prints.
#
#   scripts/man_pages.sh BIN DIRECTORY VERSION
set -eu

bin=$1
directory=$2
version=$3
awk_program=$(dirname -- "$0")/man_page.awk

mkdir -p "$directory"

# page NAME COMMAND…
page() {
    name=$1
    shift
    "$@" --help >"$directory/$name.help"
    awk -f "$awk_program" -v name="$name" -v version="$version" "$directory/$name.help" >"$directory/$name.1"
    rm "$directory/$name.help"
}

page marquee "$bin/marquee"
for command in $("$bin/marquee" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p'); do
    # One that is a program of its own, which need not be built, has its own page.
    [ "$command" = sizecompare ] || page "marquee-$command" "$bin/marquee" "$command"
done
for program in "$bin"/marquee-*; do
    name=$(basename "$program")
    case $name in
    marquee-sizecompare | marquee-metadata | marquee-rating | marquee-movie | marquee-review | marquee-recommendation | \
        marquee-registry | marquee-single)
        page "$name" "$program"
        ;;
    esac
done
