#!/usr/bin/env python3
"""Bursts of votes by the real programs: held and never lost, shown, released, rejected, and told to whose votes they are.

    quarantine_test.py BIN [CASE...]

With MARQUEE_POSTGRES, a conninfo, votes are kept in that database, each case in a schema of its own.
"""
import json
import os
import signal
import unittest

from product_scene import NOT_FOUND, USAGE, Scene, Up, wait_for

POSTGRES = os.environ.get("MARQUEE_POSTGRES")
FLOOR = 3
# Votes of now must not fall into two windows: of one day they do so at midnight alone.
GUARD = ("--burst-guard=quarantine", f"--burst-floor={FLOOR}", "--burst-window=24h")
CAST = "2026-02-03T04:05:06Z"
VOTERS = [f"u{number}" for number in range(5)]
LATE = VOTERS[FLOOR:]
KEPT = "kept, but it does not count yet: unusually many votes came on this record, and a person looks at them first\n"


class QuarantineTest(Scene):
    def setUp(self):
        super().setUp()
        schema = f"quarantine_{os.getpid()}_{id(self)}"
        store = (("--store=postgres", f"--postgres={POSTGRES}", f"--postgres-schema={schema}") if POSTGRES
                 else (f"--data={self.scratch}/rating",))
        (self.scratch / "eventlog").mkdir()
        self.rating = self.program("rating", f"--event-log-directory={self.scratch}/eventlog", *store)
        self.rating.end()
        self.rating.start(*GUARD)

    def vote(self, user, record, points=8):
        reply = self.rating.call("RatingService/PutRating", userId=user, recordId=record, recordType="movie",
                                 exactValue={"hundredths": points * 100}, eventTime=CAST)
        return reply.get("held", False)

    def burst(self, record, **options):
        return [user for user in VOTERS if self.vote(user, record, **options)]

    def count(self, record):
        return self.rating.call("RatingService/GetRatingSummary", recordId=record, recordType="movie")["count"]

    def listed(self):
        """(record, user) of what is held."""
        pages = self.command("quarantine", "--json").splitlines()
        return sorted((vote["rating"]["recordId"], vote["rating"]["userId"]) for page in pages
                      for vote in json.loads(page)["votes"])

    def ingest(self, events):
        file = self.scratch / "events.json"
        file.write_text(json.dumps(events), encoding="utf-8")
        self.command("ingest", f"--event-log-directory={self.scratch}/eventlog", str(file))

    def test_held_votes_outlive_the_process_and_count_when_released(self):
        self.assertEqual(self.burst("m1"), LATE)
        self.assertEqual(self.count("m1"), FLOOR)
        events = [{"userId": user, "recordId": "m1", "recordType": "movie", "value": 2, "providerId": "club", "eventType": "put",
                   "eventTime": CAST} for user in ("e1", "e2")]
        self.ingest(events)
        held = [("m1", user) for user in ("e1", "e2", *LATE)]
        wait_for(lambda: self.listed() == held, "what was ingested is held with the rest")
        shown = self.command("quarantine")
        for user in ("e1", "e2", *LATE):
            line = next(line for line in shown.splitlines() if user in line.split())
            self.assertIn("a burst of votes: 3 within 86400 s, where 0.0 are usual; held until it is reviewed", line)
            self.assertIn("2026-02-03T04:05:06", line)
        self.assertEqual(self.count("m1"), FLOOR)
        self.rating.end(signal.SIGKILL)
        self.rating.start()  # without the guard: what is held stays so
        self.assertEqual(self.listed(), held)
        self.assertEqual(self.count("m1"), FLOOR)
        self.assertEqual(self.command("quarantine", "release", "--record=m1"), "released 4\n")
        self.assertEqual(self.count("m1"), FLOOR + 4)
        self.assertEqual(self.command("quarantine", "release", "--record=m1"), "released 0\n")
        self.assertEqual((self.count("m1"), self.listed()), (FLOOR + 4, []))
        vote = self.rating.call("RatingService/GetRating", userId=LATE[0], recordId="m1", recordType="movie")["rating"]
        self.assertEqual((vote["exactValue"], vote["eventTime"][:19]), ({"hundredths": 800}, CAST[:19]))
        self.rating.end(signal.SIGKILL)
        self.rating.start()
        self.assertEqual((self.count("m1"), self.listed()), (FLOOR + 4, []))

    def test_rejected_votes_are_gone_and_others_are_not(self):
        self.assertEqual((self.burst("m1"), self.burst("m2")), (LATE, LATE))
        self.assertEqual(self.command("quarantine", "reject", "--record=m1", "--json"), '{"rejected":2}\n')
        self.assertEqual(self.listed(), [("m2", user) for user in LATE])
        self.assertEqual((self.count("m1"), self.count("m2")), (FLOOR, FLOOR))
        self.rating.end(signal.SIGKILL)
        self.rating.start(*GUARD)
        self.assertEqual(self.listed(), [("m2", user) for user in LATE])
        for record, words in (("m1", "has not rated movie 'm1'"), ("m2", "is held for review")):
            status, body = self.rating.ask("GET", f"/rating?type=movie&id={record}&userId={LATE[0]}")
            self.assertEqual(status, 404)
            self.assertIn(words, json.loads(body)["detail"])
        self.assertEqual(self.command("quarantine", "release", "--all"), "released 2\n")
        self.assertEqual((self.count("m1"), self.count("m2"), self.listed()), (FLOOR, FLOOR + 2, []))

    def test_a_held_vote_can_be_taken_back_and_a_later_one_stands(self):
        self.assertEqual(self.burst("m1"), LATE)
        self.command("unrate", LATE[0], "m1")
        self.assertEqual(self.listed(), [("m1", LATE[1])])
        later = {"userId": LATE[1], "recordId": "m1", "recordType": "movie", "eventTime": "2026-03-03T00:00:00Z"}
        self.rating.call("RatingService/PutRating", **later, exactValue={"hundredths": 100})
        self.assertEqual(self.command("quarantine", "release", "--all"), "released 1\n")
        vote = self.rating.call("RatingService/GetRating", userId=LATE[1], recordId="m1", recordType="movie")["rating"]
        self.assertEqual(vote["exactValue"], {"hundredths": 100})

    def test_the_user_is_told(self):
        metadata = self.program("metadata", "--store=memory")
        for movie in ("m1", "m2", "m3"):
            self.assertEqual(metadata.ask("PUT", f"/metadata?id={movie}", json.dumps({"title": movie}))[0], 200)
        movie = self.program("movie", f"--services=metadata={metadata.address};rating={self.rating.address}")
        for number in range(FLOOR):
            self.assertEqual(self.command("rate", f"n{number}", "m1", "7"), "ok\n")
        self.assertEqual(self.command("rate", "ann", "m1", "2"), KEPT)
        self.assertEqual(json.loads(self.command("rate", "--json", "ann", "m1", "2")), {"held": True})
        vote = {"userId": "bob", "movieId": "m1", "value": {"hundredths": 200}}
        reply = movie.call("MovieService/RateMovie", **vote)
        self.assertEqual((reply["held"], reply["summary"]["count"]), (True, FLOOR))
        status, body = movie.ask("PUT", "/movie/rating?id=m1&userId=cid&value=2")
        self.assertEqual((status, json.loads(body)["held"], json.loads(body)["summary"]["count"]), (202, True, FLOOR))
        self.assertEqual(movie.call("MovieService/GetMovieDetails", userId="bob", movieId="m1")["movieDetails"],
                         {"rating": 7, "ratingCount": FLOOR, "ratingState": "RATED", "ownState": "NO_VOTES", "held": True,
                          "heldValue": {"hundredths": 200}, "metadata": {"id": "m1", "title": "m1"}})
        shown = self.command("movie", "--user=bob", "m1")
        self.assertIn("\n  held vote 2, which does not count until it is reviewed\n", shown)
        self.assertNotIn("own vote", shown)
        status, body = movie.ask("PUT", "/movie/rating?id=m2&userId=cid&value=2")
        self.assertEqual((status, "held" in json.loads(body)), (200, False))
        votes = [{"movieId": "m3", "value": {"hundredths": 500}, "time": CAST}] * (FLOOR + 2)
        self.assertEqual(movie.call("MovieService/RateMovies", userId="dee", votes=votes),
                         {"accepted": FLOOR + 2}, "the same again is no further vote")
        votes = [{**votes[0], "value": {"hundredths": 400 + 50 * number}} for number in range(FLOOR + 2)]
        self.assertEqual(movie.call("MovieService/RateMovies", userId="eve", votes=votes), {"accepted": FLOOR + 2, "held": 3})
        self.assertEqual(self.listed(), [("m1", "ann"), ("m1", "bob"), ("m1", "cid"), ("m3", "eve")])
        self.command("quarantine", "release", "--record=m1")
        shown = self.command("movie", "--user=bob", "m1")
        self.assertIn("\n  own vote  2\n", shown)
        self.assertNotIn("held vote", shown)

    def test_an_import_counts_what_is_held(self):
        rows = [f"{user},m1,movie,5,club,{CAST}" for user in VOTERS]
        file = self.scratch / "votes.csv"
        file.write_text("\n".join(["userId,recordId,recordType,value,providerId,eventTime", *rows, ""]), encoding="utf-8")
        self.program("metadata", "--store=memory")
        said = self.command("import", "csv", str(file))
        self.assertIn("votes: 3 new or changed, 0 as they were, or older\n"
                      "2 votes came in a burst: kept, and not counted until they are reviewed (marquee quarantine)\n", said)
        counts = json.loads(self.command("import", "--json", "csv", str(file)))
        self.assertEqual((counts["votesChanged"], counts["votesUnchanged"], counts["votesHeld"]), (0, FLOOR, 2))

    def test_the_command_wants_to_know_which(self):
        for words, said in ((("release",), "release which votes? --record ID, or --all"),
                            (("reject",), "reject which votes? --record ID, or --all"),
                            (("forget",), "'forget' is not list, release or reject"),
                            (("list", "more"), "unexpected 'more'")):
            self.assertIn(said, self.command("quarantine", *words, status=USAGE))
        self.assertEqual(self.command("quarantine"), "")
        self.assertIn("nobody has rated", self.command("rating", "m9", status=NOT_FOUND))


class UpTest(Scene):
    """The options of `marquee up`, which the rating service gets."""

    def check(self, *options):
        environment = None
        if POSTGRES and not options:
            environment = {"MARQUEE_RATING_STORE": "postgres", "MARQUEE_RATING_POSTGRES": POSTGRES,
                           "MARQUEE_RATING_POSTGRES_SCHEMA": f"quarantine_up_{os.getpid()}"}
        up = Up(self.scratch / "var", *GUARD, *options, environment=environment)
        try:
            self.addresses = up.addresses
            said = [self.command("rate", user, "m1", "7") for user in VOTERS]
            self.assertEqual(said, ["ok\n"] * FLOOR + [KEPT] * len(LATE))
            self.assertEqual(len(self.command("quarantine").splitlines()), len(LATE))
            self.assertEqual(self.command("quarantine", "release", "--all"), f"released {len(LATE)}\n")
        finally:
            up.end()

    def test_up(self):
        self.check()

    def test_up_in_a_single_process(self):
        self.check("--single-process")


if __name__ == "__main__":
    unittest.main()
