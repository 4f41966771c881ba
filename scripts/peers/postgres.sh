#!/bin/sh
# a PostgreSQL server, Debian's postgresql-15
#
#   postgres.sh [install]     install the package, where we may
#   postgres.sh start DIR     start one server with its data and its socket in DIR, as a user that is not root;
#                             prints its conninfo, also kept in DIR/conninfo
#   postgres.sh stop DIR      at once, as a crash would (it recovers when it is started again)
#   postgres.sh replica DIR OF   start one in DIR that follows the server in OF
#   postgres.sh promote DIR      have it follow no more, and take writes
#   postgres.sh run COMMAND…  start one in a new directory, run the command with its conninfo in MARQUEE_POSTGRES
#                             and its directory in MARQUEE_POSTGRES_DIR, stop it, remove the directory; where
#                             MARQUEE_POSTGRES is set already, only run the command
#
# MARQUEE_POSTGRES_TLS=1: over TCP and TLS, on a free port of 127.0.0.1, with a certificate of its own.
set -eu

package=postgresql-15
programs=${MARQUEE_POSTGRES_PROGRAMS:-/usr/lib/postgresql/15/bin}
start_seconds=60
stop_seconds=20

# Status 77: it cannot be had here.
skip() {
    echo "postgres: $*"
    exit 77
}

die() {
    echo "postgres: $*" >&2
    exit 1
}

is_installed() {
    [ -x "$programs/postgres" ] && [ -x "$programs/initdb" ]
}

# Debian's package would make and start a cluster of its own: it is told not to.
install() {
    ! is_installed || return 0
    command -v apt-get >/dev/null || skip "there is no apt-get here"
    if [ "$(id -u)" = 0 ]; then
        as_root=''
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root='sudo -n'
    else
        skip "installing $package needs root"
    fi
    # shellcheck disable=SC2086 # a word each
    {
        $as_root mkdir -p /etc/postgresql-common
        [ -e /etc/postgresql-common/createcluster.conf ] ||
            echo 'create_main_cluster = false' | $as_root tee /etc/postgresql-common/createcluster.conf >/dev/null
        $as_root apt-get update -qq || echo "postgres: the package lists could not be refreshed" >&2
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" \
            </dev/null >&2 || skip "$package could not be installed"
    }
    is_installed || skip "$package has no programs in $programs"
}

# Who runs the server: it refuses root.
server_user() {
    if [ "$(id -u)" != 0 ]; then
        id -un
    elif id postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# as_server COMMAND…: becomes it, as that user; called in a subshell.
as_server() {
    cd /
    user=$(server_user)
    if [ "$(id -un)" = "$user" ]; then
        exec "$@"
    fi
    exec setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups --reset-env "$@"
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

# settings DIR [PORT]: with a port, over TCP and TLS too.
settings() {
    cat <<SETTINGS
listen_addresses = '${2:+127.0.0.1}'
port = ${2:-5432}
unix_socket_directories = '$1'
max_connections = 100
shared_buffers = 128MB
max_wal_size = 2GB
log_min_messages = warning
log_min_error_statement = panic
SETTINGS
    if [ -n "${2:-}" ]; then
        echo "ssl = on"
    fi
}

make_certificate() {
    (as_server openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
        -keyout "$1/data/server.key" -out "$1/data/server.crt") >"$1/certificate.log" 2>&1 ||
        die "no certificate: see $1/certificate.log"
    cp "$1/data/server.crt" "$1/server.crt"
    chmod 644 "$1/server.crt"
}

# The process that start noted, when it is there and is our server.
is_running() {
    [ -s "$1/data/postmaster.pid" ] && [ -d "/proc/$(head -n 1 "$1/data/postmaster.pid")" ] &&
        tr '\0' ' ' <"/proc/$(head -n 1 "$1/data/postmaster.pid")/cmdline" 2>/dev/null | grep -qF "$1/data"
}

# Makes $1, for the server's user, and prints its whole path.
make_directory() {
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    ! is_running "$dir" || die "there is a server in $dir already"
    # A socket's path is limited to some 107 bytes.
    [ "${#dir}" -le 80 ] || die "the path of $dir is too long for a socket"
    if [ "$(id -u)" = 0 ]; then
        chown "$(server_user)" "$dir"
    fi
    chmod 755 "$dir"
    echo "$dir"
}

# Starts the server whose data there are; prints its conninfo.
start_server() {
    (as_server "$programs/pg_ctl" start --pgdata "$1/data" --wait --timeout "$start_seconds" --silent \
        --log "$1/data/server.log") </dev/null >/dev/null 2>&1 || {
        tail -n 20 "$1/data/server.log" >&2
        die "the server did not start"
    }
    where="host=$1"
    [ ! -e "$1/tls" ] || where=$(cat "$1/tls")
    echo "$where user=marquee dbname=postgres" | tee "$1/conninfo"
}

start() {
    is_installed || skip "not installed: ./dev peers postgres"
    dir=$(make_directory "$1")
    if [ ! -e "$dir/data/PG_VERSION" ]; then
        (as_server "$programs/initdb" --pgdata "$dir/data" --username marquee --auth trust --encoding UTF8 \
            --locale C.UTF-8 --no-sync) >"$dir/initdb.log" 2>&1 || die "initdb failed: see $dir/initdb.log"
        port=''
        if [ -n "${MARQUEE_POSTGRES_TLS:-}" ]; then
            port=$(free_port)
            make_certificate "$dir"
            echo "host=127.0.0.1 port=$port sslmode=verify-full sslrootcert=$dir/server.crt" >"$dir/tls"
        fi
        settings "$dir" "$port" | (as_server tee -a "$dir/data/postgresql.conf") >/dev/null
    fi
    start_server "$dir"
}

replica() {
    is_installed || skip "not installed: ./dev peers postgres"
    dir=$(make_directory "$1")
    of=$(cd "$2" && pwd)
    (as_server "$programs/pg_basebackup" --pgdata "$dir/data" --host "$of" --username marquee --checkpoint fast \
        --write-recovery-conf --no-sync) || die "the copy of $of failed"
    settings "$dir" | (as_server tee -a "$dir/data/postgresql.conf") >/dev/null
    start_server "$dir"
}

promote() {
    dir=$(cd "$1" && pwd)
    (as_server "$programs/pg_ctl" promote --pgdata "$dir/data" --wait --timeout "$start_seconds" --silent) ||
        die "the server in $dir was not promoted"
}

stop() {
    dir=$(cd "$1" && pwd)
    is_running "$dir" || return 0
    (as_server "$programs/pg_ctl" stop --pgdata "$dir/data" --mode immediate --wait --timeout "$stop_seconds" \
        --silent) >/dev/null || die "the server in $dir did not stop"
}

run() {
    if [ -n "${MARQUEE_POSTGRES:-}" ]; then
        exec "$@"
    fi
    is_installed || skip "not installed: ./dev peers postgres"
    scratch=$(mktemp -d)
    trap 'stop "$scratch"; rm -rf "$scratch"' EXIT
    start "$scratch" >/dev/null
    status=0
    MARQUEE_POSTGRES_DIR=$scratch MARQUEE_POSTGRES=$(cat "$scratch/conninfo") "$@" || status=$?
    return "$status"
}

verb=${1:-install}
[ $# = 0 ] || shift
case $verb:$# in
install:0) install ;;
start:1) start "$1" ;;
stop:1) stop "$1" ;;
replica:2) replica "$1" "$2" ;;
promote:1) promote "$1" ;;
run:[1-9]*) run "$@" ;;
*) die "usage: postgres.sh [install | start DIR | stop DIR | replica DIR OF | promote DIR | run COMMAND…]" ;;
esac
