#!/usr/bin/env python3
"""The commands about films, by the real programs: what each prints for people and as JSON, and its exit status, also of
films and users that there are not. What scores must be is worked out here.

    movies_command_test.py BIN [CASE...]
"""
import json
import unittest

from product_scene import FAILED, NOT_FOUND, USAGE, Scene, wait_for

FILMS = [{"id": "m1", "title": "The Matrix", "year": 1999, "genres": ["Action", "Sci-Fi"], "director": "Lana Wachowski"},
         {"id": "m2", "title": "Amélie", "year": 2001, "genres": ["Comedy"]},
         {"id": "m3", "title": "Solaris", "year": 1972, "genres": ["Drama", "Sci-Fi"]},
         {"id": "m4", "title": "Unseen", "year": 2020}]
VOTES = {"m1": {"ann": 9, "bob": 8, "cid": 7.5}, "m2": {"ann": 10}, "m3": {"bob": 6, "cid": 5}}
MEAN, WEIGHT = 7, 25  # of all votes, as is said to the service; minimum votes


def mean(film):
    return sum(VOTES[film].values()) / len(VOTES[film])


def score(film):
    count = len(VOTES[film])
    return (count * mean(film) + WEIGHT * MEAN) / (count + WEIGHT)


class MoviesTest(Scene):
    def setUp(self):
        super().setUp()
        metadata = self.program("metadata", "--store=memory")
        rating = self.program("rating", "--store=memory", "--event-log=none", f"--score-mean={MEAN}")
        for film in FILMS:
            self.assertEqual(metadata.ask("PUT", "/metadata", json.dumps(film))[0], 200)
        movie = self.program("movie", f"--services=metadata={metadata.address};rating={rating.address}")
        for film, votes in VOTES.items():
            for user, points in votes.items():
                self.assertEqual(self.command("rate", user, film, str(points)), "ok\n")
        # The lists follow the votes a moment later.
        wait_for(lambda: self.votes_listed(movie) == [3, 2, 1, 0], "the lists have all films and votes")

    def votes_listed(self, movie):
        status, body = movie.ask("GET", "/movies?order=votes")
        return [card.get("votes", 0) for card in json.loads(body)["movies"]] if status == 200 else []

    def rows(self, *words):
        """The table's rows, without its head, as words."""
        lines = self.command("movies", *words).splitlines()
        self.assertEqual(lines[0].split(), ["score", "mean", "votes", "id", "year", "title"])
        return [line.split() for line in lines[1:]]

    def ids(self, *words):
        return [row[4] for row in self.rows(*words)]

    def test_movies(self):
        first = ["1", f"{score('m1'):.2f}", f"{mean('m1'):.2f}", "3", "m1", "1999", "The", "Matrix", "Action,", "Sci-Fi"]
        self.assertEqual(self.rows()[0], first)
        self.assertEqual(self.rows()[3], ["4", "-", "-", "0", "m4", "2020", "Unseen"])
        by_score = sorted(VOTES, key=score, reverse=True)
        for words, want in (((), [*by_score, "m4"]), (("--order=mean",), [*sorted(VOTES, key=mean, reverse=True), "m4"]),
                            (("--order=votes",), ["m1", "m3", "m2", "m4"]), (("--order=year",), ["m4", "m2", "m1", "m3"]),
                            (("--genre=sci-fi",), ["m1", "m3"]), (("--from=1999", "--to=2001"), ["m1", "m2"]),
                            (("--minimum-votes=2",), ["m1", "m3"]), (("--limit=1",), ["m1"])):
            self.assertEqual(self.ids(*words), want, words)
        page = json.loads(self.command("movies", "--json", "--limit=2"))
        self.assertEqual([(card["id"], card["votes"]) for card in page["movies"]], [("m1", 3), ("m2", 1)])
        for card in page["movies"]:
            self.assertAlmostEqual(card["weightedScore"], score(card["id"]), 9)
            self.assertAlmostEqual(card["mean"], mean(card["id"]), 9)
        genres = [line.split() for line in self.command("movies", "--genres").splitlines()]
        self.assertEqual(genres, [["Action", "1"], ["Comedy", "1"], ["Drama", "1"], ["Sci-Fi", "2"]])
        listed = json.loads(self.command("movies", "--genres", "--json"))["genres"]
        self.assertEqual([[genre["name"], genre["movies"]] for genre in listed], genres)
        for words in (("--genre=none",), ("--from=2001", "--to=1999"), ("--minimum-votes=4",)):
            self.assertIn("no movie is so", self.command("movies", *words, status=NOT_FOUND))
        for words, said in ((("--limit=0",), "out of range"), (("--order=best",), "is not score|mean|votes|year"),
                            (("m1",), "unexpected 'm1'"), (("--best",), "--best")):
            self.assertIn(said, self.command("movies", *words, status=USAGE))

    def test_movie(self):
        lines = [line.strip() for line in self.command("movie", "m1").splitlines()]
        self.assertEqual(lines[0], "The Matrix (1999)")
        for want in (f"rating    {mean('m1'):.2f} of 10 (3 votes)", f"score     {score('m1'):.2f} weighted, as by 25 votes of 7.00 more",
                     "director  Lana Wachowski", "genres    Action, Sci-Fi"):
            self.assertIn(want, lines)
        self.assertNotIn("own vote", " ".join(lines))
        self.assertIn("  own vote  9\n", self.command("movie", "--user=ann", "m1"))
        self.assertIn("rating    no votes yet", self.command("movie", "m4"))
        details = json.loads(self.command("movie", "--json", "--user=bob", "m1"))["movieDetails"]
        self.assertEqual((details["metadata"]["title"], details["ratingCount"], details["own"]["hundredths"]), ("The Matrix", 3, 800))
        self.assertEqual(sum(details["summary"]["histogram"]), 3)
        self.assertIn("there is no movie 'none'", self.command("movie", "none", status=NOT_FOUND))
        self.assertIn("something is missing", self.command("movie", status=USAGE))

    def test_search(self):
        self.assertEqual(self.command("search", "amelie").split(), ["m2", "2001", "Amélie"])
        found = json.loads(self.command("search", "--json", "matrix"))["results"]
        self.assertEqual([result["metadata"]["id"] for result in found], ["m1"])
        rated = self.command("search", "--ratings", "matrix").split()
        self.assertEqual(rated[:4], ["m1", "1999", f"{mean('m1'):.2f}", "3"])
        self.assertIn("no movie is found by 'nothing of it'", self.command("search", "nothing", "of", "it", status=NOT_FOUND))
        self.assertIn("something is missing", self.command("search", status=USAGE))

    def test_votes(self):
        self.assertTrue(self.command("rating", "m3").startswith("5.500 of 10 from 2 votes\n"))
        summary = json.loads(self.command("rating", "--json", "m1"))
        self.assertEqual((summary["count"], summary["parameters"]["version"]), (3, "1:25:7.000"))
        self.assertIn("nobody has rated movie 'm4' yet", self.command("rating", "m4", status=NOT_FOUND))
        listed = [line.split()[:3] for line in self.command("ratings", "ann").splitlines()]
        self.assertEqual(listed, [["movie", "m1", "9.00"], ["movie", "m2", "10.00"]])
        ratings = json.loads(self.command("ratings", "--json", "ann"))["ratings"]
        self.assertEqual([vote["exactValue"]["hundredths"] for vote in ratings], [900, 1000])
        self.assertIn("there are no votes of this user", self.command("ratings", "nobody", status=NOT_FOUND))
        self.assertEqual(self.command("unrate", "ann", "m1"), "ok\n")
        self.assertEqual(json.loads(self.command("unrate", "--json", "ann", "m2")), {})
        self.assertIn("user 'ann' has not rated movie 'm1'", self.command("unrate", "ann", "m1", status=NOT_FOUND))
        self.assertTrue(self.command("rating", "m1").startswith("7.750 of 10 from 2 votes"))
        for words, said in ((("ann", "m1", "11"), "0 to 10 points"), (("ann", "m1", "7.001"), ""), (("ann", "m1"), "something is missing")):
            self.assertIn(said, self.command("rate", *words, status=USAGE))

    def test_scales(self):
        self.command("rate", "--scale=5", "zoe", "m1", "4.5")
        self.command("rate", "--scale=100", "zoe", "m2", "93")
        for scale, values in (("5", ["4.5", "4.65"]), ("100", ["90", "93"]), ("10", ["9.00", "9.30"])):
            listed = self.command("ratings", f"--scale={scale}", "zoe").splitlines()
            self.assertEqual([line.split()[2] for line in listed], values)
        self.assertIn("0 to 5 stars", self.command("rate", "--scale=5", "zoe", "m1", "9", status=USAGE))
        self.assertIn("5|10|100", self.command("rate", "--scale=7", "zoe", "m1", "5", status=USAGE))
        for movie in ("m1", "m2"):
            self.command("unrate", "zoe", movie)

    def test_top(self):
        lines = [line.split() for line in self.command("top", "--limit=2").splitlines()]
        self.assertEqual(lines[1], ["1", f"{score('m1'):.3f}", f"{mean('m1'):.2f}", "3", "m1", "The", "Matrix", "(1999)"])
        records = json.loads(self.command("top", "--json", "--order=mean"))["records"]
        self.assertEqual([record["recordId"] for record in records], ["m2", "m1", "m3"])
        self.assertIn("no record has so many votes", self.command("top", "--minimum-votes=9", status=NOT_FOUND))
        self.assertIn("is not", self.command("top", "--order=year", status=USAGE))

    def test_a_service_that_is_away(self):
        for part in ("movie", "rating", "metadata"):
            self.addresses[part] = "127.0.0.1:1"  # nobody may listen there
        for words in (("movies",), ("movie", "m1"), ("search", "matrix"), ("rating", "m1"), ("ratings", "ann"), ("top",),
                      ("rate", "ann", "m1", "7")):
            self.assertNotEqual(self.command(*words, status=FAILED), "")


if __name__ == "__main__":
    unittest.main()
