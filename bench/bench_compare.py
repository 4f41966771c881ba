"""Rounds of several servers beside each other, and what was aimed at."""
import sys

from bench_load import NoReplies
from bench_report import is_tie, median, spread, thousands

COLUMNS = ["server", "load", "calls/s", "per CPU-second", "spread", "p50 ms", "p99 ms", "MiB", "Marquee's to it"]


class Comparison:
    """Rounds of everything that is compared under one title, interleaved."""

    def __init__(self, title, ours):
        self.title = title
        self.ours = ours  # the server that the others are compared with
        self.rounds = {}  # (load, server): [Round]
        self.failures = []

    def measure(self, servers, loads, options):
        """loads: {name: run(server)}."""
        for number in range(options.rounds + 1):
            what = f"round {number} of {options.rounds}" if number > 0 else "warming up"
            print(f"bench: {self.title}: {what}", file=sys.stderr)
            for load, run in loads.items():
                for server in servers:
                    self.run_once(load, server, run, number > 0)
        return self

    def run_once(self, load, server, run, is_counted):
        rounds = self.rounds.setdefault((load, server.name), [])
        try:
            one = run(server)
        except NoReplies as reason:
            self.failures.append(str(reason))
            return
        if is_counted:
            rounds.append(one)

    def rates(self, load, name):
        return [one.per_cpu_second for one in self.rounds.get((load, name), [])]

    def ratio(self, load, name):
        """How many times the other's calls per CPU-second are ours, and whether that is a tie. None: one is absent."""
        ours, theirs = self.rates(load, self.ours), self.rates(load, name)
        if not ours or not theirs:
            return None
        return median(ours) / median(theirs), is_tie(ours, theirs)

    def print(self, report):
        table = report.table(self.title, COLUMNS)
        for failure in sorted(set(self.failures)):
            report.note(f"Not compared: {failure} ({self.failures.count(failure)} times).")
        for (load, name), rounds in self.rounds.items():
            if not rounds:
                continue
            rates = self.rates(load, name)
            ratio = self.ratio(load, name) if name != self.ours else None
            table.add(name, load, thousands(median([one.per_second for one in rounds])), thousands(median(rates)),
                      f"±{spread(rates) * 100:.0f}%", f"{median([one.p50_us for one in rounds]) / 1000:.2f}",
                      f"{median([one.p99_us for one in rounds]) / 1000:.2f}",
                      f"{median([one.memory_mib for one in rounds]):.0f}",
                      f"{ratio[0]:.2f}{' (tie)' if ratio[1] else ''}" if ratio else "")


class Aims:
    """What was to be reached, and what came out."""

    def __init__(self):
        self.rows = []

    def add(self, what, aim, came_out, reached):
        self.rows.append((what, aim, came_out, "yes" if reached else "no"))

    def add_ratios(self, comparison, what, load, aims):
        """A pair of rivals stands for the better of both."""
        for rivals, aim in aims.items():
            names = (rivals,) if isinstance(rivals, str) else rivals
            found = [ratio for ratio in (comparison.ratio(load, name) for name in names) if ratio]
            label = rivals if isinstance(rivals, str) else f"{names[0].rsplit(' ', 1)[0]}, the better"
            if not found:
                self.rows.append((f"{what}: to {label}", f"{aim}", "not measured", ""))
                continue
            ratio = min(found)[0]
            self.add(f"{what}: to {label}", f"{aim}", f"{ratio:.2f}", ratio >= aim)

    def print(self, report):
        table = report.table("What was aimed at, in times the other's calls per CPU-second unless it says otherwise",
                             ["what", "at least", "came out", "reached"])
        for row in self.rows:
            table.add(*row)
