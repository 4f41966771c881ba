#!/bin/sh
# tonic, pinned by Cargo.lock, built from crates.io into $MARQUEE_CACHE/bin
set -eu

here=$(cd -- "$(dirname -- "$0")" && pwd)
api=$here/../../../api
if ! command -v cargo >/dev/null; then
    echo "tonic: there is no Rust compiler here"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -R "$here/Cargo.toml" "$here/Cargo.lock" "$here/build.rs" "$here/src" "$work"
cp "$api/metadata.proto" "$here/../../bench.proto" "$work"
cd "$work"
if ! cargo build --release --locked --target-dir "$work/target"; then
    echo "tonic: the server could not be built"
    exit 77
fi
mkdir -p "$MARQUEE_CACHE/bin"
mv target/release/bench-tonic "$MARQUEE_CACHE/bin/bench-tonic"
