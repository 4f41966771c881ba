#!/bin/sh
# protobuf's own conformance runner against lib/proto and lib/json: every case of proto3, binary and JSON, passes,
# the recommended ones too, and the list of known failures is empty (docs/conformance.md).
set -eu

: "${MARQUEE_BUILD:?where the build is}"
: "${MARQUEE_TEST:?where the test programs are}"
if ! command -v protobuf_conformance_runner >/dev/null; then
    echo "protobuf_conformance_test: skipped: there is no protobuf_conformance_runner (./dev peers protobuf)"
    exit 77
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
log=$scratch/log

# protobuf's .proto files lie beside its runner; the program under test is built from them.
from=$(dirname -- "$(readlink -f -- "$(command -v protobuf_conformance_runner)")")
to=$MARQUEE_BUILD/tests/peers/protobuf
mkdir -p "$to/google/protobuf"
for proto in conformance.proto google/protobuf/test_messages_proto3.proto; do
    cmp -s "$from/$proto" "$to/$proto" || cp "$from/$proto" "$to/$proto"
done
if ! cmake --build "$MARQUEE_BUILD" --target protobuf_conformance >"$log" 2>&1; then
    cat "$log"
    exit 1
fi

status=0
protobuf_conformance_runner --verbose --enforce_recommended --output_dir "$scratch" \
    "$MARQUEE_TEST/protobuf_conformance" >"$log" 2>&1 || status=$?

# The names of the cases that were asked, and of those that did not pass.
sed -n 's/^conformance test: name=\([^,]*\),.*/\1/p' "$log" >"$scratch/asked"
sed -n 's/^ERROR, test=\([^:]*\):.*/\1/p; s/^SKIPPED, test=\([^ ]*\) .*/\1/p' "$log" >"$scratch/missed"
failed=0

# cases LEVEL FORM FILE: those of proto3 that are at this level, and of this form.
cases() {
    sed -e "/^$1\./!d" -e '/\.Proto2\./d' -e '/TextFormat/d' "$3" |
        case $2 in
        JSON) grep -cE 'JsonInput|JsonOutput' ;;
        binary) grep -cvE 'JsonInput|JsonOutput' ;;
        esac
}

# expect LEVEL FORM WANTED: WANTED cases, so that none can be lost in silence.
total=0
expect() {
    asked=$(cases "$1" "$2" "$scratch/asked") || true
    missed=$(cases "$1" "$2" "$scratch/missed") || true
    passed=$((asked - missed))
    total=$((total + passed))
    echo "protobuf_conformance_test: $2, $1: $passed of $3 cases passed"
    [ "$passed" = "$3" ] || failed=1
}
expect Required binary 435
expect Recommended binary 216
expect Required JSON 606
expect Recommended JSON 107

# What the runner itself counted; it skips proto2, then the whole suite of text format.
wanted="$total successes, 653 skipped, 0 expected failures, 0 unexpected failures.
0 successes, 120 skipped, 0 expected failures, 0 unexpected failures."
if [ "$status" != 0 ] || [ "$(sed -n 's/^CONFORMANCE SUITE PASSED: //p' "$log")" != "$wanted" ]; then
    failed=1
fi
if [ "$failed" != 0 ]; then
    grep '^ERROR, ' "$log" | cut -c 1-500 | head -n 40 || true
    grep '^CONFORMANCE SUITE' "$log" || tail -n 5 "$log"
fi
exit "$failed"
