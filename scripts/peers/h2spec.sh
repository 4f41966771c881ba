#!/bin/sh
# h2spec, which checks a server against RFC 7540 and 7541, built from the Go module proxy
set -eu

# shellcheck source=scripts/peer_packages.sh
. "$(dirname -- "$0")/../peer_packages.sh"

go_program h2spec github.com/summerwind/h2spec/cmd/h2spec v2.2.1+incompatible
