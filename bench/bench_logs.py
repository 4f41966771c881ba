"""The event logs that are measured."""
import os
import shutil
import subprocess

from bench_servers import run_peer

TOPIC = "ratings"
PARTITIONS = 4


class LocalLog:
    """The embedded log in a directory of its own."""

    def __init__(self, workplace, name):
        self.workplace = workplace
        self.name = "the embedded log"
        self.directory = workplace.path(name)
        self.filled = None

    def start(self, _report):
        return True

    def fill(self, events):
        if self.filled != events:
            self.empty()
            self.append(events)
            self.filled = events

    def append(self, events):
        subprocess.run([self.workplace.program("marquee"), "ingest", events, *self.options()],
                       check=True, capture_output=True)

    def empty(self):
        self.remove()
        os.mkdir(self.directory)

    def remove(self):
        self.filled = None
        shutil.rmtree(self.directory, ignore_errors=True)

    def options(self):
        return ["--event-log-directory", self.directory]

    def producer(self):
        return ["local", self.directory, TOPIC]

    def stop(self):
        self.remove()


class KafkaLog:
    """A real broker, which shares the two cores."""

    def __init__(self, workplace, cache):
        self.workplace, self.cache = workplace, cache
        self.name = "Kafka"
        self.directory = workplace.path("kafka")
        self.brokers = None
        self.topics = 0
        self.filled = None

    def run(self, *arguments):
        return run_peer("kafka", self.cache, *arguments)

    def start(self, report):
        started = self.run("start", self.directory)
        if started.returncode:
            report.note(f"Kafka: skipped, it does not start here (`./dev peers kafka`): {started.stdout.strip()[-200:]}")
            return False
        self.brokers = started.stdout.split()[-1]
        return True

    def fill(self, events):
        if self.filled != events:
            self.empty()
            self.append(events)
            self.filled = events

    def append(self, events):
        subprocess.run([self.workplace.program("marquee"), "ingest", events, *self.options()],
                       check=True, capture_output=True)

    def empty(self):
        """A topic that is new."""
        self.filled = None
        self.topics += 1
        made = self.run("topic", self.directory, self.topic(), str(PARTITIONS))
        if made.returncode:
            raise SystemExit(f"no topic could be made: {made.stderr}")

    def topic(self):
        return f"{TOPIC}-{self.topics}"

    def options(self):
        return ["--event-log", "kafka", "--kafka-brokers", self.brokers, "--topic", self.topic()]

    def producer(self):
        return ["kafka", self.brokers, self.topic()]

    def stop(self):
        self.run("stop", self.directory)
