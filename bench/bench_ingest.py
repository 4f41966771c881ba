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


def bare_lmdb(workplace, number):
    """store_apply's own table: {batch: (apply, bare)}."""
    directory = workplace.path(f"store-{number}")
    os.mkdir(directory)
    output = subprocess.run(["taskset", "-c", SERVER_CORE, workplace.program("store_apply"), directory],
                            check=True, capture_output=True, text=True).stdout
    pattern = r"batch\s+(\d+): apply\s+(\d+) changes/s, bare LMDB\s+(\d+)"
    return {int(batch): (float(apply), float(bare)) for batch, apply, bare in re.findall(pattern, output)}


def measure_ingestion(workplace, report, options):
    fill_log(workplace, workplace.path("eventlog"), options.events)
    rounds = {batch: {"ingest": [], "cpu": [], "apply": [], "bare": []} for batch in BATCHES}
    for number in range(options.rounds):
        stores = bare_lmdb(workplace, number)
        for batch in BATCHES:
            rate, cpu_rate = ingest(workplace, number, batch, options.events)
            rounds[batch]["ingest"].append(rate)
            rounds[batch]["cpu"].append(cpu_rate)
            rounds[batch]["apply"].append(stores[batch][0])
            rounds[batch]["bare"].append(stores[batch][1])
    table = report.table("Ingestion from the embedded log, synced, in batches",
                         ["what", "batch", "a second", "spread", "ratio to bare LMDB"])
    for batch, values in rounds.items():
        bare = median(values["bare"])
        for name, key in (("bare LMDB loop, same keys", "bare"), ("repository apply()", "apply"),
                          ("events, log to store", "ingest"), ("events per CPU-second", "cpu")):
            ratio = "" if key == "bare" else f"{median(values[key]) / bare:.2f}"
            table.add(name, f"{batch:,}", thousands(median(values[key])), f"±{spread(values[key]) * 100:.0f}%", ratio)
