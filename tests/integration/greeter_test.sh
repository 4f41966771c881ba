#!/bin/sh
# The runtime as another project uses it: installed into an empty prefix, found by examples/greeter, built,
# and called over gRPC and JSON.
#
# usage: greeter_test.sh SOURCE BUILD
set -eu

source=$1
build=$2
scratch=$(mktemp -d)
server=''

finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    echo "greeter: $*" >&2
    cat "$scratch"/*.log >&2
    exit 1
}

cmake --install "$build" --component runtime --prefix "$scratch/prefix" >"$scratch/install.log"
cmake -S "$source/examples/greeter" -B "$scratch/build" -DCMAKE_PREFIX_PATH="$scratch/prefix" \
    -DCMAKE_C_FLAGS="-Wall -Wextra -Werror" >"$scratch/configure.log" 2>&1 || fail "it was not configured"
cmake --build "$scratch/build" >"$scratch/build.log" 2>&1 || fail "it was not built"

# The server's first line says where it listens: the pipe is the event that is waited for.
mkfifo "$scratch/words"
"$scratch/build/greeter-server" --listen 127.0.0.1:0 --registry '' 2>"$scratch/words" &
server=$!
exec 3<"$scratch/words"
read -r line <&3
address=$(echo "$line" | sed -n 's/.*message="ready" listen="\([^"]*\)".*/\1/p')
[ -n "$address" ] || fail "the server said: $line"

expect() {
    [ "$2" = "$3" ] || fail "$1: '$2' where '$3' was expected"
}

expect client "$("$scratch/build/greeter-client" "$address" Ada Åsa)" 'call: Hello, Ada
call: Hello, Åsa
stream: Hello, Ada
stream: Hello, Åsa'
expect error "$("$scratch/build/greeter-client" "$address" '' 2>&1 || true)" \
    'greeter-client: INVALID_ARGUMENT: name is missing'
expect JSON "$(curl -sS -H 'content-type: application/json' -d '{"name":"Ada"}' \
    "http://$address/greeter.Greeter/Greet")" '{"greeting":"Hello, Ada"}'

kill "$server"
wait "$server" || fail "the server ended with status $?"
server=''
