#!/bin/sh
# grpcurl, a gRPC client for the command line, built from the Go module proxy (some two minutes)
set -eu

# shellcheck source=scripts/peer_packages.sh
. "$(dirname -- "$0")/../peer_packages.sh"

go_program grpcurl github.com/fullstorydev/grpcurl/cmd/grpcurl v1.9.4
