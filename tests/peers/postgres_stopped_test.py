#!/usr/bin/env python3
"""A rating service that is stopped (SIGSTOP) within a transaction of PostgreSQL, and another on the same database.

    postgres_stopped_test.py BUILD [CASE...]

In the transaction it holds the row of a record. Until the server ends its session, the other answers votes by their deadlines
and reads at once; then it writes again. When the stopped one goes on, it finds out whether its transaction was done.
MARQUEE_POSTGRES is a server of which the test may change the settings: scripts/peers/postgres.sh run.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS / "proof"), str(TESTS / "system")]
import postgres_place  # noqa: E402
from compare import Differences, compare_inside  # noqa: E402
from instances import Place, Programs, Rating  # noqa: E402
from waiting import wait_for  # noqa: E402
from zombies import SLACK_S, is_stopped, mean, put  # noqa: E402

BUILD = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else "build/dev")
WAIT_S, COMMAND_S = 40, 120
SKIPPED = 77
SERVER_ENDS_S = 10  # POSTGRES_IDLE_MS_MAX of lib/store/postgres_connection.h
STATEMENT_S = 60  # POSTGRES_STATEMENT_MS_MAX
SERVER_SLACK_S = 3  # for a busy machine
DEADLINE_MS = 1000
PATIENT_MS = 60000
CROWD = 48
LARGE = 4000  # records of a batch; what is said of them is some 900 KB
CROWD_MEMORY_KIB_MAX = 16 * 1024
OF = "from pg_stat_activity where datname = current_database() and application_name ="
SLEEPER_IS_IDLE = f"select pid {OF} 'sleeper' and state = 'idle in transaction'"
SLEEPER_WAITS_FOR = f"select pid {OF} 'sleeper' and state = 'active' and wait_event ="


class Session:
    """A session of the test's own, whose transaction stays open between two statements."""

    def __init__(self, conninfo):
        self.psql = subprocess.Popen(["psql", "--no-psqlrc", "--quiet", "--no-align", "--tuples-only", "--set=ON_ERROR_STOP=1",
                                      f"--dbname={conninfo}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, sql):
        """The rows, each as a line."""
        self.psql.stdin.write(f"{sql};\n\\echo answered\n")
        self.psql.stdin.flush()
        lines = []
        for line in self.psql.stdout:
            if line == "answered\n":
                return lines
            lines.append(line.rstrip("\n"))
        raise AssertionError(f"psql ended at: {sql}")

    def close(self):
        self.psql.stdin.close()
        self.psql.stdout.close()
        self.psql.wait(WAIT_S)


class Crowd:
    """Many who vote at one service, each with a deadline, again and again until it is over."""

    def __init__(self, address):
        self.address, self.over = address, threading.Event()
        self.answers = []  # (user, HTTP status, code, seconds, when it came)
        self.threads = [threading.Thread(target=self._vote, args=(number,)) for number in range(CROWD)]
        for thread in self.threads:
            thread.start()

    def _vote(self, number):
        turn = 0
        while not self.over.is_set():
            user = f"crowd-{number}-{turn}"
            self.answers.append((user, *put(self.address, user, 300, DEADLINE_MS), time.monotonic()))
            turn += 1

    def finish(self):
        self.over.set()
        for thread in self.threads:
            thread.join(WAIT_S)
        return self.answers


class StoppedTest(unittest.TestCase):
    def setUp(self):
        self.place = Place(tempfile.mkdtemp(prefix="stopped-"), Programs(str(BUILD)), store="postgres")
        self.addCleanup(shutil.rmtree, self.place.directory)
        postgres_place.prepare(self.place)
        self.addCleanup(postgres_place.clean, self.place)
        self.look, self.holder = self._session(), self._session()
        self.trigger = os.path.join(self.place.directory, "trigger")
        self.known = {}  # user: hundredths, of the votes that were acknowledged
        self.unknown, self.refused = {}, set()
        self.late, self.late_answers = None, []

    def _session(self):
        session = Session(self.place.data)
        self.addCleanup(session.close)
        return session

    def _rating(self, name, crash="", *options):
        rating = Rating(self.place, name, crash, options, environment={"PGAPPNAME": name, "PROOF_TRIGGER": self.trigger})
        self.addCleanup(lambda: rating.is_alive() and rating.kill())
        return rating

    def await_row(self, sql):
        return wait_for(lambda: self.look.ask(sql), sql, WAIT_S)[0]

    def vote(self, rating, user, hundredths, deadline_ms=PATIENT_MS):
        self.assertEqual(put(rating.address(), user, hundredths, deadline_ms)[:2], (200, ""))
        self.known[user] = hundredths

    def start(self, point, *options):
        """Both services, the first with the options. The sleeper stops when its next vote comes to the point."""
        self.awake = self._rating("awake", "", *options)
        self.vote(self.awake, "first", 800)
        self.sleeper = self._rating("sleeper", f"{point}:stop")
        wait_for(lambda: self.count("reconnects") == 1, "the sleeper listens for notices", WAIT_S)

    def vote_late(self):
        """A vote at the sleeper, whose caller waits for it."""
        pathlib.Path(self.trigger).touch()
        self.late = threading.Thread(
            target=lambda: self.late_answers.append(put(self.sleeper.address(), "late", 200, PATIENT_MS)))
        self.late.start()

    def await_stop(self):
        wait_for(lambda: is_stopped(self.sleeper), "the sleeper is stopped", WAIT_S)

    def wake(self):
        """Its caller is told, after all, that the vote was done."""
        self.sleeper.signal(signal.SIGCONT)
        self.late.join(WAIT_S)
        self.assertEqual([answer[:2] for answer in self.late_answers], [(200, "")])
        self.known["late"] = 200

    def count(self, name):
        return self.sleeper.metrics()[f"marquee_postgres_{name}_total"]

    def expect_counts(self, **wanted):
        """What the sleeper has counted. It connects once after the start, to listen for notices."""
        self.assertEqual({name: self.count(name) for name in wanted}, wanted)

    def finish(self):
        """Both write and read the same; what was acknowledged is there once, what was refused is not."""
        self.vote(self.sleeper, "after-sleeper", 400)
        self.vote(self.awake, "after-awake", 600)
        means = [mean(rating.address())[0] for rating in (self.sleeper, self.awake)]
        self.assertEqual([rating.stop() for rating in (self.sleeper, self.awake)], [0, 0])
        dump, found = self.place.dump(), Differences()
        compare_inside(dump, found)
        self.assertEqual(found.words, [])
        stored = {key[3]: vote[0] for key, vote in dump.votes.items() if key[1] == "stalled"}
        self.assertEqual({user: stored.get(user) for user in self.known}, self.known)
        self.assertEqual(stored.keys() - self.known.keys() - self.unknown.keys(), set())
        self.assertEqual(stored.keys() & self.refused, set())
        # Nobody has voted twice on a record: a vote that is twice in the change log was done twice.
        self.assertEqual(sorted((row["t"], row["r"], row["p"], row["u"]) for row in dump.changes), sorted(dump.votes))
        self.assertEqual([round(value, 2) for value in means], [round(sum(stored.values()) / len(stored) / 100, 2)] * 2)
        self.assertIn(": 0 differences\n", self.marquee("fsck", *self.place.store_options()))

    def marquee(self, *words):
        done = subprocess.run([self.place.programs.marquee, *words], capture_output=True, text=True, check=False, timeout=COMMAND_S)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def vote_while_held(self, backend):
        """Votes and reads at the other until the server has ended the session: how long that took."""
        began = time.monotonic()
        status, code, seconds = put(self.awake.address(), "begun", 100, DEADLINE_MS)
        self.assertEqual((status, code), (504, "deadline_exceeded"))  # it waits for the row: it may still be done
        self.assertLess(seconds, DEADLINE_MS / 1000 + SLACK_S)
        self.unknown["begun"] = 100
        self.await_row(f"select pid {OF} 'awake' and {backend} = any (pg_blocking_pids(pid))")
        before_kib = self.awake.memory_kib()
        crowd, reads, most_kib = Crowd(self.awake.address()), [], 0
        self.addCleanup(crowd.finish)
        while self.look.ask(f"select pid from pg_stat_activity where pid = {backend}"):
            self.assertLess(time.monotonic() - began, SERVER_ENDS_S + SERVER_SLACK_S)
            reads.append(mean(self.awake.address()))
            most_kib = max(most_kib, self.awake.memory_kib())
            time.sleep(0.05)  # between two looks
        ended = time.monotonic()
        self.vote(self.awake, "again", 700)
        answers = crowd.finish()
        self.assertEqual({value for value, _ in reads[:-1]}, {8.0})  # the last may be of after the session
        self.assertLess(max(seconds for _, seconds in reads), SLACK_S)
        self.assertLess(most_kib - before_kib, CROWD_MEMORY_KIB_MAX)
        self.judge(answers, ended)
        return ended - began

    def judge(self, answers, ended):
        """Of the crowd's answers: by their deadlines, and as long as the row was held, UNAVAILABLE."""
        self.assertLess(max(seconds for _, _, _, seconds, _ in answers), DEADLINE_MS / 1000 + SLACK_S)
        while_held = [answer[1:3] for answer in answers if answer[4] < ended - SLACK_S]
        self.assertGreater(len(while_held), 3 * CROWD)
        self.assertEqual(set(while_held), {(503, "unavailable")})
        for user, status, code, _, _ in answers:
            if status == 200:
                self.known[user] = 300
            elif code == "unavailable":
                self.refused.add(user)
            else:
                self.assertEqual(code, "deadline_exceeded")
                self.unknown[user] = 300

    def stop_with_the_row(self, point):
        self.start(point)
        self.vote_late()
        self.await_stop()
        seconds = self.vote_while_held(self.await_row(SLEEPER_IS_IDLE))
        self.assertGreater(seconds, SERVER_ENDS_S - SERVER_SLACK_S)
        self.wake()
        self.expect_counts(reconnects=2, retries=1)
        self.finish()

    def test_stopped_before_its_writes(self):
        self.stop_with_the_row("mid_batch:3")

    def test_stopped_before_its_commit(self):
        self.stop_with_the_row("before_commit:1")

    def test_stopped_when_the_server_commits(self):
        """The commit was sent: it is done without the sleeper, and holds nobody up."""
        self.start("mid_commit:1")
        self.vote_late()
        self.await_stop()
        self.await_row(f"select pid {OF} 'sleeper' and state = 'idle' and query = 'commit'")
        self.vote(self.awake, "again", 700, DEADLINE_MS)
        self.wake()
        self.expect_counts(reconnects=1, doubts=0, retries=0)
        self.finish()

    def refuse_while_held(self):
        self.assertEqual(put(self.awake.address(), "begun", 100, DEADLINE_MS)[:2], (504, "deadline_exceeded"))
        self.unknown["begun"] = 100  # it waits for the row: it may still be done
        self.assertEqual(put(self.awake.address(), "refused", 100, DEADLINE_MS)[:2], (503, "unavailable"))
        self.refused.add("refused")
        value, seconds = mean(self.awake.address())
        self.assertIsNotNone(value)
        self.assertLess(seconds, SLACK_S)

    def lose_the_session(self, wait_event):
        """The server ends the session of the stopped one, while that waits for the event within its commit."""
        self.await_stop()
        backend = self.await_row(f"{SLEEPER_WAITS_FOR} '{wait_event}'")
        self.refuse_while_held()
        self.look.ask(f"select pg_terminate_backend({backend})")

    def wake_in_doubt(self):
        self.vote(self.awake, "again", 700)
        self.wake()
        self.expect_counts(reconnects=2, doubts=1)
        self.finish()

    def test_lost_in_a_commit_that_is_not_done(self):
        self.start("mid_commit:1")
        self.holder.ask("begin")
        self.holder.ask("select from marquee.change_log for update")
        self.vote_late()
        self.lose_the_session("transactionid")
        self.holder.ask("rollback")
        self.wake_in_doubt()

    def test_lost_in_a_commit_that_is_done(self):
        """It is done, and waits for a replica that is not there: its answer never comes."""
        self.start("mid_commit:1")
        self.addCleanup(self.require_replica, "")
        self.require_replica("nobody")
        self.vote_late()
        self.lose_the_session("SyncRep")
        self.require_replica("")
        self.wake_in_doubt()

    def ingest(self, user):
        """A vote on each of many records; the first, also by their order, is the one that is voted on here."""
        events = ({"userId": user, "recordId": record, "recordType": "movie", "value": 5, "providerId": "club", "eventType": "put"}
                  for record in ("stalled", *(f"t{number:06}" for number in range(LARGE))))
        path = pathlib.Path(self.place.directory, user)
        path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="ascii")
        self.marquee("ingest", *self.place.log_options(), str(path))

    def test_stopped_within_a_large_request(self):
        """More is on its way than sockets hold, so that the server waits for its client in the middle of a request or an answer:
        the server's own limits do not count then, and the other has the session ended."""
        self.place.batch = 2 * LARGE
        self.marquee("log", "create", "ratings", "--partitions=1", *self.place.log_options())
        self.start("before_begin:1000", "--event-log=none")  # so often it does not begin
        self.ingest("ann")
        self.await_row(f"select 1 from marquee.aggregates having count(*) > {LARGE}")
        self.assertEqual(self.sleeper.stop(), 0)
        self.ingest("bob")
        self.holder.ask("begin")
        self.holder.ask("select from marquee.aggregates where record_id = 'stalled' for update")
        self.sleeper = self._rating("sleeper")  # which finds a large batch
        backend = self.await_row(f"{SLEEPER_WAITS_FOR} 'transactionid'")
        self.sleeper.signal(signal.SIGSTOP)
        self.await_stop()
        self.holder.ask("rollback")
        self.await_row(f"select pid {OF} 'sleeper' and pid = {backend} and state = 'active' and wait_event_type = 'Client'")
        self.refuse_while_held()
        wait_for(lambda: not self.look.ask(f"select pid from pg_stat_activity where pid = {backend}"), "the session has ended",
                 STATEMENT_S + SERVER_SLACK_S)
        self.vote(self.awake, "again", 700)
        self.assertIn("a stopped process held records that others write", self.awake.log())
        self.sleeper.signal(signal.SIGCONT)
        wait_for(lambda: self.sleeper.metrics().get("marquee_ingested_events_total") == LARGE + 1, "all is ingested", WAIT_S)
        self.known |= {"ann": 500, "bob": 500}
        self.finish()

    def require_replica(self, name):
        self.holder.ask(f"alter system set synchronous_standby_names = '{name}'")
        self.holder.ask("select pg_reload_conf()")
        wait_for(lambda: self.look.ask("show synchronous_standby_names") == [name], "the server has the setting", WAIT_S)


if __name__ == "__main__":
    if not os.environ.get("MARQUEE_POSTGRES"):
        print("skipped: there is no PostgreSQL here")
        sys.exit(SKIPPED)
    postgres_place.CONTROL["conninfo"] = os.environ["MARQUEE_POSTGRES"]
    unittest.main(verbosity=2)
