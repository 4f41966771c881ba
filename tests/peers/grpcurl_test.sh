#!/bin/sh
# grpcurl lists, describes and calls every service with no proto file at hand.
set -eu

: "${MARQUEE_BIN:?where the programs are}"
if ! command -v grpcurl >/dev/null; then
    echo "grpcurl_test: skipped: there is no grpcurl (./dev peers grpcurl)"
    exit 77
fi

scratch=$(mktemp -d)
pids=
finish() {
    for pid in $pids; do
        kill "$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    echo "grpcurl_test: FAILED: $*"
    for log in "$scratch"/*.log; do
        echo "== $log"
        cat "$log"
    done
    exit 1
}

# start NAME OPTIONS…: sets address to where it listens, by its own word.
start() {
    name=$1
    shift
    "$MARQUEE_BIN/marquee-$name" --listen 127.0.0.1:0 "$@" 2>"$scratch/$name.log" &
    pids="$pids $!"
    tries=0
    until address=$(sed -n 's/.*message="ready" listen="\([^"]*\)".*/\1/p' "$scratch/$name.log") && [ -n "$address" ]; do
        kill -0 "$!" 2>/dev/null || fail "$name ended"
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "$name is not ready"
        sleep 0.1
    done
}

# call ADDRESS METHOD REQUEST WANTED: the reply must hold the wanted text.
call() {
    reply=$(grpcurl -plaintext -d "$3" "$1" "$2" 2>&1) || true
    printf '%s %s\n%s\n' "$2" "$3" "$reply"
    case $(printf %s "$reply" | tr -d ' \n') in
    *"$4"*) ;;
    *) fail "$2 $3: '$4' is not in the reply" ;;
    esac
}

# describe ADDRESS SERVICE METHODS…: the service is listed, and its description has each method.
describe() {
    at=$1
    service=$2
    shift 2
    grpcurl -plaintext "$at" list | grep -qx "$service" || fail "$service is not listed"
    text=$(grpcurl -plaintext "$at" describe "$service") || fail "$service cannot be described"
    for method in "$@"; do
        case $text in
        *"rpc $method ("*) ;;
        *) fail "$method is not in the description of $service" ;;
        esac
    done
}

start registry --registry ''
registry=$address
start metadata --registry "$registry" --store memory
metadata=$address
start rating --registry "$registry" --store memory --event-log none
rating=$address
start movie --registry "$registry"
movie=$address

describe "$metadata" MetadataService GetMetadata PutMetadata DeleteMetadata ListMetadata BatchGetMetadata
describe "$rating" RatingService GetAggregatedRating PutRating BatchPutRatings GetRating DeleteRating \
    GetRatingSummary ListUserRatings ListDeadLetters
describe "$movie" MovieService GetMovieDetails
for at in "$metadata" "$rating" "$movie" "$registry"; do
    describe "$at" grpc.health.v1.Health Check List Watch
    call "$at" grpc.health.v1.Health/Check '{}' '"status":"SERVING"'
done

call "$metadata" MetadataService/PutMetadata '{"metadata":{"id":"tt1","title":"One","year":1999,"genres":["Drama"]}}' '{}'
call "$metadata" MetadataService/PutMetadata '{"metadata":{"id":"tt2","title":"Two"}}' '{}'
call "$metadata" MetadataService/GetMetadata '{"movie_id":"tt1"}' '"title":"One"'
call "$metadata" MetadataService/ListMetadata '{"page_size":1}' '"nextPageToken":"tt1"'
call "$metadata" MetadataService/BatchGetMetadata '{"movie_ids":["tt2","tt3"]}' '"missingMovieIds":["tt3"]'
call "$metadata" MetadataService/DeleteMetadata '{"movie_id":"tt2"}' '{}'
call "$metadata" MetadataService/GetMetadata '{"movie_id":"tt2"}' 'Code:NotFound'

call "$rating" RatingService/GetAggregatedRating '{"record_id":"tt1","record_type":"movie"}' 'Code:NotFound'
call "$movie" MovieService/GetMovieDetails '{"movie_id":"tt1"}' '"ratingState":"NO_VOTES"'
call "$rating" RatingService/PutRating '{"user_id":"ann","record_id":"tt1","record_type":"movie","rating_value":8}' '{}'
call "$rating" RatingService/PutRating \
    '{"user_id":"bob","record_id":"tt1","record_type":"movie","exact_value":{"hundredths":950}}' '{}'
call "$rating" RatingService/GetAggregatedRating '{"record_id":"tt1","record_type":"movie"}' '"ratingValue":8.75'
call "$rating" RatingService/GetRating '{"user_id":"bob","record_id":"tt1","record_type":"movie"}' '"ratingValue":9.5'
call "$rating" RatingService/GetRatingSummary '{"record_id":"tt1","record_type":"movie"}' '"count":2'
call "$rating" RatingService/ListUserRatings '{"user_id":"ann"}' '"recordId":"tt1"'
call "$rating" RatingService/BatchPutRatings '{"ratings":[{"user_id":"cid","record_id":"tt1","record_type":"film"}]}' \
    '"reason":'
call "$rating" RatingService/DeleteRating '{"user_id":"bob","record_id":"tt1","record_type":"movie"}' '{}'
call "$rating" RatingService/PutRating '{"user_id":"ann","record_id":"tt1","record_type":"movie","rating_value":11}' \
    'Code:InvalidArgument'
call "$rating" RatingService/ListDeadLetters '{}' '{}'

call "$movie" MovieService/GetMovieDetails '{"movie_id":"tt1"}' '"ratingState":"RATED"'
call "$movie" MovieService/GetMovieDetails '{"movie_id":"tt9"}' 'Code:NotFound'
echo "grpcurl_test: every service was listed, described and called"
