#!/usr/bin/env python3
"""Reviews and likes by the real programs.

    review_test.py BIN CASE

kill     writers on two processes that share a store, each killed (SIGKILL) now and then: what was acknowledged is there, what
         was not is there whole or not at all, and the counts are those of the rows. REVIEW_TEST_SEED, REVIEW_TEST_KILLS.
likes    reviews are liked in every way, are listed by it, over a restart, and the likes go with the review
faces    what is written in one way is read in every other, byte for byte, or refused in all of them
away     movies are shown while the review service is away, and say so; also where it is not deployed
backup   a backup that is taken under load holds counts that agree with its rows
"""
import concurrent.futures
import functools
import http.client
import json
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import urllib.parse

import waiting

BIN = pathlib.Path(sys.argv[1])
WAIT_S = 60
wait_for = functools.partial(waiting.wait_for, within_s=WAIT_S)
KILLS = int(os.environ.get("REVIEW_TEST_KILLS", "6"))
SEED = int(os.environ.get("REVIEW_TEST_SEED", random.SystemRandom().randrange(1 << 32)))
JSON_TYPE = {"content-type": "application/json"}
# Markup, quotes, line feeds, overrides of direction, joined and wide characters.
ODD = ("<script>alert('x')</script> \"&amp;\" %s \\n\n\n'; DROP TABLE reviews; --\n\u202eback\u202c \u2066isolated\u2069 "
       "\u05e2\u05d1\u05e8\u05d9\u05ea \ud83c\udfac".encode("utf-16", "surrogatepass").decode("utf-16") +
       "\U0001f469\u200d\U0001f680 \U0010fffd\u2028")
LONGEST = "\U0001f600" * 10000
started = []
# Each is refused, in whatever way it comes.
REFUSED = ["", " \n ", "bell \a", "tab\t", "return\r\n", "delete \x7f", "next line \x85", "\x00", LONGEST + "x"]


def fail(words):
    sys.exit(f"review_test: {words}")


class Service:
    """A process, found again at the address that it had first."""

    def __init__(self, name, *options):
        self.name, self.options, self.address = name, options, "127.0.0.1:0"
        self.log = tempfile.TemporaryFile()
        self.process = None
        self.start()

    def start(self):
        begin = os.fstat(self.log.fileno()).st_size
        self.process = subprocess.Popen([BIN / f"marquee-{self.name}", f"--listen={self.address}", "--registry=",
                                         *self.options], stdout=self.log, stderr=self.log)
        started.append(self.process)
        self.address = wait_for(lambda: self._ready_since(begin), f"marquee-{self.name} is ready")

    def said(self):
        # Not by seek(): the place in the file is one with that of who writes into it.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def _ready_since(self, begin):
        if self.process.poll() is not None:
            fail(self.said())
        found = re.search(r'message="ready" listen="([^"]*)"', self.said()[begin:])
        return found and found.group(1)

    def kill(self):
        self.process.kill()
        self.process.wait(WAIT_S)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(WAIT_S) != 0:
            fail(f"marquee-{self.name} ended with {self.process.returncode}: {self.said()}")

    def ask(self, method, path, body=None):
        """(status, body); None: the connection ended before the whole answer."""
        connection = http.client.HTTPConnection(self.address, timeout=WAIT_S)
        try:
            connection.request(method, path, body, JSON_TYPE if body is not None else {})
            reply = connection.getresponse()
            return reply.status, reply.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def get(self, path):
        status, body = wait_for(lambda: self.ask("GET", path), f"an answer to {path}")
        if status != 200:
            fail(f"{path}: {status} {body}")
        return json.loads(body)

    def call(self, method, **request):
        status, body = self.ask("POST", f"/{method}", json.dumps(request).encode())
        return status, json.loads(body)


def query(path, **parameters):
    return f"{path}?{urllib.parse.urlencode(parameters)}"


def check_file(path):
    """Whether the counts are those of the rows. Returns how many reviews and likes there are."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        fail(f"{path} is damaged")
    kept = set(database.execute("SELECT record_type, record_id, reviews, likes FROM counts"))
    counted = {}
    for place, table in enumerate(("reviews", "likes")):
        for kind, record, count in database.execute(f"SELECT record_type, record_id, count(*) FROM {table} GROUP BY 1, 2"):
            counted.setdefault((kind, record), [0, 0])[place] = count
    liked = dict(database.execute("SELECT record_id || '/' || user_id, likes FROM reviews WHERE likes <> 0"))
    likes = dict(database.execute("SELECT record_id || '/' || author_id, count(*) FROM review_likes GROUP BY 1"))
    database.close()
    if liked != likes:
        fail(f"{path}: {liked} likes of reviews are kept, {likes} are there")
    if kept != {(*key, *counts) for key, counts in counted.items()}:
        fail(f"{path}: {kept} is kept, {counted} is there")
    return [sum(counts[place] for counts in counted.values()) for place in (0, 1)]


# ---- kill ----

RECORDS = ["m1", "m2", "m3"]


class Writer:
    """One user, who knows what was acknowledged to it, and what was asked for last."""

    def __init__(self, number, services):
        self.user, self.services = f"user-{number}", services
        self.random = random.Random(SEED * 1000 + number)
        self.reviews = {record: None for record in RECORDS}
        self.likes = {record: False for record in RECORDS}
        self.unsure = None  # (table, record, value) of what got no answer
        self.written = 0

    def act(self):
        """One write. False: it got no answer."""
        record = self.random.choice(RECORDS)
        place = {"id": record, "type": "movie", "userId": self.user}
        kind = self.random.randrange(6)
        if kind == 5:
            return self.like_another(record)
        if kind < 2:
            text = f"review {self.written} of {self.user} " + "x" * self.random.randrange(2000)
            change = self.reviews, record, text
            asked = "PUT", query("/review", **place), json.dumps({"text": text}).encode()
        elif kind == 2:
            change = self.reviews, record, None
            asked = "DELETE", query("/review", **place)
        else:
            change = self.likes, record, kind == 3
            asked = "PUT" if kind == 3 else "DELETE", query("/like", **place)
        answer = self.random.choice(self.services).ask(*asked)
        if answer is None or answer[0] >= 500:
            self.unsure = change
            return False
        if answer[0] != 200 and not (kind == 2 and answer[0] == 404 and self.reviews[record] is None):
            fail(f"{asked}: {answer}")
        change[0][change[1]] = change[2]
        self.written += 1
        return True

    def like_another(self, record):
        """Or takes it back. Whether that review is there is its author's affair: the counts are checked at the end."""
        author = f"user-{self.random.randrange(32)}"
        if author == self.user:
            return True
        asked = (self.random.choice(("PUT", "DELETE")),
                 query("/review/like", id=record, type="movie", authorId=author, userId=self.user))
        answer = self.random.choice(self.services).ask(*asked)
        if answer is not None and answer[0] not in (200, 404, 500, 503, 504):
            fail(f"{asked}: {answer}")
        return answer is not None and answer[0] < 500

    def settle(self):
        """What is there must be what was acknowledged, but for what got no answer."""
        for record in RECORDS:
            place = {"id": record, "type": "movie", "userId": self.user}
            status, body = wait_for(lambda: self.services[0].ask("GET", query("/review", **place)), "a review")
            text = json.loads(body)["text"] if status == 200 else None
            self.check(self.reviews, record, text)
            self.check(self.likes, record, self.services[0].get(query("/like", **place))["liked"])
        self.unsure = None

    def check(self, table, record, seen):
        is_unsure = self.unsure is not None and self.unsure[0] is table and self.unsure[1] == record
        if seen != table[record] and not (is_unsure and seen == self.unsure[2]):
            fail(f"seed {SEED}: {record} of {self.user}: {str(seen)[:60]!r} is there, {str(table[record])[:60]!r} was acknowledged")
        table[record] = seen


def write_until(writer, enough):
    while not enough.is_set() and writer.act():
        pass


def check_lists(service, writers):
    for record in RECORDS:
        seen, token = [], ""
        while token is not None:
            page = service.get(query("/reviews", id=record, type="movie", pageSize=5, pageToken=token))
            seen += [review["userId"] for review in page["reviews"]]
            token = page.get("nextPageToken")
        wanted = sorted(writer.user for writer in writers if writer.reviews[record] is not None)
        if sorted(seen) != wanted:
            fail(f"seed {SEED}: {record} lists {seen}, not {wanted}")
        counts = service.get(query("/like", id=record, type="movie"))
        likes = sum(writer.likes[record] for writer in writers)
        if (counts["reviewCount"], counts["likeCount"]) != (len(wanted), likes):
            fail(f"seed {SEED}: {record}: {counts}, not {len(wanted)} and {likes}")


def case_kill(directory):
    services = [Service("review", f"--data={directory}/review") for _ in range(2)]
    writers = [Writer(number, services) for number in range(16)]
    choice = random.Random(SEED)
    for kill in range(KILLS):
        enough = threading.Event()
        before = sum(writer.written for writer in writers)
        with concurrent.futures.ThreadPoolExecutor(len(writers)) as pool:
            tasks = [pool.submit(write_until, writer, enough) for writer in writers]
            wait_for(lambda: sum(writer.written for writer in writers) > before + choice.randrange(20, 400), "writes")
            victims = services if kill % 3 == 2 else [choice.choice(services)]
            for victim in victims:
                victim.kill()
            enough.set()
            concurrent.futures.wait(tasks)
        for task in tasks:
            task.result()
        for victim in victims:
            victim.start()
        for writer in writers:
            writer.settle()
        check_lists(services[1], writers)
    for service in services:
        service.stop()
    reviews, likes = check_file(f"{directory}/review/review.sqlite")
    written = sum(writer.written for writer in writers)
    print(f"seed {SEED}: {KILLS} kills, {written} writes acknowledged, {reviews} reviews and {likes} likes at the end")
    if written < KILLS * 20:
        fail("too little was written to say anything")


# ---- faces ----

class System:
    def __init__(self, directory, gateway, *deployed):
        self.metadata = Service("metadata", "--store=memory")
        self.rating = Service("rating", "--store=memory", "--event-log=none")
        self.review = Service("review", f"--data={directory}/review")
        services = f"metadata={self.metadata.address};rating={self.rating.address}"
        if "review" in deployed:
            services += f";review={self.review.address}"
        # One loop: each has its own connections, and finds on its own that somebody is back.
        self.movie = Service("movie", "--threads=1", f"--gateway={gateway}", f"--services={services}")
        body = json.dumps({"id": "m1", "title": "One", "year": 1999}).encode()
        if self.metadata.ask("PUT", "/metadata", body)[0] != 200:
            fail("no film can be put")

    def command(self, *arguments, text=None):
        return subprocess.run([BIN / "marquee", arguments[0], f"--movie={self.movie.address}", *arguments[1:]], check=False,
                              input=None if text is None else text.encode(), capture_output=True)

    def stop(self):
        for service in (self.movie, self.review, self.rating, self.metadata):
            service.stop()


def ways_to_write(system, text):
    """The status of each, as a plain route has it."""
    body = json.dumps({"text": text}).encode()
    plain = json.dumps({"text": text}, ensure_ascii=False).encode()  # nothing escaped but what must be
    yield "review's route", system.review.ask("PUT", "/review?id=m1&type=movie&userId=ann", body)[0]
    yield "review's method", system.review.call("ReviewService/PutReview", userId="ann", recordId="m1", recordType="movie",
                                                text=text)[0]
    yield "movie's route", system.movie.ask("PUT", "/movie/review?id=m1&userId=ann", plain)[0]
    yield "movie's method", system.movie.call("MovieService/PutReview", userId="ann", movieId="m1", text=text)[0]
    if "\x00" not in text and len(text) < 9000:  # one argument has a limit of its own
        yield "the command", {0: 200, 2: 400}[system.command("review", "put", "ann", "m1", text).returncode]
    if "\r" not in text:
        yield "the command's file", {0: 200, 2: 400}[system.command("review", "put", "--file=-", "ann", "m1",
                                                                    text=text).returncode]


def ways_to_read(system):
    place = "id=m1&userId=ann"
    yield "review's route", system.review.get(f"/review?{place}&type=movie")["text"]
    yield "review's list", system.review.get("/reviews?id=m1&type=movie")["reviews"][0]["text"]
    yield "review's list of a user", system.review.get("/reviews?userId=ann")["reviews"][0]["text"]
    yield "review's method", system.review.call("ReviewService/GetReview", userId="ann", recordId="m1",
                                                recordType="movie")[1]["review"]["text"]
    yield "movie's route", system.movie.get(f"/movie/review?{place}")["text"]
    yield "movie's list", system.movie.get("/movie/reviews?id=m1")["reviews"][0]["text"]
    yield "movie's list of a user", system.movie.get("/user/reviews?userId=ann")["reviews"][0]["review"]["text"]
    yield "movie's method", system.movie.call("MovieService/ListReviews", movieId="m1")[1]["reviews"][0]["text"]
    yield "the command", json.loads(system.command("review", "show", "--json", "ann", "m1").stdout)["review"]["text"]


def check_written(system, text):
    for way, status in ways_to_write(system, text):
        if status != 200:
            fail(f"{text[:40]!r} by {way}: {status}")
        for other, read in ways_to_read(system):
            if read != text:
                fail(f"{text[:40]!r} by {way} is {read[:80]!r} by {other}")


def check_refused(system):
    if system.review.ask("PUT", "/review?id=m1&type=movie&userId=ann", b'{"text":"kept"}')[0] != 200:
        fail("a review cannot be put")
    for text in REFUSED:
        for way, status in ways_to_write(system, text):
            if status != 400:
                fail(f"{text[:40]!r} by {way}: {status}")
    for body in (b'{"text":"\\ud83d"}', b'{"text":"\xff\xfe"}', b'{"text":"\xed\xa0\x80"}', b'{"text":"\xc0\xaf"}', b'{"text":7}',
                 b'["text"]', b'{"text":"a","text":"b"}', b"{", b'{"text":"a","spoiler":"no"}'):
        for service, path in ((system.review, "/review?id=m1&type=movie&userId=ann"), (system.movie, "/movie/review?id=m1&userId=ann")):
            status = service.ask("PUT", path, body)[0]
            if status != 400:
                fail(f"{body} to {path}: {status}")
    for other, read in ways_to_read(system):
        if read != "kept":
            fail(f"a refused one stands in {other}: {read!r}")


def check_commands(system):
    """What people see has nothing in it that steers their terminal, and says what it should."""
    expected = [
        (("review", "put", "bob", "none", "words"), 3, b""),
        (("review", "put", "bob", "m1", "--file=-"), 0, b"ok\n"),
        (("review", "show", "bob", "m1"), 0, b"  one\n  two ??[31m\n"),
        (("review", "put", "--spoiler", "bob", "m1", "he dies"), 0, b"ok\n"),
        (("review", "list", "m1"), 0, b"(it tells how the story ends: --spoiler shows it)"),
        (("review", "list", "--spoiler", "m1"), 0, b"  he dies\n"),
        (("review", "list", "--user=bob"), 0, b"One  20"),
        (("like", "bob", "m1"), 0, b"1 likes it\n"),
        (("like", "cid", "m1"), 0, b"2 like it\n"),
        (("like", "bob", "none"), 3, b""),
        (("unlike", "cid", "m1"), 0, b"1 likes it\n"),
        (("review", "delete", "bob", "m1"), 0, b"ok\n"),
        (("review", "delete", "bob", "m1"), 3, b""),
        (("review", "list", "--user=bob"), 3, b""),
        (("review", "put", "bob"), 2, b""),
    ]
    for arguments, status, words in expected:
        text = "one\r\ntwo \u202e\u2066[31m\n\n" if "--file=-" in arguments else None
        done = system.command(*arguments, text=text)
        if done.returncode != status or words not in done.stdout or b"he dies" in done.stdout and b"he dies" not in words:
            fail(f"{arguments}: {done}")


def case_faces(directory):
    for gateway in ("grpc", "http"):
        system = System(f"{directory}/{gateway}", gateway, "review")
        for text in (ODD, LONGEST, "a", " a\n", "\n" * 9999 + "b"):
            # The command's file has no line feeds at its end.
            check_written(system, text.rstrip("\n"))
        check_refused(system)
        check_commands(system)
        system.stop()


# ---- likes ----

def check_likes(system, want):
    """want: "author:likes" with "!" behind what bob likes, by likes, in each way to read."""
    asked = {"movieId": "m1", "userId": "bob", "order": "REVIEW_MOST_LIKED"}
    ways = {"movie's route": system.movie.get("/movie/reviews?id=m1&order=likes&userId=bob"),
            "movie's method": system.movie.call("MovieService/ListReviews", **asked)[1],
            "review's method": system.review.call("ReviewService/ListReviews", recordId="m1", recordType="movie", userId="bob",
                                                  order="REVIEW_MOST_LIKED")[1]}
    for way, page in ways.items():
        told = [f"{review['userId']}:{review.get('likeCount', 0)}{'!' if review.get('liked') else ''}"
                for review in page.get("reviews", [])]
        if told != want:
            fail(f"{way}: {told}, not {want}")
    plain = [f"{review['userId']}:{review['likeCount']}"
             for review in system.review.get("/reviews?id=m1&type=movie&order=likes")["reviews"]]
    if plain != [one.rstrip("!") for one in want]:
        fail(f"review's route: {plain}, not {want}")


def like(system, way, user, author, is_liked=True):
    """(whether it went well, how many like it)"""
    if way == "command":
        done = system.command("like" if is_liked else "unlike", "--json", user, "m1", f"--review-of={author}")
        return done.returncode == 0, json.loads(done.stdout).get("likeCount") if done.returncode == 0 else None
    if way == "method":
        status, body = system.movie.call("MovieService/LikeReview" if is_liked else "MovieService/UnlikeReview", userId=user,
                                         movieId="m1", authorId=author)
        return status == 200, body.get("likeCount", 0)
    service, path, more = ((system.movie, "/movie/review/like", {}) if way == "movie's route" else
                           (system.review, "/review/like", {"type": "movie"}))
    status, body = service.ask("PUT" if is_liked else "DELETE", query(path, id="m1", authorId=author, userId=user, **more))
    return status == 200, json.loads(body).get("likeCount")


WAYS_TO_LIKE = ("command", "method", "movie's route", "review's route")


def case_likes(directory):
    for gateway in ("grpc", "http"):
        system = System(f"{directory}/{gateway}", gateway, "review")
        for author in ("ann", "cid", "dee"):
            if system.movie.call("MovieService/PutReview", userId=author, movieId="m1", text=f"words of {author}")[0] != 200:
                fail("no review can be put")
        for number, way in enumerate(WAYS_TO_LIKE, 1):
            for _ in range(2):  # once is enough
                told = like(system, way, f"fan {number}", "ann")
                if told != (True, number):
                    fail(f"{way}: {told}, not {number} like it")
            if like(system, way, "ann", "ann")[0] or like(system, way, "bob", "nobody")[0]:
                fail(f"{way}: a like of one's own review, or of none, is taken")
        if like(system, "command", "bob", "dee") != (True, 1):
            fail("the command likes nothing")
        check_likes(system, ["ann:4", "dee:1!", "cid:0"])
        listed = system.command("review", "list", "--order=likes", "m1").stdout.decode()
        if [line.split()[0] for line in listed.splitlines() if not line.startswith(" ")] != ["ann", "dee", "cid"] or \
           ", 4 like it" not in listed or ", 1 likes it" not in listed:
            fail(f"the command lists {listed}")
        system.review.kill()
        system.review.start()
        wait_for(lambda: system.movie.ask("GET", "/movie/reviews?id=m1")[0] == 200, "movie finds it again")
        check_likes(system, ["ann:4", "dee:1!", "cid:0"])
        for number, way in enumerate(WAYS_TO_LIKE[:2], 1):
            if like(system, way, f"fan {number}", "ann", False) != (True, 4 - number):
                fail(f"{way}: no like is taken back")
        if system.command("review", "delete", "ann", "m1").returncode != 0 or \
           system.command("review", "put", "ann", "m1", "another").returncode != 0:
            fail("no other review can be put")
        check_likes(system, ["dee:1!", "ann:0", "cid:0"])
        system.stop()
        if check_file(f"{directory}/{gateway}/review/review.sqlite")[0] != 3:
            fail("reviews are missing")


# ---- away ----

def check_film(system, state, status):
    wait_for(lambda: system.movie.get("/movie?id=m1&view=full&userId=ann").get("reviewState") == state, state)
    details = system.movie.get("/movie?id=m1&view=full&userId=ann")
    if details["metadata"]["title"] != "One" or ("likeCount" in details) != (state == "REACTIONS_KNOWN"):
        fail(f"{state}: {details}")
    if "reviewState" in system.movie.get("/movie?id=m1"):
        fail("what was not asked for is told")
    answer = system.movie.ask("PUT", "/movie/like?id=m1&userId=ann")
    if answer[0] != status:
        fail(f"{state}: {answer}")


def case_away(directory):
    for gateway in ("grpc", "http"):
        system = System(f"{directory}/{gateway}", gateway, "review")
        check_film(system, "REACTIONS_KNOWN", 200)
        system.review.kill()
        check_film(system, "REACTIONS_UNAVAILABLE", 503)
        system.review.start()
        check_film(system, "REACTIONS_KNOWN", 200)
        system.metadata.kill()  # of what film a review is cannot be known; which reviews there are can
        if system.movie.ask("PUT", "/movie/review?id=m1&userId=ann", b'{"text":"words"}')[0] != 200:
            fail("a review waits for metadata")
        page = system.movie.get("/user/reviews?userId=ann")
        if page["metadataUnavailable"] is not True or page["reviews"][0]["review"]["text"] != "words" or "title" in page["reviews"][0]:
            fail(f"without metadata: {page}")
        system.metadata.start()
        system.stop()
        system = System(f"{directory}/{gateway}-without", gateway)
        check_film(system, "REACTIONS_UNAVAILABLE", 503)
        system.stop()


# ---- backup ----

def case_backup(directory):
    service = Service("review", f"--data={directory}/review")
    writers = [Writer(number, [service]) for number in range(8)]
    enough = threading.Event()
    with concurrent.futures.ThreadPoolExecutor(len(writers)) as pool:
        tasks = [pool.submit(write_until, writer, enough) for writer in writers]
        for number in range(3):
            before = sum(writer.written for writer in writers)
            wait_for(lambda: sum(writer.written for writer in writers) > before + 50, "writes")
            subprocess.run([BIN / "marquee", "backup", f"--from={directory}", f"--to={directory}/backup{number}", "review"],
                           check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        enough.set()
        concurrent.futures.wait(tasks)
    for task in tasks:
        task.result()
    service.stop()
    for number in range(3):
        reviews, _ = check_file(f"{directory}/backup{number}/review/review.sqlite")
        if reviews == 0:
            fail("the backup is empty")
    restored = Service("review", f"--data={directory}/backup2/review")
    if restored.ask("PUT", "/like?id=m1&type=movie&userId=zoe")[0] != 200:
        fail("the backup cannot be written to")
    restored.stop()


def main():
    with tempfile.TemporaryDirectory(prefix="marquee-review.") as directory:
        try:
            globals()[f"case_{sys.argv[2]}"](directory)
        finally:
            for process in started:  # none outlives the test, however it ends
                process.kill()
                process.wait()
    print(f"review_test: {sys.argv[2]} passed")


if __name__ == "__main__":
    main()
