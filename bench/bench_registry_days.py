"""The registry under ten thousand instances: memory, watchers, crashes, heartbeats."""
import random
import sys
import threading
import time

from bench_registry_servers import (OURS, ask, expect, instance, registrations, requests_of, run_load)
from bench_report import median

WATCHERS = 1_000
WATCHED = "service-0"
CHANGES, CHANGES_QUICK = 100, 10
WATCHERS_P99_MS = 30
MEMORY_MIB = 100
REGISTER_SECONDS_MAX = 60  # a rival that has not taken all by then is measured with what it has

CRASHES, CRASH_TTL_SECONDS, CRASH_LATE_MS = 20, 2, 100

BEATS_A_SECOND, BEAT_CONNECTIONS = 10_000, 100
BEAT_TTL = "3s"
BEAT_SECONDS, BEAT_SECONDS_QUICK = 600, 10
BEAT_CORES = 0.5


def fill(bench, server, services, each, **ttl):
    """Registers them: (how many, the registry's processor time for it in seconds)."""
    before = server.cpu_seconds()
    calls = registrations(bench.workplace, services, each, **ttl)
    found = run_load(bench.workplace, "closed", server, calls, 50, calls.count, REGISTER_SECONDS_MAX)[0]
    done = int(found["done"])
    if done != calls.count and server.name == OURS:
        raise SystemExit(f"{server.name} took {done} of {calls.count} registrations")
    return done, server.cpu_seconds() - before


def measure_scale(bench, servers, services, each):
    table = bench.report.table(
        f"Registry: {services * each:,} instances as {services:,} services, {WATCHERS:,} watchers of one of them",
        ["registry", "instances", "CPU-seconds to register", "MiB", "change to last watcher: p50 ms", "p99 ms", "to middle: p50 ms",
         "MiB with watchers"])
    rounds = CHANGES_QUICK if bench.options.quick else CHANGES
    for server in servers:
        print(f"bench: registry at scale: {server.name}", file=sys.stderr)
        count, cpu = fill(bench, server, services, each)
        memory = server.memory_mib()
        changes = requests_of(bench.workplace, "changes", [("PUT", f"/v1/agent/check/{verb}/{WATCHED}-0")
                                                           for verb in ("fail", "pass")])
        _, _, middle, last = run_load(bench.workplace, "watch", server, changes, WATCHERS, rounds,
                                      f"/v1/health/service/{WATCHED}")
        table.add(server.name, f"{count:,}", f"{cpu:.2f}", f"{memory:.0f}", milliseconds(last["p50_us"]),
                  milliseconds(last["p99_us"]), milliseconds(middle["p50_us"]), f"{server.memory_mib():.0f}")
        if server.name == OURS:
            p99_ms = float(last["p99_us"]) / 1000
            bench.aims.add(f"registry: change to the last of {WATCHERS:,} watchers, p99", f"under {WATCHERS_P99_MS} ms",
                           f"{p99_ms:.1f} ms", p99_ms < WATCHERS_P99_MS)
            bench.aims.add(f"registry: memory with {services * each:,} instances", f"under {MEMORY_MIB} MiB",
                           f"{memory:.0f} MiB", memory < MEMORY_MIB)


def milliseconds(microseconds):
    return f"{float(microseconds) / 1000:.1f}"


def crash(server, number, late_ms):
    """An instance is heard once more and then never; how long after its TTL it is gone from the list."""
    service = f"crash-{number}"
    time.sleep(random.random() * CRASH_TTL_SECONDS)  # beats of all are not in step
    expect(server, "PUT", "/v1/agent/service/register", instance(service, 0, f"{CRASH_TTL_SECONDS}s"))
    heard = time.monotonic()
    expect(server, "PUT", f"/v1/agent/check/pass/{service}-0")
    index, found = expect(server, "GET", f"/v1/health/service/{service}?passing")
    while found:
        index, found = expect(server, "GET", f"/v1/health/service/{service}?passing&index={index}&wait=60s")
    late_ms.append((time.monotonic() - heard - CRASH_TTL_SECONDS) * 1000)


def measure_crashes(bench, servers):
    table = bench.report.table(f"Registry: from a crash to its disappearance, {CRASHES} instances, TTL "
                               f"{CRASH_TTL_SECONDS} s: how long after the TTL's end",
                               ["registry", "median ms", "longest ms"])
    for server in servers:
        late_ms = []
        threads = [threading.Thread(target=crash, args=(server, number, late_ms)) for number in range(CRASHES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if len(late_ms) != CRASHES:
            raise SystemExit(f"{server.name}: {CRASHES - len(late_ms)} crashes were not seen")
        table.add(server.name, f"{median(late_ms):.1f}", f"{max(late_ms):.1f}")
        if server.name == OURS:
            bench.aims.add("registry: crash to disappearance", f"TTL + {CRASH_LATE_MS} ms",
                           f"TTL + {max(late_ms):.0f} ms", max(late_ms) <= CRASH_LATE_MS)


class ExpiryWatch:
    """Whoever becomes critical while all of them beat, by a query that blocks."""

    def __init__(self, server):
        self.server = server
        self.expired = set()
        self.stopping = False
        self.index, _ = expect(server, "GET", "/v1/health/state/critical")
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        while not self.stopping:
            _, self.index, found = ask(self.server, "GET", f"/v1/health/state/critical?index={self.index}&wait=1s")
            if not self.stopping:
                self.expired.update(check["CheckID"] for check in found)

    def stop(self):
        self.stopping = True
        self.thread.join()
        return len(self.expired)


def measure_beats(bench, server, services, each):
    """Every instance beats as often as it must to be heard thrice in its TTL."""
    seconds = BEAT_SECONDS_QUICK if bench.options.quick else BEAT_SECONDS
    print(f"bench: registry: {BEATS_A_SECOND:,} heartbeats a second for {seconds} s", file=sys.stderr)
    fill(bench, server, services, each, ttl=BEAT_TTL)
    calls = requests_of(bench.workplace, "beats",
                        [("PUT", f"/v1/agent/check/pass/service-{service}-{number}")
                         for number in range(each) for service in range(services)])
    watch = ExpiryWatch(server)
    before, began = server.cpu_seconds(), time.monotonic()
    found = run_load(bench.workplace, "paced", server, calls, BEAT_CONNECTIONS, BEATS_A_SECOND, seconds)[0]
    cores = (server.cpu_seconds() - before) / (time.monotonic() - began)
    expired = watch.stop()
    table = bench.report.table(f"Registry: {services * each:,} instances, {BEATS_A_SECOND:,} heartbeats a second, TTL "
                               f"{BEAT_TTL}, {seconds} s",
                               ["registry", "heartbeats", "wrong expiries", "cores", "p50 ms", "p99 ms", "MiB"])
    table.add(server.name, f"{int(found['done']):,}", expired, f"{cores:.2f}", milliseconds(found["p50_us"]),
              milliseconds(found["p99_us"]), f"{server.memory_mib():.0f}")
    bench.aims.add(f"registry: {BEATS_A_SECOND:,} heartbeats a second, {seconds} s: wrong expiries", "none",
                   str(expired), expired == 0)
    bench.aims.add("registry: cores for them", f"under {BEAT_CORES}", f"{cores:.2f}", cores < BEAT_CORES)
