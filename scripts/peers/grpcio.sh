#!/bin/sh
# grpcio, gRPC for Python on gRPC's C core, from PyPI into an environment of its own (needs python3 with venv)
#
# Its Python is $MARQUEE_CACHE/grpcio/bin/python.
set -eu

# shellcheck source=scripts/peer_packages.sh
. "$(dirname -- "$0")/../peer_packages.sh"

grpc_version=1.76.0
protobuf_version=6.33.1
python_packages "$grpc_version-$protobuf_version" \
    "grpcio==$grpc_version" "grpcio-reflection==$grpc_version" "protobuf==$protobuf_version"
