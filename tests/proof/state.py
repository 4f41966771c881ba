"""What runs have shown: a file of JSON lines for each subject, appended to run by run, so that a stopped proof goes on. A row
names the program that was run, by a hash: what another build has shown counts no more."""

import datetime
import json
import os


class State:
    def __init__(self, folder):
        self.folder = folder

    def _path(self, subject):
        return os.path.join(self.folder, subject + ".jsonl")

    def rows(self, subject, program=None):
        """program: a hash; None: of the newest row's."""
        try:
            with open(self._path(subject), encoding="utf-8") as file:
                rows = [json.loads(line) for line in file if line.endswith("\n")]
        except FileNotFoundError:
            return []
        program = program or (rows[-1]["program"] if rows else None)
        return [row for row in rows if row["program"] == program]

    def add(self, subject, row, program):
        os.makedirs(self.folder, exist_ok=True)
        row["program"] = program
        row["when"] = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M")
        with open(self._path(subject), "a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")

    def subjects(self):
        try:
            return sorted(name[:-6] for name in os.listdir(self.folder) if name.endswith(".jsonl"))
        except FileNotFoundError:
            return []
