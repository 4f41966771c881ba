#!/usr/bin/python3
"""marquee ingest and marquee log, as a user has them: a run that is killed goes on where it was,
and each event is in the log once; topics, records and groups are shown.

usage: event_log_test.py MARQUEE
"""

import collections
import json
import os
import random
import subprocess
import sys
import tempfile
import time

EVENTS = 30000
KILLS_MIN = 5
KILLS_MAX = 30
SEED = int(os.environ.get("MARQUEE_SEED", random.randrange(1 << 32)))


def marquee(*arguments, want=0):
    done = subprocess.run([sys.argv[1], *arguments], capture_output=True, text=True, timeout=60)
    assert done.returncode == want, f"{arguments}: {done.returncode}, not {want}: {done.stderr}"
    return done.stdout, done.stderr


def event(number):
    return json.dumps({"userId": f"u{number % 97}", "recordId": f"r{number % 89}",
                       "recordType": "movie", "value": number % 11, "providerId": "p",
                       "eventType": "put", "eventId": f"e{number}"})


def records(log, *options):
    output, _ = marquee("log", "tail", "ratings", "--json", log, *options)
    return [json.loads(line) for line in output.splitlines()]


def kill_and_go_on(folder, log):
    """Kills the run at random instants until one comes to its end."""
    chance = random.Random(SEED)
    arguments = [sys.argv[1], "ingest", log, "--batch", "100", "--position",
                 f"{folder}/position", f"{folder}/events.json"]
    kills = 0
    while True:
        run = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            patience = 0.01 + chance.random() * 0.08 if kills < KILLS_MAX else 60
            output, _ = run.communicate(timeout=patience)
            break
        except subprocess.TimeoutExpired:
            run.kill()
            run.communicate()
            kills += 1
    assert run.returncode == 1, "three events are refused"
    return kills, output.decode()


def test_resume(folder):
    log = f"--event-log-directory={folder}/log"
    with open(f"{folder}/events.json", "w") as file:
        for number in range(EVENTS):
            file.write(event(number) + "\n")
            if number in (5, 10000, 29999):
                file.write('{"not": "an event"}\n')
    kills, output = kill_and_go_on(folder, log)
    assert kills >= KILLS_MIN, f"only {kills} kills: the test shows nothing"
    assert "0 not delivered" in output, output
    found = records(log)
    counts = collections.Counter(json.loads(record["value"])["eventId"] for record in found)
    assert len(counts) == EVENTS, f"{EVENTS - len(counts)} events are lost"
    assert max(counts.values()) == 1, f"{len(found) - EVENTS} events came twice"
    last = {}
    for record in found:
        number = int(json.loads(record["value"])["eventId"][1:])
        assert last.get(record["key"], -1) < number, "events of a user have changed places"
        last[record["key"]] = number
    print(f"{kills} kills, {EVENTS} events, each once")
    # At the end of the input it stays there; what is added goes on.
    output, _ = marquee("ingest", log, "--position", f"{folder}/position", f"{folder}/events.json")
    assert f"{EVENTS + 3} passed over" in output and " 0 read" in output, output
    with open(f"{folder}/events.json", "a") as file:
        file.write(event(EVENTS) + "\n")
    marquee("ingest", log, "--position", f"{folder}/position", f"{folder}/events.json")
    assert len(records(log)) == EVENTS + 1


def test_other_input(folder):
    log = f"--event-log-directory={folder}/log"
    with open(f"{folder}/other.json", "w") as file:
        for number in range(EVENTS + 10):
            file.write(event(number + 7) + "\n")
    _, errors = marquee("ingest", log, "--position", f"{folder}/position", f"{folder}/other.json",
                        want=1)
    assert "it is another input" in errors, errors
    _, errors = marquee("ingest", log, "--position", f"{folder}/position", "--topic", "t",
                        f"{folder}/events.json", want=1)
    assert "is of the topic ratings" in errors, errors
    _, errors = marquee("ingest", log, "--position", f"{folder}/events.json",
                        f"{folder}/events.json", want=1)
    assert "is no position of marquee ingest" in errors, errors
    assert len(records(log)) == EVENTS + 1


def test_log(folder):
    log = f"--event-log-directory={folder}/log"
    output, _ = marquee("log", "topics", "--json", log)
    topic = json.loads(output)
    assert topic["topic"] == "ratings" and len(topic["partitions"]) == 4, topic
    assert sum(p["endOffset"] for p in topic["partitions"]) == EVENTS + 1, topic
    some = records(log, "--partition", "1", "--from", "100", "--count", "7")
    assert [record["offset"] for record in some] == list(range(100, 107)), some
    assert all(record["partition"] == 1 for record in some)
    assert records(log, "--from", "end") == []
    output, _ = marquee("log", "tail", "ratings", log, "--count", "1", "--partition", "2")
    assert output.startswith("2@0  20") and output.endswith('}\n'), output
    marquee("log", "tail", "nothing", log, want=3)
    marquee("log", "tail", "ratings", "--partition", "4", log, want=3)
    marquee("log", "tail", "ratings", "--from", "now", log, want=2)
    marquee("log", "tail", log, want=2)
    marquee("log", "create", "changes", "--cleanup", "compact", "--partitions", "2", log)
    marquee("log", "create", "changes", log, want=1)
    marquee("log", "create", "a/b", log, want=2)
    output, _ = marquee("log", "topics", log)
    assert "changes  2 partitions, the last record of each key is kept" in output, output
    _, errors = marquee("log", "delete", "changes", log, want=2)
    assert "add --yes" in errors, errors
    marquee("log", "delete", "changes", "--yes", log)
    marquee("log", "delete", "changes", "--yes", log, want=3)
    output, _ = marquee("log", "topics", log)
    assert "changes" not in output, output
    marquee("log", "topics", f"--event-log-directory={folder}/none", want=3)
    output, _ = marquee("log", "groups", log)
    assert output == "", output


def test_follow(folder):
    """What comes while it waits is shown, with control characters taken out."""
    log = f"--event-log-directory={folder}/log"
    with open(f"{folder}/raw", "w") as file:
        file.write("bell \a and escape \x1b[31m\n")
    follower = subprocess.Popen([sys.argv[1], "log", "tail", "ratings", "--follow", "--count", "1",
                                 log], stdout=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 30
    while not any(name for name in os.listdir(f"{folder}/log/wake") if not name.startswith(".")):
        assert time.monotonic() < deadline, "it does not wait"
        time.sleep(0.01)
    marquee("ingest", "--raw", log, f"{folder}/raw")
    output, _ = follower.communicate(timeout=30)
    assert follower.returncode == 0
    assert output.endswith("bell ? and escape ?[31m\n"), repr(output)


def main():
    print("seed", SEED)
    with tempfile.TemporaryDirectory() as folder:
        test_resume(folder)
        test_other_input(folder)
        test_log(folder)
        test_follow(folder)


main()
