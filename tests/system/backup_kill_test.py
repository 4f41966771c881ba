#!/usr/bin/env python3
"""`marquee backup`, killed by SIGKILL at each kind of step that it does, at the first, one in the middle and the last of its
kind, while the services write. Whatever the step: the stores that it read are whole and used on, a backup that has its name is
whole, and another backup to the same place is made.

    backup_kill_test.py BIN [CASE...]
"""
import collections
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import unittest

from product_scene import BIN, WAIT_S, Scene, wait_for

SHIM = BIN.parent / "test" / "kill_shim.so"
EVENTS, ROWS = 3000, 300
ROW_BYTES = 4000  # of words of a film or a review: about a page of SQLite's
PARTS = ("metadata", "rating", "review", "eventlog")
SQLITE = ("metadata", "review")
# A sanitizer's library need not come before the shim.
SANITIZER_OPTIONS = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:detect_leaks=0"}


def run(*words, environment=None):
    return subprocess.run([BIN / "marquee", *words], capture_output=True, text=True, check=False, timeout=WAIT_S,
                          env={**os.environ, **(environment or {})})


class BackupKillTest(Scene):
    def setUp(self):
        super().setUp()
        self.data, self.backups = self.scratch / "var", self.scratch / "backups"
        self.backup = self.backups / "monday"
        (self.data / "eventlog").mkdir(parents=True)
        self.log_options = ["--event-log=local", f"--event-log-directory={self.data}/eventlog"]
        self.services = {name: self.program(name, f"--data={self.data}/{name}", *(self.log_options if name == "rating" else ()))
                         for name in ("metadata", "rating", "review")}
        self.written = 0  # by write()
        self.fill()

    def write(self, words="few words"):
        """To each store, a row that was not there."""
        number = self.written
        self.services["metadata"].call("MetadataService/PutMetadata",
                                       metadata={"id": f"m{number}", "title": f"Film {number}", "description": words})
        self.services["review"].call("ReviewService/PutReview", recordType="movie", recordId="m1", userId=f"u{number}", text=words)
        self.services["rating"].call("RatingService/PutRating", recordType="movie", recordId="m1", userId=f"u{number}",
                                     exactValue={"hundredths": 100 * (number % 10 + 1)})
        self.written += 1

    def fill(self):
        for _ in range(ROWS):
            self.write("words " * (ROW_BYTES // 6))
        path = self.scratch / "events.json"
        path.write_text("".join(json.dumps({"userId": f"e{number}", "recordId": f"m{number % 50}", "recordType": "movie", "value": 5,
                                            "providerId": "club", "eventType": "put"}) + "\n" for number in range(EVENTS)))
        done = run("ingest", *self.log_options, path)
        self.assertEqual(done.returncode, 0, done.stderr)
        wait_for(lambda: f"marquee_ingested_events_total {EVENTS}" in self.services["rating"].ask("GET", "/metrics")[1],
                 "the events are ingested")

    def contents(self, directory):
        """What the parts hold, all of it found whole."""
        found = {}
        for part in SQLITE:
            with contextlib.closing(sqlite3.connect(f"file:{directory}/{part}/{part}.sqlite?mode=ro", uri=True)) as database:
                self.assertEqual(database.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                found[part] = list(database.iterdump())
        done = run("fsck", f"--data={directory}/rating")
        self.assertIn(": 0 differences\n", done.stdout + done.stderr)
        found["rating"] = done.stdout
        done = run("log", "tail", "ratings", "--event-log=local", f"--event-log-directory={directory}/eventlog", "--from=0",
                   f"--count={2 * EVENTS}")
        self.assertEqual(done.returncode, 0, done.stderr)
        found["eventlog"] = done.stdout
        return found

    def source(self):
        """What the stores hold: all that was written."""
        found = self.contents(self.data)
        for part, table in (("metadata", "metadata"), ("review", "reviews")):
            self.assertEqual(sum(line.startswith(f'INSERT INTO "{table}"') for line in found[part]), self.written, part)
        self.assertTrue(found["rating"].startswith(f"{EVENTS + self.written} votes, "), found["rating"])
        return found

    def make_backup(self, **shim):
        environment = {"LD_PRELOAD": str(SHIM), "KILL_UNDER": str(self.backups), **SANITIZER_OPTIONS, **shim}
        return run("backup", f"--from={self.data}", f"--to={self.backup}", environment=environment)

    def kinds(self):
        """The kinds of the steps of a backup, as patterns and in order, each with how many there are."""
        trace = self.scratch / "trace"
        self.assertEqual(self.make_backup(KILL_TRACE=str(trace)).returncode, 0)
        shutil.rmtree(self.backup)
        return collections.Counter(re.sub(r"\.partial-\w{6}", ".partial-??????", line) for line in trace.read_text().splitlines())

    def check_whole(self, wanted):
        found = self.contents(self.backup)
        for part in PARTS:
            self.assertEqual(found[part], wanted[part], part)
        shutil.rmtree(self.backup)

    def kill_at(self, kind, turn, is_named):
        """One killed backup, and one after it. is_named: the killed one has its name, and so all of its contents."""
        done = self.make_backup(KILL_STEP=kind, KILL_TURN=str(turn))
        self.assertEqual((done.returncode, done.stdout), (-signal.SIGKILL, ""))
        left = " ".join(path.name for path in self.backups.iterdir())
        self.assertRegex(left, r"^monday$" if is_named else r"^(monday\.partial-\w{6})?$")
        if is_named:
            self.check_whole(self.source())
        self.write()
        wanted = self.source()
        done = self.make_backup()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_whole(wanted)
        for path in self.backups.iterdir():
            shutil.rmtree(path)

    def test_killed_at_each_kind_of_step(self):
        kinds = self.kinds()
        self.assertLessEqual({"mkdir", "open", "write", "fsync", "rename"}, {kind.split(" ")[0] for kind in kinds})
        for part in PARTS:
            self.assertTrue(any("write" in kind and f"/{part}/" in kind and count > 2 for kind, count in kinds.items()), part)
        is_named = False
        for kind, count in kinds.items():
            # The last one of a kind may come later now; what follows it is of another kind.
            for turn in sorted({1, (count + 1) // 2, count}):
                try:
                    self.kill_at(kind, turn, is_named)
                except AssertionError as failure:
                    raise AssertionError(f"killed before step {turn} of {count} of the kind {kind}") from failure
            is_named = is_named or kind.startswith("rename")
        # What the killed ones read, nobody reads any more: its pages are used again.
        wait_for(lambda: "marquee_store_readers 0" in self.services["rating"].ask("GET", "/metrics")[1], "no reader stays")


if __name__ == "__main__":
    unittest.main(verbosity=2)
