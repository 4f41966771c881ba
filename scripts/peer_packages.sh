#!/bin/sh
# peer_packages.sh: how scripts/peers/*.sh fetch programs from registries; read by them, with MARQUEE_CACHE set.
# Where something cannot be had, it is said and the script ends with status 77.
peer=$(basename -- "$0" .sh)

skip() {
    echo "$peer: $*"
    exit 77
}

# go_program NAME PACKAGE VERSION: built from the Go module proxy into $MARQUEE_CACHE/bin/NAME.
go_program() {
    [ ! -x "$MARQUEE_CACHE/bin/$1" ] || return 0
    command -v go >/dev/null || skip "there is no Go compiler here"
    GOBIN="$MARQUEE_CACHE/bin" go install "$2@$3" || skip "$3 could not be built"
}

# python_packages VERSIONS PACKAGE==VERSION…: from PyPI, without building any, into an environment of their own in
# $MARQUEE_CACHE/PEER. VERSIONS: a word for all of them, by which it is known to be complete.
python_packages() {
    folder=$MARQUEE_CACHE/$peer
    complete=$folder/complete-$1
    [ ! -e "$complete" ] || return 0
    command -v python3 >/dev/null || skip "there is no python3 here"
    shift
    rm -rf "$folder"
    python3 -m venv "$folder" || skip "an environment could not be made (Debian has venv in python3-venv)"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --only-binary :all: "$@" ||
        skip "these could not be fetched: $*"
    touch "$complete"
}
