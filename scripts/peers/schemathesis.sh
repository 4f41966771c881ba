#!/bin/sh
# Schemathesis and openapi-spec-validator, from PyPI into an environment of their own (needs python3 with venv)
#
# Its Python is $MARQUEE_CACHE/schemathesis/bin/python.
set -eu

schemathesis_version=4.32.5
validator_version=0.9.0
folder=$MARQUEE_CACHE/schemathesis
complete=$folder/complete-$schemathesis_version-$validator_version

skip() {
    echo "schemathesis: $*"
    exit 77
}

[ ! -e "$complete" ] || exit 0
command -v python3 >/dev/null || skip "there is no python3 here"
rm -rf "$folder"
python3 -m venv "$folder" || skip "an environment could not be made (Debian has venv in python3-venv)"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: \
    "schemathesis==$schemathesis_version" "openapi-spec-validator==$validator_version" ||
    skip "versions $schemathesis_version and $validator_version could not be fetched"
touch "$complete"
