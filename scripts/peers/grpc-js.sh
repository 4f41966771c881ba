#!/bin/sh
# grpc-js, gRPC for Node.js, from the npm registry (needs node and npm)
#
# Installed into $MARQUEE_CACHE/grpc-js, which NODE_PATH is to name with /node_modules behind it.
set -eu

grpc_version=1.14.4
loader_version=0.8.0
folder=$MARQUEE_CACHE/grpc-js
complete=$folder/complete-$grpc_version-$loader_version

skip() {
    echo "grpc-js: $*"
    exit 77
}

[ ! -e "$complete" ] || exit 0
command -v node >/dev/null || skip "there is no node here"
command -v npm >/dev/null || skip "there is no npm here"
rm -rf "$folder"
mkdir -p "$folder"
npm install --prefix "$folder" --no-audit --no-fund --ignore-scripts --save-exact --loglevel=error \
    "@grpc/grpc-js@$grpc_version" "@grpc/proto-loader@$loader_version" ||
    skip "versions $grpc_version and $loader_version could not be fetched"
touch "$complete"
