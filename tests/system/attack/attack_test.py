#!/usr/bin/env python3
"""Attacks on a server, and honest calls beside them.

    attack_test.py ATTACK_SERVER [NAME...]

For each attack: the server is one process on one core; an honest client, a process of its own, calls it over
HTTP/2 and HTTP/1.1, first alone, then while the attack goes on. Every honest call must succeed; the attack must
end as its row says; the server must then hold nothing of it, and its memory return. Prints the 99th percentile
of the honest calls' times alone and under attack: the machine has other work, so that they tell, and are judged
only where a call waits for seconds.
Memory is not judged where a sanitizer keeps what is freed (ATTACK_SANITIZED=1).
"""
import collections
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import time

import attack_cases as cases
from attack_wire import DATA, ECHO_HEAD, END_STREAM, HEADERS, WAIT_S, Connection, ask, message, request

ALONE_S = 0.5
ATTACK_S = 1.2
CALLS_A_CONNECTION = 20
CALLS_MIN = 10
P99_MS_MAX = 2000
KEPT_MIB_MAX = 24  # pools and the heap's own may stay, whatever was there at the peak
SANITIZED = os.environ.get("ATTACK_SANITIZED") == "1"
PAGE = resource.getpagesize()
NORMAL_TIMES = (10000, 60000, 300000)  # ms for a head, for a body, idle: as http_server.h has them
SHORT_TIMES = (500, 700, 300000)
TEXT = b"\x0a\x05hello"  # EchoRequest{text} and EchoResponse{text}
JSON = b'{"text":"hello"}'

Attack = collections.namedtuple("Attack", "name run times ends")

# ends: how all its connections must end, and no other way.
ATTACKS = (
    Attack("header list", cases.header_list, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("rapid reset", cases.rapid_reset, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("made you reset", cases.made_you_reset, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("CONTINUATION", cases.continuation, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("SETTINGS", cases.settings_flood, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("PING", cases.ping_flood, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("empty DATA", cases.empty_data, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("PRIORITY", cases.priority_flood, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("window by bytes", cases.window_by_bytes, NORMAL_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("closed windows", cases.closed_windows, SHORT_TIMES, {"ENHANCE_YOUR_CALM"}),
    Attack("slow readers", cases.slow_readers, SHORT_TIMES, {"closed", "200"}),
    Attack("slow headers", cases.slow_headers, SHORT_TIMES, {"408", "NO_ERROR", "closed"}),
    Attack("slow bodies", cases.slow_bodies, SHORT_TIMES, {"504", "answered"}),
    Attack("vanishing", cases.vanishing, NORMAL_TIMES, {"vanished"}),
    Attack("gzip bombs", cases.gzip_bombs, NORMAL_TIMES, {"answered"}),
)


def pin(core):
    """The server has a core of its own where there are two."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, {cores[core]})


class Server:
    def __init__(self, program, times):
        self.process = subprocess.Popen([program, *map(str, times)], stdout=subprocess.PIPE,
                                        preexec_fn=lambda: pin(0))
        host, _, port = self.process.stdout.readline().decode().strip().rpartition(":")
        self.address = (host, int(port))

    def resident_bytes(self):
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as statm:
            return int(statm.read().split()[1]) * PAGE

    def state(self):
        """Connections, exchanges and fibers besides those that this takes."""
        status, body = ask(self.address, b"/state")
        return tuple(map(int, body.split())) if status == 200 else None

    def await_state(self, want):
        deadline = time.monotonic() + WAIT_S
        while (state := self.state()) != want and time.monotonic() < deadline:
            time.sleep(0.02)
        return state

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(WAIT_S)


def call_http2(peer, stream):
    """A call over gRPC: true if its reply is right and whole."""
    peer.say(request(stream, ECHO_HEAD, message(TEXT)))
    deadline = time.monotonic() + WAIT_S
    body, ended = b"", False
    while not ended and not peer.ended and time.monotonic() < deadline:
        peer.turn(1)
        for kind, flags, number, payload in peer.frames:
            if number == stream:
                body += payload if kind == DATA else b""
                ended |= kind == HEADERS and bool(flags & END_STREAM)
        peer.frames.clear()
    return ended and body == message(TEXT)


def call_http1(address):
    """The same over HTTP/1.1 and JSON."""
    peer = Connection(address, b"POST /marquee.test.EchoService/Echo HTTP/1.1\r\nhost: a\r\n"
                      b"content-type: application/json\r\nconnection: close\r\n"
                      b"content-length: %d\r\n\r\n%s" % (len(JSON), JSON))
    deadline = time.monotonic() + WAIT_S
    while not peer.ended and time.monotonic() < deadline:
        peer.turn(1)
    peer.close()
    return peer.heard.startswith(b"HTTP/1.1 200") and peer.heard.endswith(JSON)


def honest(address, stop, results):
    """Calls until told to stop; results gets the times of those that succeeded, and how many did not."""
    pin(-1)
    times, failures = [], 0
    peer, stream = None, 1
    while not stop.is_set():
        begun = time.monotonic()
        try:
            if stream == 1:
                peer = Connection(address)
            done = call_http2(peer, stream)
            if stream == 2 * CALLS_A_CONNECTION - 1:
                peer.close()
                done &= call_http1(address)
        except OSError:
            done = False
        stream = stream + 2 if done and stream < 2 * CALLS_A_CONNECTION - 1 else 1
        if done:
            times.append(time.monotonic() - begun)
        else:
            failures += 1
    results.put((times, failures))


class Honest:
    def __init__(self, address):
        self.stop = multiprocessing.Event()
        self.results = multiprocessing.SimpleQueue()
        self.process = multiprocessing.Process(target=honest, args=(address, self.stop, self.results))
        self.process.start()

    def end(self):
        """Times in order, failures."""
        self.stop.set()
        times, failures = self.results.get()
        self.process.join()
        return sorted(times), failures


def percentile_ms(times):
    return 1000 * times[len(times) * 99 // 100] if times else float("inf")


def attack_process(attack, address, results):
    pin(-1)
    os.nice(10)  # the honest client shares the core
    results.put(attack.run(address, time.monotonic() + ATTACK_S))


def mount(attack, server):
    """Runs the attack to its end: how its connections ended, and the server's memory at its peak."""
    results = multiprocessing.SimpleQueue()
    process = multiprocessing.Process(target=attack_process, args=(attack, server.address, results))
    peak = 0
    process.start()
    while process.is_alive() and results.empty():
        peak = max(peak, server.resident_bytes())
        time.sleep(0.01)
    ends = results.get() if not results.empty() or not process.exitcode else collections.Counter()
    process.join()
    return ends, peak


def await_memory(server, at_most):
    deadline = time.monotonic() + WAIT_S
    while (now := server.resident_bytes()) > at_most and time.monotonic() < deadline and not SANITIZED:
        ask(server.address, b"/state")
        time.sleep(0.05)
    return now


def run(program, attack):
    """The faults that were found."""
    server = Server(program, attack.times)
    client = Honest(server.address)
    time.sleep(ALONE_S)
    alone, failures_alone = client.end()
    before = server.resident_bytes()
    client = Honest(server.address)
    ends, peak = mount(attack, server)
    under, failures = client.end()
    state = server.await_state((0, 0, 0))
    after = await_memory(server, before + (KEPT_MIB_MAX << 20))
    status = server.stop()

    print(f"{attack.name:16} p99 {percentile_ms(alone):7.2f} ms alone, {percentile_ms(under):7.2f} ms under attack"
          f" ({len(under)} calls); memory {before >> 20}, {peak >> 20}, {after >> 20} MiB; "
          + ", ".join(f"{count} {name}" for name, count in ends.most_common()), flush=True)
    faults = []
    if failures or failures_alone or min(len(alone), len(under)) < CALLS_MIN:
        faults.append(f"{failures_alone + failures} honest calls failed, {len(under)} succeeded")
    if percentile_ms(under) > P99_MS_MAX:
        faults.append(f"honest calls took {percentile_ms(under):.0f} ms")
    if not ends or set(ends) - attack.ends:
        faults.append(f"ended as {dict(ends)}, not as {attack.ends}")
    if state != (0, 0, 0):
        faults.append(f"left behind: {state} connections, exchanges, fibers")
    if after > before + (KEPT_MIB_MAX << 20) and not SANITIZED:
        faults.append(f"{(after - before) >> 20} MiB were not given back")
    if status != 0:
        faults.append(f"the server ended with {status}")
    return [f"{attack.name}: {fault}" for fault in faults]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    wanted = sys.argv[2:]
    faults = []
    for attack in ATTACKS:
        if not wanted or attack.name in wanted:
            faults += run(sys.argv[1], attack)
    sys.exit("\n".join(faults) or 0)


if __name__ == "__main__":
    main()
