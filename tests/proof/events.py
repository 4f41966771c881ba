"""Rating events from a seed, and what a store must hold after them: computed here alone, by the rules of api/events.md, with
nothing of Marquee's code. Each event knows its partition and its offset there, so that every offset can be accounted for."""

import json
import random

PROVIDERS = ("club", "press")
PARTITIONS = 4
ALWAYS_MS = 2 ** 62  # the time of an event without one: later than all that have one, for those are of 2024
FIRST_MS = 1704067200000  # 2024-01-01T00:00:00Z
BINS = 21

# Each breaks one rule of api/events.md; the user stays, for it chooses the partition.
FAULTS = ({"value": 10.01}, {"value": "9"}, {"recordType": "film"}, {"recordId": ""}, {"eventType": "replace"},
          {"eventTime": "yesterday"})


def fnv1a(text, value=0xcbf29ce484222325):
    for byte in text.encode():
        value = (value ^ byte) * 0x100000001b3 % 2 ** 64
    return value


def murmur2(key):
    """Kafka's own hash of a key, for its producer's partitioner."""
    data, length = key.encode(), len(key.encode())
    m, value = 0x5bd1e995, 0x9747b28c ^ length
    for at in range(0, length - length % 4, 4):
        k = int.from_bytes(data[at:at + 4], "little") * m % 2 ** 32
        k = (k ^ k >> 24) * m % 2 ** 32
        value = value * m % 2 ** 32 ^ k
    rest = data[length - length % 4:]
    if rest:
        value = (value ^ int.from_bytes(rest, "little")) * m % 2 ** 32
    value = (value ^ value >> 13) * m % 2 ** 32
    return value ^ value >> 15


def partition_of(log, key):
    return fnv1a(key) % PARTITIONS if log == "local" else (murmur2(key) & 0x7fffffff) % PARTITIONS


def rfc3339(time_ms):
    seconds, ms = divmod(time_ms - FIRST_MS, 1000)
    days, seconds = divmod(seconds, 86400)
    month = 1 + days // 28
    return f"2024-{month:02}-{1 + days % 28:02}T{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}.{ms:03}Z"


def rfc3339_ms(number):
    """The time of the number-th event: within the first 28 days of a month, for rfc3339() knows no longer ones."""
    return FIRST_MS + number * 1000


class Event:
    """One record of the topic: its text, its place, and what it asks for."""

    def __init__(self, fields, is_bad):
        self.fields, self.is_bad = fields, is_bad
        self.partition = self.offset = None
        self.text = json.dumps(fields, separators=(",", ":"))

    @property
    def vote(self):
        f = self.fields
        return f["recordType"], f["recordId"], f["providerId"], f["userId"]


class Generator:
    """Events whose order per partition is the order they are made in."""

    def __init__(self, seed, log="local", users=48, records=24):
        self.random = random.Random(seed)
        self.log, self.users, self.records = log, users, records
        self.ends = [0] * PARTITIONS
        self.events, self.number, self.identified = [], 0, []

    def make(self, count):
        made = [self._place(self._event()) for _ in range(count)]
        self.events += made
        return made

    def _place(self, event):
        event.partition = partition_of(self.log, event.fields["userId"])
        event.offset = self.ends[event.partition]
        self.ends[event.partition] += 1
        return event

    def _event(self):
        draw = self.random.random()
        self.number += 1
        if draw < 0.03 and self.identified:  # a provider sends again what it sent
            return Event(dict(self.random.choice(self.identified)), False)
        fields = {"userId": f"user-{self.random.randrange(self.users)}",
                  "recordId": f"movie-{self.random.randrange(self.records)}", "recordType": "movie",
                  "providerId": self.random.choice(PROVIDERS), "eventType": "put",
                  "value": self.random.randrange(1001) / 100, "eventTime": rfc3339(rfc3339_ms(self.number))}
        if draw < 0.06:
            fields.update(self.random.choice(FAULTS))
            return Event(fields, True)
        if draw < 0.12:  # from a slow part of the provider: older than what has been sent
            fields["eventTime"] = rfc3339(rfc3339_ms(self.random.randrange(1, self.number + 1)))
        elif draw < 0.20:
            fields["eventType"] = "delete"
            del fields["value"]
        elif draw < 0.205:
            del fields["eventTime"]
        elif draw < 0.26:
            fields["eventId"] = f"event-{self.number}"
            self.identified.append(fields)
        return Event(fields, False)


class Oracle:
    """The state after all events, and what each offset must have left in the change log."""

    def __init__(self, events):
        self.votes = {}          # (type, record, provider, user) -> (hundredths, time, deleted)
        self.accepted = {}       # (partition, offset) -> 1 put, 2 delete, 3 dead letter
        self.unseen = set()      # offsets that may leave a record or none: tombstones where no vote was
        self.ends = [0] * PARTITIONS
        taken = set()
        for event in events:
            place = event.partition, event.offset
            self.ends[event.partition] = event.offset + 1
            if event.is_bad:
                self.accepted[place] = 3
                continue
            name = event.fields.get("eventId")
            if name is not None:
                if (event.fields["providerId"], name) in taken:
                    continue
                taken.add((event.fields["providerId"], name))
            self._apply(event, place)

    def _apply(self, event, place):
        time = self._time(event)
        old = self.votes.get(event.vote)
        if old is not None and time < old[1]:
            return
        if event.fields["eventType"] == "put":
            self.votes[event.vote] = (round(event.fields["value"] * 100), time, False)
            self.accepted[place] = 1
        else:
            self.votes[event.vote] = (0, time, True)
            if old is not None and not old[2]:
                self.accepted[place] = 2
            else:
                self.unseen.add(place)

    @staticmethod
    def _time(event):
        text = event.fields.get("eventTime")
        if text is None:
            return ALWAYS_MS
        month, day = int(text[5:7]), int(text[8:10])
        days = (month - 1) * 28 + day - 1
        return FIRST_MS + (days * 86400 + int(text[11:13]) * 3600 + int(text[14:16]) * 60 + int(text[17:19])) * 1000 \
            + int(text[20:23])

    def aggregates(self):
        return aggregates_of(self.votes)


def aggregates_of(votes):
    """(type, record) -> (count, sum, histogram) of votes as in Oracle.votes."""
    found = {}
    for (kind, record, _, _), (hundredths, _, deleted) in votes.items():
        if not deleted:
            count, total, bins = found.get((kind, record), (0, 0, [0] * BINS))
            bins[hundredths // 50] += 1
            found[kind, record] = count + 1, total + hundredths, bins
    return found
