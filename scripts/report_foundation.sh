#!/bin/sh
# Prints docs/reports/foundation.md: every endpoint called by grpcurl and curl on a running Marquee (started
# by this script on the default ports, in a scratch directory), and the table of ./dev bench.
# Usage: scripts/report_foundation.sh [BENCH.md] >docs/reports/foundation.md
set -eu

root=$(cd -- "$(dirname -- "$0")/.." && pwd)
PATH="${MARQUEE_BIN:-$root/build/dev/bin}:${MARQUEE_CACHE:-$HOME/.cache/marquee}/bin:$PATH"
bench=${1:+$(realpath "$1")}
scratch=$(mktemp -d)
up=
finish() {
    [ -z "$up" ] || kill "$up" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap finish EXIT
cd "$scratch"

# show COMMAND: the command and what it prints, as typed.
show() {
    printf '$ %s\n' "$1"
    sh -c "$1" 2>&1 || true
}

# block: its commands in one fence.
block() {
    printf '```\n'
    "$@"
    printf '```\n\n'
}

json='content-type: application/json'

metadata_curl() {
    show "curl -si -X PUT -H '$json' localhost:8081/metadata -d '{\"id\":\"m1\",\"title\":\"One\",\"year\":1999,\"genres\":[\"Drama\"]}' | head -1"
    show "curl -s 'localhost:8081/metadata?id=m1'; echo"
    show "curl -si -X DELETE 'localhost:8081/metadata?id=m1' | head -1"
    show "curl -si 'localhost:8081/metadata?id=m1'; echo"
    show "curl -si localhost:8081/metadata; echo"
    show "curl -si -X POST localhost:8081/metadata | grep -iE '^(HTTP|allow)'"
    show "curl -si -X PUT -H 'content-type: text/xml' localhost:8081/metadata -d '<a/>' | head -1"
}

metadata_grpcurl() {
    show "grpcurl -plaintext localhost:8081 list"
    show "grpcurl -plaintext localhost:8081 describe MetadataService"
    show "grpcurl -plaintext -d '{\"metadata\":{\"id\":\"m2\",\"title\":\"Two\"}}' localhost:8081 MetadataService/PutMetadata"
    show "grpcurl -plaintext -d '{\"movie_id\":\"m2\"}' localhost:8081 MetadataService/GetMetadata"
    show "grpcurl -plaintext -d '{\"movie_ids\":[\"m2\",\"m3\"]}' localhost:8081 MetadataService/BatchGetMetadata"
    show "grpcurl -plaintext -d '{\"page_size\":1}' localhost:8081 MetadataService/ListMetadata"
    show "grpcurl -plaintext -d '{\"movie_id\":\"m2\"}' localhost:8081 MetadataService/DeleteMetadata"
    show "grpcurl -plaintext -d '{\"movie_id\":\"m2\"}' localhost:8081 MetadataService/GetMetadata"
}

rating_curl() {
    show "curl -si -X PUT 'localhost:8082/rating?id=tt0133093&type=movie&userId=ann&value=9.5' | head -1"
    show "curl -s 'localhost:8082/rating?id=tt0133093&type=movie&userId=ann'; echo"
    show "curl -s 'localhost:8082/rating?id=tt0133093&type=movie'; echo"
    show "curl -si -X DELETE 'localhost:8082/rating?id=tt0133093&type=movie&userId=ann' | head -1"
    show "curl -si 'localhost:8082/rating?id=nobody-voted&type=movie'; echo"
    show "curl -s -X PUT 'localhost:8082/rating?id=tt0133093&type=movie&userId=ann&value=11'; echo"
    show "curl -s -X PUT 'localhost:8082/rating?id=tt0133093&type=film&userId=ann&value=1'; echo"
}

rating_grpcurl() {
    show "grpcurl -plaintext localhost:8082 describe RatingService"
    show "grpcurl -plaintext -d '{\"user_id\":\"bob\",\"record_id\":\"tt0133093\",\"record_type\":\"movie\",\"rating_value\":8}' localhost:8082 RatingService/PutRating"
    show "grpcurl -plaintext -d '{\"user_id\":\"bob\",\"record_id\":\"tt0133093\",\"record_type\":\"movie\"}' localhost:8082 RatingService/GetRating"
    show "grpcurl -plaintext -d '{\"record_id\":\"tt0133093\",\"record_type\":\"movie\"}' localhost:8082 RatingService/GetAggregatedRating"
    show "grpcurl -plaintext -d '{\"record_id\":\"tt0133093\",\"record_type\":\"movie\"}' localhost:8082 RatingService/GetRatingSummary"
    show "grpcurl -plaintext -d '{\"user_id\":\"bob\"}' localhost:8082 RatingService/ListUserRatings"
    show "grpcurl -plaintext -d '{\"ratings\":[{\"user_id\":\"cid\",\"record_id\":\"tt0133093\",\"record_type\":\"movie\",\"exact_value\":{\"hundredths\":750}},{\"user_id\":\"cid\",\"record_id\":\"x\",\"record_type\":\"film\"}]}' localhost:8082 RatingService/BatchPutRatings"
    show "grpcurl -plaintext -d '{\"user_id\":\"bob\",\"record_id\":\"tt0133093\",\"record_type\":\"movie\"}' localhost:8082 RatingService/DeleteRating"
    show "grpcurl -plaintext -d '{}' localhost:8082 RatingService/ListDeadLetters"
}

movie_calls() {
    show "curl -s 'localhost:8083/movie?id=tt0133093'; echo"
    show "curl -s 'localhost:8083/movie?id=none'; echo"
    show "grpcurl -plaintext -d '{\"movie_id\":\"tt0133093\"}' localhost:8083 MovieService/GetMovieDetails"
    show "curl -s -H '$json' -d '{\"movieId\":\"tt0133093\"}' localhost:8083/MovieService/GetMovieDetails; echo"
    show "curl -s --http2-prior-knowledge -H '$json' -d '{\"movieId\":\"none\"}' localhost:8083/MovieService/GetMovieDetails; echo"
    show "grpcurl -plaintext -d '{\"service\":\"MovieService\"}' localhost:8083 grpc.health.v1.Health/Check"
    show "grpcurl -plaintext localhost:8083 grpc.health.v1.Health/List"
    show "curl -s localhost:8083/livez localhost:8083/readyz"
    show "curl -s localhost:8083/metrics | grep -E '_total\\{' | head -5"
}

registry_calls() {
    show "curl -s localhost:8500/v1/catalog/services; echo"
    show "curl -s 'localhost:8500/v1/health/service/rating?passing' | head -c 400; echo …"
    show "curl -s localhost:8500/v1/status/leader; echo"
    show "marquee services"
}

command_line() {
    show "marquee movie tt0133093"
    show "marquee rating tt0133093"
    show "marquee deadletters"
}

marquee up >up.log 2>&1 &
up=$!
tries=0
until grep -q '^Marquee is up' up.log; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || { cat up.log >&2; exit 1; }
    sleep 0.2
done

cat <<'TEXT'
# Report: the foundation

Every endpoint, called on a running system with the sample data, and the measurements. Made by
`scripts/report_foundation.sh`; times, ids and rates differ from run to run.

TEXT
printf '## Metadata: HTTP and JSON\n\n' && block metadata_curl
printf '## Metadata: gRPC\n\n' && block metadata_grpcurl
printf '## Rating: HTTP and JSON\n\n' && block rating_curl
printf '## Rating: gRPC\n\n' && block rating_grpcurl
printf '## Movie details, health, metrics\n\n' && block movie_calls
printf '## Registry\n\n' && block registry_calls
printf '## Command line\n\n' && block command_line
if [ -n "$bench" ]; then
    printf '## Measured\n\n'
    sed 's/^## /### /' "$bench"
fi
