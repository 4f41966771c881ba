#!/bin/sh
# protobuf's own conformance runner, built from Debian's source package (its .proto files are kept beside it)
set -eu

version=3.21.12
# As Debian's Sources index has it for protobuf_3.21.12.orig.tar.gz.
sha256=930c2c3b5ecc6c9c12615cf5ad93f1cd6e12d0aba862b572e076259970ac3a53
runner=protobuf_conformance_runner
kept=protobuf-$version

skip() {
    echo "protobuf: $*"
    exit 77
}

if [ -x "$MARQUEE_CACHE/$kept/$runner" ]; then
    ln -sfn "../$kept/$runner" "$MARQUEE_CACHE/bin/$runner"
    exit 0
fi
[ -x /usr/lib/apt/apt-helper ] || skip "there is no apt here"
command -v g++ >/dev/null || skip "there is no C++ compiler here"
[ "$(protoc --version 2>/dev/null)" = "libprotoc $version" ] || skip "there is no protoc $version here"
[ -e /usr/include/google/protobuf/message.h ] || skip "the package libprotobuf-dev is missing"

work=$(mktemp -d "$MARQUEE_CACHE/protobuf.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"

# The source lies where the mirror has what was built from it, so that no deb-src has to be configured.
binary=$(apt-get download --print-uris libprotobuf-dev 2>/dev/null | sed -n "s/^'\([^']*\)'.*/\1/p")
[ -n "$binary" ] || skip "apt knows no mirror for libprotobuf-dev"
/usr/lib/apt/apt-helper -q=2 -o APT::Sandbox::User=root download-file \
    "${binary%/*}/protobuf_$version.orig.tar.gz" source.tar.gz "SHA256:$sha256" ||
    skip "the source package could not be fetched, or is another than expected"
mkdir -p source generated "$kept/google/protobuf"
tar -xzf source.tar.gz -C source --strip-components=1 "protobuf-$version/conformance" "protobuf-$version/src"

protoc -Isource/conformance --cpp_out=generated conformance.proto
protoc -Isource/src --cpp_out=generated google/protobuf/test_messages_proto2.proto \
    google/protobuf/test_messages_proto3.proto

# Compiles one file; headers that the installed library does not have are the source's.
cat >compile <<'COMPILE'
#!/bin/sh
exec g++ -O0 -w -std=c++14 -Igenerated -Isource/conformance -idirafter source/src -c -o "$(basename "$1").o" "$1"
COMPILE
chmod +x compile
if ! printf '%s\n' source/conformance/binary_json_conformance_suite.cc \
    source/conformance/text_format_conformance_suite.cc source/conformance/conformance_test.cc \
    source/conformance/conformance_test_main.cc source/conformance/conformance_test_runner.cc \
    source/conformance/third_party/jsoncpp/jsoncpp.cpp generated/*.cc generated/google/protobuf/*.cc |
    xargs -n 1 -P "$(getconf _NPROCESSORS_ONLN)" ./compile ||
    ! g++ -o "$kept/$runner" ./*.o -lprotobuf -lpthread; then
    skip "$version could not be built"
fi
cp source/conformance/conformance.proto "$kept"
cp source/src/google/protobuf/test_messages_proto3.proto "$kept/google/protobuf"
mv "$kept" "$MARQUEE_CACHE/$kept"
ln -sfn "../$kept/$runner" "$MARQUEE_CACHE/bin/$runner"
