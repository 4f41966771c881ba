"""Loss of power: a real rating service takes votes and events while each of its writes and syncs is recorded; then the store is
opened as it would be after a loss of power at every step. What was acknowledged is there, and the store agrees with itself."""

import bisect
import collections
import http.client
import json
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time

from compare import Dump, Differences, compare_inside, compare_places
from events import Generator, Oracle, fnv1a
from instances import Failure, Place, Rating
from power_replay import Disk, read_trace, told_record

VOTERS, VOTES_EACH = 4, 60
EVENTS, CHUNK = 400, 40
PARTS_EACH = 3  # random subsets at each step of the long form


class Voter(threading.Thread):
    """Votes again and again on its own few records, and writes down what it asked for and what it was told."""

    def __init__(self, number, address, trace, votes):
        super().__init__(daemon=True)
        self.number, self.address, self.trace, self.votes = number, address, trace, votes
        self.random = random.Random(number)
        self.failure = None

    def run(self):
        try:
            self._vote()
        except (OSError, http.client.HTTPException, Failure) as failure:
            self.failure = failure

    def _vote(self):
        connection = http.client.HTTPConnection(self.address, timeout=30)
        for turn in range(self.votes):
            row = {"user": f"voter-{self.number}-{self.random.randrange(8)}", "record": f"direct-{self.random.randrange(4)}",
                   "hundredths": self.random.randrange(1001), "turn": turn, "voter": self.number}
            os.write(self.trace, told_record({"asked": row}))
            connection.request("PUT", f"/rating?id={row['record']}&type=movie&userId={row['user']}"
                                      f"&value={row['hundredths'] / 100}")
            reply = connection.getresponse()
            reply.read()
            if reply.status != 200:
                raise Failure(f"a vote was answered with {reply.status}")
            os.write(self.trace, told_record({"told": row}))
        connection.close()


def record(place, options, seed, votes, events):
    """Runs the service; returns the trace's path and the events that were appended."""
    trace_path = os.path.join(place.directory, "trace")
    environment = {"PROOF_TRACE": trace_path, "PROOF_TRACED": f"{place.store_path}:{place.log_path}"}
    if options.bug == "no-sync":
        environment["PROOF_IGNORE_SYNC"] = "1"
    extra = ["--durability=relaxed"] if options.bug == "relaxed" else []
    generator = Generator(seed)
    trace = os.open(trace_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    rating = Rating(place, "rating", options=extra, preload=place.programs.power_shim, environment=environment)
    try:
        address = rating.address()
        voters = [Voter(number, address, trace, votes) for number in range(VOTERS)]
        for voter in voters:
            voter.start()
        while len(generator.events) < events:
            place.produce(generator.make(CHUNK), {"LD_PRELOAD": place.programs.power_shim, **environment})
            os.write(trace, told_record({"appended": generator.ends}))
        for voter in voters:
            voter.join()
            if voter.failure is not None:
                raise Failure(f"voter {voter.number}: {voter.failure}")
        deadline = time.monotonic() + 30
        while any(place.dump("positions").positions.get(p, 0) < end for p, end in enumerate(generator.ends)):
            if time.monotonic() > deadline:
                raise Failure(f"not all events were applied: {rating.log()[-500:]}")
            time.sleep(0.02)
    finally:
        code = rating.stop()
        os.close(trace)
    if code != 0:
        raise Failure(f"the rating service ended with {code}")
    return trace_path, generator


class Checker:
    """proof_dump or proof_log, opening one store after another with the store's own code."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.process = None
        self._start()

    def _start(self):
        self.process = subprocess.Popen(self.arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.DEVNULL, text=True)

    def dump(self, folder):
        """A file that is cut off below its map ends the process that reads it: that is a finding, not ours."""
        self.process.stdin.write(folder + "\n")
        self.process.stdin.flush()
        lines = []
        while not lines or '"k":"end"' not in lines[-1]:
            line = self.process.stdout.readline()
            if not line:
                self.process.wait()
                lines = ['{"k":"end","status":"signal %d"}' % -self.process.returncode]
                self._start()
                break
            lines.append(line)
        return "".join(lines)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Knowledge:
    """What the clients had asked for and been told when the power went."""

    def __init__(self):
        self.asked = {}                              # voter -> the last row
        self.told = {}                               # vote key -> the last row that was acknowledged
        self.told_turn = collections.defaultdict(lambda: -1)
        self.appended = [0] * 4                      # what the producer was told, by partition

    def hear(self, step):
        row = json.loads(step.data)
        if "appended" in row:
            self.appended = row["appended"]
        elif "asked" in row:
            self.asked[row["asked"]["voter"]] = row["asked"]
        else:
            told = row["told"]
            self.told[key_of(told)] = told
            self.told_turn[told["voter"]] = told["turn"]

    def allowed(self, key):
        """The values that may stand: the last acknowledged one, or the one on its way."""
        values = {self.told[key]["hundredths"]} if key in self.told else {None}
        for voter, asked in self.asked.items():
            if key_of(asked) == key and asked["turn"] > self.told_turn[voter]:
                values.add(asked["hundredths"])
        return values


def key_of(row):
    return "movie", row["record"], "", row["user"]


def check(dump, known, prefixes, found):
    compare_inside(dump, found)
    if dump.status != "OK":
        return
    for key in known.told:
        stored = dump.votes.get(key)
        if stored is None or stored[0] not in known.allowed(key):
            found.add("acknowledged vote lost", f"{key}: {stored}, acknowledged {known.told[key]['hundredths']}")
    accepted, unseen = prefixes.upto(dump.positions)
    compare_places(accepted, unseen, dump.changes, found)


class Prefixes:
    """What the change log holds of each partition when its position is so far."""

    def __init__(self, events):
        oracle = Oracle(events)
        self.accepted, self.unseen = oracle.accepted, oracle.unseen
        self.sorted = {p: sorted(o for q, o in self.accepted if q == p) for p in range(4)}

    def upto(self, positions):
        accepted = {}
        for partition, offsets in self.sorted.items():
            end = bisect.bisect_left(offsets, positions.get(partition, 0))
            accepted.update({(partition, offset): self.accepted[partition, offset] for offset in offsets[:end]})
        return accepted, {place for place in self.unseen if place[1] < positions.get(place[0], 0)}


class Log:
    """What the log must hold: of each partition so many of the events that were made, in their order."""

    def __init__(self, events):
        self.hashes = [[fnv1a("")] for _ in range(4)]  # of a partition's first n values
        for event in events:
            hashes = self.hashes[event.partition]
            hashes.append(fnv1a(event.text + "\n", hashes[-1]))

    def check(self, text, known, found):
        """Returns where the partitions end."""
        rows = [json.loads(line) for line in text.splitlines()]
        if rows[-1]["status"] != "OK":
            found.add("unreadable", f"the log cannot be read: {rows[-1]['status']}")
            return None
        ends = [0] * 4
        for row in rows[:-1]:
            partition, end = row["part"], row["end"]
            ends[partition] = end
            if end >= len(self.hashes[partition]) or row["hash"] != self.hashes[partition][end]:
                found.add("event", f"partition {partition}: its {end} events are not those that were sent")
        for partition, end in enumerate(known.appended):
            if ends[partition] < end:
                found.add("acknowledged event lost", f"partition {partition} ends at {ends[partition]}, acknowledged {end}")
        return ends


class Replay:
    """Opens the store, or the log, after every step (every: each n-th, and all that a sync ends)."""

    def __init__(self, place, generator, random_parts, every, seed):
        self.place, self.random_parts, self.every = place, random_parts, every
        self.chooser = random.Random(seed)
        self.disk, self.known = Disk(), Knowledge()
        self.prefixes, self.log = Prefixes(generator.events), Log(generator.events)
        self.store_checker = Checker([place.programs.dump, "serve", "lmdb", "-", place.topic, "4"])
        self.log_checker = Checker([place.programs.log, place.topic])
        self.counts, self.found = collections.Counter(), Differences()
        self.log_ends = [0] * 4  # of the log, were the power lost now and all that may be lost were
        self.scratch = tempfile.mkdtemp(prefix="proof-power-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)

    def run(self, steps):
        try:
            for number, step in enumerate(steps):
                self.counts["steps"] += 1
                self.counts[f"steps {step.kind}"] += 1
                if not self.disk.step(step):
                    self.known.hear(step)
                if step.kind in "SDA" or number % self.every == 0:
                    self.look(number, step)
        finally:
            self.store_checker.close()
            self.log_checker.close()
            shutil.rmtree(self.scratch, ignore_errors=True)

    def look(self, number, step):
        self.counts["points"] += 1
        is_of_log = step.path.startswith(self.place.log_path)
        for choice in ["none", "all"] + ["part"] * self.random_parts:
            found = Differences()
            if step.kind == "A" or is_of_log:
                self.look_at_log(choice, found)
            if step.kind == "A" or not is_of_log:
                self.look_at_store(choice, found)
            self.report(found, f"step {number}, {choice}")

    def write(self, source, choice):
        folder = os.path.join(self.scratch, "image")
        shutil.rmtree(folder, ignore_errors=True)
        self.disk.write(folder, source, choice, self.chooser)
        self.counts["images " + choice] += 1
        return folder

    def is_newborn(self, source):
        """It was never synced yet: it may be unreadable, for nothing was acknowledged, and it is made anew."""
        return self.disk.completed_syncs.get(os.path.join(source, "data.mdb"), 0) == 0

    def look_at_store(self, choice, found):
        dump = Dump(self.store_checker.dump(self.write(self.place.store_path, choice)))
        if self.is_newborn(self.place.store_path) and dump.status != "OK" and not self.known.told:
            self.counts["newborn and unreadable"] += 1
            return
        self.counts["acknowledged votes looked for"] += len(self.known.told)
        check(dump, self.known, self.prefixes, found)
        for partition, position in dump.positions.items() if choice == "none" else ():
            end = self.log_ends[partition]
            if position > end:
                found.add("ahead", f"partition {partition}: the position {position} is past the log's end {end}")

    def look_at_log(self, choice, found):
        text = self.log_checker.dump(self.write(self.place.log_path, choice))
        if self.is_newborn(self.place.log_path) and '"status":"OK"' not in text and not any(self.known.appended):
            self.counts["newborn and unreadable"] += 1
            return
        self.counts["acknowledged events looked for"] += sum(self.known.appended)
        ends = self.log.check(text, self.known, found)
        if choice == "none" and ends is not None:
            self.log_ends = ends

    def report(self, here, where):
        for words in here.words:
            kind, _, rest = words.partition(": ")
            self.found.add(kind, f"{where}: {rest}")
        for kind, count in here.kinds.items():
            self.found.kinds[kind] += max(count - sum(1 for words in here.words if words.startswith(kind + ":")), 0)


def run_once(programs, options, seed, votes=VOTES_EACH, events=EVENTS, random_parts=PARTS_EACH, every=1):
    directory = tempfile.mkdtemp(prefix="proof-")
    began = time.monotonic()
    try:
        place = Place(directory, programs, batch=10)
        # In a folder of its own: what one keeps of its names is not to keep the other's.
        place.log_path = os.path.join(directory, "events", "log")
        os.mkdir(os.path.dirname(place.log_path))
        trace_path, generator = record(place, options, seed, votes, events)
        replay = Replay(place, generator, random_parts, every, seed)
        replay.run(read_trace(trace_path))
        counts, found = replay.counts, replay.found
        return {"seed": seed, "seconds": round(time.monotonic() - began, 1), "votes": votes * VOTERS, "events": events,
                "counts": dict(counts), "differences": dict(found.kinds), "words": found.words}
    finally:
        if options.keep:
            shutil.copytree(directory, options.keep, dirs_exist_ok=True)
        shutil.rmtree(directory, ignore_errors=True)
