#!/bin/sh
# promtool, Prometheus's own checker, finds nothing wrong with /metrics.
set -eu

: "${MARQUEE_BIN:?where the programs are}"
for tool in promtool curl; do
    if ! command -v "$tool" >/dev/null; then
        echo "promtool_test: skipped: there is no $tool (./dev peers promtool)"
        exit 77
    fi
done

scratch=$(mktemp -d)
pid=
finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    wait
    rm -rf "$scratch"
}
trap finish EXIT

check() {
    name=$1
    shift
    : >"$scratch/log" # of the one before
    (cd "$scratch" && exec "$MARQUEE_BIN/marquee-$name" --listen 127.0.0.1:0 --registry '' "$@") 2>"$scratch/log" &
    pid=$!
    tries=0
    until address=$(sed -n 's/.*message="ready" listen="\([^"]*\)".*/\1/p' "$scratch/log") && [ -n "$address" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { cat "$scratch/log"; exit 1; }
        sleep 0.1
    done
    curl -sf "http://$address/readyz"
    curl -sf "http://$address/metrics" >"$scratch/metrics"
    promtool check metrics <"$scratch/metrics"
    echo "promtool_test: $name: $(grep -c '^# TYPE' "$scratch/metrics") families"
    kill "$pid"
    wait "$pid"
    pid=
}

check registry
check metadata
check rating
check review
check recommendation --services 'rating=127.0.0.1:1'
check movie --services 'metadata=127.0.0.1:1;rating=127.0.0.1:1'

# The alerts are well formed, say what they should, and ask for metrics that there are.
: "${MARQUEE_SOURCE:?where the sources are}"
rules=$MARQUEE_SOURCE/deploy/prometheus/marquee.rules.yml
promtool check rules "$rules"
promtool test rules "$MARQUEE_SOURCE/tests/peers/marquee_rules_test.yml"
for metric in $(sed -n 's/^ *expr: //p' "$rules" | grep -o '\(marquee\|tls\)_[a-z_]*' | sort -u); do
    grep -rqF "\"$metric\"" "$MARQUEE_SOURCE/lib" "$MARQUEE_SOURCE/services" ||
        { echo "promtool_test: no source has the metric $metric"; exit 1; }
done
for alert in $(sed -n 's/^ *- alert: //p' "$rules"); do
    grep -q "alertname: $alert" "$MARQUEE_SOURCE/tests/peers/marquee_rules_test.yml" ||
        { echo "promtool_test: no test of the alert $alert"; exit 1; }
    grep -q "$alert" "$MARQUEE_SOURCE/docs/operations.md" ||
        { echo "promtool_test: docs/operations.md does not say what to do about $alert"; exit 1; }
done
