#!/usr/bin/env python3
"""`marquee status` tells of a system as it is: whole, with a service that was killed, with one that is not ready.

    status_command_test.py BIN
"""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path(sys.argv[1])
SERVICES = ("metadata", "rating", "movie", "review", "recommendation")
WAIT_S = 60


def fail(words):
    sys.exit(f"status_command_test: FAILED: {words}")


class Process:
    def __init__(self, *command):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([str(word) for word in command], stderr=self.log)
        end = time.monotonic() + WAIT_S
        while (found := re.search(r'message="ready" listen="([^"]*)"', self.said())) is None:
            if time.monotonic() > end or self.process.poll() is not None:
                fail(f"{command[0]} is not ready: {self.said()}")
            time.sleep(0.02)  # it tells nobody else
        self.address = found[1]

    def said(self):
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def kill(self):
        self.process.kill()
        self.process.wait(WAIT_S)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(WAIT_S)


def status(registry, *options):
    done = subprocess.run([BIN / "marquee", "status", f"--registry={registry}", *options], capture_output=True, text=True,
                          timeout=WAIT_S)
    return done.returncode, done.stdout, done.stderr


def status_json(registry):
    code, out, _ = status(registry, "--json")
    return code, json.loads(out)


def wait_until(registry, condition, what):
    end = time.monotonic() + WAIT_S
    while True:
        code, report = status_json(registry)
        if condition(report):
            return code, report
        if time.monotonic() > end:
            fail(f"not within {WAIT_S} s: {what}: {report}")
        time.sleep(0.05)


def by_service(report):
    return {instance["service"]: instance for instance in report["instances"]}


def check_whole(registry):
    wait_until(registry, lambda report: report["well"], "all is well")
    code, out, errors = status(registry)
    if code != 0 or errors or not out.endswith("\nall is well\n"):
        fail(f"of a whole system it says {code}: {out}{errors}")
    if "\x1b" in out:
        fail("colours without a terminal")
    for service in SERVICES:
        if not re.search(rf"^{service} +127\.0\.0\.1:\d+ +passing +yes +\d+m\d\ds +\d+ MiB +\d+$", out, re.M):
            fail(f"no line of {service}: {out}")
    _, report = status_json(registry)
    for service, instance in by_service(report).items():
        if instance["memoryBytes"] < 1e6 or not time.time() - 600 < instance["startedAt"] <= time.time() + 1:
            fail(f"{service}: {instance}")
    print("a whole system: all is well")


def check_killed(registry, services):
    services["review"].kill()
    code, report = wait_until(registry, lambda report: not report["well"] and
                              not by_service(report).get("review", {"ready": False})["ready"], "review is missed")
    if code != 1:
        fail(f"with a service killed it exits with {code}")
    code, out, _ = status(registry)
    if code != 1 or not re.search(r"^\d+ not well$", out, re.M):
        fail(f"with a service killed it says {code}: {out}")
    print("a service killed: told")


def check_gone(registry, services):
    """Stopped in peace, it takes its registration along."""
    services["movie"].stop()
    wait_until(registry, lambda report: report["missing"] == ["movie"], "movie is missing")
    _, out, _ = status(registry)
    if not re.search("^movie +no instance is registered$", out, re.M):
        fail(f"of a service that is gone it says: {out}")
    print("a service gone: missed")


def check_without_registry():
    code, out, errors = status("127.0.0.1:1")
    if code != 1 or out or "the registry at 127.0.0.1:1 cannot be asked" not in errors:
        fail(f"without a registry it says {code}: {out}{errors}")
    print("no registry: told")


def main():
    started = []

    def start(name, *options):
        started.append(Process(BIN / f"marquee-{name}", "--listen=127.0.0.1:0", *options))
        return started[-1]

    with tempfile.TemporaryDirectory() as directory:
        try:
            registry = start("registry", "--dns-listen=", "--audit-log=", f"--data={directory}/registry").address
            own = {"rating": ["--store=memory", "--event-log=none"], "metadata": ["--store=memory"],
                   "review": ["--store=memory"]}
            services = {name: start(name, f"--registry={registry}", "--registration-ttl=1s", *own.get(name, []))
                        for name in SERVICES}
            check_whole(registry)
            check_killed(registry, services)
            check_gone(registry, services)
            check_without_registry()
        finally:
            for process in reversed(started):
                process.stop()


if __name__ == "__main__":
    main()
