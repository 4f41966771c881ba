#!/usr/bin/env python3
"""Backup, check, snapshot and rebuild of a rating store that is written all the time, directly and by ingestion, by
the real programs.

    store_care_test.py BIN [CASE...]

With MARQUEE_POSTGRES, a conninfo, the cases of StoreTest run on that database, each in a schema of its own.
"""
import functools
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import waiting

BIN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
WAIT_S = 60
wait_for = functools.partial(waiting.wait_for, within_s=WAIT_S)
WRITERS = 3
RECORDS = 5  # few, so that each changes all the time
EVENTS = 2000  # of one file
REFUSED, NOT_FOUND = 1, 3
POSTGRES = os.environ.get("MARQUEE_POSTGRES")


class Rating:
    """marquee-rating over the data directory of a system."""

    def __init__(self, data, store, *options):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [BIN / "marquee-rating", "--listen=127.0.0.1:0", "--registry=", "--rating-step=0.01", "--threads=1",
             f"--event-log-directory={data}/eventlog", "--ingest-batch=100", *store, *options],
            stderr=self.log)
        self.port = 0
        wait_for(self._is_ready, "marquee-rating is ready")

    def said(self):
        # Not by seek(): the place in the file is one with that of who writes into it.
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode()

    def _is_ready(self):
        if self.process.poll() is not None:
            raise AssertionError(self.said())
        for line in self.said().splitlines():
            if 'message="ready"' in line:
                self.port = int(line.split('listen="127.0.0.1:')[1].split('"')[0])
        return self.port != 0

    def ask(self, method, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=WAIT_S)
        connection.request(method, path)
        reply = connection.getresponse()
        answer = reply.status, reply.read().decode()
        connection.close()
        return answer

    def metric(self, name):
        total = None
        for line in self.ask("GET", "/metrics")[1].splitlines():
            if line.split("{")[0].split(" ")[0] == name:
                total = (total or 0) + float(line.rsplit(" ", 1)[1])
        return total

    def stop(self, number=signal.SIGTERM):
        self.process.send_signal(number)
        status = self.process.wait(WAIT_S)
        if number == signal.SIGTERM and status != 0:
            raise AssertionError(f"marquee-rating ended with {status}: {self.said()}")
        self.log.close()


class Writer(threading.Thread):
    """Votes with one user after the other, so that what was kept at a moment is a prefix; now and then again, and back."""

    def __init__(self, rating, number):
        super().__init__()
        self.rating, self.number = rating, number
        self.acknowledged = 0  # users 0 .. acknowledged - 1 have voted
        self.asked = 0
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.rating.port, timeout=WAIT_S)
            choice = random.Random(self.number)
            while not self.stopping.is_set():
                self.asked += 1
                self._send(connection, "PUT", f"w{self.number}-{self.acknowledged}", "prefix", 100 + self.acknowledged % 900)
                self.acknowledged += 1
                user, record = f"r{choice.randrange(50)}", f"m{choice.randrange(RECORDS)}"
                if choice.random() < 0.2:
                    self._send(connection, "DELETE", user, record)
                else:
                    self._send(connection, "PUT", user, record, choice.randrange(1001))
            connection.close()
        except Exception as failure:  # of a thread: told by finish()
            self.failure = failure

    @staticmethod
    def _send(connection, method, user, record, hundredths=None):
        value = "" if hundredths is None else f"&value={hundredths / 100:.2f}"
        connection.request(method, f"/rating?id={record}&type=movie&userId={user}{value}")
        reply = connection.getresponse()
        reply.read()
        if reply.status not in (200, 204, 404):
            raise AssertionError(f"{method}: {reply.status}")

    def finish(self):
        self.stopping.set()
        self.join(WAIT_S)
        if self.failure is not None:
            raise self.failure


class Ingesting(threading.Thread):
    """Appends events, file after file: put and delete, with times that are out of order."""

    def __init__(self, directory):
        super().__init__()
        self.directory = directory
        self.appended = 0
        self.stopping = threading.Event()
        self.failure = None

    def run(self):
        try:
            choice = random.Random(99)
            while not self.stopping.is_set():
                path = self.directory / "events.json"
                with open(path, "w", encoding="utf-8") as file:
                    for _ in range(EVENTS):
                        event = {"userId": f"e{choice.randrange(300)}", "recordId": f"m{choice.randrange(RECORDS)}",
                                 "recordType": "movie", "value": choice.randrange(1001) / 100, "providerId": "club",
                                 "eventType": choice.choice(["put", "put", "put", "delete"]),
                                 "eventTime": f"2026-01-01T00:{choice.randrange(60):02}:{choice.randrange(60):02}Z"}
                        file.write(json.dumps(event) + "\n")
                run("ingest", f"--event-log-directory={self.directory}/eventlog", path)
                self.appended += EVENTS
        except Exception as failure:  # of a thread: told by finish()
            self.failure = failure

    def finish(self):
        self.stopping.set()
        self.join(WAIT_S)
        if self.failure is not None:
            raise self.failure


def run(*arguments, status=0):
    done = subprocess.run([BIN / "marquee", *arguments], capture_output=True, text=True, timeout=WAIT_S, check=False)
    if done.returncode != status:
        raise AssertionError(f"marquee {' '.join(map(str, arguments))}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def read_snapshot(path):
    """(type, id, provider, user): (hundredths, time) of each vote; as tools/marquee/snapshot_file.h has it."""
    data = path.read_bytes()
    assert data[:16] == b"MARQUEE-SNAPSHOT"
    votes, at = {}, 40
    while True:
        count, size = struct.unpack_from("<II", data, at)
        at += 12
        if count == 0:
            return votes
        for _ in range(count):
            deleted, kind, hundredths, time_ms, record, provider, user = struct.unpack_from("<BBHqHHH", data, at)
            at += 18
            texts = data[at:at + record + provider + user].decode()
            key = (kind, texts[:record], texts[record:record + provider], texts[record + provider:])
            at += record + provider + user
            if not deleted:
                votes[key] = hundredths, time_ms


def votes_of(store, directory):
    """store: the options of it, or the directory of an LMDB store."""
    path = directory / f"votes-{random.randrange(1 << 60)}"
    run("snapshot", "ratings", *(store if isinstance(store, list) else [f"--data={store}"]), f"--to={path}")
    return read_snapshot(path)


class StoreScene(unittest.TestCase):
    def setUp(self):
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="marquee-"))
        self.data = self.root / "var"
        (self.data / "eventlog").mkdir(parents=True)
        self.store = [f"--data={self.data}/rating"]
        if POSTGRES:
            self.store = ["--store=postgres", f"--postgres={POSTGRES}", f"--postgres-schema=care_{os.getpid()}_{id(self)}"]
        self.rating = None
        self.writers = []
        self.addCleanup(self._clean)

    def _clean(self):
        for writer in self.writers:
            writer.stopping.set()
            writer.join(WAIT_S)
        if self.rating is not None and self.rating.process.poll() is None:
            self.rating.process.kill()
            self.rating.process.wait(WAIT_S)
        shutil.rmtree(self.root)

    def start(self, *options):
        self.rating = Rating(self.data, self.store, *options)

    def start_writing(self):
        self.writers = [Writer(self.rating, number) for number in range(WRITERS)] + [Ingesting(self.data)]
        for writer in self.writers:
            writer.start()
        wait_for(lambda: all(writer.acknowledged > 20 for writer in self.writers[:-1]) and self.writers[-1].appended > 0,
                 "writing has begun")

    def finish_writing(self):
        writers, self.writers = self.writers, []
        for writer in writers:
            writer.finish()
        appended = writers[-1].appended
        # The lag is of after the last batch; the position says it for sure.
        wait_for(lambda: self.rating.metric("marquee_ingested_events_total") == appended, "all is ingested")
        return writers

    def check_prefix(self, votes, before, after):
        """Of each writer's users the first so many have voted: at least those that were told so before."""
        for number in range(WRITERS):
            users = {int(key[3].split("-")[1]) for key in votes if key[3].startswith(f"w{number}-")}
            self.assertEqual(users, set(range(len(users))))
            self.assertGreaterEqual(len(users), before[number])
            self.assertLessEqual(len(users), after[number])


class StoreTest(StoreScene):
    """On whichever store it is."""

    def test_check_while_written(self):
        self.start()
        self.start_writing()
        for _ in range(5):
            self.assertIn(": 0 differences\n", run("fsck", *self.store))
        self.finish_writing()
        said = json.loads(run("fsck", *self.store, "--json"))
        self.assertEqual(said["differences"], 0)
        self.assertEqual(said["votes"], len(votes_of(self.store, self.root)))
        self.assertGreaterEqual(said["positions"], 1)
        self.rating.stop()

    def test_snapshot_and_rebuild_while_written(self):
        store, snapshot = self.store, self.root / "snapshot"
        self.start()
        self.start_writing()
        run("snapshot", "ratings", *store, f"--to={snapshot}")
        first = json.loads(run("rebuild", "ratings", *store, f"--snapshot={snapshot}", "--json"))
        self.assertEqual(first["differences"], 0)
        self.assertEqual(json.loads(run("rebuild", "ratings", *store, "--json"))["differences"], 0)
        second = json.loads(run("rebuild", "ratings", *store, f"--snapshot={snapshot}", "--json"))
        self.assertEqual(second["differences"], 0)
        self.assertGreater(second["records"], first["records"])
        trimmed = json.loads(run("snapshot", "ratings", *store, f"--to={self.root}/later", "--trim", "--json"))
        self.assertGreater(trimmed["trimmed"], 0)
        self.assertIn("a later snapshot is needed",
                      run("rebuild", "ratings", *store, f"--snapshot={snapshot}", status=REFUSED))
        self.assertIn("(--snapshot)", run("rebuild", "ratings", *store, status=REFUSED))
        for _ in range(3):
            self.assertEqual(json.loads(run("rebuild", "ratings", *store, f"--snapshot={self.root}/later", "--json"))
                             ["differences"], 0)
        self.assertIn(" 0 differences", run("fsck", *store))
        self.finish_writing()
        self.rating.stop()
        # The same votes, in a new store that can take the place of the old.
        run("rebuild", "ratings", *store, f"--snapshot={self.root}/later", f"--into={self.root}/rebuilt")
        self.assertEqual(votes_of(self.root / "rebuilt", self.root), votes_of(self.store, self.root))
        self.assertIn(" 0 differences", run("fsck", f"--data={self.root}/rebuilt"))
        before = votes_of(self.store, self.root)
        shutil.rmtree(self.data / "rating", ignore_errors=True)
        os.rename(self.root / "rebuilt", self.data / "rating")
        self.store = [f"--data={self.data}/rating"]
        self.start()
        wait_for(lambda: self.rating.metric("marquee_consumer_lag_events") == 0, "the positions are taken over")
        self.assertEqual(self.rating.metric("marquee_ingested_events_total"), 0)
        self.assertEqual(votes_of(self.store, self.root), before)
        self.rating.stop()


@unittest.skipIf(POSTGRES, "of files")
class StoreCareTest(StoreScene):
    """On files."""

    def test_backup_while_written(self):
        self.start()
        self.start_writing()
        for turn in range(3):
            before = [writer.acknowledged for writer in self.writers[:-1]]
            said = run("backup", f"--from={self.data}", f"--to={self.root}/backup-{turn}")
            after = [writer.asked for writer in self.writers[:-1]]
            self.assertIn("is complete", said)
            copy = self.root / f"backup-{turn}"
            self.assertIn(" 0 differences", run("fsck", f"--data={copy}/rating"))
            self.check_prefix(votes_of(copy / "rating", self.root), before, after)
        self.assertGreater(self.rating.metric("marquee_store_last_backup_timestamp_seconds"), time.time() - WAIT_S)
        self.assertEqual(sorted(entry.name for entry in self.root.iterdir() if "partial" in entry.name), [])
        self.finish_writing()
        self.rating.stop()
        # Restored, it takes from the log what came after, and ends with the events' votes of the other.
        events = {key: vote for key, vote in votes_of(self.data / "rating", self.root).items() if key[2] == "club"}
        lost = self.root / "lost"
        os.rename(self.data, lost)
        shutil.copytree(self.root / "backup-0", self.data)
        shutil.rmtree(self.data / "eventlog")
        shutil.copytree(lost / "eventlog", self.data / "eventlog", ignore=lambda folder, names: ["wake", "lease"])
        self.start()
        wait_for(lambda: self.rating.metric("marquee_consumer_lag_events") == 0 and
                 {key: vote for key, vote in votes_of(self.data / "rating", self.root).items() if key[2] == "club"}
                 == events, "the restored store has the events")
        self.assertIn(" 0 differences", run("fsck", f"--data={self.data}/rating"))
        self.rating.stop()

    def test_restored_log_goes_with_the_store(self):
        self.start()
        self.start_writing()
        run("backup", f"--from={self.data}", f"--to={self.root}/backup")
        self.finish_writing()
        self.rating.stop(signal.SIGKILL)
        shutil.rmtree(self.data)
        shutil.copytree(self.root / "backup", self.data)
        self.start()
        wait_for(lambda: self.rating.metric("marquee_consumer_lag_events") == 0, "the copied log is ingested")
        self.assertEqual(self.rating.metric("marquee_ingestion_up"), 1)
        self.assertEqual(self.rating.ask("GET", "/readyz")[0], 200)
        self.assertEqual(self.rating.ask("PUT", "/rating?id=m1&type=movie&userId=new&value=5")[0] // 100, 2)
        self.assertIn(" 0 differences", run("fsck", f"--data={self.data}/rating"))
        self.rating.stop()

    def test_backup_of_parts(self):
        self.start()
        self.assertEqual(self.rating.ask("PUT", "/rating?id=m1&type=movie&userId=a&value=5")[0] // 100, 2)
        to = self.root / "folder" / "one"
        said = json.loads(run("backup", f"--to={to}", "--json", f"rating={self.data}/rating"))
        self.assertEqual([part["part"] for part in said["parts"]], ["rating"])
        self.assertEqual(said["bytes"], (to / "rating" / "data.mdb").stat().st_size)
        self.assertIn("File exists", run("backup", f"--to={to}", f"--from={self.data}", status=REFUSED))
        self.assertEqual([entry.name for entry in to.iterdir()], ["rating"])
        self.assertIn("there is no store",
                      run("backup", f"--to={self.root}/none", f"--from={self.data}", "registry", status=NOT_FOUND))
        self.assertFalse((self.root / "none").exists())
        self.assertIn("nothing to back up", run("backup", f"--to={self.root}/none", "--from=/nowhere", status=NOT_FOUND))
        run("backup", f"--to={self.root}/none", "paper", status=2)
        run("backup", status=2)
        self.rating.stop()

    def test_snapshot_of_another_store(self):
        self.start("--event-log=none")
        self.rating.ask("PUT", "/rating?id=m1&type=movie&userId=a&value=5")
        run("snapshot", "ratings", f"--data={self.data}/rating", f"--to={self.root}/snapshot")
        self.rating.stop()
        shutil.rmtree(self.data / "rating")
        self.start("--event-log=none")
        self.assertIn("it is of another store, or newer", run(
            "rebuild", "ratings", f"--data={self.data}/rating", f"--snapshot={self.root}/snapshot", status=REFUSED))
        self.rating.stop()

    def test_what_is_due_is_forgotten(self):
        self.start("--event-log=none", "--tombstone-retention=300ms", "--durability=relaxed")
        for user in range(5):
            self.rating.ask("PUT", f"/rating?id=m1&type=movie&userId=u{user}&value=5")
            self.rating.ask("DELETE", f"/rating?id=m1&type=movie&userId=u{user}")
        wait_for(lambda: self.rating.metric("marquee_rating_expired_total") == 5, "the tombstones are forgotten")
        self.assertEqual(self.rating.metric("marquee_rating_upkeep_failures_total"), 0)
        self.assertIn("0 votes, 0 tombstones", run("fsck", f"--data={self.data}/rating"))
        self.rating.stop()

    def test_a_reader_that_stays_is_told(self):
        """The test program of the watch reads one snapshot until it is killed."""
        self.start("--event-log=none")
        self.rating.ask("PUT", "/rating?id=m1&type=movie&userId=a&value=5")
        reader = subprocess.Popen([BIN.parent / "test" / "lmdb_watch_test", "hold-reader", self.data / "rating", "1"],
                                  stdout=subprocess.PIPE)
        self.addCleanup(reader.wait)
        self.addCleanup(reader.kill)
        self.assertEqual(reader.stdout.read(1), b"!")
        self.rating.ask("PUT", "/rating?id=m1&type=movie&userId=b&value=5")
        wait_for(lambda: "a reader keeps the store's pages" in self.rating.said(), "the log tells of the reader")
        self.assertIn(f"process={reader.pid}", self.rating.said())
        self.assertGreaterEqual(self.rating.metric("marquee_store_oldest_reader_seconds"), 5)
        reader.kill()
        wait_for(lambda: "readers of dead processes are cleared away" in self.rating.said(), "its slot is cleared")
        wait_for(lambda: self.rating.metric("marquee_store_oldest_reader_seconds") == 0, "it is gone")
        self.rating.stop()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
