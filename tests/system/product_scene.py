"""The real programs without access rules, for quarantine_test.py and movies_command_test.py. BIN, their first argument,
is where the programs are."""
import functools
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

import waiting
from free_ports import free_ports

BIN = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else ".").resolve()
WAIT_S = 60
wait_for = functools.partial(waiting.wait_for, within_s=WAIT_S)
READY = re.compile(r'message="ready" listen="([^"]*)"')
JSON = {"content-type": "application/json"}
PARTS = ("registry", "metadata", "rating", "movie", "review", "recommendation")
FAILED, USAGE, NOT_FOUND = 1, 2, 3  # exit statuses of the commands


def ask(address, method, path, body=None, headers=None):
    """(status, body)"""
    connection = http.client.HTTPConnection(address, timeout=WAIT_S)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


class Program:
    """One of the programs, on a port of the kernel's choice, or where it was before."""

    def __init__(self, name, *options):
        self.name, self.options, self.address = name, options, "127.0.0.1:0"
        self.log = tempfile.TemporaryFile()
        self.process = None
        self.start()

    def start(self, *options):
        """options: further ones, of this time."""
        begin = os.fstat(self.log.fileno()).st_size
        self.process = subprocess.Popen([BIN / f"marquee-{self.name}", "--threads=1", f"--listen={self.address}", "--registry=",
                                         *self.options, *options], stderr=self.log)
        self.address = wait_for(lambda: self._ready_since(begin), f"marquee-{self.name} is ready")

    def said(self):
        # Not by seek(): the place in the file is one with that of who writes into it.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def _ready_since(self, begin):
        if self.process.poll() is not None:
            raise AssertionError(self.said())
        found = READY.search(self.said()[begin:])
        return found and found.group(1)

    def end(self, number=signal.SIGTERM):
        if self.process.poll() is not None:
            return
        self.process.send_signal(number)
        status = self.process.wait(WAIT_S)
        if number == signal.SIGTERM and status != 0:
            raise AssertionError(f"marquee-{self.name} ended with {status}: {self.said()}")

    def close(self):
        self.end()
        self.log.close()

    def ask(self, method, path, body=None, headers=None):
        return ask(self.address, method, path, body, headers)

    def call(self, method, **message):
        """What the method answers; it must be content."""
        status, body = self.ask("POST", f"/{method}", json.dumps(message), JSON)
        if status != 200:
            raise AssertionError(f"{method} of {message}: {status} {body}")
        return json.loads(body)


class Up:
    """`marquee up` without the sample, in a directory of its own."""

    def __init__(self, directory, *options, environment=None):
        self.addresses = {part: f"127.0.0.1:{port}" for part, port in free_ports(PARTS).items()}
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [BIN / "marquee", "up", "--no-sample", "--listen-dns=", f"--data={directory}",
             *(f"--listen-{part}={address}" for part, address in self.addresses.items()), *options],
            stdout=self.log, stderr=self.log, env={**os.environ, **(environment or {})})
        wait_for(self._is_up, "it is up")

    def said(self):
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def _is_up(self):
        if self.process.poll() is not None:
            raise AssertionError(self.said())
        return "Marquee is up." in self.said()

    def end(self):
        self.process.terminate()
        status = self.process.wait(WAIT_S)
        if status != 0:
            raise AssertionError(f"marquee up ended with {status}: {self.said()}")
        self.log.close()


class Scene(unittest.TestCase):
    """addresses: of the parts, as the command is told; a test fills it in."""

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="marquee-"))
        self.addCleanup(shutil.rmtree, self.scratch)
        self.addresses = {}

    def program(self, name, *options):
        program = Program(name, *options)
        self.addCleanup(program.close)
        self.addresses[name] = program.address
        return program

    def command(self, *words, status=0, **options):
        """What the command prints; where it is to fail, the line that says why."""
        told = [f"--{part}={address}" for part, address in self.addresses.items()
                if part in PARTS and f"--{part} " in self.help_of(words[0])]
        done = subprocess.run([BIN / "marquee", *words, *told], capture_output=True, text=True, check=False, timeout=WAIT_S,
                              cwd=self.scratch, **options)
        self.assertEqual(done.returncode, status, f"{words}: {done.stdout}{done.stderr}")
        return done.stdout if status == 0 else done.stderr

    def help_of(self, command):
        known = self.__dict__.setdefault("_helps", {})
        if command not in known:
            known[command] = subprocess.run([BIN / "marquee", command, "--help"], capture_output=True, text=True,
                                            check=True).stdout
        return known[command]
