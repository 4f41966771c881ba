"""The registry and the services, started as processes on ports of the kernel's choice, with nothing in their
stores and one event in the log that cannot be applied."""
import os
import re
import subprocess
import sys
import tempfile
import time

PROCESSES = ("registry", "metadata", "rating", "review", "recommendation", "movie")
READY = re.compile(r'message="ready" listen="([^"]*)"')
READY_S = 20
# What a process says of a method or route that api/movie_access.c does not have.
NO_RULE = "no rule says which scope this needs"
NO_EVENT = b"this is no event\n"


class RunningSystem:
    """addresses: "host:port" by the name of the process. rating_options: further ones of marquee-rating."""

    def __init__(self, programs, rating_options=()):
        self.programs = programs
        self.rating_options = rating_options
        self.scratch = tempfile.TemporaryDirectory(prefix="marquee-every-method.")
        self.addresses = {}
        self.started = []

    def __enter__(self):
        try:
            self.append_event()
            self.start("registry", "--registry", "", "--dns-listen", "")
            registry = ("--registry", self.addresses["registry"])
            self.start("metadata", "--store", "memory", *registry)
            self.start("rating", "--store", "memory", "--event-log-directory", self.path("eventlog"),
                       "--score-mean", "7", *self.rating_options, *registry)
            self.start("review", "--store", "memory", *registry)
            self.start("recommendation", "--minimum-co-raters", "1", *registry)
            self.start("movie", *registry)
        except BaseException as failure:
            self.__exit__(type(failure))
            raise
        return self

    def __exit__(self, failure, *_):
        """A process that does not end well (a sanitizer has words for it) ends the test."""
        for process in reversed(self.started):
            process.terminate()
        faults = [f"{process.args[0]} ended with {process.returncode}: {self.log(name)}"
                  for name, process in zip(PROCESSES, self.started) if process.wait() != 0]
        self.scratch.cleanup()
        if faults and failure is None:
            sys.exit("\n".join(faults))

    def path(self, name):
        return os.path.join(self.scratch.name, name)

    def log(self, name):
        with open(self.path(name + ".log"), encoding="utf-8") as lines:
            return lines.read()

    def append_event(self):
        subprocess.run([os.path.join(self.programs, "marquee"), "ingest", "--raw", "--event-log-directory",
                        self.path("eventlog"), "-"], input=NO_EVENT, check=True, stdout=subprocess.DEVNULL)

    def start(self, name, *options):
        with open(self.path(name + ".log"), "wb") as output:
            process = subprocess.Popen([os.path.join(self.programs, "marquee-" + name), "--listen", "127.0.0.1:0",
                                        *options], stderr=output)
        self.started.append(process)
        deadline = time.monotonic() + READY_S
        while True:
            ready = READY.search(self.log(name))
            if ready:
                missing = [line for line in self.log(name).splitlines() if NO_RULE in line]
                if missing:
                    sys.exit("api/movie_access.c has no rule for this:\n" + "\n".join(missing))
                self.addresses[name] = ready.group(1)
                return
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"marquee-{name} is not ready: {self.log(name)}")
            time.sleep(0.02)
