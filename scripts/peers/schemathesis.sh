#!/bin/sh
# Schemathesis and openapi-spec-validator, from PyPI into an environment of their own (needs python3 with venv)
#
# Its Python is $MARQUEE_CACHE/schemathesis/bin/python.
set -eu

# shellcheck source=scripts/peer_packages.sh
. "$(dirname -- "$0")/../peer_packages.sh"

version=4.32.5
validator_version=0.9.0
python_packages "$version-$validator_version" \
    "schemathesis==$version" "openapi-spec-validator==$validator_version"
