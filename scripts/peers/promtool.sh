#!/bin/sh
# promtool, which checks pages of metrics, taken out of Debian's prometheus package (no server is installed)
set -eu

if [ -x "$MARQUEE_CACHE/bin/promtool" ]; then
    exit 0
fi
if command -v promtool >/dev/null; then
    ln -sf "$(command -v promtool)" "$MARQUEE_CACHE/bin/promtool"
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "promtool: there is no apt here"
    exit 77
fi
work=$(mktemp -d "$MARQUEE_CACHE/promtool.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
if ! apt-get download -qq prometheus || ! dpkg-deb -x prometheus_*.deb .; then
    echo "promtool: the package prometheus could not be fetched"
    exit 77
fi
mv usr/bin/promtool "$MARQUEE_CACHE/bin/promtool"
