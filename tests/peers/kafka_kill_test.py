#!/usr/bin/python3
"""A Kafka broker that is killed while events are produced and consumed: each event comes, once and
in order, and nobody needs help.

usage: kafka_kill_test.py MARQUEE; scripts/peers/kafka.sh run gives MARQUEE_KAFKA and MARQUEE_KAFKA_DIR
"""

import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

EVENTS = 60000
KILLS = 2
WAIT_S = 200
BROKER = str(pathlib.Path(__file__).resolve().parents[2] / "scripts/peers/kafka.sh")


def event(number):
    return json.dumps({"userId": f"u{number % 97}", "recordId": f"r{number % 89}", "recordType": "movie",
                       "value": number % 11, "providerId": "p", "eventType": "put", "eventId": f"e{number}"})


def lines(path):
    with open(path, "rb") as file:
        return sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))


def await_lines(path, count, processes):
    deadline = time.monotonic() + WAIT_S
    while lines(path) < count:
        assert time.monotonic() < deadline, f"{lines(path)} of {count} have come"
        assert all(process.poll() in (None, 0) for process in processes), "it has given up"
        time.sleep(0.02)


def main():
    marquee, folder = sys.argv[1], os.environ.get("MARQUEE_KAFKA_DIR")
    if not folder:
        print("skipped: MARQUEE_KAFKA_DIR names no broker of scripts/peers/kafka.sh")
        sys.exit(77)
    # A broker takes long to start on a machine that is busy; a message waits for half a minute by default.
    kafka = [f"--timeout={WAIT_S}s", f"--kafka-settings=message.timeout.ms={WAIT_S * 1000}", "--event-log=kafka", f"--kafka-brokers={os.environ['MARQUEE_KAFKA']}"]
    topic = f"kill-{os.getpid()}"
    subprocess.run([marquee, "log", "create", topic, *kafka], check=True, timeout=WAIT_S)
    with tempfile.TemporaryDirectory() as scratch:
        with open(f"{scratch}/events", "w") as file:
            file.writelines(event(number) + "\n" for number in range(EVENTS))
        with open(f"{scratch}/got", "w") as got:
            follower = subprocess.Popen([marquee, "log", "tail", topic, "--json", "--follow", "--from=beginning",
                                         f"--count={EVENTS}", *kafka], stdout=got)
        producer = subprocess.Popen([marquee, "ingest", "--batch=100", f"--topic={topic}", *kafka,
                                     f"{scratch}/events"], stdout=subprocess.PIPE, text=True)
        try:
            for kill in range(KILLS):
                await_lines(f"{scratch}/got", (kill + 1) * EVENTS // (KILLS + 3), (producer, follower))
                assert producer.poll() is None, "all was produced before the kill: the test shows nothing"
                subprocess.run(["sh", BROKER, "kill", folder], check=True, timeout=WAIT_S)
                subprocess.run(["sh", BROKER, "resume", folder], check=True, timeout=WAIT_S)
            output, _ = producer.communicate(timeout=WAIT_S)
            assert producer.returncode == 0 and f"{EVENTS} appended" in output, output
            assert follower.wait(timeout=WAIT_S) == 0
        finally:
            for process in (producer, follower):
                process.kill()
                process.wait()
        counts, last = collections.Counter(), {}
        with open(f"{scratch}/got") as got:
            for line in got:
                record = json.loads(line)
                number = int(json.loads(record["value"])["eventId"][1:])
                counts[number] += 1
                assert last.get(record["key"], -1) < number, "events of a user have changed places"
                last[record["key"]] = number
        assert len(counts) == EVENTS, f"{EVENTS - len(counts)} events are lost"
        assert max(counts.values()) == 1, "an event has come twice"
    print(f"{KILLS} kills, {EVENTS} events, each once")


main()
