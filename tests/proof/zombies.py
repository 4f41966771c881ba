"""A rating service that sleeps past its session with a batch in its hands, while another takes its partitions over; when it wakes,
what it holds is refused. And one that sleeps inside a write of the store, so that the others cannot write: they say so by their
deadlines, still answer what is read, and go on when it wakes."""

import http.client
import json
import os
import random
import shutil
import signal
import tempfile
import threading
import time

from compare import Differences, compare
from events import Generator, Oracle
from ingestion import clean, prepare
from instances import Failure, Place, Rating

FINISH_S = 40
SESSION_MS = 1500
REFUSALS = "marquee_ingestion_refused_total"
DEADLINE_MS = 1500
SLACK_S = 0.5  # an answer comes by the deadline, and this for a busy machine
STALL_POINTS = ("mid_batch", "before_commit", "mid_commit", "before_sync", "before_meta")


def await_true(condition, what, ratings=(), timeout_s=FINISH_S):
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            logs = "".join(f"\n{rating.name}: {rating.log()[-1500:]}" for rating in ratings)
            raise Failure(f"waited {timeout_s} s for {what}{logs}")
        time.sleep(0.02)


def is_stopped(rating):
    with open(f"/proc/{rating.process.pid}/stat", encoding="ascii", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


def are_applied(place, ends):
    positions = place.dump("positions").positions
    return all(positions.get(partition, 0) >= end for partition, end in enumerate(ends))


def run_zombie(programs, options, seed):
    """One sleeps before the transaction of a batch it has read."""
    chooser = random.Random(seed)
    directory = tempfile.mkdtemp(prefix="proof-")
    place = Place(directory, programs, options.store, options.log, chooser.choice((5, 10, 20)), bug=options.bug)
    ratings, began = [], time.monotonic()
    try:
        place.session_ms = SESSION_MS
        prepare(place)
        generator = Generator(seed, options.log)
        trigger = os.path.join(directory, "trigger")
        ratings = [Rating(place, "awake"), Rating(place, "sleeper", f"before_begin:{chooser.randrange(1, 4)}:stop",
                                                  environment={"PROOF_TRIGGER": trigger})]
        settle(place, generator, ratings)
        with open(trigger, "w", encoding="ascii"):
            pass  # from now on: what the sleeper begins is the transaction of a batch
        while not is_stopped(ratings[1]):
            place.produce(generator.make(40))
            if time.monotonic() - began > FINISH_S:
                raise Failure("the sleeper never came to its point")
        place.produce(generator.make(100))
        await_true(lambda: are_applied(place, generator.ends), "the other to take over", ratings)
        took_over = time.monotonic()
        ratings[1].signal(signal.SIGCONT)
        await_true(lambda: refusals(ratings[1]) > 0 or options.bug, "a refusal")
        place.produce(generator.make(100))
        oracle = Oracle(generator.events)
        await_true(lambda: are_applied(place, oracle.ends), "all to be applied")
        refused = refusals(ratings[1])
        codes = [rating.stop() for rating in ratings]
        found = compare(oracle, place.dump())
        if any(codes):
            found.add("ended", f"the services ended with {codes}")
        if refused == 0:
            found.add("not refused", "the sleeper was refused nothing")
        return {"seed": seed, "seconds": round(time.monotonic() - began, 1), "taken over after": round(took_over - began, 1),
                "refused": refused, "events": len(generator.events), "differences": dict(found.kinds), "words": found.words}
    finally:
        end(ratings)
        clean(place)


def settle(place, generator, ratings):
    """Until both have partitions of their own and have applied all."""
    place.produce(generator.make(100))
    await_true(lambda: all("claimed" in rating.log() for rating in ratings), "both to have partitions", ratings)
    place.produce(generator.make(100))
    await_true(lambda: are_applied(place, generator.ends), "the first events to be applied", ratings)


def refusals(rating):
    return sum(value for name, value in rating.metrics().items() if name.split("{")[0] == REFUSALS)


def end(ratings):
    for rating in ratings:
        if rating.is_alive():
            rating.kill()


def put(address, user, hundredths, deadline_ms=DEADLINE_MS):
    """Votes by JSON with a deadline: (HTTP status, the error's code, seconds)."""
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    began = time.monotonic()
    body = json.dumps({"userId": user, "recordId": "stalled", "recordType": "movie", "exactValue": {"hundredths": hundredths}})
    connection.request("POST", "/RatingService/PutRating", body, {"content-type": "application/json",
                       "connect-protocol-version": "1", "connect-timeout-ms": str(deadline_ms)})
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    code = json.loads(text).get("code", "") if reply.status != 200 else ""
    return reply.status, code, time.monotonic() - began


def mean(address):
    host, port = address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    began = time.monotonic()
    connection.request("GET", "/rating?id=stalled&type=movie")
    reply = connection.getresponse()
    text = reply.read().decode()
    connection.close()
    return (float(text) if reply.status == 200 else None), time.monotonic() - began


def run_stall(programs, point, seed):
    """One sleeps inside its write transaction, with the store's lock. point "awake": it does not: a control."""
    directory = tempfile.mkdtemp(prefix="proof-")
    place, ratings, began = Place(directory, programs), [], time.monotonic()
    found = Differences()
    try:
        ratings = [Rating(place, "awake")]
        address = ratings[0].address()
        if put(address, "first", 800)[0] != 200:
            raise Failure("the first vote was refused")
        ratings.append(Rating(place, "sleeper", f"{point}:3:stop" if point != "awake" else ""))
        sleeper = ratings[1].address()
        # It sleeps with this vote half done; its caller waits for it.
        answers = []
        late = threading.Thread(target=lambda: answers.append([put(sleeper, f"late-{i}", 200, 60000) for i in range(6)]))
        late.start()
        await_true(lambda: point == "awake" or is_stopped(ratings[1]), "the sleeper to sleep")
        look_while_stalled(address, found)
        ratings[1].signal(signal.SIGCONT)
        late.join()
        for status, code, _ in answers[0]:
            if status != 200:
                found.add("not resumed", f"the sleeper's vote was answered {status} {code}")
        if put(address, "after", 400)[0] != 200:
            found.add("not resumed", "the other cannot write though the sleeper is awake")
        dump = place.dump()
        stored = {key[3]: vote[0] for key, vote in dump.votes.items() if key[1] == "stalled"}
        wanted = {"first": 800, "after": 400, **{f"late-{i}": 200 for i in range(6)}}
        if stored != wanted:
            found.add("vote", f"{stored}, wanted {wanted}")
        codes = [rating.stop() for rating in ratings]
        if any(codes):
            found.add("ended", f"the services ended with {codes}")
        return {"point": point, "seed": seed, "seconds": round(time.monotonic() - began, 1), "differences": dict(found.kinds),
                "words": found.words}
    finally:
        end(ratings)
        shutil.rmtree(directory, ignore_errors=True)


def look_while_stalled(address, found):
    for turn in range(3):
        status, code, seconds = put(address, f"refused-{turn}", 100)
        if status != 503 or code != "unavailable":
            found.add("not unavailable", f"a vote was answered {status} {code}")
        if seconds > DEADLINE_MS / 1000 + SLACK_S:
            found.add("late", f"the refusal took {seconds:.2f} s of {DEADLINE_MS / 1000} s")
        value, took = mean(address)
        if value is None or took > SLACK_S:
            found.add("unreadable", f"a read gave {value} after {took:.2f} s")
