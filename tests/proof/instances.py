"""The real programs, as the proof runs them: rating services under the crash shim, the producer, the dump of the store."""

import os
import re
import signal
import struct
import subprocess
import time
import urllib.request

POINTS = ("assignment", "before_begin", "mid_batch", "before_commit", "mid_commit", "before_sync", "before_meta",
          "after_commit", "before_offset", "revoke")
# What a place can reach. The embedded log has no callback that revokes, and is told of positions without a call that could be
# seen (what is between the commit and that is "after_commit"); PostgreSQL syncs out of our sight.
POINTS_OF = {
    ("lmdb", "local"): POINTS[:8],
    ("lmdb", "kafka"): POINTS,
    ("postgres", "local"): POINTS[:5] + POINTS[7:8],
    ("postgres", "kafka"): POINTS[:5] + POINTS[7:],
}
READY = re.compile(r'ready" address="([^"]+)"|ready.*?address="?([0-9.]+:\d+)')
READY_S, STOP_S = 20, 20
TOPIC = "ratings"

# A sanitizer's library need not come before the shim. Its search for leaks, which other tests have, has been seen to wait for
# itself when its process is preloaded so.
SANITIZER_OPTIONS = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0:detect_leaks=0"}


class Failure(Exception):
    """The harness could not do its work: not a finding."""


class Programs:
    def __init__(self, build, bugs=False):
        self.bin = os.path.join(build, "bin")
        self.test = os.path.join(build, "test")
        self.rating = os.path.join(self.test, "marquee-rating-with-bugs") if bugs else os.path.join(self.bin, "marquee-rating")
        self.marquee = os.path.join(self.bin, "marquee")
        self.shim = os.path.join(self.test, "crash_shim.so")
        self.power_shim = os.path.join(self.test, "power_shim.so")
        self.dump = os.path.join(self.test, "proof_dump")
        self.log = os.path.join(self.test, "proof_log")
        self.mock = os.path.join(self.test, "kafka_mock_broker")


class Counters:
    """How often each named point was reached, and how often it killed or stopped."""

    def __init__(self, path):
        self.path = path

    def read(self):
        size = 16 * len(POINTS)
        try:
            with open(self.path, "rb") as file:
                data = file.read(size)
        except FileNotFoundError:
            data = b""
        numbers = struct.unpack(f"{2 * len(POINTS)}Q", data.ljust(size, b"\0"))
        return dict(zip(POINTS, numbers)), dict(zip(POINTS, numbers[len(POINTS):]))


class Rating:
    """One rating service. `crash`: POINT:N:kill, or nothing."""

    def __init__(self, place, name, crash="", options=(), preload=None, environment=None):
        self.place, self.name, self.crash = place, name, crash
        self.log_path = os.path.join(place.directory, f"{name}.log")
        shim = place.programs.shim if preload is None else preload
        self.environment = dict(os.environ, LD_PRELOAD=shim, PROOF_COUNTERS=place.counters.path, PROOF_STORE=place.store_path,
                                PROOF_CRASH=crash, **place.environment, **(environment or {}))
        self.environment.update(SANITIZER_OPTIONS)
        self.output = open(self.log_path, "ab")
        self.log_start = self.output.tell()
        self.process = subprocess.Popen([place.programs.rating, *place.rating_options(), *options], stdout=self.output,
                                        stderr=self.output, env=self.environment)

    def log(self):
        with open(self.log_path, "rb") as file:
            file.seek(self.log_start)
            return file.read().decode("utf-8", "replace")

    def is_alive(self):
        return self.process.poll() is None

    def signal(self, number):
        if self.is_alive():
            self.process.send_signal(number)

    def kill(self):
        self.signal(signal.SIGKILL)
        self.process.wait()
        self.output.close()

    def stop(self):
        """By SIGTERM; whether it ended well."""
        self.signal(signal.SIGTERM)
        self.signal(signal.SIGCONT)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
            code = "killed: it did not stop"
        self.output.close()
        return code

    def died_by_kill(self):
        return self.process.returncode == -signal.SIGKILL

    def found_ready(self):
        return re.search(r'message="ready"[^\n]*?(127\.0\.0\.1:\d+)', self.log())

    def address(self, timeout_s=READY_S):
        """Of its HTTP interface, once it is ready."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            found = self.found_ready()
            if found:
                return found.group(1)
            if not self.is_alive():
                raise Failure(f"{self.name} ended with {self.process.returncode}: {self.log()[-2000:]}")
            time.sleep(0.005)
        raise Failure(f"{self.name} is not ready: {self.log()[-2000:]}")

    def metrics(self):
        """name (with labels) -> value; empty when it cannot be asked."""
        try:
            with urllib.request.urlopen(f"http://{self.address()}/metrics", timeout=5) as reply:
                lines = reply.read().decode().splitlines()
        except OSError:
            return {}
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line and line[0] != "#"}

    def memory_kib(self):
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+)", status.read()).group(1))


class Place:
    """Where one run happens: a directory with a store and a log, or what stands for them."""

    def __init__(self, directory, programs, store="lmdb", log="local", batch=20, delivery="exactly-once", bug=""):
        self.directory, self.programs = directory, programs
        self.store, self.log, self.batch, self.delivery, self.bug = store, log, batch, delivery, bug
        self.store_path = os.path.join(directory, "store")
        self.data = self.store_path  # what names the store for a program
        self.log_path = os.path.join(directory, "log")
        self.brokers = ""
        self.topic = TOPIC
        self.group = "rating"
        self.session_ms = 3000
        self.environment = {"PROOF_BUG": bug}
        self.counters = Counters(os.path.join(directory, "counters"))
        self.produced = 0

    def store_options(self):
        if self.store == "postgres":
            return ["--store=postgres", f"--postgres={self.data}"]
        return ["--store=lmdb", f"--data={self.data}"]

    def log_options(self):
        if self.log == "kafka":
            return ["--event-log=kafka", f"--kafka-brokers={self.brokers}"]
        return ["--event-log=local", f"--event-log-directory={self.log_path}"]

    def rating_options(self):
        options = ["--listen=127.0.0.1:0", "--registry=", "--threads=1", f"--ingest-batch={self.batch}", f"--topic={self.topic}",
                   f"--consumer-group={self.group}", f"--session-timeout={self.session_ms}ms", "--rating-step=0.01",
                   *self.store_options(), *self.log_options()]
        if self.log == "kafka":
            options.append("--kafka-settings=heartbeat.interval.ms=300;fetch.wait.max.ms=50")
        if self.delivery != "exactly-once":
            options.append(f"--delivery={self.delivery}")
        return options

    def produce(self, events, environment=None):
        """Appends them by the real producer, all of them or a failure."""
        text = "".join(event.text + "\n" for event in events)
        done = subprocess.run([self.programs.marquee, "ingest", "--raw", f"--topic={self.topic}", *self.log_options(), "-"],
                              input=text.encode(), capture_output=True, timeout=120, check=False,
                              env=dict(os.environ, **SANITIZER_OPTIONS, **(environment or {})))
        if done.returncode != 0:
            raise Failure(f"the producer ended with {done.returncode}: {done.stderr.decode()[-1000:]}")
        self.produced += len(events)

    def dump(self, verb="all", timeout_s=120):
        from compare import Dump
        done = subprocess.run([self.programs.dump, verb, self.store, self.data, self.topic, "4"], capture_output=True,
                              timeout=timeout_s, check=False)
        if done.returncode not in (0, 1):
            raise Failure(f"proof_dump ended with {done.returncode}: {done.stderr.decode()[-1000:]}")
        dump = Dump(done.stdout.decode("utf-8", "replace"))
        dump.errors = done.stderr.decode("utf-8", "replace")
        return dump
