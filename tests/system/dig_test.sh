#!/bin/sh
# The registry's DNS as dig sees it, over UDP and TCP: registered by HTTP, asked by name, gone when critical.
#
# usage: dig_test.sh MARQUEE-REGISTRY
set -eu

if ! command -v dig >/dev/null; then
    echo "dig_test: skipped, dig is missing (package bind9-dnsutils)"
    exit 77
fi

scratch=$(mktemp -d)
registry=''

finish() {
    [ -z "$registry" ] || kill "$registry" 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

fail() {
    echo "dig_test: $*" >&2
    exit 1
}

# Its first lines say where it listens: the pipe is the event that is waited for.
start() { # PROGRAM SETTLE-TIME
    rm -f "$scratch/words"
    mkfifo "$scratch/words"
    "$1" --listen 127.0.0.1:0 --dns-listen 127.0.0.1:0 --registry '' --dns-ttl 3 --settle-time "$2" 2>"$scratch/words" &
    registry=$!
    exec 3<"$scratch/words"
    http='' dns=''
    while [ -z "$http" ] || [ -z "$dns" ]; do
        read -r line <&3 || fail "the registry did not start"
        address=$(echo "$line" | sed -n 's/.*listen="\([^"]*\)".*/\1/p')
        case $line in
        *'message="answering DNS"'*) dns=$address ;;
        *'message="ready"'*) http=$address ;;
        esac
    done
}

start "$1" 0s

put() {
    curl -sS -f -X PUT -d "$2" "http://$http/v1/agent/$1" >/dev/null
}

# Most answers are few and fit into a datagram; `+ignore` stays with UDP when they do not.
ask() {
    dig @127.0.0.1 -p "${dns##*:}" +tries=1 +time=5 +norecurse "$@"
}

count=0
expect() { # NAME GOT WANTED
    count=$((count + 1))
    [ "$2" = "$3" ] || fail "$1: got '$2' where '$3' was expected"
}

contains() { # NAME TEXT PART
    count=$((count + 1))
    case $2 in
    *"$3"*) ;;
    *) fail "$1: no '$3' in: $2" ;;
    esac
}

put service/register '{"ID":"r1","Name":"rating","Port":8082,"Address":"127.0.0.11","Tags":["blue"],
    "Check":{"TTL":"60s","Status":"passing"}}'
put service/register '{"ID":"r2","Name":"rating","Port":8083,"Address":"127.0.0.12","Tags":["green"],
    "Check":{"TTL":"60s","Status":"passing"},"Weights":{"Passing":7,"Warning":2}}'
put service/register '{"ID":"six","Name":"six","Port":80,"Address":"::1"}'

expect A "$(ask +short rating.service.consul | sort | tr '\n' ' ')" '127.0.0.11 127.0.0.12 '
expect TCP "$(ask +tcp +short rating.service.dc1.consul | sort | tr '\n' ' ')" '127.0.0.11 127.0.0.12 '
expect tag "$(ask +short blue.rating.service.consul)" 127.0.0.11
expect AAAA "$(ask +short six.service.consul AAAA)" ::1
expect 'RFC 2782' "$(ask +short _rating._green.service.consul SRV)" '1 7 8083 7f00000c.addr.dc1.consul.'
expect target "$(ask +short 7f00000c.addr.dc1.consul)" 127.0.0.12
expect node "$(ask +short marquee.node.consul)" 127.0.0.1
contains 'case is kept' "$(ask +noall +answer BLUE.Rating.service.consul)" 'BLUE.Rating.service.consul. 3	IN	A'
contains additional "$(ask _rating._green.consul SRV)" 'ADDITIONAL: 2' # the address, and EDNS
contains SOA "$(ask nobody.service.consul)" 'status: NXDOMAIN'
contains SOA "$(ask +noall +authority nobody.service.consul)" 'ns.consul. hostmaster.consul.'
contains 'no address of that kind' "$(ask rating.service.consul AAAA)" 'status: NOERROR'
contains foreign "$(ask example.org)" 'status: REFUSED'
contains EDNS "$(ask +edns=0 +bufsize=1232 consul SOA)" 'EDNS: version: 0'
contains 'later EDNS' "$(ask +edns=1 +noednsneg consul SOA)" 'status: BADVERS'
contains authoritative "$(ask consul NS)" 'flags: qr aa;'

# More than fit: TC over UDP, all of them over TCP, to which dig turns by itself.
instance=0
while [ "$instance" -lt 60 ]; do
    instance=$((instance + 1))
    put service/register "{\"ID\":\"m$instance\",\"Name\":\"many\",\"Port\":80,\"Address\":\"127.0.1.$instance\"}"
done
contains truncated "$(ask +noedns +ignore many.service.consul)" 'flags: qr aa tc;'
expect 'over TCP' "$(ask +noedns +short many.service.consul | wc -l)" 60
expect 'by EDNS' "$(ask +bufsize=4096 +ignore +short many.service.consul | wc -l)" 60
# Two queries on one connection.
expect 'kept open' "$(ask +tcp +keepopen +short blue.rating.service.consul green.rating.service.consul |
    tr '\n' ' ')" '127.0.0.11 127.0.0.12 '

put 'service/maintenance/r2?enable=true&reason=draining' ''
expect draining "$(ask +short rating.service.consul)" 127.0.0.11
put 'service/maintenance/r2?enable=false' ''

put check/fail/service:r1 ''
expect critical "$(ask +short rating.service.consul)" 127.0.0.12
put service/deregister/r2 ''
contains 'nobody is left' "$(ask rating.service.consul)" 'status: NXDOMAIN'

# Started again: who is not there yet may still come, and clients keep what they have.
kill "$registry"
start "$1" 600s
contains settling "$(ask rating.service.consul)" 'status: SERVFAIL'
contains 'settling, no node' "$(ask nobody.node.consul)" 'status: NXDOMAIN'
put service/register '{"ID":"r1","Name":"rating","Port":8082,"Address":"127.0.0.11"}'
expect 'settling, found' "$(ask +short rating.service.consul)" 127.0.0.11

kill "$registry"
wait "$registry" || fail "the registry ended with status $?"
registry=''
echo "dig_test: $count answers as expected"
