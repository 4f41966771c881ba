"""A store's dump against what it must hold. Each difference is a line of words; their kinds are counted apart, for a control
must show the kind that it is made for."""

import collections
import json

from events import ALWAYS_MS, aggregates_of

EXAMPLES = 6  # of each kind, in words


class Dump:
    """What proof_dump printed."""

    def __init__(self, text):
        self.votes, self.aggregates, self.positions, self.epochs = {}, {}, {}, {}
        self.letters, self.changes, self.runs = [], [], []
        self.range, self.status = None, "none"
        add = {"v": self._vote, "a": self._aggregate, "p": self._position, "e": self._epoch, "l": self.letters.append,
               "c": self.changes.append, "r": self.runs.append, "range": self._range, "end": self._end}
        for line in text.splitlines():
            row = json.loads(line)
            add[row["k"]](row)

    def _vote(self, row):
        self.votes[row["t"], row["r"], row["p"], row["u"]] = row["h"], row["time"], bool(row["d"])

    def _aggregate(self, row):
        self.aggregates[row["t"], row["r"]] = row["n"], row["s"], row["b"]

    def _position(self, row):
        self.positions[row["part"]] = row["next"]

    def _epoch(self, row):
        self.epochs[row["part"]] = row["epoch"]

    def _range(self, row):
        self.range = row["first"], row["last"]

    def _end(self, row):
        self.status = row["status"]


class Differences:
    def __init__(self):
        self.kinds = collections.Counter()
        self.words = []

    def add(self, kind, words):
        self.kinds[kind] += 1
        if self.kinds[kind] <= EXAMPLES:
            self.words.append(f"{kind}: {words}")

    def __bool__(self):
        return bool(self.kinds)


def live(aggregates):
    """Without records that nobody votes on any more."""
    return {key: value for key, value in aggregates.items() if value[0] > 0}


def compare_votes(votes, dump, found):
    for key in votes.keys() | dump.votes.keys():
        wanted, stored = votes.get(key), dump.votes.get(key)
        if wanted is not None and stored is not None and wanted[1] == ALWAYS_MS:
            stored = stored[0], ALWAYS_MS, stored[2]
        if wanted is not None and stored is not None and wanted[2] and stored[2]:
            stored = 0, stored[1], True
        if wanted != stored:
            found.add("vote", f"{key}: {stored}, wanted {wanted}")


def compare_aggregates(wanted, stored, found):
    wanted, stored = live(wanted), live(stored)
    for key in wanted.keys() | stored.keys():
        if wanted.get(key) != stored.get(key):
            found.add("aggregate", f"{key}: {stored.get(key)}, wanted {wanted.get(key)}")


def compare_places(accepted, unseen, changes, found):
    """Every offset applied exactly once: the change log is the counter that no replacing can hide."""
    times = collections.Counter((row["part"], row["off"]) for row in changes if row["src"])
    kinds = {(row["part"], row["off"]): row["kind"] for row in changes if row["src"]}
    for place, kind in accepted.items():
        if times[place] == 0:
            found.add("lost", f"partition {place[0]} offset {place[1]}")
        elif kinds[place] != kind:
            found.add("kind", f"{place} is a record of kind {kinds[place]}, wanted {kind}")
    for place, count in times.items():
        if count > 1:
            found.add("doubled", f"partition {place[0]} offset {place[1]}: {count} times")
        if place not in accepted and place not in unseen:
            found.add("unwanted", f"partition {place[0]} offset {place[1]} was to change nothing")


def compare_letters(accepted, letters, found):
    wanted = {place for place, kind in accepted.items() if kind == 3}
    stored = {(row["part"], row["off"]) for row in letters}
    for place in wanted ^ stored:
        found.add("dead letter", f"{place} is {'missing' if place in wanted else 'not one'}")
    for row in letters:
        if not row["reason"]:
            found.add("dead letter", f"{row} has no reason")


def compare_sequence(dump, found):
    first, last = dump.range
    sequences = [row["q"] for row in dump.changes]
    if sequences != list(range(first, last + 1)):
        found.add("sequence", f"the change log has holes between {first} and {last}")


def replayed(changes):
    """The votes that the change log alone leaves, without tombstones."""
    votes = {}
    for row in changes:
        if row["kind"] == 1:
            votes[row["t"], row["r"], row["p"], row["u"]] = row["h"], row["time"], False
        elif row["kind"] == 2:
            votes.pop((row["t"], row["r"], row["p"], row["u"]), None)
    return votes


def compare_inside(dump, found):
    """What a store must agree with itself about, whatever it was told."""
    if dump.status != "OK":
        found.add("unreadable", f"the store cannot be read: {dump.status}")
        return
    compare_aggregates(aggregates_of(dump.votes), dump.aggregates, found)
    compare_sequence(dump, found)
    standing = {key: vote for key, vote in dump.votes.items() if not vote[2]}
    if replayed(dump.changes) != standing:
        found.add("replay", "the change log does not give the votes")


def compare(oracle, dump):
    found = Differences()
    compare_inside(dump, found)
    if dump.status != "OK":
        return found
    compare_votes(oracle.votes, dump, found)
    compare_aggregates(oracle.aggregates(), dump.aggregates, found)
    compare_places(oracle.accepted, oracle.unseen, dump.changes, found)
    compare_letters(oracle.accepted, dump.letters, found)
    for partition, end in enumerate(oracle.ends):
        if end > 0 and dump.positions.get(partition) != end:
            found.add("position", f"partition {partition} is at {dump.positions.get(partition)}, the log ends at {end}")
    return found
