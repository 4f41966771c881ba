#!/usr/bin/env python3
"""Import and export by the real programs: a small file of each format, again and again, out and in again.

    import_export_test.py BIN [CASE...]
"""
import csv
import gzip
import io
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import zipfile

BIN = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
WAIT_S = 60
FAILED, USAGE, NOT_FOUND = 1, 2, 3
UNUSED = "127.0.0.1:1"

MOVIES = """movieId,title,genres
1,"Matrix, The (1999)",Action|Sci-Fi
2,Solaris (1972),Drama
3,Solaris (2002),(no genres listed)
4,Amélie (Fabuleux destin d'Amélie Poulain) (2001),Comedy
5,Twin (2010),Drama
6,Twin (2010),Drama
bad row
"""
LINKS = """movieId,imdbId,tmdbId
1,0133093,603
2,0069293,593
4,0211915,194
"""
RATINGS = """userId,movieId,rating,timestamp
1,1,5.0,1112484580
1,2,0.5,1112484581
2,1,3.5,1112484582
2,1,6.0,1112484582
3,4,4.0,later
"""
BASICS = "\n".join((
    "tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres",
    "tt0133093\tmovie\tThe Matrix\tThe Matrix\t0\t1999\t\\N\t136\tAction,Sci-Fi",
    "tt9900001\tshort\tA \"New\" One\tA New One\t0\t2020\t\\N\t\\N\t\\N",
    "tt9900002\ttvSeries\tSeries\tSeries\t0\t2020\t2021\t\\N\tComedy",
    "tt9900003\tmovie\tBad Year\tBad Year\t0\tlater\t\\N\t\\N\tComedy", ""))
SCORES = "\n".join(("tconst\taverageRating\tnumVotes", "tt0133093\t8.7\t2100000", "tt9900001\t5.5\t12",
                    "tt7777777\t1.1\t3", "tt0069293\tnone\t1", ""))
LETTERBOXD = """Date,Name,Year,Letterboxd URI,Rating
2024-05-06,The Matrix,1999,https://boxd.it/a,4.5
2024-05-07,Solaris,1971,https://boxd.it/b,5
2024-05-08,Twin,2010,https://boxd.it/c,1
2024-05-09,Nobody Knows This,2001,https://boxd.it/d,0.5
2024-05-10,Amelie,2001,https://boxd.it/e,
2024-13-10,Amelie,2001,https://boxd.it/e,3
2024-05-11,"Amelie",2001,https://boxd.it/e,3
"""
REVIEWS = f"""Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date
2024-06-01,The Matrix,1999,https://boxd.it/a,4.5,,First,,2024-05-31
2024-06-02,The Matrix,1999,https://boxd.it/a,5,Yes,"Better each time: ""wow"",
and <i>quick</i>. \u2665",,2024-06-02
2024-06-03,Amelie,2001,https://boxd.it/e,,,Nice\t\ttab,,
2024-06-03,Solaris,1972,https://boxd.it/b,,,{"x" * 10001},,
2024-00-01,Solaris,1972,https://boxd.it/b,,,Never,,
2024-06-04,Solaris,2002,https://boxd.it/b,3,,,,
2024-06-05,Nobody Knows This,2001,https://boxd.it/d,,,Lost,,
"""
IMDB = """Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres
tt0133093,10,2023-01-02,The Matrix,The Matrix,u,Movie,8.7,136,1999,Action
tt0000000,7,2023-01-03,Solaris,Solaris,u,Movie,7.9,167,2002,Drama
tt0000001,11,2023-01-03,Solaris,Solaris,u,Movie,7.9,167,2002,Drama
"""


def archive(files):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as out:
        for name, content in files.items():
            out.writestr(name, content)
    return made.getvalue()


class Service:
    def __init__(self, name, *options, address="127.0.0.1:0"):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([BIN / f"marquee-{name}", f"--listen={address}", "--registry=", *options],
                                        stderr=self.log)
        self.address = None
        end = time.monotonic() + WAIT_S
        while not self.address:
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError(self.said())
            found = re.search(r'message="ready" listen="([^"]*)"', self.said())
            self.address = found and found.group(1)
            time.sleep(0.01)

    def said(self):
        # Not by seek(): the place in the file is one with that of who writes into it.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        status, said = self.process.wait(WAIT_S), self.said()
        self.log.close()
        if status != 0:
            raise AssertionError(said)


class System:
    """A metadata and a rating service with nothing in them."""

    def __init__(self, folder, store="sqlite"):
        folder.mkdir()
        self.services = [Service("metadata", f"--store={store}", f"--data={folder}/metadata"),
                         Service("rating", f"--data={folder}/rating", "--event-log=none")]
        self.more = []

    def add_reviews(self):
        review = Service("review", "--store=memory")
        services = f"metadata={self.services[0].address};rating={self.services[1].address};review={review.address}"
        movie = Service("movie", "--threads=1", f"--services={services}")
        self.services += [movie, review]
        self.more = [f"--movie={movie.address}"]

    def run(self, command, *arguments, status=0, given=None):
        """Standard output; what was said besides is in self.errors."""
        done = subprocess.run([BIN / "marquee", command, f"--metadata={self.services[0].address}",
                               f"--rating={self.services[1].address}", *self.more, *map(str, arguments)],
                              input=given, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=WAIT_S, check=False)
        self.errors = done.stderr.decode()
        if done.returncode != status:
            raise AssertionError(f"{command} {arguments}: {done.returncode}\n{done.stdout.decode()}{self.errors}")
        return done.stdout.decode()

    def stop(self):
        for service in self.services:
            service.stop()


class ImportExportTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.place = tempfile.TemporaryDirectory()
        self.folder = pathlib.Path(self.place.name)
        self.systems = []
        self.system = self.begin()

    def tearDown(self):
        for system in self.systems:
            system.stop()
        self.place.cleanup()

    def begin(self, store="sqlite"):
        self.systems.append(System(self.folder / f"system-{len(self.systems)}", store))
        return self.systems[-1]

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def set(self):
        folder = self.folder / "set"
        folder.mkdir(exist_ok=True)
        for name, content in (("movies.csv", MOVIES), ("links.csv", LINKS), ("ratings.csv", RATINGS)):
            (folder / name).write_text(content)
        return folder

    def expect(self, said, *lines):
        """The lines of a report, but for the seconds."""
        self.assertEqual(re.sub(r", in [0-9.]+ s", "", said).splitlines(), list(lines))

    def votes(self, system, user):
        rows = list(csv.DictReader(io.StringIO(system.run("export", "csv", "--user", user))))
        return {row["recordId"]: (row["value"], row["providerId"], row["eventTime"]) for row in rows}

    def movie(self, system, name):
        """What is known of it."""
        fields = json.loads(system.run("metadata", "get", "--json", name))["metadata"]
        return {name: value for name, value in fields.items() if value}

    def test_movielens(self):
        folder = self.set()
        found = self.system.run("import", folder, status=FAILED)
        self.expect(found, "6 movies, 3 votes, 3 rows refused", "movies: 6 new, 0 changed, 0 unchanged",
                    "votes: 3 new or changed, 0 as they were, or older")
        self.assertIn("movies.csv:8: not movieId,title,genres", self.system.errors)
        self.assertIn("ratings.csv:5: '6.0' is not 0 to 5 stars", self.system.errors)
        self.assertIn("ratings.csv:6: 'later' is no time in seconds", self.system.errors)
        self.assertEqual(self.votes(self.system, "1"), {"1": ("10", "movielens", "2005-04-02T23:29:40Z"),
                                                        "2": ("1", "movielens", "2005-04-02T23:29:41Z")})
        self.assertEqual(self.movie(self.system, "1"), {
            "id": "1", "title": "Matrix, The", "year": 1999, "genres": ["Action", "Sci-Fi"], "imdbId": "tt0133093",
            "tmdbId": "603", "popularity": 3})
        packed = self.file("set.zip", archive({"ml/" + name: (folder / name).read_bytes()
                                               for name in ("movies.csv", "links.csv", "ratings.csv")}))
        for given in ((folder,), (packed,), ("movielens", packed)):
            self.expect(self.system.run("import", *given, status=FAILED), "6 movies, 3 votes, 3 rows refused",
                        "movies: 0 new, 0 changed, 6 unchanged", "votes: 0 new or changed, 3 as they were, or older",
                        "nothing has changed")

    def test_imdb_data_sets(self):
        self.system.run("import", self.set(), status=FAILED)
        titles = self.file("title.basics.tsv.gz", gzip.compress(BASICS.encode()))
        scores = self.file("title.ratings.tsv", SCORES)
        self.expect(self.system.run("import", titles, status=FAILED), "2 movies, 0 votes, 1 rows refused",
                    "movies: 1 new, 1 changed, 0 unchanged", "1 rows are no movies, or have no rating")
        self.assertIn("title.basics.tsv.gz:5: 'later' is no year", self.system.errors)
        self.expect(self.system.run("import", scores, status=FAILED), "2 movies, 0 votes, 1 rows refused",
                    "movies: 0 new, 2 changed, 0 unchanged", "1 scores of movies that are not in the catalogue")
        # The movie is the one that was there, under its id, and knows what it knew.
        self.assertEqual(self.movie(self.system, "1"), {
            "id": "1", "title": "The Matrix", "year": 1999, "genres": ["Action", "Sci-Fi"], "imdbId": "tt0133093",
            "tmdbId": "603", "popularity": 2100000,
            "externalScores": [{"source": "imdb", "value": 8.7, "votes": 2100000}]})
        self.assertEqual(self.movie(self.system, "tt9900001")["title"], 'A "New" One')
        self.system.run("metadata", "get", "tt9900002", status=NOT_FOUND)
        # Scores are no votes.
        self.assertIn("8.500 of 10 from 2 votes", self.system.run("rating", "1"))
        for path, skipped in ((titles, "1 rows are no movies, or have no rating"),
                              (scores, "1 scores of movies that are not in the catalogue")):
            self.expect(self.system.run("import", path, status=FAILED), "2 movies, 0 votes, 1 rows refused",
                        "movies: 0 new, 0 changed, 2 unchanged", skipped, "nothing has changed")

    def test_letterboxd(self):
        self.system.run("import", self.set(), status=FAILED)
        packed = self.file("letterboxd.zip", archive({
            "profile.csv": "Date Joined,Username\n2020-01-01,ann\n", "deleted/ratings.csv": "Date\n",
            "ratings.csv": LETTERBOXD}))
        report = self.folder / "report.csv"
        self.assertIn("--user", self.run_without_user(packed))
        self.expect(self.system.run("import", "--user=ann", f"--report={report}", packed, status=FAILED),
                    "0 movies, 3 votes, 1 rows refused", "votes: 3 new or changed, 0 as they were, or older",
                    "matched: 2 by title and year, 1 by title and a year next to it, 1 ambiguous, 1 not matched",
                    "1 rows are no movies, or have no rating")
        self.assertEqual(self.votes(self.system, "ann"), {
            "1": ("9", "", "2024-05-06T00:00:00Z"), "2": ("10", "", "2024-05-07T00:00:00Z"),
            "4": ("6", "", "2024-05-11T00:00:00Z")})
        rows = sorted(csv.reader(io.StringIO(report.read_text())), key=lambda row: row[1].zfill(9))
        self.assertEqual(rows, [
            ["ratings.csv", "2", "matched", "1", "by title and year"],
            ["ratings.csv", "3", "matched", "2", "by title and a year next to it"],
            ["ratings.csv", "4", "ambiguous", "", "Twin (2010): 5 6"],
            ["ratings.csv", "5", "not matched", "", "Nobody Knows This (2001)"],
            ["ratings.csv", "7", "refused", "", "'2024-13-10' is no day such as 2024-05-06"],
            ["ratings.csv", "8", "matched", "4", "by title and year"],
            ["file", "row", "outcome", "movie", "detail"]])
        plain = self.file("ratings.csv", LETTERBOXD)
        self.assertIn("nothing has changed", self.system.run("import", "--user=ann", plain, status=FAILED))
        given = self.system.run("export", "letterboxd", "--user=ann", "--no-reviews")
        self.assertEqual(given.splitlines(), [
            "imdbID,tmdbID,Title,Year,Rating,WatchedDate", 'tt0133093,603,"Matrix, The",1999,4.5,2024-05-06',
            "tt0069293,593,Solaris,1972,5,2024-05-07",
            "tt0211915,194,Amélie (Fabuleux destin d'Amélie Poulain),2001,3,2024-05-11"])

    def test_of_two_votes_of_one_day_the_last_stands(self):
        """Also where thousands are between them, and a second time nothing changes."""
        self.system.run("import", self.set(), status=FAILED)
        diary = self.file("diary.csv", """Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date
2024-05-06,Solaris,1972,https://boxd.it/2,5,,,2024-05-01
2024-05-06,Solaris,1972,https://boxd.it/2,4,Yes,,2024-05-06
2024-05-05,Solaris,1972,https://boxd.it/2,3,Yes,,2024-05-05
""")
        own = self.file("own.csv", "userId,recordId,recordType,value,providerId,eventTime\n" + "".join(
            f"{user},1,movie,{value},,2024-05-06T00:00:00Z\n" for user, value in
            [("eve", 3), *((f"user{number}", 5) for number in range(5000)), ("eve", 9)]))
        for path, said in ((diary, "votes: 1 new or changed, 2 as they were"),
                           (own, "votes: 5001 new or changed, 1 as they were")):
            self.assertIn(said, self.system.run("import", "--user=dan", path))
        for path in (diary, own):
            self.assertIn("nothing has changed", self.system.run("import", "--user=dan", path))
        self.assertEqual(self.votes(self.system, "dan"), {"2": ("8", "", "2024-05-06T00:00:00Z")})
        self.assertEqual(self.votes(self.system, "eve"), {"1": ("9", "", "2024-05-06T00:00:00Z")})

    def test_of_two_movies_of_one_id_the_last_stands(self):
        """In one batch, and with batches between them: two exports in one file."""
        lines = [json.dumps({"id": name, "title": f"{name} {turn}"})
                 for turn in ("first", "last") for name in ("a", *(f"m{number}" for number in range(1500)))]
        for given in ([lines[0], lines[1501]], lines):
            system = self.begin()
            system.run("import", "json", "-", given="\n".join(given).encode())
            self.assertEqual(self.movie(system, "a")["title"], "a last")
        self.assertEqual(self.movie(system, "m1499")["title"], "m1499 last")

    def test_lists_for_letterboxd_come_back(self):
        """What export letterboxd writes, and what others write for Letterboxd's import, also in points."""
        self.system.run("import", self.set(), status=FAILED)
        self.system.run("import", "--user=ann", self.file("ratings.csv", LETTERBOXD), status=FAILED)
        listed = self.file("listed.csv", self.system.run("export", "letterboxd", "--user=ann", "--no-reviews"))
        self.assertIn("matched: 3 by IMDb id", self.system.run("import", "--user=fay", listed))
        self.assertEqual(self.votes(self.system, "fay"), self.votes(self.system, "ann"))
        points = self.file("points.csv", "Title,Year,Rating,Rating10,WatchedDate\n"
                           "Solaris,1972,,9.5,2024-05-06\nThe Matrix,1999,4,7,2024-05-07\nTwin,2011,,11,2024-05-07\n")
        self.system.run("import", "--user=gil", points, status=FAILED)
        self.assertIn("points.csv:4: a rating must be 0 to 10 points", self.system.errors)
        only = self.file("only.csv", "Title,Year,Rating10,WatchedDate\nAmelie,2001,7,2024-05-08\n")
        self.system.run("import", "--user=gil", "letterboxd", only)
        self.assertEqual(self.votes(self.system, "gil"), {
            "1": ("8", "", "2024-05-07T00:00:00Z"), "2": ("9.5", "", "2024-05-06T00:00:00Z"),
            "4": ("7", "", "2024-05-08T00:00:00Z")})
        without = self.file("without.csv", "Title,Year,WatchedDate\nAmelie,2001,2024-05-08\n")
        self.system.run("import", "--user=gil", without, status=USAGE)
        self.assertIn("without.csv has no column Rating\n", self.system.errors)

    def test_a_report_does_not_take_the_place_of_what_is_read(self):
        votes = "userId,recordId,recordType,value,providerId,eventTime\nhal,m,movie,5,,2024-05-06T00:00:00Z\n"
        path = self.file("own.csv", votes)
        self.system.run("import", f"--report={self.folder}/./own.csv", path, status=USAGE)
        self.assertIn("is the file that is to be imported", self.system.errors)
        self.assertEqual(path.read_text(), votes)

    def test_a_byte_order_mark_is_passed_over(self):
        mark = "\ufeff"
        titles = ("tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\truntimeMinutes\tgenres\r\n"
                  "tt7\tmovie\tSeven Up\tX\t0\t1964\t\\N\t\\N\tDocumentary\r\n")
        self.assertIn("1 movies", self.system.run("import", self.file("basics.tsv", mark + titles)))
        movie = self.file("movie.json", mark + '{"id": "m", "title": "Marked"}\r\n')
        self.assertIn("1 movies", self.system.run("import", movie))
        votes = "userId,recordId,recordType,value,providerId,eventTime\r\nhal,m,movie,5,,2024-05-06T00:00:00Z\r\n"
        self.assertIn("1 votes", self.system.run("import", self.file("own.csv", mark + votes)))
        self.assertEqual(self.movie(self.system, "m")["title"], "Marked")

    def test_an_export_that_fails_leaves_the_one_before(self):
        self.system.run("import", self.set(), status=FAILED)
        kept = self.folder / "kept.json"
        self.system.run("export", "json", "--output", kept)
        whole = kept.read_bytes()
        kept.chmod(0o640)
        self.assertGreater(len(whole), 0)
        for options in ([f"--rating={UNUSED}"], [f"--metadata={UNUSED}"]):
            self.system.run("export", "json", "--timeout=1s", *options, "--output", kept, status=FAILED)
            self.assertEqual(kept.read_bytes(), whole)
            self.assertEqual(sorted(path.name for path in self.folder.glob("kept*")), ["kept.json"])
        self.system.run("export", "json", "--what=movies", "--output", kept)
        self.assertTrue(whole.startswith(kept.read_bytes()))
        self.assertEqual(kept.stat().st_mode & 0o777, 0o640)
        self.system.run("export", "json", "--output", "/dev/null")
        self.system.run("export", "json", "--output", self.folder / "none" / "such", status=FAILED)

    def reviews(self, user):
        """By film: the text, and the day."""
        lines = self.system.run("review", "list", "--json", "--user", user).splitlines()
        found = [entry["review"] for line in lines for entry in json.loads(line)["reviews"]]
        return {review["recordId"]: (review["text"], review["createdTime"], review["editedTime"]) for review in found}

    def test_letterboxd_reviews(self):
        self.system.run("import", self.set(), status=FAILED)
        self.system.add_reviews()
        files = {"ratings.csv": LETTERBOXD, "reviews.csv": REVIEWS.replace("\n", "\r\n")}
        packed = self.file("letterboxd.zip", archive(files))
        report = self.folder / "report.csv"
        matched = "matched: 6 by title and year, 1 by title and a year next to it, 1 ambiguous, 2 not matched"
        skipped = "1 rows are no movies, or have no rating"
        self.expect(self.system.run("import", "--user=ann", f"--report={report}", packed, status=FAILED),
                    "0 movies, 3 votes, 3 rows refused", "votes: 3 new or changed, 0 as they were, or older",
                    "reviews: 2 new or changed, 1 as they were, or older than what stands", matched, skipped)
        self.assertIn("reviews.csv:6: the review is longer than 10000 characters", self.system.errors)
        self.assertIn("reviews.csv:7: '2024-00-01' is no day such as 2024-05-06", self.system.errors)
        text = 'Better each time: "wow",\nand <i>quick</i>. \u2665'
        want = {"1": (text, "2024-06-02T00:00:00Z", ""), "4": ("Nice  tab", "2024-06-03T00:00:00Z", "")}
        self.assertEqual(self.reviews("ann"), want)
        rows = [row for row in csv.reader(io.StringIO(report.read_text())) if row[0] == "reviews.csv"]
        self.assertEqual(sorted(rows)[:3], [
            ["reviews.csv", "2", "matched", "1", "by title and year"], ["reviews.csv", "3", "matched", "1", "by title and year"],
            ["reviews.csv", "5", "matched", "4", "by title and year"]])
        self.assertIn(["reviews.csv", "9", "not matched", "", "Nobody Knows This (2001)"], rows)
        for given in (packed, self.file("reviews.csv", REVIEWS)):
            said = self.system.run("import", "--user=ann", given, status=FAILED)
            self.assertIn("reviews: 0 new or changed, 3 as they were, or older than what stands", said)
        self.assertIn("nothing has changed", self.system.run("import", "--user=ann", packed, status=FAILED))
        self.assertEqual(self.reviews("ann"), want)
        # Written here since: that stands.
        self.system.run("review", "put", "ann", "1", "In other words.")
        self.assertIn("reviews: 0 new", self.system.run("import", "--user=ann", packed, status=FAILED))
        self.assertEqual(self.reviews("ann")["1"][0], "In other words.")
        counts = json.loads(self.system.run("import", "--json", "--user=bob", packed, status=FAILED))
        self.assertEqual((counts["reviewsChanged"], counts["reviewsUnchanged"]), (2, 1))
        said = self.system.run("import", "--no-reviews", "--user=cid", packed, status=FAILED)
        self.assertNotIn("reviews", said)
        self.system.run("review", "list", "--user=cid", status=NOT_FOUND)

    def test_letterboxd_export_with_reviews(self):
        self.system.run("import", self.set(), status=FAILED)
        self.assertIn("--no-reviews", self.errors_of("export", "letterboxd", "--user=ann"))
        self.system.add_reviews()
        for movie, value in (("1", "9"), ("2", "10")):
            self.system.run("rate", "ann", movie, value)
        for movie, text in (("1", 'One, "two",\nthree'), ("4", "Seen, and not rated")):
            self.system.run("review", "put", "ann", movie, text)
        rows = list(csv.DictReader(io.StringIO(self.system.run("export", "letterboxd", "--user=ann"))))
        self.assertIn("2 reviews", self.system.errors)
        self.assertEqual([(row["imdbID"], row["Rating"], row["Review"]) for row in rows], [
            ("tt0133093", "4.5", 'One, "two",\nthree'), ("tt0069293", "5", ""), ("tt0211915", "", "Seen, and not rated")])
        self.assertTrue(all(re.fullmatch(r"\d{4}-\d\d-\d\d", row["WatchedDate"]) for row in rows))
        rows = list(csv.DictReader(io.StringIO(self.system.run("export", "letterboxd", "--user=bob"))))
        self.assertEqual(rows, [])

    def test_reviews_of_movies_whose_ids_have_one_hash(self):
        """By FNV-1a: of two such ids, one review would be taken for given already."""
        movies = ("8yn0iYCKYHlIj4-BwPqk", "GReLUrM4wMqfg9yzV3KQ")
        self.system.add_reviews()
        for movie in movies:
            self.system.run("metadata", "put", movie, "--title=Of " + movie)
            self.system.run("review", "put", "ann", movie, "On " + movie)
        self.system.run("rate", "ann", movies[0], "9")
        rows = list(csv.DictReader(io.StringIO(self.system.run("export", "letterboxd", "--user=ann"))))
        self.assertEqual([(row["Title"], row["Review"]) for row in rows], [("Of " + movie, "On " + movie) for movie in movies])

    def errors_of(self, *arguments):
        self.system.run(*arguments, status=FAILED)
        return self.system.errors

    def run_without_user(self, path):
        self.system.run("import", path, status=USAGE)
        return self.system.errors

    def test_imdb_ratings(self):
        self.system.run("import", self.set(), status=FAILED)
        path = self.file("ratings.csv", "\ufeff" + IMDB.replace("\n", "\r\n"))
        lines = ("0 movies, 2 votes, 1 rows refused", "votes: {} new or changed, {} as they were, or older",
                 "matched: 1 by IMDb id, 1 by title and year")
        self.expect(self.system.run("import", "--user=ann", path, status=FAILED), lines[0], lines[1].format(2, 0),
                    lines[2])
        self.assertEqual(self.votes(self.system, "ann"), {"1": ("10", "", "2023-01-02T00:00:00Z"),
                                                          "3": ("7", "", "2023-01-03T00:00:00Z")})
        self.expect(self.system.run("import", "--user=ann", path, status=FAILED), lines[0], lines[1].format(0, 2),
                    lines[2], "nothing has changed")

    def test_round_trip(self):
        self.system.run("import", self.set(), status=FAILED)
        self.system.run("import", self.file("scores.tsv", SCORES), status=FAILED)
        self.system.run("import", "--user=ann, \"the\" first", self.file("letterboxd.csv", LETTERBOXD), status=FAILED)
        exact = self.file("exact.jsonl", json.dumps({
            "userId": "\u2603 \n", "recordId": "a,b", "recordType": "actor", "value": 7.31, "providerId": "p \"q\"",
            "eventType": "put", "eventTime": "2024-05-06T07:08:09.123Z"}))
        self.system.run("import", exact)
        first = self.folder / "first"
        first.mkdir()
        for form in ("json", "csv"):
            self.system.run("export", form, "--output", first / form)
        self.assertIn(b"7.31", (first / "csv").read_bytes())
        self.assertEqual(len((first / "json").read_bytes().splitlines()), 6 + 3 + 3 + 1)
        for store in ("sqlite", "memory"):
            other = self.begin(store)
            self.assertNotIn("nothing has changed", other.run("import", first / "json"))
            self.assertIn("nothing has changed", other.run("import", first / "json"))
            self.assertIn("nothing has changed", other.run("import", "csv", "-", given=(first / "csv").read_bytes()))
            for form in ("json", "csv"):
                again = self.folder / f"again.{form}"
                other.run("export", form, "--output", again)
                self.assertEqual(again.read_bytes(), (first / form).read_bytes())
        third = self.begin()
        third.run("import", self.file("first.csv.gz", gzip.compress((first / "csv").read_bytes())))
        self.assertEqual(third.run("export", "csv").encode(), (first / "csv").read_bytes())

    def test_catalogue(self):
        path = self.file("movies.json", json.dumps([{"id": "a", "title": "One"}, {"id": "b"}, {"id": "c", "title": "C"}]))
        self.expect(self.system.run("import", "catalogue", path, status=FAILED), "2 movies, 0 votes, 1 rows refused",
                    "movies: 2 new, 0 changed, 0 unchanged")
        self.assertIn("movies.json:1: title is empty", self.system.errors)
        # Our own form is taken as it is: what is not said any more is gone.
        self.system.run("import", self.file("one.json", '{"id":"a","title":"One","year":1999}'))
        self.assertEqual(self.movie(self.system, "a")["year"], 1999)
        self.system.run("import", self.file("one.json", '{"id":"a","title":"One"}'))
        self.assertNotIn("year", self.movie(self.system, "a"))

    def test_counts_as_json(self):
        said = json.loads(self.system.run("import", "--json", self.set(), status=FAILED))
        self.assertGreaterEqual(said.pop("seconds"), 0)
        self.assertEqual({name: count for name, count in said.items() if count},
                         {"moviesNew": 6, "votesChanged": 3, "refused": 3})
        said = json.loads(self.system.run("import", "--json", "--user=ann", self.file("l.csv", LETTERBOXD), status=FAILED))
        self.assertEqual({name: count for name, count in said.items() if count and name != "seconds"},
                         {"votesChanged": 3, "matchedByTitleAndYear": 2, "matchedByTitleAndNearYear": 1, "ambiguous": 1,
                          "notMatched": 1, "skipped": 1, "refused": 1})

    def test_a_service_that_is_away_for_a_moment_is_waited_for(self):
        """The import is begun while metadata is away: it is asked again."""
        self.system.run("import", self.set(), status=FAILED)
        path = self.file("title.basics.tsv", BASICS)
        metadata = self.system.services[0]
        metadata.stop()
        command = subprocess.Popen([BIN / "marquee", "import", f"--metadata={metadata.address}",
                                    f"--rating={self.system.services[1].address}", path], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE)
        data = self.folder / "system-0" / "metadata"
        self.system.services[0] = Service("metadata", f"--data={data}", address=metadata.address)
        said, errors = command.communicate(timeout=WAIT_S)
        self.assertEqual(command.returncode, FAILED, errors)
        self.assertIn(b"movies: 1 new, 1 changed, 0 unchanged", said, errors)

    def test_what_is_refused(self):
        good = archive({"ratings.csv": LETTERBOXD})
        broken = bytearray(good)
        broken[100] ^= 0xff  # within its data
        cases = (
            ((self.folder / "none",), NOT_FOUND, "No such file"),
            ((self.file("text", "hello\n"),), USAGE, "is in no format that is known here"),
            (("xml", self.file("text", "hello\n")), USAGE, "'xml' is no format"),
            ((self.file("other.zip", archive({"a.txt": "x"})),), USAGE, "is in no format that is known here"),
            (("-",), USAGE, "of standard input the format must be said"),
            (("--user=a", self.file("cut.zip", good[:-5]),), FAILED, "it is no ZIP archive, or its end is missing"),
            (("--user=a", self.file("broken.zip", bytes(broken)),), FAILED, "its checksum is not the archive's"),
            (("imdb-scores", self.file("cut.tsv.gz", gzip.compress(SCORES.encode())[:-1])), FAILED, "it is cut off"),
            (("imdb-scores", self.file("columns.tsv", "tconst\tnumVotes\n")), USAGE, "has no column averageRating"),
            (("csv", self.file("empty.csv", "")), USAGE, "empty.csv is empty"),
            (("json", self.file("open.json", '[{"id":"a","title":"A"}')), USAGE, "the file ends within the array"),
            (("--report=" + str(self.folder / "no" / "where"), "csv", self.file("empty.csv", "")), FAILED,
             "No such file"),
        )
        for arguments, status, words in cases:
            with self.subTest(arguments=arguments):
                self.system.run("import", *arguments, status=status)
                self.assertIn(words, self.system.errors)
        self.system.run("export", "xml", status=USAGE)
        self.system.run("export", "csv", "--what=movies", status=USAGE)
        self.system.run("export", "letterboxd", status=USAGE)
        self.assertIn("--user NAME", self.system.errors)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]])
