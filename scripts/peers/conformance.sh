#!/bin/sh
# the Connect project's conformance runner for gRPC, gRPC-Web and Connect, built from the Go module proxy
set -eu

# shellcheck source=scripts/peer_packages.sh
. "$(dirname -- "$0")/../peer_packages.sh"

go_program connectconformance connectrpc.com/conformance/cmd/connectconformance v1.0.7
