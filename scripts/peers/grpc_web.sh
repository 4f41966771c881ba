#!/bin/sh
# the official JavaScript client of gRPC-Web, for Node with an XMLHttpRequest, from npm
set -eu

modules=$MARQUEE_CACHE/grpc-web
if [ -d "$modules/node_modules/grpc-web" ] && [ -d "$modules/node_modules/xhr2" ]; then
    exit 0
fi
if ! command -v npm >/dev/null; then
    echo "grpc_web: there is no npm here"
    exit 77
fi
mkdir -p "$modules"
if ! npm install --prefix "$modules" --no-audit --no-fund --ignore-scripts grpc-web@2.1.1 xhr2@0.2.1; then
    rm -rf "$modules"
    echo "grpc_web: the packages could not be installed"
    exit 77
fi
