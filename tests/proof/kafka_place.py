"""Kafka for the proof: the real broker of scripts/peers/kafka.sh, killed and started again at will, and librdkafka's mock."""

import collections
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time

from instances import Failure

BROKERS = (1, 2, 3)  # of the mock
CONTROL = {"broker": None}  # of the broker that all runs of this process share


class Broker:
    """A real broker of our own."""

    def __init__(self, source):
        self.script = os.path.join(source, "scripts", "peers", "kafka.sh")
        self.folder = tempfile.mkdtemp(prefix="proof-kafka-")
        self.environment = dict(os.environ)
        self.address = self._run("start")
        self.kills = 0

    def _run(self, verb):
        done = subprocess.run(["sh", self.script, verb, self.folder], capture_output=True, text=True, timeout=120, check=False,
                              env=self.environment)
        if done.returncode == 77:
            import parts
            raise parts.Skipped(done.stdout.strip())
        if done.returncode != 0:
            raise Failure(f"kafka.sh {verb} ended with {done.returncode}: {done.stderr[-1000:]}")
        return done.stdout.strip()

    def kill(self):
        """As by kill -9."""
        with open(os.path.join(self.folder, "pid"), encoding="ascii") as file:
            number = int(file.read())
        os.kill(number, signal.SIGKILL)
        while os.path.exists(f"/proc/{number}"):
            time.sleep(0.01)
        self.kills += 1

    def resume(self):
        self._run("resume")

    def close(self):
        self._run("stop")
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def broker(options):
    """One real broker for all runs; MARQUEE_KAFKA names one that is there already, which nobody kills then."""
    if os.environ.get("MARQUEE_KAFKA"):
        yield None
        return
    CONTROL["broker"] = Broker(options.source)
    try:
        yield CONTROL["broker"]
    finally:
        CONTROL["broker"].close()
        CONTROL["broker"] = None


def prepare(place):
    """A topic and a group of its own: a broker serves many runs."""
    unique = os.path.basename(place.directory).replace("_", "-")
    place.topic, place.group = f"ratings-{unique}", f"rating-{unique}"
    place.brokers = os.environ.get("MARQUEE_KAFKA") or CONTROL["broker"].address
    place.session_ms = 1500


class Mock:
    """The mock cluster, as a process that is told what to do."""

    def __init__(self, programs):
        self.process = subprocess.Popen([programs.mock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        self.failures = collections.Counter()

    def tell(self, words):
        self.process.stdin.write(words + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline().strip()
        if not answer.endswith("ok"):
            raise Failure(f"the mock broker says {answer} to '{words}'")
        return answer

    def fail(self, api, error):
        """The next request of this number to each broker fails so."""
        for broker in BROKERS:
            self.tell(f"errors {broker} {api} {error}")
            self.failures[broker, api] += 1

    def met(self):
        """How many of those failures requests have met."""
        return sum(count - int(self.tell(f"left {broker} {api}").split()[0]) for (broker, api), count in self.failures.items())

    def close(self):
        self.process.stdin.close()
        self.process.wait()
