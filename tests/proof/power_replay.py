"""The files of a store as a loss of power would leave them, from a trace of the power shim: after every step of it, with what was
not synced dropped, kept, or kept in part, at 4 KiB.

What is durable: a write after a sync of its file that began later, or after its own return when the descriptor is O_DSYNC; a file's
name after a sync of its folder. Everything else may or may not be there, each 4 KiB of it for itself, in any order."""

import json
import os
import struct

HEAD = struct.Struct("<IIIIQq")
BLOCK = 4096


class Step:
    def __init__(self, kind, path, data, process, number, offset):
        self.kind, self.path, self.data = kind, path, data
        self.process, self.number, self.offset = process, number, offset


def read_trace(path):
    with open(path, "rb") as file:
        data = file.read()
    steps, at = [], 0
    while at + HEAD.size <= len(data):
        kind, path_length, data_length, process, number, offset = HEAD.unpack_from(data, at)
        at += HEAD.size
        name = data[at:at + path_length].decode()
        at += path_length
        steps.append(Step(chr(kind), name, data[at:at + data_length], process, number, offset))
        at += data_length
    if at != len(data):
        raise ValueError("the trace ends in the middle of a record")
    return steps


def told_record(row):
    """What a client appends to the trace: one write, of what it asked for ("asked") or was told ("told")."""
    data = json.dumps(row).encode()
    return HEAD.pack(ord("A"), 0, len(data), 0, 0, 0) + data


class File:
    def __init__(self):
        self.durable = bytearray()
        self.pending = []       # Steps of kind W and T, not durable yet
        self.syncs = {}         # (process, number) -> what was pending when it began
        self.is_named = False   # its name is in a synced folder

    @staticmethod
    def put(image, offset, data):
        if len(image) < offset + len(data):
            image.extend(bytes(offset + len(data) - len(image)))
        image[offset:offset + len(data)] = data

    @classmethod
    def apply(cls, image, step):
        if step.kind == "T":
            if step.offset < len(image):
                del image[step.offset:]
            else:
                image.extend(bytes(step.offset - len(image)))
        else:
            cls.put(image, step.offset, step.data)

    def settle(self, steps):
        for step in self.pending:
            if step in steps:
                self.apply(self.durable, step)
        self.pending = [step for step in self.pending if step not in steps]

    def image(self, choice, random):
        """choice: none, all, or part: of what is pending."""
        image = bytearray(self.durable)
        for step in self.pending if choice != "none" else ():
            if choice == "all" or step.kind == "T":
                if choice == "all" or random.random() < 0.5:
                    self.apply(image, step)
                continue
            at = 0
            while at < len(step.data):
                length = min(BLOCK - (step.offset + at) % BLOCK, len(step.data) - at)
                if random.random() < 0.5:
                    self.put(image, step.offset + at, step.data[at:at + length])
                at += length
        return image


class Disk:
    """All files of a trace, as far as it has been replayed."""

    def __init__(self):
        self.files = {}
        self.completed_syncs = {}  # path -> how many

    def file(self, path):
        return self.files.setdefault(path, File())

    def step(self, step):
        """Replays one; whether what a loss of power leaves has changed."""
        if step.kind == "M":
            raise ValueError(f"{step.path} is mapped writable: the trace does not hold what is written so")
        if step.kind == "C":
            self.file(step.path)
        elif step.kind in "WT":
            self.file(step.path).pending.append(step)
        elif step.kind == "D":
            file = self.file(step.path)
            file.settle([p for p in file.pending if (p.process, p.number) == (step.process, step.number)])
        elif step.kind == "F":
            file = self.file(step.path)
            file.syncs[step.process, step.number] = list(file.pending)
        elif step.kind == "S":
            file = self.file(step.path)
            file.settle(file.syncs.pop((step.process, step.number)))
            self._sync_folder(step.path)
            self.completed_syncs[step.path] = self.completed_syncs.get(step.path, 0) + 1
        elif step.kind == "R":
            self.files[step.data.decode()] = self.files.pop(step.path, File())
        elif step.kind == "U":
            self.files.pop(step.path, None)
        return step.kind != "A"

    def _sync_folder(self, folder):
        for path, file in self.files.items():
            if os.path.dirname(path) == folder:
                file.is_named = True

    def write(self, folder, source, choice, random):
        """Writes what is left of the files directly in `source` into `folder`; nothing when that itself is lost."""
        os.makedirs(folder, exist_ok=True)
        if not self.file(source).is_named and (choice == "none" or choice == "part" and random.random() < 0.5):
            return
        for path, file in self.files.items():
            if os.path.dirname(path) != source or (choice == "none" and not file.is_named):
                continue
            if not file.is_named and choice == "part" and random.random() < 0.5:
                continue
            with open(os.path.join(folder, os.path.basename(path)), "wb") as out:
                out.write(file.image(choice, random))
