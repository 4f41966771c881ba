#!/bin/sh
# Every command and program has a manual page, which troff reads without a complaint and which has in it what
# --help says.
set -eu

pages=$1

die() {
    echo "man_pages_test: FAILED: $*"
    exit 1
}

commands=$("$MARQUEE_BIN/marquee" --help | sed -n 's/^  \([a-z][a-z-]*\)  .*/\1/p' | grep -vx sizecompare)
[ "$(echo "$commands" | wc -l)" -gt 20 ] || die "marquee --help lists only: $commands"
for command in $commands; do
    [ -s "$pages/marquee-$command.1" ] || die "marquee $command has no page"
done
for program in registry metadata rating movie review; do
    [ -s "$pages/marquee-$program.1" ] || die "marquee-$program has no page"
done
command -v groff >/dev/null || {
    echo "man_pages_test: skipped: no groff to read the pages (groff-base)"
    exit 77
}
for page in "$pages"/*.1; do
    complaints=$(groff -man -Tutf8 -ww -z "$page" 2>&1)
    [ -z "$complaints" ] || die "$complaints"
done

shown=$(groff -man -Tutf8 -P-c -P-b -P-u "$pages/marquee-rate.1")
for words in 'NAME' 'marquee-rate' 'SYNOPSIS' 'marquee rate [OPTIONS] USER MOVIE VALUE' '--provider NAME' 'EXIT STATUS' \
    'marquee rate alice tt0133093 8.5'; do
    echo "$shown" | tr '‐−' '--' | grep -qF -e "$words" || die "marquee-rate(1) does not say: $words"
done

# A page that is broken is found.
broken=$(mktemp)
trap 'rm -f "$broken"' EXIT
{ cat "$pages/marquee-rate.1" && printf '.nosuchrequest\n'; } >"$broken"
[ -n "$(groff -man -Tutf8 -ww -z "$broken" 2>&1)" ] || die "groff takes anything"
