#!/usr/bin/env python3
"""What looking at who asks costs a call: instructions of marquee-rating a request, with and without it.

    bench_access.py BIN

Under valgrind (cachegrind without caches), which counts the same on a busy machine; the difference of a long and a
short run is that of the requests alone. Each is a GET or a Connect call over one connection, of a record without votes.
"""
import hashlib
import pathlib
import re
import secrets
import socket
import subprocess
import sys
import tempfile

SHORT, LONG = 500, 2500
WAIT_S = 120
GET = "GET /rating?type=movie&id=m1 HTTP/1.1"
CALL = "POST /RatingService/ListUserRatings HTTP/1.1"
MESSAGE = '{"userId":"alice"}'


def request(line, *fields):
    body = MESSAGE if line == CALL else ""
    lines = [line, "host: localhost", *(["content-type: application/json", f"content-length: {len(body)}"] if body else []), *fields]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def ask(address, wanted, count):
    host, port = address.split(":")
    with socket.create_connection((host, int(port)), WAIT_S) as peer:
        replies = peer.makefile("rb")
        for _ in range(count):
            peer.sendall(wanted)
            status, length = int(replies.readline().split()[1]), 0
            while (line := replies.readline().strip().lower()) != b"":
                if line.startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            replies.read(length)
            if status not in (200, 404):
                raise SystemExit(f"the reply is {status}")


def instructions(program, options, wanted, count):
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null", program, "--listen=127.0.0.1:0",
               "--registry=", "--threads=1", "--store=memory", "--event-log=none", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            ready = re.search(r'message="ready" listen="([^"]*)"', line)
            if ready:
                break
        else:
            raise SystemExit("it did not start")
        ask(ready.group(1), wanted, count)
        process.terminate()
        said = process.stderr.read()
    return int(re.search(r"I +refs: +([\d,]+)", said).group(1).replace(",", ""))


def cases(scratch):
    token, secret = "marquee_" + secrets.token_hex(32), secrets.token_hex(16)
    tokens, service = pathlib.Path(scratch, "tokens"), pathlib.Path(scratch, "service")
    others = [f"{secrets.token_hex(32)} read,vote user{i} 2026-01-01T00:00:00Z never" for i in range(1000)]
    mine = f"{hashlib.sha256(token.encode()).hexdigest()} read,vote alice 2026-01-01T00:00:00Z never"
    tokens.write_text("\n".join([*others, mine]) + "\n", encoding="utf-8")
    service.write_text(f"movie {secret}\n", encoding="utf-8")
    both = (f"--access-file={tokens}", f"--token-file={service}")
    limits = ("--rate-limit-reads=100000", "--rate-limit-writes=100000")
    shown = f"authorization: Bearer {token}"
    acting = (f"authorization: Bearer {secret}", "marquee-acting-for: read,vote alice")
    for kind, line in (("GET", GET), ("Connect", CALL)):
        yield f"{kind}, nothing is looked at (the same header is sent)", ("--listen=0.0.0.0:0", "--trust-network"), request(line, shown)
        yield f"{kind}, open on loopback: the host", (), request(line, shown)
        yield f"{kind}, a token of 1,001", both, request(line, shown)
        yield f"{kind}, a token, and limits", (*both, *limits), request(line, shown)
        yield f"{kind}, a service's secret, for a user", both, request(line, *acting)


def main():
    program = pathlib.Path(sys.argv[1], "marquee-rating")
    with tempfile.TemporaryDirectory(prefix="marquee-access.") as scratch:
        for name, options, wanted in cases(scratch):
            counts = [instructions(program, options, wanted, count) for count in (SHORT, LONG)]
            print(f"{name}: {(counts[1] - counts[0]) / (LONG - SHORT):.0f} instructions", flush=True)


main()
