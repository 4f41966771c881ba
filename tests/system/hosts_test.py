#!/usr/bin/env python3
"""By which hosts the real programs may be asked: against DNS rebinding.

    hosts_test.py BIN [CASE...]
"""
import json
import pathlib
import re
import socket
import subprocess
import sys
import time
import unittest

from scopes_scene import BIN, JSON, WAIT_S, Program, System

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "attack"))
import attack_wire as wire  # noqa: E402

OWN = ("localhost", "LocalHost:1", "localhost.", "films.localhost:8083", "127.0.0.1", "127.1.2.3:9", "[::1]:8083")
FOREIGN = ("evil.example", "evil.example:8083", "localhost.evil.example", "evillocalhost", ".localhost", "127.0.0.1.evil.example",
           "localhost:x", "192.0.2.1", "0.0.0.0:8083", "[::]", "[2001:db8::1]:80", "[::1", "::1")
GRPC = ((b"content-type", b"application/grpc"), (b"te", b"trailers"))
HEALTH = b"/grpc.health.v1.Health/Check"
EMPTY_MESSAGE = b"\0" * 5


def address_of(program):
    host, _, port = program.address.rpartition(":")
    return host.replace("0.0.0.0", "127.0.0.1"), int(port)


def said(program, request):
    """What comes back for these bytes on a connection of their own."""
    with socket.create_connection(address_of(program), WAIT_S) as peer:
        peer.sendall(request)
        heard = b""
        while part := peer.recv(65536):
            heard += part
    return heard


def ask(program, host, method="GET", path="/livez", fields=(), body=""):
    """(status, body) over HTTP/1.1; host: None leaves the header out."""
    lines = [f"{method} {path} HTTP/1.1", *([] if host is None else [f"host: {host}"]), "connection: close",
             f"content-length: {len(body)}", *fields]
    head, _, content = said(program, ("\r\n".join(lines) + "\r\n\r\n" + body).encode()).partition(b"\r\n\r\n")
    return int(head.split()[1]), content.decode()


def ask_http2(program, authority, path=HEALTH, fields=GRPC, body=EMPTY_MESSAGE, method=b"POST"):
    """Whether a request over HTTP/2 was served; authority: None leaves it out."""
    pairs = [(b":method", method), (b":scheme", b"http"), (b":path", path)]
    pairs += [] if authority is None else [(b":authority", authority.encode())]
    block = b"".join(wire.literal(name, value) for name, value in (*pairs, *fields))
    connection = wire.Connection(address_of(program))
    connection.say(wire.request(1, block, body))
    end = time.monotonic() + WAIT_S
    while not any(kind in (wire.DATA, wire.HEADERS) and flags & wire.END_STREAM for kind, flags, _, _ in connection.frames):
        connection.turn(0.1)
        if time.monotonic() > end or connection.ended:
            raise AssertionError(f"no reply: {connection.frames}")
    heads = [payload for kind, _, _, payload in connection.frames if kind == wire.HEADERS]
    content = b"".join(payload for kind, _, _, payload in connection.frames if kind == wire.DATA)
    connection.socket.close()
    is_refused = b'"status":421' in content
    if is_refused == heads[0].startswith(b"\x88"):  # ":status: 200" of the static table
        raise AssertionError(f"neither served nor misdirected: {heads} {content}")
    return not is_refused


class HostsTest(unittest.TestCase):
    def start(self, name, *options):
        program = Program(name, *(() if any(option.startswith("--listen") for option in options) else ("--listen=127.0.0.1:0",)),
                          *options)
        self.addCleanup(program.end)
        return program

    def rating(self, *options):
        return self.start("marquee-rating", "--store=memory", "--event-log=none", *options)

    def test_over_http1(self):
        for program in (self.rating(), self.start("marquee-metadata", "--store=memory"), self.start("marquee-registry")):
            for host in OWN:
                self.assertEqual(ask(program, host)[0], 200, host)
            for host in FOREIGN:
                status, body = ask(program, host)
                self.assertEqual(status, 421, host)
                self.assertIn("--allowed-hosts", json.loads(body)["detail"])

    def test_over_http2(self):
        rating = self.rating()
        get = {"path": b"/livez", "fields": (), "body": None, "method": b"GET"}
        for host in OWN:
            self.assertTrue(ask_http2(rating, host, **get), host)
        for host in FOREIGN:
            self.assertFalse(ask_http2(rating, host, **get), host)
        # The header stands for the pseudo-header (RFC 9113 section 8.3.1).
        self.assertTrue(ask_http2(rating, None, **{**get, "fields": ((b"host", b"localhost"),)}))
        self.assertFalse(ask_http2(rating, None, **{**get, "fields": ((b"host", b"evil.example"),)}))

    def test_nothing_is_done(self):
        rating = self.rating()
        vote = "/rating?type=movie&id=m1&userId=alice&value=7"
        message = json.dumps({"recordId": "m1", "recordType": "movie", "userId": "alice", "ratingValue": 7})
        method = ("POST", "/RatingService/PutRating", ("content-type: application/json",), message)
        for host, want in (("evil.example", (421, 421, 421, 421)), (rating.address, (204, 200, 200, 200))):
            got = (ask(rating, host, "OPTIONS", "/RatingService/PutRating", ("origin: http://" + host,))[0],
                   ask(rating, host, "PUT", vote)[0], ask(rating, host, *method)[0],
                   ask(rating, host, "GET", "/rating?type=movie&id=m1&userId=alice")[0])
            self.assertEqual(got[1:], want[1:], host)
            self.assertEqual(got[0] == 421, want[0] == 421, host)
            if host == "evil.example":
                self.assertEqual(ask(rating, "localhost", "GET", "/rating?type=movie&id=m1&userId=alice")[0], 404)

    def test_grpc_is_no_page(self):
        rating = self.rating()
        self.assertTrue(ask_http2(rating, "rating.internal:8082"))
        self.assertTrue(ask_http2(rating, "rating.internal", fields=((b"content-type", b"application/grpc+proto"), GRPC[1])))
        for fields in ((GRPC[0],), ((b"content-type", b"application/grpc-web+proto"), GRPC[1]),
                       ((b"content-type", b"application/grpcx"), GRPC[1]),
                       ((b"content-type", b"application/proto"), GRPC[1]),
                       (*GRPC, (b"origin", b"http://rating.internal")), (*GRPC, (b"sec-fetch-site", b"same-origin"))):
            self.assertFalse(ask_http2(rating, "rating.internal", fields=fields), fields)
        # HTTP/1.1 is what browsers speak without TLS, whatever the headers say.
        self.assertEqual(ask(rating, "rating.internal", "POST", HEALTH.decode(),
                             ("content-type: application/grpc", "te: trailers"))[0], 421)

    def test_names_that_are_allowed(self):
        rating = self.rating("--allowed-hosts=films.example.org, 192.0.2.7,[2001:db8::7]")
        for host in (*OWN, "films.example.org", "Films.Example.org.:443", "192.0.2.7:80", "[2001:db8::7]:80"):
            self.assertEqual(ask(rating, host)[0], 200, host)
        for host in (*FOREIGN, "www.films.example.org", "example.org", "192.0.2.8"):
            self.assertEqual(ask(rating, host)[0], 421, host)
        page = ask(rating, "localhost", path="/metrics")[1]
        counted = re.search(r'marquee_access_refused_total\{reason="host"\} (\d+)', page)
        self.assertEqual(int(counted.group(1)), len(FOREIGN) + 3)
        self.assertRegex(rating.said(), r'host="evil\.example')

    def test_beyond_loopback(self):
        unlisted = self.rating("--listen=0.0.0.0:0", "--trust-network")
        listed = self.rating("--listen=0.0.0.0:0", "--trust-network", "--allowed-hosts=films.example.org")
        for host, want in (("films.example.org", 200), ("localhost", 200), ("evil.example", 421),
                           ("192.0.2.1:8082", 200), ("[2001:db8::1]:8082", 200)):  # as probes ask
            self.assertEqual(ask(unlisted, host)[0], 200, host)
            self.assertEqual(ask(listed, host)[0], want, host)

    def test_options_that_are_no_hosts(self):
        for hosts in ("https://films.example.org", "films.example.org:8083", "a,,b", "a/b", "[::1", ",".join(["a"] * 33)):
            ended = subprocess.run([BIN / "marquee-rating", "--listen=127.0.0.1:0", "--registry=", "--store=memory",
                                    "--event-log=none", "--allowed-hosts=" + hosts],
                                   capture_output=True, timeout=WAIT_S, text=True, check=False)
            self.assertEqual(ended.returncode, 1, hosts)
            self.assertIn("--allowed-hosts", ended.stderr)


class TokensTest(System):
    """Where callers show tokens, which no page has, a proxy on this machine may ask by any name."""

    def test_tokens(self):
        self.assertEqual(ask(self.rating, "films.example.org")[0], 200)
        open_reads = self.start("marquee-rating", "--store=memory", "--event-log=none", "--open-reads")
        self.assertEqual(ask(open_reads, "films.example.org")[0], 421)
        listed = self.start("marquee-rating", "--store=memory", "--event-log=none", "--allowed-hosts=films.example.org")
        self.assertEqual(ask(listed, "films.example.org")[0], 200)
        self.assertEqual(ask(listed, "evil.example")[0], 421)


if __name__ == "__main__":
    unittest.main()
