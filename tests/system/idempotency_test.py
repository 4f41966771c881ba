#!/usr/bin/env python3
"""Writes that come twice, on the real programs: over gRPC, gRPC-Web, Connect and plain routes; while the first is under
way; when its answer is lost; of different clients; and what the documents tell of it.

    idempotency_test.py BIN [CASE...]
"""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import unittest

from scopes_scene import JSON, WAIT_S, Program, System, wait_for

ABORTED, PRECONDITION, INVALID, NOT_FOUND = 10, 9, 3, 5
VOTE = "/rating?type=movie&id=m1&userId=alice"
MOVIE_VOTE = "/movie/rating?id=m1&userId=alice"


def key(name):
    return {"idempotency-key": name}


def is_replayed(headers):
    return headers.get("idempotent-replayed") == "true"


def metric(program, name, headers=None):
    _, page, _ = program.ask("GET", "/metrics", headers=headers)
    found = re.search(rf"^{re.escape(name)} (\d+)$", page, re.M)
    return int(found.group(1))


def grpc_by_curl(address, method, message, headers):
    """(grpc-status, headers and trailers by name); message: protobuf."""
    with tempfile.TemporaryDirectory() as scratch:
        body, head = pathlib.Path(scratch, "body"), pathlib.Path(scratch, "head")
        body.write_bytes(struct.pack(">BI", 0, len(message)) + message)
        options = [word for name, value in headers.items() for word in ("--header", f"{name}: {value}")]
        subprocess.run(["curl", "--silent", "--show-error", "--max-time", str(WAIT_S), "--http2-prior-knowledge",
                        "--header", "content-type: application/grpc", "--header", "te: trailers", *options,
                        "--data-binary", f"@{body}", "--dump-header", head, "--output", "/dev/null",
                        f"http://{address}/{method}"], check=True)
        lines = head.read_text(encoding="utf-8").splitlines()
    found = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(found["grpc-status"]), found


def field(number, text):
    data = text.encode()
    return bytes([number << 3 | 2, len(data)]) + data


DELETE_MESSAGE = field(1, "alice") + field(2, "m1") + field(3, "movie")
DELETE_JSON = {"userId": "alice", "recordId": "m1", "recordType": "movie"}


class OpenTest(unittest.TestCase):
    """Where nobody is asked who it is. A vote can be deleted once: a second time there is none."""

    def setUp(self):
        self.rating = Program("marquee-rating", "--listen=127.0.0.1:0", "--store=memory", "--event-log=none")

    def tearDown(self):
        self.rating.end()

    def vote(self):
        status, words, _ = self.rating.ask("PUT", VOTE + "&value=7")
        self.assertEqual(status, 200, words)

    def test_plain_route(self):
        self.vote()
        self.assertEqual(self.rating.ask("DELETE", VOTE, headers=key("one"))[0], 200)
        status, body, headers = self.rating.ask("DELETE", VOTE, headers=key('"one"'))
        self.assertEqual((status, body, is_replayed(headers)), (200, "", True))
        status, words, headers = self.rating.ask("DELETE", VOTE, headers=key("two"))
        self.assertEqual((status, is_replayed(headers)), (404, False), words)
        self.vote()
        # Also what failed for good is answered as it was, and nothing is done.
        again, same_words, headers = self.rating.ask("DELETE", VOTE, headers=key("two"))
        self.assertEqual((again, same_words, is_replayed(headers)), (404, words, True))
        self.assertEqual(headers["content-type"], "application/problem+json")
        self.assertEqual(self.rating.ask("GET", VOTE)[0], 200)
        status, words, headers = self.rating.ask("DELETE", "/rating?type=movie&id=m2&userId=alice", headers=key("two"))
        self.assertEqual((status, headers["content-type"]), (422, "application/problem+json"), words)
        self.assertIn("/api#unprocessable_content", words)
        self.assertEqual(self.rating.ask("DELETE", VOTE, headers=key("no key"))[0], 400)

    def test_connect_and_grpc_web(self):
        for name, call, good in (("connect", self.rating.call, 200), ("web", self.rating.grpc, 0)):
            with self.subTest(name):
                self.vote()
                self.assertEqual(call("RatingService/DeleteRating", DELETE_JSON, key(name))[0], good)
                status, _, headers = call("RatingService/DeleteRating", DELETE_JSON, key(name))
                self.assertEqual((status, is_replayed(headers)), (good, True))
        status, words, headers = self.rating.call("RatingService/DeleteRating", DELETE_JSON)
        self.assertEqual((status, is_replayed(headers)), (404, False), words)
        other = {**DELETE_JSON, "recordId": "m2"}
        status, words, _ = self.rating.call("RatingService/DeleteRating", other, key("connect"))
        self.assertEqual((status, json.loads(words)["code"]), (400, "failed_precondition"))
        self.assertEqual(self.rating.grpc("RatingService/DeleteRating", other, key("web"))[0], PRECONDITION)
        self.assertEqual(self.rating.grpc("RatingService/DeleteRating", other, key("no key"))[0], INVALID)
        # Methods that read take no notice.
        asked = {"recordId": "m1", "recordType": "movie"}
        self.assertEqual(self.rating.call("RatingService/GetRatingSummary", asked, key("no key"))[0], 404)

    def test_grpc(self):
        if not shutil.which("curl"):
            self.skipTest("there is no curl")
        self.vote()
        ask = [self.rating.address, "RatingService/DeleteRating"]
        status, headers = grpc_by_curl(*ask, DELETE_MESSAGE, key("grpc"))
        self.assertEqual((status, is_replayed(headers)), (0, False))
        status, headers = grpc_by_curl(*ask, DELETE_MESSAGE, key("grpc"))
        self.assertEqual((status, is_replayed(headers)), (0, True))
        self.assertEqual(grpc_by_curl(*ask, DELETE_MESSAGE, {})[0], NOT_FOUND)
        other = field(1, "alice") + field(2, "m2") + field(3, "movie")
        self.assertEqual(grpc_by_curl(*ask, other, key("grpc"))[0], PRECONDITION)
        self.assertEqual(grpc_by_curl(*ask, DELETE_MESSAGE, key("no key"))[0], INVALID)

    def test_window(self):
        short = Program("marquee-rating", "--listen=127.0.0.1:0", "--store=memory", "--event-log=none",
                        "--idempotency-window=1ms")
        self.assertEqual(short.ask("PUT", VOTE + "&value=7")[0], 200)
        self.assertEqual(short.ask("DELETE", VOTE, headers=key("k"))[0], 200)
        wait_for(lambda: short.ask("DELETE", VOTE, headers=key("k"))[0] == 404, "the key is forgotten")
        short.end()

    def test_metrics(self):
        self.vote()
        for _ in range(3):
            self.rating.ask("DELETE", VOTE, headers=key("k"))
        self.rating.ask("PUT", VOTE + "&value=7", headers=key("k"))
        self.assertEqual(metric(self.rating, "marquee_idempotency_keys"), 1)
        self.assertEqual(metric(self.rating, 'marquee_idempotency_answered_total{with="reply"}'), 2)
        self.assertEqual(metric(self.rating, 'marquee_idempotency_answered_total{with="other_request"}'), 1)


class ClientsTest(System):
    """With tokens, and a service behind a service that can be held still."""

    @contextlib.contextmanager
    def rating_held(self):
        self.rating.process.send_signal(signal.SIGSTOP)
        try:
            os.waitid(os.P_PID, self.rating.process.pid, os.WSTOPPED)  # all of its threads have
            yield
        finally:
            self.rating.process.send_signal(signal.SIGCONT)

    def keys_of_movie(self):
        return metric(self.movie, "marquee_idempotency_keys", self.bearer("root"))

    def ask_as(self, user, method, path, name, body=None):
        return self.movie.ask(method, path, body, {**self.bearer(user), **key(name)})

    def test_clients_are_apart(self):
        mine, theirs = "/movie/rating?id=m1&value=7", "/movie/rating?id=m1&value=3"
        self.assertEqual(self.ask_as("alice", "PUT", mine, "k")[0], 200)
        status, _, headers = self.ask_as("bob", "PUT", theirs, "k")
        self.assertEqual((status, is_replayed(headers)), (200, False))
        self.assertEqual((self.own_vote("alice"), self.own_vote("bob")), (7, 3))
        # By a session it is still alice.
        status, _, headers = self.movie.ask("PUT", mine, None, {**self.sign_in("alice"), **key("k"),
                                                                "sec-fetch-site": "same-origin"})
        self.assertEqual((status, is_replayed(headers)), (200, True))
        # Who may not do it is not told what came of it.
        self.assertEqual(self.ask_as("reader", "PUT", mine, "k")[0], 403)
        self.assertEqual(self.movie.ask("PUT", mine, headers=key("k"))[0], 401)
        # Tokens without a user are told apart by what they are.
        body = '{"title":"Two"}'
        for user, path, want in (("root", "m2", 200), ("editor", "m2", 200), ("root", "m3", 422)):
            status, words, headers = self.metadata.ask("PUT", f"/metadata?id={path}", body,
                                                       {**JSON, **self.bearer(user), **key("k")})
            self.assertEqual((status, is_replayed(headers)), (want, False), words)

    def test_under_way(self):
        path, found = MOVIE_VOTE + "&value=9", []
        message = {"userId": "alice", "movieId": "m1", "value": {"hundredths": 900}}
        alice = {**self.bearer("alice"), **key("call")}
        with self.rating_held():
            threads = [threading.Thread(target=lambda: found.append(self.ask_as("alice", "PUT", path, "plain"))),
                       threading.Thread(target=lambda: found.append(
                           self.movie.call("MovieService/RateMovie", message, alice)))]
            for thread in threads:
                thread.start()
            wait_for(lambda: self.keys_of_movie() == 2, "both are under way")
            status, words, headers = self.ask_as("alice", "PUT", path, "plain")
            self.assertEqual((status, headers["retry-after"]), (409, "1"), words)
            self.assertIn("/api#aborted", words)
            self.assertEqual(self.ask_as("alice", "PUT", MOVIE_VOTE + "&value=8", "plain")[0], 422)
            status, words, headers = self.movie.call("MovieService/RateMovie", message, alice)
            self.assertEqual((status, json.loads(words)["code"], headers["retry-after"]), (409, "aborted", "1"))
            status, _, trailers = self.movie.grpc("MovieService/RateMovie", message, alice)
            self.assertEqual((status, trailers["grpc-retry-pushback-ms"]), (ABORTED, "1000"))
        for thread in threads:
            thread.join(WAIT_S)
        self.assertEqual([status for status, _, _ in found], [200, 200], found)
        status, _, headers = self.ask_as("alice", "PUT", path, "plain")
        self.assertEqual((status, is_replayed(headers)), (200, True))
        status, words, headers = self.movie.call("MovieService/RateMovie", message, alice)
        self.assertEqual((status, is_replayed(headers)), (200, True), words)
        self.assertEqual(json.loads(words)["summary"]["count"], 1, words)

    def test_lost_answer(self):
        self.assertEqual(self.movie.ask("PUT", MOVIE_VOTE + "&value=9", headers=self.bearer("alice"))[0], 200)
        host, port = self.movie.address.split(":")
        with self.rating_held():
            caller = socket.create_connection((host, int(port)), WAIT_S)
            caller.sendall((f"DELETE {MOVIE_VOTE} HTTP/1.1\r\nhost: {self.movie.address}\r\nidempotency-key: lost\r\n"
                            f"authorization: {self.bearer('alice')['authorization']}\r\n\r\n").encode())
            wait_for(lambda: self.keys_of_movie() == 1, "it is under way")
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            caller.close()
            for _ in range(2):  # a turn of movie's only loop, at the least: it knows that the caller has gone
                self.assertEqual(self.keys_of_movie(), 1)
        answer = wait_for(lambda: (self.ask_as("alice", "DELETE", MOVIE_VOTE, "lost")[0] != 409 and
                                   self.ask_as("alice", "DELETE", MOVIE_VOTE, "lost")), "it is done")
        self.assertEqual((answer[0], is_replayed(answer[2])), (200, True), answer)
        self.assertIsNone(self.own_vote("alice"))

    def test_away(self):
        """What failed because another service is away is done when it is back."""
        headers = {**self.bearer("alice"), **key("k"), "connect-timeout-ms": "50"}
        message = {"userId": "alice", "movieId": "m1", "value": {"hundredths": 900}}
        with self.rating_held():
            self.assertIn(self.movie.call("MovieService/RateMovie", message, headers)[0], (503, 504))
        del headers["connect-timeout-ms"]
        status, words, found = self.movie.call("MovieService/RateMovie", message, headers)
        self.assertEqual((status, is_replayed(found)), (200, False), words)

    def test_documents(self):
        place = {"$ref": "#/components/parameters/key"}
        for program in self.programs:
            document = json.loads(program.ask("GET", "/openapi.json")[1])
            writes = 0
            for path, item in document["paths"].items():
                for method, operation in item.items():
                    is_method = re.fullmatch(r"/[\w.]+/[A-Z]\w*", path) is not None
                    reads = "get" in item if is_method else method == "get"
                    is_write = not reads and path != "/session" and "x-stream-of" not in json.dumps(operation)
                    with self.subTest(path=path, method=method):
                        self.assertEqual(place in operation.get("parameters", []), is_write)
                        if is_write and not is_method:
                            self.assertTrue({"409", "422"} <= operation["responses"].keys())
                    writes += is_write
            self.assertEqual("key" in document["components"].get("parameters", {}), writes > 0)


if __name__ == "__main__":
    unittest.main()
