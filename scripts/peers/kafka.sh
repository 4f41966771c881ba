#!/bin/sh
# a Kafka broker, from Maven Central (needs Java 17 and mvn; 54 MB)
#
#   kafka.sh [install]                    fetch it into $MARQUEE_CACHE, once
#   kafka.sh start DIR                    start one broker on free ports of 127.0.0.1, its data in DIR;
#                                         prints host:port, also kept in DIR/address
#                                         DIR/secure-address is a listener with TLS and SASL (PLAIN): user
#                                         marquee, password secret, certificate by DIR/ca.pem
#   kafka.sh kill DIR                     end it by SIGKILL
#   kafka.sh stop DIR
#   kafka.sh resume DIR                   start again one that was killed, on its ports, with its data
#   kafka.sh topic DIR NAME PARTITIONS    create a topic
#   kafka.sh run COMMAND…                 start one in a new directory, run the command with its address in
#                                         MARQUEE_KAFKA and its directory in MARQUEE_KAFKA_DIR, stop it, remove
#                                         the directory; where MARQUEE_KAFKA is set already, only run the command
set -eu

version=4.1.0
cache=${MARQUEE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/marquee}
jars=$cache/kafka-$version
start_seconds=60
stop_seconds=20

# Status 77: it cannot be had here.
skip() {
    echo "kafka: $*"
    exit 77
}

die() {
    echo "kafka: $*" >&2
    exit 1
}

# Becomes Java: called in a subshell, whose process id is then the broker's.
become_java() {
    exec java -Xmx256m -XX:+UseSerialGC -Djava.awt.headless=true \
        -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
        -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
        -cp "$jars/*" "$@"
}

dependency() {
    printf '<dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n' "$@"
}

install() {
    [ ! -e "$jars/complete" ] || return 0
    command -v java >/dev/null || skip "there is no Java here"
    command -v mvn >/dev/null || skip "there is no mvn here"
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    {
        echo '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        echo '<groupId>marquee</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>'
        echo '<dependencies>'
        dependency org.apache.kafka kafka_2.13 "$version"
        dependency org.apache.kafka kafka-tools "$version"
        dependency org.slf4j slf4j-simple 1.7.36
        echo '</dependencies></project>'
    } >"$work/pom.xml"
    # Kafka's tools bring a logger of their own, which would hide the line that start waits for.
    mvn -q -B -f "$work/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
        -DexcludeArtifactIds=slf4j-reload4j,log4j-slf4j-impl,log4j-slf4j2-impl \
        -DoutputDirectory="$jars" || skip "version $version could not be fetched"
    touch "$jars/complete"
}

# A port that nobody listens on now. /proc/net/tcp has them in hexadecimal, state 0A.
free_port() {
    while :; do
        port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 10000))
        hex=$(printf '%04X' "$port")
        if ! grep -q ":$hex [0-9A-F:]* 0A " /proc/net/tcp; then
            echo "$port"
            return
        fi
    done
}

write_properties() {
    cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$3
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SECURE:SASL_SSL
listeners=PLAINTEXT://127.0.0.1:$2,SECURE://127.0.0.1:$4,CONTROLLER://127.0.0.1:$3
advertised.listeners=PLAINTEXT://127.0.0.1:$2,SECURE://127.0.0.1:$4
listener.name.secure.ssl.keystore.type=PEM
listener.name.secure.ssl.keystore.location=$1/server.pem
listener.name.secure.sasl.enabled.mechanisms=PLAIN
listener.name.secure.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_marquee="secret";
log.dirs=$1/data
num.partitions=4
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
PROPERTIES
}

# An authority and a certificate for 127.0.0.1 and localhost, as PEM.
write_certificates() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj '/CN=kafka.sh authority' \
        -keyout "$1/ca.key" -out "$1/ca.pem"
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj '/CN=127.0.0.1' \
        -keyout "$1/server.key" -out "$1/server.request"
    printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' >"$1/server.names"
    openssl x509 -req -in "$1/server.request" -CA "$1/ca.pem" -CAkey "$1/ca.key" -CAcreateserial -days 30 \
        -extfile "$1/server.names" -out "$1/server.crt"
    openssl pkcs8 -topk8 -nocrypt -in "$1/server.key" -out "$1/server.pk8"
    cat "$1/server.pk8" "$1/server.crt" >"$1/server.pem"
}

# Whether the process that start noted is there, and is our broker.
is_running() {
    [ -s "$1/pid" ] && grep -qF "$1/server.properties" "/proc/$(cat "$1/pid")/cmdline" 2>/dev/null
}

await_start() {
    waited=0
    while ! grep -q 'Kafka Server started' "$1/broker.log"; do
        if ! is_running "$1" || [ "$waited" -ge $((start_seconds * 5)) ]; then
            stop "$1"
            tail -n 20 "$1/broker.log" >&2
            die "the broker did not start"
        fi
        sleep 0.2
        waited=$((waited + 1))
    done
}

start() {
    [ -e "$jars/complete" ] || skip "not installed: ./dev peers kafka"
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    ! is_running "$dir" || die "there is a broker in $dir already"
    port=$(free_port)
    secure_port=$(free_port)
    [ -e "$dir/ca.pem" ] || write_certificates "$dir" >"$dir/certificates.log" 2>&1 ||
        die "no certificates: see $dir/certificates.log"
    write_properties "$dir" "$port" "$(free_port)" "$secure_port" >"$dir/server.properties"
    echo "127.0.0.1:$secure_port" >"$dir/secure-address"
    if [ ! -e "$dir/data/meta.properties" ]; then
        (become_java kafka.tools.StorageTool format --cluster-id marqueeTestCluster001A \
            --config "$dir/server.properties") >"$dir/format.log" 2>&1 || die "format failed: see $dir/format.log"
    fi
    launch "$dir"
    echo "127.0.0.1:$port" | tee "$dir/address"
}

launch() {
    : >"$1/broker.log"
    (become_java kafka.Kafka "$1/server.properties") >>"$1/broker.log" 2>&1 </dev/null &
    echo "$!" >"$1/pid"
    sleep 0.2
    await_start "$1"
}

resume() {
    dir=$(cd "$1" && pwd)
    [ -s "$dir/server.properties" ] || die "there was no broker in $dir"
    ! is_running "$dir" || die "the broker in $dir runs"
    launch "$dir"
}

# Its files are as the operating system had them.
kill_broker() {
    dir=$(cd "$1" && pwd)
    if is_running "$dir"; then
        kill -9 "$(cat "$dir/pid")"
    fi
    while is_running "$dir"; do
        sleep 0.1
    done
    rm -f "$dir/pid"
}

stop() {
    dir=$(cd "$1" && pwd)
    if is_running "$dir"; then
        kill "$(cat "$dir/pid")"
    fi
    waited=0
    while is_running "$dir"; do
        if [ "$waited" -ge $((stop_seconds * 5)) ]; then
            kill -9 "$(cat "$dir/pid")"
        fi
        sleep 0.2
        waited=$((waited + 1))
    done
    rm -f "$dir/pid"
}

topic() {
    (become_java org.apache.kafka.tools.TopicCommand --bootstrap-server "$(cat "$1/address")" \
        --create --if-not-exists --topic "$2" --partitions "$3" --replication-factor 1)
}

run() {
    if [ -n "${MARQUEE_KAFKA:-}" ]; then
        exec "$@"
    fi
    [ -e "$jars/complete" ] || skip "not installed: ./dev peers kafka"
    scratch=$(mktemp -d)
    trap 'stop "$scratch"; rm -rf "$scratch"' EXIT
    start "$scratch" >/dev/null
    status=0
    MARQUEE_KAFKA=$(cat "$scratch/address") MARQUEE_KAFKA_DIR=$scratch "$@" || status=$?
    return "$status"
}

verb=${1:-install}
[ $# = 0 ] || shift
case $verb:$# in
install:0) install ;;
start:1) start "$1" ;;
stop:1) stop "$1" ;;
kill:1) kill_broker "$1" ;;
resume:1) resume "$1" ;;
topic:3) topic "$@" ;;
run:[1-9]*) run "$@" ;;
*) die "usage: kafka.sh [install | start DIR | kill DIR | stop DIR | resume DIR | topic DIR NAME PARTITIONS | run COMMAND…]" ;;
esac
