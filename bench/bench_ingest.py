"""Ingestion: from each log to each store, beside bare loops that write the same keys to the same store in the same run."""
import re
import subprocess
import time
import urllib.request

from bench_logs import KafkaLog, LocalLog
from bench_report import median, spread, thousands
from bench_servers import LOAD_CORE, free_port
from bench_stores import LmdbStore, PostgresStore

BATCHES = (1_000, 10_000, 50_000)
LATENCY_RATE = 10_000  # events a second
CALLERS = (64, 256)
READERS = 16
NAIVE_EVENTS = 5_000  # a transaction each
PUT_EVENTS = 100_000  # of the bare loops beside PutRating
TIMEOUT_SECONDS = 600


class Ingestion:
    """One rating service that ingests, watched from outside."""

    def __init__(self, workplace, log, store, batch):
        self.workplace, self.store = workplace, store
        self.port = free_port()
        self.began = time.monotonic()
        self.server = workplace.start("rating", self.port, [[
            workplace.program("marquee-rating"), "--listen", f"127.0.0.1:{self.port}", "--registry", "",
            "--threads", "1", "--ingest-batch", str(batch), *store.options(), *log.options()]])

    def ingested(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as reply:
            return int(float(re.search(r"^marquee_ingested_events_total (\S+)$", reply.read().decode(), re.M).group(1)))

    def wait(self, count):
        """Events a second from the first that were applied to the last of so many."""
        first, begun = 0, None
        while True:
            done = self.ingested()
            if done > 0 and begun is None:
                first, begun = done, time.monotonic()
            if done >= count:
                return (count - first) / max(time.monotonic() - begun, 1e-9)
            if time.monotonic() - self.began > TIMEOUT_SECONDS:
                raise SystemExit(f"only {done} of {count} events were ingested")
            time.sleep(0.01)

    def stop(self):
        self.workplace.stop(self.server)
        self.store.drop()


def load(workplace, program, *arguments):
    return ["taskset", "-c", LOAD_CORE, workplace.program(program), *map(str, arguments)]


def numbers(output):
    return [float(word) for word in output.split()]


def run_load(workplace, *arguments):
    return numbers(subprocess.run(load(workplace, *arguments), check=True, capture_output=True, text=True).stdout)


class Round:
    """Figures by row, one of each a round."""

    def __init__(self):
        self.figures = {}

    def add(self, row, **values):
        for name, value in values.items():
            self.figures.setdefault(row, {}).setdefault(name, []).append(value)


def measure_throughput(workplace, rounds, logs, store, options):
    for batch in BATCHES:
        for kind, rate in store.bare(workplace.path("events.jsonl"), batch).items():
            rounds.add((f"bare loop, {kind}", store.name, batch), rate=rate)
        for log in logs:
            store.create()
            run = Ingestion(workplace, log, store, batch)
            rate = run.wait(options.events)
            written = store.written_bytes(run.server)
            rounds.add((f"from {log.name}", store.name, batch), rate=rate,
                       cpu=store.cpu_seconds(run.server) * 1e6 / options.events, written=written / options.events)
            run.stop()


def measure_naive(workplace, rounds, store):
    """One transaction an event, as the simplest consumer does it."""
    log = LocalLog(workplace, "naive-log")
    log.fill(workplace.events("naive.jsonl", NAIVE_EVENTS))
    store.create()
    run = Ingestion(workplace, log, store, 1)
    rate = run.wait(NAIVE_EVENTS)
    rounds.add(("a transaction an event", store.name, 1), rate=rate,
               cpu=store.cpu_seconds(run.server) * 1e6 / NAIVE_EVENTS,
               written=store.written_bytes(run.server) / NAIVE_EVENTS)
    run.stop()
    log.remove()


def measure_latency(workplace, rounds, log, store, seconds):
    """From the producer to whoever asks the service, quiet and while others read."""
    for readers in (0, READERS):
        log.empty()
        store.create()
        run = Ingestion(workplace, log, store, 10_000)
        address = f"127.0.0.1:{run.port}"
        log.append(workplace.events("first.jsonl", 1))
        run.wait(1)
        producer = subprocess.Popen(load(workplace, "ingest_latency", *log.producer(), address, LATENCY_RATE, seconds),
                                    stdout=subprocess.PIPE, text=True)
        reads = 0
        if readers:
            reads = run_load(workplace, "rating_load", "get", address, readers, seconds)[0]
        rate, _, p50, p99, longest = numbers(producer.communicate()[0])
        if producer.returncode:
            raise SystemExit("ingest_latency failed")
        rounds.add((log.name, store.name, "with reads" if readers else "alone"),
                   rate=rate, p50=p50, p99=p99, longest=longest, reads=reads)
        run.stop()


def measure_puts(workplace, rounds, store, seconds):
    """PutRating, each answered when it is durable, beside a bare loop in batches of as many."""
    for callers in CALLERS:
        bare = store.bare(workplace.events("puts.jsonl", PUT_EVENTS), callers)
        for kind, rate in bare.items():
            rounds.add((f"bare loop, {kind}", store.name, callers), rate=rate, p50=0, p99=0)
        store.create()
        run = Ingestion(workplace, NO_LOG, store, 1000)
        rate, p50, p99, failed = run_load(workplace, "rating_load", "put", f"127.0.0.1:{run.port}", callers, seconds)
        if failed:
            raise SystemExit(f"{failed} of the PutRating calls failed")
        rounds.add(("PutRating", store.name, callers), rate=rate, p50=p50, p99=p99)
        run.stop()


class NoLog:
    name = "none"

    @staticmethod
    def options():
        return ["--event-log", "none"]


NO_LOG = NoLog()


def against_bare(figures, row, value):
    """The ratio to each bare loop of the same store and batch."""
    _, store, batch = row
    bare = [median(values["rate"]) for other, values in figures.items()
            if other[0].startswith("bare loop") and other[1:] == (store, batch)]
    return " / ".join(f"{value / rate:.2f}" for rate in bare) or "-"


def report_throughput(report, figures):
    table = report.table("Ingestion: durable, exactly once in effect, from an empty store; ten million possible votes over "
                         "100,000 records in Zipf order",
                         ["what", "store", "batch", "events a second", "spread", "to the bare loops",
                          "CPU-seconds a million", "bytes written an event"])
    for row, values in figures.items():
        rate = median(values["rate"])
        cpu = f"{median(values['cpu']):.1f}" if "cpu" in values else "-"
        written = f"{median(values['written']):,.0f}" if "written" in values else "-"
        table.add(row[0], row[1], f"{row[2]:,}", thousands(rate), f"±{spread(values['rate']) * 100:.0f}%",
                  against_bare(figures, row, rate), cpu, written)


def report_latency(report, figures):
    table = report.table(f"From the producer to the reader, at {LATENCY_RATE:,} events a second",
                         ["log", "store", "", "events a second", "p50", "p99", "longest", "reads a second meanwhile"])
    for row, values in figures.items():
        reads = median(values["reads"])
        table.add(*row, thousands(median(values["rate"])), *(f"{median(values[name]):.1f} ms" for name in
                                                            ("p50", "p99", "longest")), thousands(reads) if reads else "-")


def report_puts(report, figures):
    table = report.table("PutRating over gRPC, answered when it is durable",
                         ["what", "store", "callers, or batch", "a second", "spread", "to the bare loops", "p50", "p99"])
    for row, values in figures.items():
        rate = median(values["rate"])
        times = [f"{median(values[name]):.1f} ms" if values[name][0] else "-" for name in ("p50", "p99")]
        table.add(*row, thousands(rate), f"±{spread(values['rate']) * 100:.0f}%", against_bare(figures, row, rate), *times)


def measure_ingestion(workplace, report, options):
    stores = [store for store in (LmdbStore(workplace), PostgresStore(workplace, options.cache)) if store.start(report)]
    logs = [log for log in (LocalLog(workplace, "eventlog"), KafkaLog(workplace, options.cache)) if log.start(report)]
    events = workplace.events("events.jsonl", options.events)
    throughput, latency, puts = Round(), Round(), Round()
    wanted = options.only.split(",") if options.only else ("throughput", "latency", "puts")
    try:
        for number in range(options.rounds):
            for store in stores:
                if "throughput" in wanted:
                    for log in logs:
                        log.fill(events)
                    measure_throughput(workplace, throughput, logs, store, options)
                    if number == 0:
                        measure_naive(workplace, throughput, store)
                if "puts" in wanted:
                    measure_puts(workplace, puts, store, max(2, int(5 * options.seconds)))
                for log in logs if "latency" in wanted and number == 0 else ():
                    measure_latency(workplace, latency, log, store, max(5, int(20 * options.seconds)))
    finally:
        for part in (*logs, *stores):
            part.stop()
    for report_part, rounds in ((report_throughput, throughput), (report_latency, latency), (report_puts, puts)):
        if rounds.figures:
            report_part(report, rounds.figures)
