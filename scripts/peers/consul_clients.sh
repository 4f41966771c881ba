#!/bin/sh
# Consul clients in other languages: consul from npm, python-consul from PyPI
set -eu

modules=$MARQUEE_CACHE/consul-clients
if [ -d "$modules/node_modules/consul" ] && [ -d "$modules/python/consul" ]; then
    exit 0
fi
if ! command -v npm >/dev/null || ! python3 -m pip --version >/dev/null 2>&1; then
    echo "consul_clients: there is no npm, or no pip, here"
    exit 77
fi
mkdir -p "$modules"
if ! npm install --prefix "$modules" --no-audit --no-fund --ignore-scripts consul@2.0.1 ||
    ! python3 -m pip install --quiet --target "$modules/python" python-consul==1.1.0; then
    rm -rf "$modules"
    echo "consul_clients: the packages could not be installed"
    exit 77
fi
