#!/usr/bin/env python3
"""Thousands of connections that do nothing.

    idle_test.py ATTACK_SERVER

Opens 10,000 connections over HTTP/1.1, each of which asks once and then stays, and the same over HTTP/2. Each may
cost the server IDLE_KIB_MAX of resident memory; honest calls must succeed beside them; when they have gone, so must
their memory. Exits with 77 where so many files may not be open.
"""
import resource
import sys
import time

from attack_test import KEPT_MIB_MAX, NORMAL_TIMES, SANITIZED, Honest, Server, await_memory, percentile_ms
from attack_wire import ECHO_HEAD, PREFACE, WAIT_S, Connection, message, request, settings

CONNECTIONS = 1000 if SANITIZED else 10000
BATCH = 100  # connections that are opened before their replies are awaited
IDLE_KIB_MAX = 40
ALONE_S = 0.5
SKIPPED = 77
HTTP1 = b"GET /state HTTP/1.1\r\nhost: a\r\n\r\n"
HTTP2 = PREFACE + settings() + request(1, ECHO_HEAD, message(b"\x0a\x05hello"))


def open_files():
    """Whether so many may be open, here and in the server, which takes over the limit."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most > CONNECTIONS + 1000


def open_all(address, opening, is_answered):
    peers = []
    deadline = time.monotonic() + 3 * WAIT_S
    while len(peers) < CONNECTIONS:
        batch = [Connection(address, opening) for _ in range(BATCH)]
        peers += batch
        while batch and time.monotonic() < deadline:
            batch[0].turn(0.1)
            for peer in batch:
                peer.turn()
            batch = [peer for peer in batch if not is_answered(peer)]
        if batch:
            break
    return peers


def has_reply(peer):
    return peer.heard.startswith(b"HTTP/1.1 200") and peer.heard.endswith(b"\n")


def has_trailers(peer):
    return sum(kind == 1 and stream == 1 for kind, _, stream, _ in peer.frames) == 2


def measure(program, name, opening, is_answered):
    """The faults that were found."""
    server = Server(program, NORMAL_TIMES)
    client = Honest(server.address)
    time.sleep(ALONE_S)
    alone, failures = client.end()
    before = server.resident_bytes()
    peers = open_all(server.address, opening, is_answered)
    client = Honest(server.address)
    time.sleep(ALONE_S)
    beside, failures_beside = client.end()
    held = server.state()
    each = (server.resident_bytes() - before) / 1024 / len(peers)
    for peer in peers:
        peer.close()
    state = server.await_state((0, 0, 0))
    after = await_memory(server, before + (KEPT_MIB_MAX << 20))
    status = server.stop()

    print(f"{name}: {len(peers)} idle connections, {each:.1f} KiB each; p99 {percentile_ms(alone):.2f} ms alone, "
          f"{percentile_ms(beside):.2f} ms beside them ({len(beside)} calls); "
          f"memory {before >> 20} MiB before, {after >> 20} MiB after", flush=True)
    faults = []
    if len(peers) < CONNECTIONS or held[0] != CONNECTIONS:
        faults.append(f"{len(peers)} were answered, {held} are held")
    if each > IDLE_KIB_MAX and not SANITIZED:
        faults.append(f"each takes {each:.1f} KiB, more than {IDLE_KIB_MAX}")
    if failures or failures_beside or not beside:
        faults.append(f"{failures + failures_beside} honest calls failed")
    if state != (0, 0, 0) or status != 0:
        faults.append(f"left behind: {state}, status {status}")
    if after > before + (KEPT_MIB_MAX << 20) and not SANITIZED:
        faults.append(f"{(after - before) >> 20} MiB were not given back")
    return [f"{name}: {fault}" for fault in faults]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not open_files():
        print("skipped: not enough files may be open")
        sys.exit(SKIPPED)
    faults = measure(sys.argv[1], "HTTP/1.1", HTTP1, has_reply)
    faults += measure(sys.argv[1], "HTTP/2", HTTP2, has_trailers)
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
