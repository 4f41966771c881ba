#!/usr/bin/python3
"""What the key of a rating event costs: two instances on one store ingest the same events, spread over
the partitions by user or by record.

usage: bench_keys.py DIRECTORY-OF-PROGRAMS [EVENTS]
"""
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from bench_ingest import write_events  # noqa: E402
from bench_servers import free_port  # noqa: E402

ROUNDS, INSTANCES, TIMEOUT_SECONDS = 3, 2, 300


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
        return sum(float(value) for value in re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", reply.read().decode(), re.M))


def ingest(programs, folder, key, count):
    """Events a second from the start of the instances to the last event, and batches that were refused."""
    log = f"--event-log-directory={folder}/{key}-log"
    if not os.path.exists(f"{folder}/{key}-log"):
        subprocess.run([f"{programs}/marquee", "ingest", f"--key={key}", log, f"{folder}/events"], check=True,
                       capture_output=True)
    with tempfile.TemporaryDirectory(dir=folder) as store:
        ports = [free_port() for _ in range(INSTANCES)]
        servers = [subprocess.Popen([f"{programs}/marquee-rating", f"--listen=127.0.0.1:{port}", "--registry=",
                                     "--threads=1", f"--data={store}", log], stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL) for port in ports]
        try:
            began = time.monotonic()
            done = 0
            while done < count:
                assert time.monotonic() - began < TIMEOUT_SECONDS, f"only {done} of {count} were ingested"
                time.sleep(0.02)
                try:
                    done = sum(metric(port, "marquee_ingested_events_total") for port in ports)
                except OSError:
                    continue
            elapsed = time.monotonic() - began
            refused = sum(metric(port, "marquee_ingestion_refused_total") for port in ports)
        finally:
            for server in servers:
                server.kill()
                server.wait()
    return count / elapsed, refused


def main():
    programs, count = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 400000
    with tempfile.TemporaryDirectory() as folder:
        write_events(f"{folder}/events", count)
        rounds = {"user": [], "record": []}
        for _ in range(ROUNDS):
            for key, values in rounds.items():
                values.append(ingest(programs, folder, key, count))
        for key, values in rounds.items():
            rates = [rate for rate, _ in values]
            print(f"--key {key}: {statistics.median(rates):,.0f} events a second "
                  f"({min(rates):,.0f} to {max(rates):,.0f}), {sum(refused for _, refused in values):.0f} refused")


main()
