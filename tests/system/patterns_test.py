#!/usr/bin/env python3
"""The patterns of docs/events.md with the real programs: what each promises, also when its processes are killed.

    MARQUEE_BIN=DIRECTORY patterns_test.py CASE
    scripts/peers/kafka.sh run env MARQUEE_BIN=DIRECTORY patterns_test.py CASE
"""
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

BIN = os.environ.get("MARQUEE_BIN", "")
BROKER = os.environ.get("MARQUEE_KAFKA")  # an empty one of its own for each case; else the embedded log
WAIT_S = 90
READY = re.compile(r'message="ready" listen="([^"]*)"')
SEED = int(os.environ.get("MARQUEE_PATTERNS_SEED", "7"))
ROUNDS = int(os.environ.get("MARQUEE_PATTERNS_ROUNDS", "12"))
# A group on a broker waits for members that were killed until their session is over; the embedded log sees them die.
SESSION_S = 12 if BROKER else 0
IDLE = f"{1 + SESSION_S}s"


class Scene:
    """A directory with an event log and stores, and the processes that work on them."""

    def __init__(self):
        self.scratch = tempfile.TemporaryDirectory(prefix="marquee-patterns.")
        self.log = ("--event-log=kafka", "--kafka-brokers", BROKER) if BROKER else (
            "--event-log-directory", self.path("eventlog"))
        self.alive = []
        self.random = random.Random(SEED)
        self.starts = 0

    def path(self, name):
        return os.path.join(self.scratch.name, name)

    def close(self):
        for process in self.alive:
            process.kill()
            process.wait()
        self.scratch.cleanup()

    def run(self, *arguments, status=0, **more):
        """A command from start to end; its output."""
        done = subprocess.run([os.path.join(BIN, "marquee"), *arguments], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=WAIT_S, check=False, **more)
        check(done.returncode == status, f"{arguments} ended with {done.returncode}, not {status}: "
              f"{done.stdout.decode()}{done.stderr.decode()}")
        self.errors = done.stderr.decode()
        return done.stdout.decode()

    def start(self, program, *arguments):
        self.starts += 1
        process = subprocess.Popen([os.path.join(BIN, program), *arguments],
                                   stdout=open(self.path(f"{self.starts}.out"), "wb"),
                                   stderr=open(self.path(f"{self.starts}.log"), "wb"))
        process.number = self.starts
        self.alive.append(process)
        return process

    def output(self, process):
        return self.output_of(process.number)

    def output_of(self, number):
        with open(self.path(f"{number}.out"), encoding="utf-8") as lines:
            return lines.read()

    def errors_of(self, process):
        with open(self.path(f"{process.number}.log"), encoding="utf-8") as lines:
            return lines.read()

    def end(self, process, number=signal.SIGKILL):
        """SIGKILL, or another that must end it well."""
        process.send_signal(number)
        status = process.wait(WAIT_S)
        self.alive.remove(process)
        check(status == (-signal.SIGKILL if number == signal.SIGKILL else 0),
              f"{process.args} ended with {status}: {self.errors_of(process)}")

    def serve(self, service, *arguments):
        """A service; its address is .address."""
        process = self.start("marquee-" + service, "--listen=127.0.0.1:0", "--registry=", "--threads=1", *arguments)
        await_that(lambda: READY.search(self.errors_of(process)) or process.poll() is not None, service + " is ready")
        check(process.poll() is None, f"{service} ended: {self.errors_of(process)}")
        process.address = READY.search(self.errors_of(process))[1]
        return process

    def rating(self, *arguments):
        return self.serve("rating", "--data", self.path("rating"), "--rating-step=0.01", "--ingest-batch=50", *self.log,
                          *arguments)

    def live(self, seconds):
        """Lets what runs live for at most so long: that it is killed at any moment is the point."""
        time.sleep(SESSION_S + self.random.random() * seconds)

    def ingest(self, topic, events):
        lines = "".join(json.dumps(event) + "\n" for event in events)
        self.run("ingest", "--raw", "--topic", topic, *self.log, "-", input=lines.encode())


def check(condition, words):
    if not condition:
        raise AssertionError(str(words))


def await_that(condition, words):
    """words: what is waited for, or a function that says how it stands."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"in vain: {words() if callable(words) else words}")
        time.sleep(0.02)


def ask(address, method, **request):
    """A method of the rating service, by Connect: the response, or the error's code."""
    call = urllib.request.Request(f"http://{address}/RatingService/{method}", json.dumps(request).encode(),
                                  {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(call, timeout=WAIT_S) as reply:
            return json.load(reply)
    except urllib.error.HTTPError as error:
        return {"error": json.load(error)["code"]}


def get(address, path):
    try:
        with urllib.request.urlopen(f"http://{address}{path}", timeout=WAIT_S) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def event(user, record, value, **more):
    return {"userId": user, "recordId": record, "recordType": "movie", "value": value, "providerId": "p",
            "eventType": "put", **more}


# ---- CQRS: writes by the log, reads from the aggregates, one's own writes in them ----

def read_your_writes(scene):
    rating = scene.rating()
    other = scene.serve("rating", "--data", scene.path("rating"), "--event-log=none")
    for i in range(1, 31):
        place = json.loads(scene.run("rate", "--by-log", "--json", *scene.log, f"user-{i}", "tt1", "8"))
        check(place["topic"] == "ratings", f"{place}")
        after = f"{place['partition']}:{place['offset']}"
        reader = (rating, other)[i % 2]
        summary = json.loads(scene.run("rating", "--rating", reader.address, "--after", after, "--json", "tt1"))
        check(summary["count"] == i, f"after {after} there are {summary['count']} votes, not {i}")
        got = ask(reader.address, "GetRating", userId=f"user-{i}", recordId="tt1", recordType="movie", after=place)
        check(got["rating"]["ratingValue"] == 8, f"{got}")
    check(scene.run("rate", "--by-log", *scene.log, "ann", "tt1", "7").startswith("ok, in ratings at "), "it says where")
    place = json.loads(scene.run("unrate", "--by-log", "--json", *scene.log, "ann", "tt1"))
    check(ask(rating.address, "GetRating", userId="ann", recordId="tt1", recordType="movie", after=place)
          == {"error": "not_found"}, "a vote that was taken back by the log is gone")
    check(ask(rating.address, "ListUserRatings", userId="user-1", after=place)["ratings"][0]["recordId"] == "tt1", "")
    scene.run("rating", "--rating", rating.address, "--after", "0:100000", "--timeout", "300ms", "tt1", status=1)
    check("has not been applied yet" in scene.errors or "time" in scene.errors, scene.errors)
    status, body = get(rating.address, f"/rating?id=tt1&type=movie&after={place['partition']}:{place['offset']}")
    check((status, body) == (200, "8"), f"{status} {body}")
    scene.run("rating", "--rating", rating.address, "--after", "1", "tt1", status=2)
    scene.end(other, signal.SIGTERM)
    scene.end(rating, signal.SIGTERM)


# ---- publish and subscribe: every group sees every event ----

def offsets(lines):
    rows = [json.loads(line) for line in lines.splitlines()]
    return [(row["partition"], row["offset"]) for row in rows]


def every_group_sees_every_event(scene):
    events = [event(f"user-{i % 7}", f"tt{i}", i % 11) for i in range(300)]
    scene.run("feed", *scene.log, status=3)
    scene.ingest("ratings", events)
    rating = scene.rating()
    for group in ("one", "two"):
        seen = scene.run("feed", "--group", group, "--json", *scene.log)
        check(len(seen.splitlines()) == 300 and len(set(offsets(seen))) == 300, f"group {group} sees them all, once")
        check(sorted(json.loads(line)["event"]["recordId"] for line in seen.splitlines()) ==
              sorted(one["recordId"] for one in events), "as they are")
    scene.ingest("ratings", [event("late", "tt1", 1)] * 5)
    check(len(offsets(scene.run("feed", "--group", "one", "--json", *scene.log))) == 5, "a group goes on where it was")
    check(len(scene.run("feed", "--last", "10", *scene.log).splitlines()) == 10, "the last ten")
    check(scene.run("feed", "--last", "0", *scene.log) == "", "none of what is there")
    await_that(lambda: ask(rating.address, "GetRatingSummary", recordId="tt299", recordType="movie").get("count") == 1,
               "the rating service sees them too")
    feed = scene.start("marquee", "feed", "--follow", "--last", "0", *scene.log)
    await_that(lambda: follows(scene, feed), "the feed follows")
    scene.end(feed, signal.SIGTERM)
    check("tt-live" in scene.output(feed) and "9.5" in scene.output(feed), scene.output(feed))
    scene.end(rating, signal.SIGTERM)


def follows(scene, feed):
    scene.ingest("ratings", [event("live", "tt-live", 9.5)])
    return "tt-live" in scene.output(feed)


def a_killed_feed_misses_nothing(scene):
    """Killed while it waits to write into a pipe that nobody empties, or without anybody who reads: what it could not
    write comes again."""
    seen = set()
    count = 0
    command = [os.path.join(BIN, "marquee"), "feed", "--group", "news", "--follow", "--json", *scene.log]
    for turn in range(ROUNDS):
        scene.ingest("ratings", [event(f"user-{i % 9}", f"tt{i}", 5) for i in range(400)])
        reading, writing = os.pipe()
        if turn % 2 == 1:
            os.close(reading)
        feed = subprocess.Popen(command, stdout=writing, stderr=subprocess.DEVNULL)
        os.close(writing)
        if turn % 2 == 1:
            check(feed.wait(WAIT_S) == 141, "nobody reads: it ends as by SIGPIPE")
            continue
        with os.fdopen(reading, "rb") as output:
            lines = b"".join(output.readline() for _ in range(scene.random.randrange(1, 200)))
            scene.live(0.05)
            feed.kill()
            whole = (lines + output.read()).rpartition(b"\n")[0].decode()
        feed.wait(WAIT_S)
        count += len(whole.splitlines())
        seen |= set(offsets(whole))
    last = scene.run("feed", "--group", "news", "--json", *scene.log)
    seen |= set(offsets(last))
    check(len(seen) == 400 * ROUNDS, f"{len(seen)} of {400 * ROUNDS} events were seen")
    print(f"{ROUNDS} ends; {count + len(last.splitlines())} lines for {len(seen)} events")


def a_feed_that_cannot_write_keeps_its_place(scene):
    """Its place is committed only when what it printed has been written out."""
    scene.ingest("ratings", [event(f"user-{i}", f"tt{i}", 5) for i in range(20)])
    command = [os.path.join(BIN, "marquee"), "feed", "--group", "full", "--json", *scene.log]
    for _ in range(2):
        with open("/dev/full", "wb") as full:
            feed = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, timeout=WAIT_S, check=False)
        check(feed.returncode == 1, f"nothing could be written: {feed.returncode}, {feed.stderr}")
    check(len(set(offsets(scene.run("feed", "--group", "full", "--json", *scene.log)))) == 20, "all come again")
    check(scene.run("feed", "--group", "full", "--json", *scene.log) == "", "now they are done")


# ---- a queue: one group, each job done once in effect ----

def write_movielens(scene, users, movies):
    votes = {}
    os.mkdir(scene.path("set"))
    with open(scene.path("set/movies.csv"), "w", encoding="utf-8") as file:
        file.write("movieId,title,genres\n")
        for movie in range(1, movies + 1):
            file.write(f'{movie},"Film, the {movie}th (19{movie % 100:02})",Drama|War\n')
    with open(scene.path("set/ratings.csv"), "w", encoding="utf-8") as file:
        file.write("userId,movieId,rating,timestamp\n")
        for user in range(1, users + 1):
            for movie in scene.random.sample(range(1, movies + 1), 25):
                stars = scene.random.randint(1, 10) / 2
                votes[user, movie] = stars
                file.write(f"{user},{movie},{stars},{1000000000 + user * 1000 + movie}\n")
    return votes


def jobs_are_done_once_in_effect(scene):
    votes = write_movielens(scene, 200, 60)
    rating = scene.rating("--event-log=none")
    metadata = scene.serve("metadata", "--store=sqlite", "--data", scene.path("metadata.sqlite"))
    services = ("--rating", rating.address, "--metadata", metadata.address)
    said = scene.run("import", "--queue", "--name", "first", "--job-rows", "100", *scene.log, "movielens",
                     scene.path("set"))
    check(said == "first: 52 jobs\n", said)
    scene.run("jobs", *scene.log, "second", status=3)
    kills = 0
    while "52 of 52 done" not in scene.run("jobs", *scene.log, "first"):
        workers = [scene.start("marquee", "work", *services, *scene.log) for _ in range(3)]
        await_that(lambda: any("begun" in scene.output(worker) for worker in workers)
                   or "52 of 52 done" in scene.run("jobs", *scene.log, "first"), "a job is begun")
        scene.live(0.05)
        for worker in workers:
            # One that is told to stop leaves its job to another, too; it listens when it has begun one.
            told = kills % 3 == 2 and "begun" in scene.output(worker)
            scene.end(worker, signal.SIGTERM if told else signal.SIGKILL)
            kills += 1
    begun = sum(scene.output_of(number).count("begun") for number in range(1, scene.starts + 1))
    print(f"{kills} workers ended; 52 jobs begun {begun} times")
    check(begun >= 52, "each was begun")
    result = json.loads(scene.run("jobs", "--wait", "--json", *scene.log, "first"))
    check(result == {"import": "first", "jobs": 52, "done": 52, "failed": 0, "movies": 60, "votes": 5000,
                     "refused": 0}, f"{result}")
    for movie in range(1, 61):
        of_movie = [stars * 2 for (_, other), stars in votes.items() if other == movie]
        summary = ask(rating.address, "GetRatingSummary", recordId=str(movie), recordType="movie")
        check(summary.get("count", 0) == len(of_movie), f"movie {movie}: {summary}")
        check(abs(summary["mean"] - sum(of_movie) / len(of_movie)) < 1e-9, f"movie {movie}: {summary}")
    # What cannot be done is told as failed, and the others go on.
    os.rename(scene.path("set/ratings.csv"), scene.path("set/gone.csv"))
    os.mkdir(scene.path("other"))
    for name in ("movies.csv", "ratings.csv"):
        with open(scene.path("other/" + name), "w", encoding="utf-8") as file:
            file.write("userId,movieId,rating,timestamp\n" if name == "ratings.csv" else "movieId,title,genres\n")
    scene.run("import", "--queue", "--name", "gone", *scene.log, "movielens", scene.path("other"))
    os.remove(scene.path("other/ratings.csv"))
    scene.run("work", "--exit-when-idle", IDLE, *services, *scene.log)
    failed = scene.run("jobs", "--failed", *scene.log, "gone", status=1)
    check("1 of 2 done, 1 failed" in failed and "ratings.csv" in failed, failed)
    scene.end(metadata, signal.SIGTERM)
    scene.end(rating, signal.SIGTERM)


# ---- a broker's roles ----

def provider_events(scene, count, clock, state):
    """Events of two providers on their own scales; `state` is what must stand after them; `clock` counts events, those that
    must be refused, and changes of movies' votes."""
    events = []
    for _ in range(count):
        clock[0] += 1
        provider = scene.random.choice(("stars", "tomatoes"))
        user, record = f"user-{scene.random.randrange(20)}", f"tt{scene.random.randrange(10)}"
        kind = scene.random.choice(("movie", "actor"))
        when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(1600000000 + clock[0]))
        deleted = scene.random.random() < 0.1
        value = scene.random.randint(1, 10) / 2 if provider == "stars" else scene.random.randint(0, 100)
        if scene.random.random() < 0.02:
            value = 101  # refused by both scales
        one = {"userId": user, "recordId": record, "recordType": kind, "value": value, "providerId": provider,
               "eventType": "delete" if deleted else "put", "eventTime": when}
        events.append(one)
        if value == 101 and not deleted:
            clock[1] += 1
            continue
        vote = kind, record, provider, user
        if kind == "movie" and (not deleted or state.get(vote) is not None):
            clock[2] += 1  # it changes something: each once
        state[vote] = None if deleted else round(value * 200 if provider == "stars" else value * 10)
    return events


def differences(address, state, kind):
    wrong = []
    for record in {key[1] for key in state if key[0] == kind}:
        votes = [value for key, value in state.items() if key[:2] == (kind, record) and value is not None]
        summary = ask(address, "GetRatingSummary", recordId=record, recordType=kind)
        if summary.get("count", 0) != len(votes) or (
                votes and abs(summary["mean"] * 100 - sum(votes) / len(votes)) > 1e-6):
            wrong.append((kind, record, summary, len(votes), votes and sum(votes) / len(votes)))
    return wrong


def a_killed_chain_leaves_what_it_should(scene):
    """provider-events -> transform -> ratings -> route -> ratings.movie -> the rating service's store."""
    state, clock = {}, [0, 0, 0]
    stages = {
        "transform": lambda: scene.start("marquee", "stream", "transform", "--scale", "stars=stars;tomatoes=percent",
                                         "--batch=40", *scene.log),
        "route": lambda: scene.start("marquee", "stream", "route", "--batch=40", *scene.log),
        "rating": lambda: scene.start("marquee-rating", "--listen=127.0.0.1:0", "--registry=", "--threads=1",
                                      "--topic=ratings.movie", "--ingest-batch=30", "--rating-step=0.01",
                                      "--data", scene.path("rating"), *scene.log),
    }
    running = {name: start() for name, start in stages.items()}
    kills = 0
    for _ in range(ROUNDS):
        scene.ingest("provider-events", provider_events(scene, 300, clock, state))
        for name in stages:
            scene.live(0.1)
            if scene.random.random() < 0.7:
                scene.end(running[name])
                kills += 1
                running[name] = stages[name]()
    scene.end(running["rating"])
    rating = scene.rating("--topic=ratings.movie")
    await_that(lambda: not differences(rating.address, state, "movie"),
               lambda: differences(rating.address, state, "movie"))
    check(differences(rating.address, state, "actor"), "actors are in another topic")
    for name in ("transform", "route"):
        scene.end(running[name], signal.SIGTERM)
    refused = scene.run("feed", "--topic", "provider-events.refused", "--last", "1000", "--json", *scene.log)
    rows = [json.loads(line) for line in refused.splitlines()]
    check(len({row["event"]["eventTime"] for row in rows}) == clock[1], f"{clock[1]} events were set aside")
    check(all("scale" in row["headers"][3]["value"] for row in rows), "and it is said why")
    scene.end(rating, signal.SIGTERM)
    taken = json.loads(scene.run("snapshot", "ratings", "--data", scene.path("rating"), "--to", scene.path("snapshot"),
                                 "--json"))
    check(taken["sequence"] == clock[2], f"the change log has {taken}, not {clock[2]} changes")
    print(f"{kills} kills over {ROUNDS * 300} events, {clock[1]} refused, {clock[2]} changes")


def windows_are_counted_once(scene):
    """The aggregator, killed at random, against a count of the whole in one go by a second group."""
    count = 0
    begin = 1600000000
    kills = 0
    for _ in range(ROUNDS):
        events = []
        for _ in range(400):
            count += 1
            when = begin + count - scene.random.randrange(40)
            events.append(event(f"user-{scene.random.randrange(8)}", f"tt{scene.random.randrange(5)}",
                                scene.random.randrange(11), eventId=str(count),
                                eventTime=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))))
        scene.ingest("ratings", events)
        process = scene.start("marquee", "stream", "aggregate", "--window=1m", "--lateness=20s", "--batch=25",
                              *scene.log)
        scene.live(0.3)
        scene.end(process)
        kills += 1
    said = json.loads(scene.run("stream", "aggregate", "--window=1m", "--lateness=20s", "--json",
                                f"--exit-when-idle={IDLE}", *scene.log))
    whole = json.loads(scene.run("stream", "aggregate", "--window=1m", "--lateness=20s", "--json", "--group=control",
                                 "--to=control-windows", f"--exit-when-idle={IDLE}", *scene.log))
    check(whole["counted"] + whole["late"] == count and whole["late"] > 0, f"{whole}")
    results = {}
    repeated = 0
    for line in scene.run("feed", "--topic=rating-windows", "--group=reader", "--json", *scene.log).splitlines():
        one = json.loads(line)["event"]
        check(results.setdefault(one["resultId"], one) == one, f"{one} is not what it was")
        repeated += 1
    control = {}
    for line in scene.run("feed", "--topic=control-windows", "--group=reader", "--json", *scene.log).splitlines():
        one = json.loads(line)["event"]
        check(one["resultId"] not in control, "nothing comes twice where nobody dies")
        control[one["resultId"]] = one
    check(results == control, f"{len(results)} results, {len(control)} are right")
    check(len(control) == whole["results"], f"{whole}")
    print(f"{kills} kills over {count} events: {len(results)} results, {repeated - len(results)} of them again; "
          f"the last process {said}")


CASES = {case.__name__: case for case in (
    read_your_writes, every_group_sees_every_event, a_killed_feed_misses_nothing, a_feed_that_cannot_write_keeps_its_place,
    jobs_are_done_once_in_effect, a_killed_chain_leaves_what_it_should, windows_are_counted_once)}


def main():
    if len(sys.argv) != 2 or sys.argv[1] not in CASES or not BIN:
        sys.exit(f"usage: MARQUEE_BIN=DIRECTORY patterns_test.py {'|'.join(CASES)}")
    scene = Scene()
    try:
        CASES[sys.argv[1]](scene)
    except AssertionError as failure:
        for process in scene.alive:
            print(process.args, scene.errors_of(process)[-500:], sep="\n")
        sys.exit(f"patterns_test {sys.argv[1]} (MARQUEE_PATTERNS_SEED={SEED}): {failure}")
    finally:
        scene.close()


if __name__ == "__main__":
    main()
