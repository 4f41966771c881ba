"""A broker that fails, between two rating services that read from it: nothing is lost or doubled. And a broker that has thrown
away what was not read yet: the services stop with an error, and skip nothing."""

import shutil
import tempfile
import time

from compare import Differences, compare
from events import Event, Generator, Oracle
from instances import Failure, Place, Rating
from kafka_place import BROKERS, Mock

FETCH, HEARTBEAT, OFFSET_COMMIT = 1, 12, 8
TRANSPORT, NOT_LEADER, REBALANCING, ILLEGAL_GENERATION = -195, 6, 27, 22
FINISH_S = 90
DOWN_S = 5
EVENTS, CHUNK = 600, 100
STOP_S = 60


def disconnect(mock, _):
    for api in (FETCH, HEARTBEAT, OFFSET_COMMIT):
        mock.fail(api, TRANSPORT)


def move_leaders(mock, turn):
    for partition in range(4):
        mock.tell(f"leader ratings {partition} {1 + (partition + turn) % 3}")
    mock.fail(FETCH, NOT_LEADER)


def lose_group(mock, _):
    mock.fail(HEARTBEAT, REBALANCING)
    mock.fail(OFFSET_COMMIT, ILLEGAL_GENERATION)


def slow_down(mock, turn):
    for broker in BROKERS:
        mock.tell(f"rtt {broker} {200 if turn % 2 == 0 else 0}")


def hang_up(mock, turn):
    """Down for DOWN_S, then up: the wait is the fault itself."""
    if turn % 3 == 1:
        broker = 1 + turn % 3
        mock.tell(f"down {broker}")
        time.sleep(DOWN_S)
        mock.tell(f"up {broker}")


SCENES = {"disconnects": disconnect, "leader-moves": move_leaders, "group-lost": lose_group, "slow-broker": slow_down,
          "broker-down-5s": hang_up}


def make_place(programs, mock, directory):
    place = Place(directory, programs, log="kafka", batch=20)
    place.brokers = mock.address
    place.session_ms = 6000
    mock.tell(f"topic {place.topic} 4")
    return place


def await_positions(place, ends, timeout_s):
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        positions = place.dump("positions").positions
        if all(positions.get(partition, 0) >= end for partition, end in enumerate(ends)):
            return True
        time.sleep(0.1)
    return False


def run_scene(programs, name, seed):
    """One fault, while events come in; returns a row."""
    directory = tempfile.mkdtemp(prefix="proof-")
    mock, ratings, began = Mock(programs), [], time.monotonic()
    try:
        place = make_place(programs, mock, directory)
        generator = Generator(seed, "kafka")
        ratings = [Rating(place, f"rating-{i}") for i in range(2)]
        for turn in range(EVENTS // CHUNK):
            SCENES[name](mock, turn)
            place.produce(generator.make(CHUNK))
        oracle = Oracle(generator.events)
        is_done = await_positions(place, oracle.ends, FINISH_S)
        codes = [rating.stop() for rating in ratings]
        found = compare(oracle, place.dump())
        if not is_done:
            found.add("stuck", f"not everything was applied within {FINISH_S} s")
        if any(codes):
            found.add("ended", f"the services ended with {codes}")
        met = mock.met()
        if mock.failures and met == 0:
            found.add("not met", "no request met a failure: nothing was tried")
        return make_row(name, seed, began, EVENTS, found, met=met)
    finally:
        clean(ratings, mock, directory)


def make_row(name, seed, began, events, found, **more):
    return {"scene": name, "seed": seed, "seconds": round(time.monotonic() - began, 1), "events": events,
            "differences": dict(found.kinds), "words": found.words, **more}


def clean(ratings, mock, directory):
    for rating in ratings:
        if rating.is_alive():
            rating.kill()
    mock.close()
    shutil.rmtree(directory, ignore_errors=True)


def large_events(generator, bytes_wanted):
    """Events with a member that nobody looks at: the mock keeps 5 MiB of a partition, whoever has read them."""
    made = []
    size = 0
    while size < bytes_wanted:
        for event in generator.make(1):
            fields = dict(event.fields, note="x" * 20000)
            event.text = Event(fields, event.is_bad).text
            made.append(event)
            size += len(event.text)
    return made


def run_retention(programs, seed, reset=""):
    """The log has thrown away what stands at the position. reset: the planted bug, that reading goes on where the log begins."""
    directory = tempfile.mkdtemp(prefix="proof-")
    mock, ratings, began = Mock(programs), [], time.monotonic()
    found = Differences()
    try:
        place = make_place(programs, mock, directory)
        place.environment = dict(place.environment, **({"PROOF_KAFKA_RESET": reset} if reset else {}))
        generator = Generator(seed, "kafka")
        place.produce(generator.make(CHUNK))
        ratings = [Rating(place, "rating-0")]
        if not await_positions(place, generator.ends, FINISH_S):
            raise Failure(f"the first events were not applied: {ratings[0].log()[-800:]}")
        stood = place.dump("positions").positions
        ratings[0].stop()
        place.produce(large_events(generator, 4 * 8 * 1024 * 1024))
        ratings.append(Rating(place, "rating-1"))
        said = await_stop(place, ratings[1], stood)
        moved = {p: n for p, n in place.dump("positions").positions.items() if n != stood.get(p)}
        if moved:
            found.add("skipped", f"positions moved to {moved} from {stood}, which the log does not reach any more")
        if not said:
            found.add("silent", f"ingestion did not stop with an error: {ratings[1].log()[-600:]}")
        ratings[1].stop()
        return make_row("retention" + (f"-{reset}" if reset else ""), seed, began, len(generator.events), found, said=said)
    finally:
        clean(ratings, mock, directory)


def await_stop(place, rating, stood):
    """The words with which ingestion stops; empty when it goes on, or says nothing."""
    deadline = time.monotonic() + STOP_S
    while time.monotonic() < deadline:
        for line in rating.log().splitlines():
            if "ingestion has stopped" in line:
                return line
        if any(n != stood.get(p) for p, n in place.dump("positions").positions.items()):
            return ""
        time.sleep(0.1)
    return ""
