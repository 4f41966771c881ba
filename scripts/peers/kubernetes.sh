#!/bin/sh
# kubernetes-validate, Kubernetes' schemas with their checker, from PyPI into an environment of its own (needs python3 with venv)
#
# Its program is $MARQUEE_CACHE/kubernetes/bin/kubernetes-validate.
set -eu

version=1.34.1
folder=$MARQUEE_CACHE/kubernetes
complete=$folder/complete-$version

skip() {
    echo "kubernetes: $*"
    exit 77
}

[ ! -e "$complete" ] || exit 0
command -v python3 >/dev/null || skip "there is no python3 here"
rm -rf "$folder"
python3 -m venv "$folder" || skip "an environment could not be made (Debian has venv in python3-venv)"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    "kubernetes-validate==$version" || skip "version $version could not be fetched"
touch "$complete"
