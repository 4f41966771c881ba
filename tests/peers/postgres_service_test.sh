#!/bin/sh
# Two rating services on one PostgreSQL (MARQUEE_POSTGRES, which is also the option's own environment) and
# one event log: votes and events of both are in both, also after one was killed.
set -eu

: "${MARQUEE_BIN:?where the programs are}"
: "${MARQUEE_POSTGRES:?scripts/peers/postgres.sh run sets it}"
export MARQUEE_STORE=postgres MARQUEE_POSTGRES_SCHEMA="service_$$"

scratch=$(mktemp -d)
pids=''
finish() {
    for pid in $pids; do
        kill -9 "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$scratch"
}
trap finish EXIT
mkdir -p "$scratch/var/eventlog"

die() {
    echo "postgres_service_test: $*"
    cat "$scratch"/*.log
    exit 1
}

# await SECONDS COMMAND…: until it succeeds.
await() {
    left=$(($1 * 10))
    shift
    until "$@"; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || die "not in time: $*"
        sleep 0.1
    done
}

address_of() {
    sed -n 's/.*message="ready" listen="\([^"]*\)".*/\1/p' "$scratch/$1.log"
}

is_ready() {
    [ -n "$(address_of "$1")" ]
}

start() {
    : >"$scratch/$1.log"
    (cd "$scratch" && exec "$MARQUEE_BIN/marquee-rating" --listen 127.0.0.1:0 --registry '') 2>"$scratch/$1.log" &
    pid=$!
    pids="$pids $pid"
    await 30 is_ready "$1"
}

put() {
    curl -sf -X PUT "http://$(address_of "$1")/rating?id=tt1&type=movie&userId=$2&value=$3"
}

# mean INSTANCE WANT: whether the instance says so.
mean() {
    [ "$(curl -s "http://$(address_of "$1")/rating?id=tt1&type=movie")" = "$2" ]
}

start one
first=$pid
start two
put one ann 10
put two bob 5
mean one 7.5 || die "one does not know of both votes"
mean two 7.5 || die "two does not know of both votes"

cat >"$scratch/events.json" <<'EVENTS'
[{"userId": "cid", "recordId": "tt1", "recordType": "movie", "value": 3, "providerId": "club", "eventType": "put", "eventId": "1"},
 {"userId": "cid", "recordId": "tt1", "recordType": "movie", "value": 9, "providerId": "club", "eventType": "put", "eventId": "1"},
 {"userId": "dee", "recordId": "tt1", "recordType": "movie", "value": 2, "providerId": "club", "eventType": "put", "eventId": "2"}]
EVENTS
(cd "$scratch" && "$MARQUEE_BIN/marquee" ingest --event-log local --event-log-directory var/eventlog events.json)
await 30 mean two 5

kill -9 "$first"
put two eve 10
await 10 mean two 6
start three
mean three 6 || die "three does not know of all votes"
"$MARQUEE_BIN/marquee" fsck || die "the store does not agree with itself"
curl -sf "http://$(address_of three)/metrics" | grep -q '^marquee_postgres_connections_max 8$' || die "no metrics"
if command -v promtool >/dev/null; then
    curl -sf "http://$(address_of two)/metrics" | promtool check metrics
fi
