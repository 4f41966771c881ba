"""`./dev bench registry`: the registry beside a real Consul, and beside what was aimed at."""
import sys

from bench_compare import Aims, Comparison
from bench_contenders import Absent
from bench_registry_days import measure_beats, measure_crashes, measure_scale
from bench_registry_servers import (CONSUL, KEPT, OURS, register, registrations, reports, requests_of, run_closed,
                                    start_consul, start_ours)
from bench_report import median

SERVICES, EACH = 1_000, 10  # ten thousand instances
BEATERS = 100  # instances whose reports are measured
READS = (3, 300)  # instances in a reply
WRITES_AIM, READS_AIM = 20, 6


class RegistryBench:
    def __init__(self, workplace, report, options):
        self.workplace = workplace
        self.report = report
        self.options = options
        self.aims = Aims()
        self.absences = set()

    def start(self):
        """Ours, and Consul where it can be had."""
        servers = [start_ours(self.workplace)]
        try:
            servers.append(start_consul(self.workplace, self.options.cache))
        except Absent as reason:
            self.absences.add(str(reason))
        return servers

    def stop(self, servers):
        for server in servers:
            self.workplace.stop(server)

    def requests(self):
        """{what: requests}, in the order in which they are sent to a registry that is new."""
        reads = {f"read of {size}": requests_of(self.workplace, f"read-{size}",
                                                [("GET", f"/v1/health/service/read-{size}?passing")])
                 for size in READS}
        return {"register": registrations(self.workplace, SERVICES, EACH),
                "TTL pass": reports(self.workplace, ["pass"], "beat", BEATERS),
                "TTL pass, then warn": reports(self.workplace, ["warn", "pass"], "beat", BEATERS), **reads}

    def calls(self):
        """Rates of single calls; a registry is new in each round, for it grows by what is registered."""
        result = Comparison("Registry: calls of 50 connections", OURS)
        requests = self.requests()
        for number in range(self.options.rounds + 1):
            print(f"bench: registry calls: round {number} of {self.options.rounds}", file=sys.stderr)
            servers = [*self.start(), start_ours(self.workplace, KEPT)]
            for server in servers:
                register(server, "beat", BEATERS)
                for size in READS:
                    register(server, f"read-{size}", size)
            for what, calls in requests.items():
                for server in servers:
                    result.run_once(what, server, self.closed(what, calls), number > 0)
            self.stop(servers)
        result.print(self.report)
        for what, aim in (("register", WRITES_AIM), ("TTL pass", WRITES_AIM),
                          *((f"read of {size}", READS_AIM) for size in READS)):
            self.aims.add_ratios(result, f"registry: {what}", what, {CONSUL: aim})
        self.add_kept_aim(result)

    def add_kept_aim(self, result):
        """Consul keeps what is registered: so does ours when it is told to."""
        kept, theirs = result.rates("register", KEPT), result.rates("register", CONSUL)
        if kept and theirs:
            ratio = median(kept) / median(theirs)
            self.aims.add(f"registry, {KEPT}: register: to {CONSUL}", f"{WRITES_AIM}", f"{ratio:.2f}", ratio >= WRITES_AIM)

    def closed(self, what, calls):
        """A registration is measured when it is new, so each is sent once."""
        count = calls.count if what == "register" else None
        return lambda server: run_closed(self.workplace, server, calls, self.options.seconds, count)

    def scale(self):
        servers = self.start()
        measure_scale(self, servers, SERVICES, EACH)
        self.stop(servers)

    def crashes(self):
        servers = self.start()
        measure_crashes(self, servers)
        self.stop(servers)

    def beats(self):
        servers = self.start()[:1]
        measure_beats(self, servers[0], SERVICES, EACH)
        self.stop(servers)


def measure_registry(workplace, report, options):
    bench = RegistryBench(workplace, report, options)
    for part in (bench.calls, bench.scale, bench.crashes, bench.beats):
        if options.only is None or part.__name__ == options.only:
            part()
    for absence in sorted(bench.absences):
        report.note(f"Not compared: {absence}.")
    bench.aims.print(report)
