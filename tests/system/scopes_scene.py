"""The real programs with tokens, for scopes_test.py and sessions_test.py. BIN, their first argument, is where the
programs are."""
import functools
import hashlib
import http.client
import json
import os
import pathlib
import re
import secrets
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import unittest

import waiting

BIN = pathlib.Path(sys.argv.pop(1) if len(sys.argv) > 1 else ".")
WAIT_S = 30
wait_for = functools.partial(waiting.wait_for, within_s=WAIT_S)
READY = re.compile(r'message="ready" listen="([^"]*)"')
JSON = {"content-type": "application/json"}
SAME = {"sec-fetch-site": "same-origin"}


class Program:
    """One of the programs, on a port of the kernel's choice."""

    def __init__(self, name, *options, tls=None):
        self.tls = tls
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([BIN / name, "--threads=1", "--registry=", *options], stderr=self.log)
        self.address = ""
        wait_for(self._is_ready, f"{name} is ready")

    def said(self):
        # Not by seek(): the place in the file is one with that of who writes into it.
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def _is_ready(self):
        text = self.said()
        if self.process.poll() is not None:
            raise AssertionError(text)
        ready = READY.search(text)
        self.address = ready.group(1) if ready else ""
        return ready

    def ask(self, method, path, body=None, headers=None):
        """(status, body, headers by name)"""
        connection = (http.client.HTTPSConnection(self.address, timeout=WAIT_S, context=self.tls) if self.tls
                      else http.client.HTTPConnection(self.address, timeout=WAIT_S))
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        found = reply.status, reply.read().decode(errors="replace"), {name.lower(): value for name, value in reply.getheaders()}
        connection.close()
        return found

    def call(self, method, message, headers=None):
        """The same by Connect."""
        return self.ask("POST", "/" + method, json.dumps(message), {**JSON, **(headers or {})})

    def grpc(self, method, message, headers=None):
        """(grpc-status, grpc-message, trailers) by gRPC-Web, which differs from gRPC in where the trailers are; with
        the message as JSON. What is gRPC all through is asked by the command line, in CommandTest."""
        data = json.dumps(message).encode()
        status, body, found = self.ask("POST", "/" + method, struct.pack(">BI", 0, len(data)) + data,
                                       {"content-type": "application/grpc-web+json", **(headers or {})})
        if status != 200:
            raise AssertionError(f"HTTP {status}: {body}")
        trailers = body[body.index("grpc-status"):] if "grpc-status" in body else ""
        for line in trailers.splitlines():
            name, _, value = line.partition(":")
            found[name.strip()] = value.strip()
        return int(found["grpc-status"]), found.get("grpc-message", ""), found

    def end(self):
        self.process.terminate()
        status = self.process.wait(WAIT_S)
        if status != 0:
            raise AssertionError(f"ended with {status}: {self.said()}")
        self.log.close()


class System(unittest.TestCase):
    """metadata, rating, review and movie, with tokens of these holders."""
    HOLDERS = {"alice": "read,vote", "bob": "read,vote", "reader": "read", "editor": "read,write", "root": "admin",
               "-": "read,vote,impersonate"}
    OPTIONS = ()
    RATING_OPTIONS = ()

    def setUp(self):
        self.scratch = pathlib.Path(tempfile.mkdtemp(prefix="marquee-scopes."))
        self.programs = []
        self.tokens = {}
        self.write_tokens(self.HOLDERS)
        self.write("service", "movie " + secrets.token_hex(16) + "\n")
        self.rating = self.start("marquee-rating", "--store=memory", "--event-log=none", *self.RATING_OPTIONS)
        self.metadata = self.start("marquee-metadata", "--store=memory")
        self.review = self.start("marquee-review", "--store=memory")
        self.movie = self.start(
            "marquee-movie", f"--session-keys={self.scratch}/keys",
            f"--services=metadata={self.metadata.address};rating={self.rating.address};review={self.review.address}")
        status, _, _ = self.metadata.ask("PUT", "/metadata?id=m1", '{"title":"One"}', {**JSON, **self.bearer("root")})
        self.assertEqual(status, 200)

    def tearDown(self):
        for program in reversed(self.programs):
            program.end()
        shutil.rmtree(self.scratch)

    def start(self, name, *options):
        program = Program(name, "--listen=127.0.0.1:0", f"--access-file={self.scratch}/tokens",
                          f"--token-file={self.scratch}/service", f"--call-token-file={self.scratch}/service",
                          *self.OPTIONS, *options)
        self.programs.append(program)
        return program

    def write(self, name, text):
        path = self.scratch / name
        path.touch(0o600)
        path.write_text(text, encoding="utf-8")

    def write_tokens(self, holders):
        lines = []
        for user, scopes in holders.items():
            token = self.tokens.setdefault(user, "marquee_" + secrets.token_hex(32))
            digest = hashlib.sha256(token.encode()).hexdigest()
            lines.append(f"{digest} {scopes} {user} 2026-01-01T00:00:00Z never\n")
        self.write("tokens", "".join(lines))

    def bearer(self, user):
        return {"authorization": "Bearer " + self.tokens[user]} if user else {}

    def reload(self):
        for program in self.programs:
            before = program.said().count("tokens read again")
            program.process.send_signal(signal.SIGHUP)
            wait_for(lambda p=program, n=before: p.said().count("tokens read again") > n, "the tokens were read again")

    def sign_in(self, user):
        """The cookie."""
        status, _, headers = self.movie.ask("POST", "/session", json.dumps({"token": self.tokens[user]}), JSON)
        self.assertEqual(status, 200)
        return {"cookie": headers["set-cookie"].split(";")[0]}

    def own_vote(self, user):
        """The user's points on m1, None without a vote."""
        status, body, _ = self.rating.ask("GET", f"/rating?type=movie&id=m1&userId={user}", headers=self.bearer("root"))
        return json.loads(body) if status == 200 else None
