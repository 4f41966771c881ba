"""Rating services of one group on one store and one log, killed at named points and at any instant while events come in; in
the end everything was applied exactly once, or the differences are told."""

import contextlib
import os
import random
import shutil
import tempfile
import time

from compare import compare
from events import Generator, Oracle
from instances import POINTS_OF, Place, Rating

FINISH_S = 30        # until all is applied, when nobody is killed any more
POLL_S = 0.003
POSITIONS_S = 0.05   # between looks at the positions
POINT_S = {"local": 1.5, "kafka": 5}  # within which an instance comes to its point: a group takes its time
RUN_KILLS_S = 20     # a run that has not used up its kills by then goes on without


class Plan:
    """What one run does: all of it from the seed."""

    def __init__(self, seed, store, log):
        self.seed = seed
        self.random = random.Random(seed * 7919 + 17)
        self.instances = self.random.choice((2, 2, 2, 3))
        self.events = self.random.randrange(300, 600)
        self.chunk = self.random.choice((30, 60, 120))
        self.batch = self.random.choice((5, 10, 20, 40))
        self.kills = self.random.randrange(3, 7)
        self.points = POINTS_OF[store, log]
        self.kills_broker = log == "kafka" and self.random.random() < 0.25
        self.kills_server = store == "postgres" and self.random.random() < 0.25

    def crash(self):
        """How an instance that starts now is to end: a named point, or None for an instant of its own."""
        if self.random.random() < 0.3:
            return None
        point = self.random.choice(self.points)
        turns = {"assignment": 2, "revoke": 1, "mid_batch": 60, "before_begin": 8}.get(point, 6)
        return f"{point}:{self.random.randrange(1, turns + 1)}:kill"


class Run:
    def __init__(self, plan, place, generator):
        self.plan, self.place, self.generator = plan, place, generator
        self.slots = [None] * plan.instances
        self.due = [0.0] * plan.instances       # when it is killed by us; 0: by the shim, or never
        self.killed = self.random_kills = self.started = 0
        self.unexpected = []
        self.broker_kills = self.server_kills = self.refused_starts = 0

    def start(self, slot):
        is_armed = self.killed + self.armed() < self.plan.kills
        crash = self.plan.crash() if is_armed else ""
        # Who does not come to his point is killed where he is.
        wait = self.plan.random.uniform(0.01, 0.25) if crash is None else POINT_S[self.place.log]
        self.due[slot] = time.monotonic() + wait if is_armed else 0.0
        self.slots[slot] = Rating(self.place, f"rating-{slot}", crash or "")
        self.started += 1

    def armed(self):
        return sum(1 for slot, rating in enumerate(self.slots) if rating is not None and rating.is_alive()
                   and self.due[slot] > 0)

    def step(self):
        """Kills who is due, starts who is dead."""
        now = time.monotonic()
        for slot, rating in enumerate(self.slots):
            if rating is not None and 0 < self.due[slot] <= now and rating.is_alive():
                rating.kill()
                self.random_kills += 1
            if rating is not None and not rating.is_alive():
                if rating.died_by_kill():
                    self.killed += 1
                elif self.found_no_server(rating):
                    self.refused_starts += 1
                else:
                    self.unexpected.append(f"{rating.name} ended with {rating.process.returncode}: {rating.log()[-600:]}")
                rating.output.close()
                self.start(slot)

    def found_no_server(self, rating):
        """It was about to start when the server was killed: it ends and says so, and its supervisor starts it again. Once
        ready, it must not end."""
        return (self.server_kills > 0 and self.refused_starts < self.plan.instances and rating.process.returncode == 1
                and not rating.found_ready() and "database" in rating.log())

    def live(self):
        for slot in range(len(self.slots)):
            self.start(slot)
        left = self.plan.events
        deadline = time.monotonic() + RUN_KILLS_S
        pause = 0.0
        while (left > 0 or self.killed < self.plan.kills) and time.monotonic() < deadline and len(self.unexpected) < 3:
            if time.monotonic() >= pause:
                # What is left comes last, or a little goes on, so that there is something to be killed at.
                count = min(self.plan.chunk, left) if left > 0 else 10
                self.place.produce(self.generator.make(count))
                left = max(left - count, 0)
                if self.plan.kills_broker and left < self.plan.events // 2:
                    self.kill_broker()
                if self.plan.kills_server and left < self.plan.events // 2:
                    self.kill_server()
                pause = time.monotonic() + self.plan.random.uniform(0.0, 0.06)
            self.step()
            time.sleep(POLL_S)
        for slot, rating in enumerate(self.slots):  # whoever waits to be killed is not there for the end
            if self.due[slot] > 0:
                rating.kill()
                self.slots[slot] = Rating(self.place, rating.name)
                self.started += 1

    def kill_broker(self):
        """Once in a run, between two produces: the services find it gone, and back."""
        import kafka_place
        self.plan.kills_broker = False
        if kafka_place.CONTROL["broker"] is not None:
            kafka_place.CONTROL["broker"].kill()
            kafka_place.CONTROL["broker"].resume()
            self.broker_kills += 1

    def kill_server(self):
        """Once in a run: whoever is within a commit has to find out whether it was done."""
        import postgres_place
        self.plan.kills_server = False
        if postgres_place.crash():
            self.server_kills += 1

    def finish(self, ends):
        """Waits until all is applied; false when it is not in time."""
        deadline = time.monotonic() + FINISH_S
        while time.monotonic() < deadline:
            positions = self.place.dump("positions").positions
            if all(positions.get(partition, 0) >= end for partition, end in enumerate(ends)):
                return True
            if not any(rating.is_alive() for rating in self.slots):
                return False
            time.sleep(POSITIONS_S)
        return False

    def end(self):
        for rating in self.slots:
            if rating is not None and rating.is_alive():
                rating.address()  # before it is ready, SIGTERM just ends it
        codes = [rating.stop() for rating in self.slots if rating is not None]
        for rating, code in zip(self.slots, codes):
            if code != 0:
                self.unexpected.append(f"{rating.name} ended with {code}: {rating.log()[-600:]}")


def counted(rating, name):
    return sum(value for key, value in rating.metrics().items() if key.split("{")[0] == name)


@contextlib.contextmanager
def surroundings(options):
    """A server of the store or of the log that all runs share, where there is one."""
    with contextlib.ExitStack() as stack:
        if options.store == "postgres":
            import postgres_place
            stack.enter_context(postgres_place.server(options))
        if options.log == "kafka":
            import kafka_place
            stack.enter_context(kafka_place.broker(options))
        yield


def prepare(place):
    """Whatever a store or a log wants before the services start."""
    if place.store == "postgres":
        import postgres_place
        postgres_place.prepare(place)
    if place.log == "kafka":
        import kafka_place
        kafka_place.prepare(place)


def clean(place):
    if place.store == "postgres":
        import postgres_place
        postgres_place.clean(place)
    shutil.rmtree(place.directory, ignore_errors=True)


def run_once(programs, options, seed, keep=None):
    """One run; returns what is known of it, as a row of the state file."""
    plan = Plan(seed, options.store, options.log)
    directory = tempfile.mkdtemp(prefix="proof-")
    place = Place(directory, programs, options.store, options.log, plan.batch, options.delivery, options.bug)
    run = Run(plan, place, Generator(seed, options.log))
    began = time.monotonic()
    try:
        prepare(place)
        run.live()
        oracle = Oracle(run.generator.events)
        is_done = run.finish(oracle.ends)
        run.end()
        found = compare(oracle, place.dump())
        if not is_done:
            found.add("stuck", f"not everything was applied within {FINISH_S} s")
        for words in run.unexpected:
            found.add("ended", words)
        reached, fired = place.counters.read()
        epochs = place.dump("epochs").epochs
        row = {"seed": seed, "seconds": round(time.monotonic() - began, 2), "events": len(run.generator.events),
               "instances": plan.instances, "started": run.started, "killed": run.killed, "random": run.random_kills,
               "broker kills": run.broker_kills, "server kills": run.server_kills,
               "refused starts": run.refused_starts,
               "reached": reached, "fired": fired, "differences": dict(found.kinds), "words": found.words,
               "epochs": [epochs.get(i, 0) for i in range(4)]}
        if found and keep:
            shutil.copytree(directory, os.path.join(keep, f"seed-{seed}"), dirs_exist_ok=True)
        return row
    finally:
        for rating in run.slots:
            if rating is not None and rating.is_alive():
                rating.kill()
        clean(place)
