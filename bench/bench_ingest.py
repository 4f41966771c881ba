"""Ingestion from the embedded log, beside a bare LMDB loop that writes the same keys."""
import json
import os
import random
import re
import subprocess
import time
import urllib.request

from bench_report import median, spread, thousands
from bench_servers import SERVER_CORE, free_port

BATCHES = (10_000, 50_000)
USERS, RECORDS = 20_000, 5_000
TIMEOUT_SECONDS = 300


def write_events(path, count):
    chance = random.Random(7)
    with open(path, "w", encoding="ascii") as file:
        for number in range(count):
            json.dump({"userId": f"user-{chance.randrange(USERS):06d}",
                       "recordId": f"tt{chance.randrange(RECORDS) * 37:07d}", "recordType": "movie",
                       "value": chance.randrange(21) / 2, "providerId": "movielens", "eventType": "put",
                       "eventTime": f"2024-01-{1 + number % 28:02d}T{number % 24:02d}:00:00Z"}, file,
                      separators=(",", ":"))
            file.write("\n")


def fill_log(workplace, directory, count):
    events = workplace.path("events.jsonl")
    if not os.path.exists(events):
        write_events(events, count)
    subprocess.run([workplace.program("marquee"), "ingest", events, "--event-log-directory", directory],
                   check=True, capture_output=True)


def ingested(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as reply:
        return int(float(re.search(r"^marquee_ingested_events_total (\S+)$", reply.read().decode(), re.M).group(1)))


def ingest(workplace, number, batch, count):
    """Events a second from the start of the service to the last event, and per CPU-second."""
    log, store, port = workplace.path("eventlog"), workplace.path(f"ingest-{number}-{batch}"), free_port()
    began = time.monotonic()
    server = workplace.start("rating", port, [[
        workplace.program("marquee-rating"), "--listen", f"127.0.0.1:{port}", "--registry", "", "--threads", "1",
        "--data", store, "--event-log-directory", log, "--ingest-batch", str(batch),
        "--consumer-group", f"bench-{number}-{batch}"]])
    while ingested(port) < count:
        if time.monotonic() - began > TIMEOUT_SECONDS:
            raise SystemExit(f"only {ingested(port)} of {count} events were ingested")
        time.sleep(0.02)
    elapsed, cpu = time.monotonic() - began, server.cpu_seconds()
    workplace.stop(server)
    return count / elapsed, count / cpu


def bare_lmdb(workplace, number, batch):
    """Events a second of bare loops over the same events: keys as they come, and sorted within a batch."""
    directory = workplace.path(f"bare-{number}-{batch}")
    os.mkdir(directory)
    output = subprocess.run(["taskset", "-c", SERVER_CORE, workplace.program("ingest_bare"),
                             workplace.path("events.jsonl"), directory, str(batch)],
                            check=True, capture_output=True, text=True).stdout
    plain, sorted_ = re.match(r"plain (\d+) sorted (\d+)", output).groups()
    return float(plain), float(sorted_)


def measure_ingestion(workplace, report, options):
    fill_log(workplace, workplace.path("eventlog"), options.events)
    kinds = ("bare LMDB loop, keys as they come", "bare LMDB loop, keys sorted by batch", "events, log to store",
             "events per CPU-second")
    rounds = {(batch, kind): [] for batch in BATCHES for kind in kinds}
    for number in range(options.rounds):
        for batch in BATCHES:
            values = (*bare_lmdb(workplace, number, batch), *ingest(workplace, number, batch, options.events))
            for kind, value in zip(kinds, values):
                rounds[batch, kind].append(value)
    table = report.table("Ingestion from the embedded log, synced, in batches",
                         ["what", "batch", "a second", "spread", "ratio to the plain loop", "to the sorted one"])
    for (batch, kind), values in rounds.items():
        ratios = [f"{median(values) / median(rounds[batch, bare]):.2f}" for bare in kinds[:2]]
        table.add(kind, f"{batch:,}", thousands(median(values)), f"±{spread(values) * 100:.0f}%", *ratios)
