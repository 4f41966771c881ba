#!/usr/bin/env python3
"""Sessions of browsers, on the real programs: the cookie, and what keeps other pages from using it.

    sessions_test.py BIN [CASE...]
"""
import http.client
import json
import shutil
import socket
import ssl
import subprocess
import tempfile
import unittest

from scopes_scene import JSON, SAME, WAIT_S, Program, System, wait_for


class SessionsTest(System):
    def test_the_cookie(self):
        status, body, headers = self.movie.ask("POST", "/session", json.dumps({"token": self.tokens["alice"]}), JSON)
        self.assertEqual(status, 200)
        said = json.loads(body)
        self.assertEqual((said["access"], said["signedIn"], said["userId"], said["scopes"]),
                         (True, True, "alice", ["read", "vote"]))
        value, *flags = headers["set-cookie"].split("; ")
        self.assertTrue(value.startswith("marquee-session="))
        self.assertEqual(flags, ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=604800"])
        self.assertEqual(headers["cache-control"], "no-store")
        cookie = {"cookie": f"theme=dark; {value}; x=y"}
        self.assertEqual(self.movie.ask("GET", "/session", headers=cookie)[1], body)
        status, body, headers = self.movie.ask("GET", "/session")
        self.assertEqual((status, json.loads(body)), (200, {"access": True, "signedIn": False, "scopes": []}))
        status, _, headers = self.movie.ask("DELETE", "/session", headers={**cookie, **SAME})
        self.assertEqual(status, 204)
        self.assertEqual(headers["set-cookie"].split("; "),
                         ["marquee-session=", "Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=0"])
        # Who kept a copy of it has nothing.
        self.assertEqual(self.movie.ask("GET", "/movie?id=m1", headers=cookie)[0], 401)

    def test_who_may_sign_in(self):
        for body, want in (({"token": "marquee_" + "0" * 64}, 401), ({"token": self.tokens["-"]}, 403), ({}, 400),
                           ({"token": 1}, 400), ({"userId": "alice"}, 400), ([], 400)):
            status, words, headers = self.movie.ask("POST", "/session", json.dumps(body), JSON)
            self.assertEqual(status, want, words)
            self.assertNotIn("set-cookie", headers)
        token = json.dumps({"token": self.tokens["alice"]})
        for headers, want in (({"content-type": "text/plain"}, 415), ({}, 415),
                              ({"content-type": "application/x-www-form-urlencoded"}, 415),
                              ({**JSON, "sec-fetch-site": "cross-site"}, 403),
                              ({**JSON, "sec-fetch-site": "same-site"}, 403),
                              ({**JSON, **SAME}, 200)):
            connection = http.client.HTTPConnection(self.movie.address, timeout=WAIT_S)
            connection.request("POST", "/session", token, headers)
            reply = connection.getresponse()
            reply.read()
            self.assertEqual(reply.status, want, headers)
            connection.close()

    def test_other_pages_cannot_use_it(self):
        cookie = self.sign_in("alice")
        rate = ("POST", "/MovieService/RateMovie", '{"movieId":"m1","value":{"hundredths":900}}')
        route = ("PUT", "/movie/rating?id=m1&value=9", None)
        own = {"origin": "http://" + self.movie.address}
        shapes = [
            (rate, JSON, 403), (rate, {**JSON, "sec-fetch-site": "cross-site"}, 403),
            (rate, {**JSON, "sec-fetch-site": "same-site"}, 403), (rate, {**JSON, "sec-fetch-site": "none"}, 403),
            (rate, {**JSON, "origin": "http://evil.example"}, 403), (rate, {**JSON, "origin": "null"}, 403),
            (rate, {**JSON, "origin": "http://" + self.movie.address + ".evil.example"}, 403),
            (rate, {**JSON, **own, "sec-fetch-site": "cross-site"}, 403),
            (rate, {**SAME, "content-type": "application/proto"}, 403),
            (route, {}, 403), (route, {"sec-fetch-site": "cross-site"}, 403),
            (route, {"origin": "http://evil.example"}, 403), (route, {**SAME, "content-type": "text/plain"}, 403),
        ]
        for (method, path, body), headers, want in shapes:
            with self.subTest(path=path, headers=headers):
                self.assertEqual(self.movie.ask(method, path, body, {**cookie, **headers})[0], want)
        self.assertIsNone(self.own_vote("alice"))
        for (method, path, body), headers, want in ((rate, {**JSON, **SAME}, 200), (rate, {**JSON, **own}, 200),
                                                    (route, SAME, 200), (route, own, 200)):
            with self.subTest(path=path, headers=headers):
                self.assertEqual(self.movie.ask(method, path, body, {**cookie, **headers})[0], want)
        self.assertEqual(self.own_vote("alice"), 9)

    def test_reading_changes_nothing(self):
        cookie = {**self.sign_in("alice"), **SAME}
        for path in ("/MovieService/RateMovie?connect=v1&encoding=json&message=%7B%22movieId%22%3A%22m1%22%7D",
                     "/movie/rating?id=m1&value=9"):
            self.assertIn(self.movie.ask("GET", path, headers=cookie)[0], (404, 405))
        self.assertIsNone(self.own_vote("alice"))

    def test_nobody_votes_for_another_by_it(self):
        cookie = {**self.sign_in("alice"), **SAME}
        self.assertEqual(self.movie.ask("PUT", "/movie/rating?id=m1&value=9&userId=bob", headers=cookie)[0], 403)
        message = json.dumps({"movieId": "m1", "userId": "bob", "value": {"hundredths": 900}})
        self.assertEqual(self.movie.ask("POST", "/MovieService/RateMovie", message, {**JSON, **cookie})[0], 403)
        self.assertIsNone(self.own_vote("bob"))

    def test_changed_ones_are_none(self):
        name, value = self.sign_in("alice")["cookie"].split("=")
        for other in (value[:-1] + ("0" if value[-1] != "0" else "1"), "1" + value[1:], value + "00", "", "x"):
            headers = {"cookie": f"{name}={other}"}
            self.assertEqual(self.movie.ask("GET", "/movie?id=m1", headers=headers)[0], 401, other)
        self.assertEqual(self.movie.ask("GET", "/movie?id=m1", headers={"cookie": f"{name}={value}"})[0], 200)

    def test_it_outlives_the_process(self):
        cookie = self.sign_in("alice")
        self.programs.remove(self.movie)
        self.movie.end()
        self.movie = self.start("marquee-movie", f"--session-keys={self.scratch}/keys",
                                f"--services=metadata={self.metadata.address};rating={self.rating.address};"
                                f"review={self.review.address}")
        self.assertEqual(self.movie.ask("GET", "/movie?id=m1", headers=cookie)[0], 200)
        self.assertEqual((self.scratch / "keys").stat().st_mode & 0o777, 0o600)


class SharedSessionsTest(System):
    """Two processes of movie, with one file of keys."""

    def setUp(self):
        super().setUp()
        self.other = self.start_movie()

    def start_movie(self):
        return self.start("marquee-movie", f"--session-keys={self.scratch}/keys",
                          f"--services=metadata={self.metadata.address};rating={self.rating.address};"
                          f"review={self.review.address}")

    def status_at(self, program, cookie):
        return program.ask("GET", "/movie?id=m1", headers=cookie)[0]

    def test_who_leaves_one_has_left_all(self):
        cookie, kept = self.sign_in("alice"), self.sign_in("alice")
        self.assertEqual((self.status_at(self.movie, cookie), self.status_at(self.other, cookie)), (200, 200))
        self.assertEqual(self.other.ask("DELETE", "/session", headers={**cookie, **SAME})[0], 204)
        self.assertEqual(self.status_at(self.other, cookie), 401)
        wait_for(lambda: self.status_at(self.movie, cookie) == 401, "the first process knows")
        self.assertEqual((self.status_at(self.movie, kept), self.status_at(self.other, kept)), (200, 200))
        # Nor is it a session again when processes begin anew.
        self.assertEqual(self.status_at(self.start_movie(), cookie), 401)
        self.assertEqual((self.scratch / "keys.ended").stat().st_mode & 0o777, 0o600)

    def test_an_end_that_cannot_be_written_is_none(self):
        cookie = self.sign_in("alice")
        broken = self.scratch / "keys.ended"
        broken.write_text("no ends\n", encoding="utf-8")
        status, body, _ = self.movie.ask("DELETE", "/session", headers={**cookie, **SAME})
        self.assertEqual((status, "try again" in json.loads(body)["detail"], str(self.scratch) in body), (503, True, False))
        self.assertEqual(self.status_at(self.movie, cookie), 200)
        broken.unlink()
        self.assertEqual(self.movie.ask("DELETE", "/session", headers={**cookie, **SAME})[0], 204)
        self.assertEqual(self.status_at(self.movie, cookie), 401)
        wait_for(lambda: self.status_at(self.other, cookie) == 401, "the other process knows")


class OpenSessionsTest(unittest.TestCase):
    """Where nobody is asked for a token."""

    def test_open_sessions_say_who_they_are(self):
        movie = Program("marquee-movie", "--listen=127.0.0.1:0", "--services=metadata=127.0.0.1:1;rating=127.0.0.1:1")
        status, body, headers = movie.ask("POST", "/session", '{"userId":"alice b"}', JSON)
        self.assertEqual((status, json.loads(body)["userId"]), (200, "alice b"))
        cookie = {"cookie": headers["set-cookie"].split(";")[0]}
        self.assertEqual(json.loads(movie.ask("GET", "/session", headers=cookie)[1])["userId"], "alice b")
        # A page of another origin cannot use it either.
        self.assertEqual(movie.call("MovieService/GetMovieDetails", {"movieId": "m1"}, cookie)[0], 403)
        for user in ("", "x" * 129, "a\nb"):
            self.assertEqual(movie.ask("POST", "/session", json.dumps({"userId": user}), JSON)[0], 400)
        movie.end()


class TlsTest(unittest.TestCase):
    """Over TLS."""

    def setUp(self):
        if shutil.which("openssl") is None:
            self.skipTest("there is no openssl")
        self.scratch = tempfile.TemporaryDirectory(prefix="marquee-sessions.")
        name = self.scratch.name
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                        "-keyout", name + "/key", "-out", name + "/certificate"], check=True, capture_output=True)
        self.movie = Program("marquee-movie", "--listen=127.0.0.1:0", "--services=metadata=127.0.0.1:1;rating=127.0.0.1:1",
                             f"--tls-certificate={name}/certificate", f"--tls-key={name}/key",
                             tls=ssl.create_default_context(cafile=name + "/certificate"))

    def tearDown(self):
        self.movie.end()
        self.scratch.cleanup()

    def test_the_cookie_stays_there(self):
        status, _, headers = self.movie.ask("POST", "/session", '{"userId":"alice"}', JSON)
        self.assertEqual(status, 200)
        value, *flags = headers["set-cookie"].split("; ")
        self.assertTrue(value.startswith("__Host-marquee-session="))
        self.assertEqual(flags, ["Path=/", "HttpOnly", "SameSite=Strict", "Secure", "Max-Age=604800"])
        self.assertTrue(json.loads(self.movie.ask("GET", "/session", headers={"cookie": value})[1])["signedIn"])
        # One that another page could have set, by its name without the prefix, is none.
        other = {"cookie": value.removeprefix("__Host-")}
        self.assertFalse(json.loads(self.movie.ask("GET", "/session", headers=other)[1])["signedIn"])

    def test_plaintext_is_refused(self):
        host, port = self.movie.address.split(":")
        for sent in (b"GET /session HTTP/1.1\r\nhost: localhost\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"):
            with socket.create_connection((host, int(port)), WAIT_S) as plain:
                plain.sendall(sent)
                got = b""
                try:
                    while True:
                        part = plain.recv(4096)
                        if not part:
                            break
                        got += part
                except ConnectionResetError:
                    pass
            self.assertNotIn(b"HTTP/1.1 2", got)
            self.assertNotIn(b"signedIn", got)
        self.assertEqual(self.movie.ask("GET", "/session")[0], 200)


if __name__ == "__main__":
    unittest.main()
