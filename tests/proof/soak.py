"""A producer at a steady rate, and two rating services that are ended every few seconds, by SIGTERM and SIGKILL in turn: nothing is
lost or doubled, memory stays flat, and how far they are behind stays bounded."""

import array
import os
import re
import statistics
import subprocess
import tempfile
import threading
import time

from compare import Differences, aggregates_of, compare_aggregates
from events import partition_of, rfc3339, FIRST_MS
from ingestion import clean, prepare
from instances import Failure, Place, Rating

USERS, RECORDS = 2000, 100
RESTART_S = 20
SAMPLE_S = 2
CHUNKS_A_SECOND = 10
LAG_SECONDS_MAX = 30     # events behind, in seconds of the producer's rate
# What leaks raises all samples; a batch after a moment of lag, of 10,000 events where it was of 2,000, raises one.
MEMORY_GROWTH_MAX = 1.3  # the median of the last third of the time against that of the first
MEMORY_KIB_MAX = 128 * 1024
MEMORY_S_MIN = 60        # below, memory still grows to what it needs
DRAIN_S = 120


class Producer(threading.Thread):
    """Events of rising times, so that each is accepted; remembers the last vote of each user on each record."""

    def __init__(self, place, rate, seconds):
        super().__init__(daemon=True)
        self.rate, self.seconds = rate, seconds
        self.ends = [0] * 4
        self.last = array.array("i", [-1]) * (USERS * RECORDS)
        self.times = array.array("q", [0]) * (USERS * RECORDS)
        self.partitions = [partition_of(place.log, f"user-{user}") for user in range(USERS)]
        self.made = self.late_max = 0
        self.process = subprocess.Popen([place.programs.marquee, "ingest", "--raw", f"--topic={place.topic}", *place.log_options(),
                                         "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        self.failure = None

    def run(self):
        try:
            self._produce()
        except OSError as failure:
            self.failure = failure

    def _produce(self):
        began = time.monotonic()
        chunk = self.rate // CHUNKS_A_SECOND
        for turn in range(self.seconds * CHUNKS_A_SECOND):
            self.process.stdin.write(self._chunk(chunk, turn).encode())
            self.process.stdin.flush()
            wait = began + (turn + 1) / CHUNKS_A_SECOND - time.monotonic()
            self.late_max = max(self.late_max, -wait)
            if wait > 0:
                time.sleep(wait)
        self.process.stdin.close()
        self.process.wait()

    def _chunk(self, count, turn):
        time_ms = FIRST_MS + turn * (1000 // CHUNKS_A_SECOND)
        stamp, lines = rfc3339(time_ms), []
        number = self.made
        for number in range(self.made, self.made + count):
            slot = number * 7919 % (USERS * RECORDS)
            user, record = divmod(slot, RECORDS)
            hundredths = number * 31 % 1001
            self.last[slot] = hundredths
            self.times[slot] = time_ms
            self.ends[self.partitions[user]] += 1
            lines.append(f'{{"userId":"user-{user}","recordId":"movie-{record}","recordType":"movie","providerId":"club",'
                         f'"eventType":"put","value":{hundredths // 100}.{hundredths % 100:02},"eventTime":"{stamp}"}}\n')
        self.made += count
        return "".join(lines)

    def votes(self):
        return {("movie", f"movie-{slot % RECORDS}", "club", f"user-{slot // RECORDS}"): (value, self.times[slot], False)
                for slot, value in enumerate(self.last) if value >= 0}


def anonymous_kib(pid):
    """Memory of its own: pages of files that are mapped come and go with the system's needs."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        found = re.search(r"RssAnon:\s+(\d+)", status.read())
    return int(found.group(1)) if found else 0


class Soak:
    def __init__(self, place, producer, restart_s):
        self.place, self.producer, self.restart_s = place, producer, restart_s
        self.ratings = [Rating(place, f"rating-{i}") for i in range(2)]
        self.restarts = {"SIGTERM": 0, "SIGKILL": 0}
        self.samples = []  # (seconds, events behind, KiB of each service, KiB of the producer)
        self.found = Differences()
        self.reached_s = time.monotonic()

    def restart(self, turn):
        for i, rating in enumerate(self.ratings):
            name = "SIGTERM" if (turn + i) % 2 == 0 else "SIGKILL"
            if name == "SIGTERM":
                code = rating.stop()
                if code != 0:
                    self.found.add("ended", f"{rating.name} ended with {code}: {rating.log()[-500:]}")
            else:
                rating.kill()
            self.restarts[name] += 1
            self.ratings[i] = Rating(self.place, rating.name)

    def sample(self):
        positions = self.place.dump("positions").positions
        behind = self.producer.made - sum(positions.values())
        sizes = [anonymous_kib(rating.process.pid) for rating in self.ratings if rating.is_alive()]
        producer = anonymous_kib(self.producer.process.pid) if self.producer.process.poll() is None else 0
        self.samples.append((round(time.monotonic() - self.reached_s, 1), behind, max(sizes, default=0), producer))

    def live(self):
        turn, due = 0, time.monotonic() + self.restart_s
        while self.producer.is_alive():
            self.producer.join(SAMPLE_S)
            self.sample()
            if time.monotonic() >= due:
                self.restart(turn)
                turn, due = turn + 1, due + self.restart_s
        if self.producer.failure is not None or self.producer.process.returncode != 0:
            raise Failure(f"the producer ended with {self.producer.process.returncode}: {self.producer.failure} "
                          f"{self.producer.process.stderr.read()[-500:]}")

    def drain(self):
        began = time.monotonic()
        while time.monotonic() < began + DRAIN_S:
            positions = self.place.dump("positions").positions
            if all(positions.get(p, 0) >= end for p, end in enumerate(self.producer.ends)):
                return time.monotonic() - began
            time.sleep(0.2)
        self.found.add("stuck", f"not everything was applied {DRAIN_S} s after the last event")
        return DRAIN_S

    def judge(self, rate):
        third = max(len(self.samples) // 3, 1)
        is_long = self.samples[-1][0] >= MEMORY_S_MIN
        for column, name in ((2, "a service"), (3, "the producer")) if is_long else ():
            sizes = [sample[column] for sample in self.samples if sample[column] > 0]
            first, last = statistics.median(sizes[:third]), statistics.median(sizes[-third:])
            if last > first * MEMORY_GROWTH_MAX or max(sizes) > MEMORY_KIB_MAX:
                self.found.add("memory", f"{name} has grown from {first} to {last} KiB, with {max(sizes)} at the most")
        worst = max(sample[1] for sample in self.samples)
        if worst > rate * LAG_SECONDS_MAX:
            self.found.add("lag", f"{worst} events behind")
        return worst


def compare_all(producer, dump, found):
    """Each partition's offsets are one run, from the first to the last: none missing, none twice."""
    runs = {}
    for row in dump.runs:
        runs.setdefault(row["part"], []).append((row["first"], row["last"]))
    for partition, end in enumerate(producer.ends):
        compare_runs(partition, end, runs.get(partition, []), found)
    votes = producer.votes()
    for key in votes.keys() | dump.votes.keys():
        if votes.get(key) != dump.votes.get(key):
            found.add("vote", f"{key}: {dump.votes.get(key)}, wanted {votes.get(key)}")
    compare_aggregates(aggregates_of(votes), dump.aggregates, found)


def compare_runs(partition, end, runs, found):
    wanted = 0
    for first, last in runs:
        if first > wanted:
            found.add("lost", f"partition {partition}: offsets {wanted} to {first - 1}")
        if first < wanted:
            found.add("doubled", f"partition {partition}: offsets from {first} again, after {wanted - 1}")
        wanted = max(wanted, last + 1)
    if wanted != end:
        found.add("lost", f"partition {partition}: the change log ends at {wanted}, the log at {end}")


def run_once(programs, options, seconds, rate, restart_s=RESTART_S):
    directory = tempfile.mkdtemp(prefix="proof-")
    soak, began = None, time.monotonic()
    place = Place(directory, programs, options.store, options.log, batch=10000, bug=options.bug, delivery=options.delivery)
    try:
        prepare(place)
        producer = Producer(place, rate, seconds)
        soak = Soak(place, producer, restart_s)
        producer.start()
        soak.live()
        drained_s = soak.drain()
        worst = soak.judge(rate)
        codes = [rating.stop() for rating in soak.ratings]
        if any(codes):
            soak.found.add("ended", f"the services ended with {codes}")
        compare_all(producer, place.dump("ranges", 900), soak.found)
        size = sum(os.path.getsize(os.path.join(place.store_path, name)) for name in os.listdir(place.store_path)) \
            if os.path.isdir(place.store_path) else 0
        return {"seconds": seconds, "rate": rate, "events": producer.made, "took": round(time.monotonic() - began, 1),
                "late": round(producer.late_max, 2), "restarts": soak.restarts, "behind": worst,
                "most": max(sample[2] for sample in soak.samples), "drained": round(drained_s, 1),
                "samples": soak.samples[::max(len(soak.samples) // 12, 1)], "store bytes": size,
                "differences": dict(soak.found.kinds), "words": soak.found.words}
    finally:
        for rating in soak.ratings if soak else ():
            if rating.is_alive():
                rating.kill()
        clean(place)
