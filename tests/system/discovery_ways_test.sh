#!/bin/sh
# Every way for movie to find metadata and rating that docs/discovery.md has, with the programs as they are: by a
# registry's HTTP, by its DNS (SRV, addresses), at fixed addresses; calling by gRPC and by HTTP.
#
# usage: discovery_ways_test.sh own|consul: the registry is ours, or HashiCorp's agent
set -eu

: "${MARQUEE_BIN:?where the programs are}"
kind=$1
for tool in curl $([ "$kind" = own ] || echo consul); do
    if ! command -v "$tool" >/dev/null; then
        echo "discovery_ways_test: skipped: there is no $tool (./dev peers $tool)"
        exit 77
    fi
done

scratch=$(mktemp -d)
pids=''
finish() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    echo "discovery_ways_test: FAILED: $*"
    cat "$scratch"/*.log
    exit 1
}

# start NAME PROGRAM OPTIONS…: sets $address to where it listens.
start() {
    name=$1
    program=$2
    shift 2
    : >"$scratch/$name.log"
    (cd "$scratch" && exec "$MARQUEE_BIN/$program" "$@") 2>"$scratch/$name.log" &
    pids="$pids $!"
    tries=0
    until address=$(said "$name" ready) && [ -n "$address" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "$name did not start"
        sleep 0.05
    done
}

# said NAME MESSAGE: the `listen` of the log line with the message.
said() {
    sed -n "s/.*message=\"$2\" listen=\"\([^\"]*\)\".*/\1/p" "$scratch/$1.log" | head -n 1
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

start_registry() {
    if [ "$kind" = own ]; then
        start registry marquee-registry --listen=127.0.0.1:0 --dns-listen=127.0.0.1:0 --registry=
        registry=$address
        dns=$(said registry 'answering DNS')
        return
    fi
    : >"$scratch/registry.log"
    registry=127.0.0.1:$(free_port)
    dns=127.0.0.1:$(free_port)
    consul agent -dev -bind 127.0.0.1 -client 127.0.0.1 -hcl "disable_update_check = true
        dns_config { enable_truncate = true }
        ports { http = ${registry#*:}, dns = ${dns#*:}, grpc = -1, grpc_tls = -1, https = -1,
                serf_lan = $(free_port), serf_wan = -1, server = $(free_port) }" >"$scratch/registry.log" 2>&1 &
    pids="$pids $!"
    tries=0
    until grep -q 'Synced node info' "$scratch/registry.log"; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || fail "consul did not start"
        sleep 0.05
    done
}

start_registry
start metadata marquee-metadata --listen=127.0.0.1:0 --registry="$registry" --data="$scratch/metadata"
metadata=$address
start rating marquee-rating --listen=127.0.0.1:0 --registry="$registry" --data="$scratch/rating" --event-log=none
rating=$address
curl -sSf -X PUT -H 'content-type: application/json' -d '{"id":"m","title":"Film"}' "http://$metadata/metadata" >/dev/null
curl -sSf -X PUT "http://$rating/rating?id=m&type=movie&userId=u&value=7" >/dev/null

count=0
# way NAME OPTIONS…: movie finds both, by each kind of call.
way() {
    name=$1
    shift
    for gateway in grpc http; do
        count=$((count + 1))
        start "movie-$count" marquee-movie --listen=127.0.0.1:0 --gateway=$gateway --threads=1 "$@"
        tries=0
        until curl -sf "http://$address/movie?id=m" | grep -q '"rating":7'; do
            tries=$((tries + 1))
            [ "$tries" -lt 200 ] || fail "$name, $gateway: neither was found"
            sleep 0.05
        done
    done
}

way "a registry" --registry="$registry"
way "SRV, after RFC 2782" --registry= \
    --services="metadata=dns://$dns/_metadata._tcp.service.consul;rating=dns://$dns/_rating._tcp.service.consul"
way "SRV, by Consul's names, and registered all the same" --registry="$registry" \
    --services="metadata=dns://$dns/metadata.service.consul;rating=dns://$dns/rating.service.consul"
way "addresses" --registry= \
    --services="metadata=dns://$dns/metadata.service.consul:${metadata#*:};rating=dns://$dns/rating.service.consul:${rating#*:}"
way "fixed addresses" --registry= --services="metadata=$metadata;rating=$rating"
way "some of each" --registry="$registry" --services="rating=dns://$dns/rating.service.consul"

grep -q 'not registered, as --registry is empty' "$scratch/movie-3.log" || fail "the log does not say that it is not registered"
! grep -q 'not registered' "$scratch/movie-5.log" || fail "it did not register"

# What is no way: said at the start, in one line.
refuses() {
    if "$MARQUEE_BIN/marquee-movie" --listen=127.0.0.1:0 "$@" 2>"$scratch/refused.log"; then
        fail "$* was accepted"
    fi
    grep -q "$words" "$scratch/refused.log" || fail "$*: not '$words'"
}
words="is no registry: with DNS nothing registers" refuses --registry="dns://$dns/service.consul"
words="neither --registry nor --services" refuses --registry= --services=metadata=127.0.0.1:1
words="a server is a numeric address" refuses --registry= --services='metadata=dns://ns.example/m;rating=dns:///r'

echo "discovery_ways_test: found $count times"
