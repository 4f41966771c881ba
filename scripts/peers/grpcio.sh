#!/bin/sh
# grpcio, gRPC for Python on gRPC's C core, from PyPI into an environment of its own (needs python3 with venv)
#
# Its Python is $MARQUEE_CACHE/grpcio/bin/python.
set -eu

grpc_version=1.76.0
protobuf_version=6.33.1
folder=$MARQUEE_CACHE/grpcio
complete=$folder/complete-$grpc_version-$protobuf_version

skip() {
    echo "grpcio: $*"
    exit 77
}

[ ! -e "$complete" ] || exit 0
command -v python3 >/dev/null || skip "there is no python3 here"
rm -rf "$folder"
python3 -m venv "$folder" || skip "an environment could not be made (Debian has venv in python3-venv)"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    "grpcio==$grpc_version" "grpcio-reflection==$grpc_version" "protobuf==$protobuf_version" ||
    skip "versions $grpc_version and $protobuf_version could not be fetched"
touch "$complete"
