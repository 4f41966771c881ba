#!/usr/bin/env python3
"""`marquee up --access` by the real programs: what it makes at its first start, whom it lets in and whom not, by command,
by HTTP and by the page's session; over a second start; and a token that is taken back.

    up_access_test.py BIN [CASE...]
"""
import http.client
import json
import re
import signal
import unittest

from product_scene import FAILED, JSON, WAIT_S, Scene, Up, wait_for

SAME = {"sec-fetch-site": "same-origin"}
TOKEN = re.compile(r"marquee_[0-9a-f]{64}")


class UpAccessTest(Scene):
    def setUp(self):
        super().setUp()
        self.data = self.scratch / "var"
        self.admin = ("--token-file", str(self.data / "access" / "admin-token"))
        self.up = None
        self.addCleanup(lambda: self.up is not None and self.up.end())

    def begin(self, *options):
        self.up = Up(self.data, "--access", *options)
        self.addresses = self.up.addresses

    def begin_again(self, *options):
        self.up.end()
        self.begin(*options)

    def ask(self, part, method, path, body=None, headers=None):
        """(status, body, cookie)"""
        connection = http.client.HTTPConnection(self.addresses[part], timeout=WAIT_S)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), {**JSON, **(headers or {})})
            reply = connection.getresponse()
            return reply.status, reply.read().decode(), (reply.getheader("set-cookie") or "").split(";")[0]
        finally:
            connection.close()

    def make_token(self, user):
        """The file, and the token in it."""
        path = self.scratch / f"{user}.token"
        self.command("token", "create", f"--access-file={self.data}/access/tokens", f"--user={user}", f"--to={path}")
        self.assertEqual(path.stat().st_mode & 0o777, 0o600)
        return path, TOKEN.search(path.read_text(encoding="utf-8")).group()

    def is_let_in(self, token, part="rating"):
        status, _, _ = self.ask(part, "GET", "/rating?type=movie&id=m1" if part == "rating" else "/movie?id=m1",
                                headers={"authorization": f"Bearer {token}"})
        return status not in (401, 403)

    def walk(self, *options):
        self.begin(*options)
        said = self.up.said()
        admin_file = self.data / "access" / "admin-token"
        self.assertEqual(TOKEN.findall(said), TOKEN.findall(admin_file.read_text(encoding="utf-8")), "it is shown once")
        self.assertEqual(((self.data / "access").stat().st_mode & 0o777, admin_file.stat().st_mode & 0o777), (0o700, 0o600))
        self.assertNotIn(TOKEN.search(said).group(), (self.data / "access" / "tokens").read_text(encoding="utf-8"))
        self.nobody_is_let_in()
        self.command("metadata", "put", "m1", "--title=The Matrix", "--year=1999", *self.admin)
        self.assertIn("The Matrix (1999)", self.command("movie", "m1", *self.admin))
        file, token = self.make_token("ann")
        self.up.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.is_let_in(token) and self.is_let_in(token, "movie"), "the services know the new token")
        self.ann_votes_for_herself(file, token)
        cookie = self.the_page_has_a_session(token)
        self.begin_again(*options)
        self.assertEqual(TOKEN.findall(self.up.said()), [], "it is shown once alone")
        self.nobody_is_let_in()
        wait_for(lambda: self.is_let_in(token, "movie"), "the token holds over a start")
        self.assertEqual(json.loads(self.ask("movie", "GET", "/session", headers={"cookie": cookie})[1])["userId"], "ann")
        self.nor_is_a_token_that_was_taken_back(file, token, cookie)

    def nobody_is_let_in(self):
        for part, path in (("movie", "/movie?id=m1"), ("rating", "/rating?type=movie&id=m1"), ("metadata", "/metadata?id=m1"),
                           ("review", "/reviews?type=movie&id=m1"), ("recommendation", "/similar?type=movie&id=m1"),
                           ("registry", "/v1/catalog/services")):
            self.assertIn(self.ask(part, "GET", path)[0], (401, 403), part)
            self.assertIn(self.ask(part, "GET", path, headers={"authorization": f"Bearer marquee_{'0' * 64}"})[0], (401, 403), part)
        for words in (("movie", "m1"), ("movies",), ("rate", "ann", "m1", "9")):
            self.assertIn("token", self.command(*words, status=FAILED))
        # The page itself is there, to sign in by.
        self.assertEqual(self.ask("movie", "GET", "/")[0], 200)

    def ann_votes_for_herself(self, file, token):
        shown = ("--token-file", str(file))
        self.assertEqual(self.command("rate", "ann", "m1", "9", *shown), "ok\n")
        self.assertNotEqual(self.command("rate", "bob", "m1", "1", *shown, status=FAILED), "")
        self.assertEqual(self.ask("rating", "PUT", "/rating?type=movie&id=m1&userId=bob&value=1",
                                  headers={"authorization": f"Bearer {token}"})[0], 403)
        self.assertNotEqual(self.command("quarantine", *shown, status=FAILED), "", "what is an admin's is none of hers")
        self.assertEqual(self.command("rating", "m1", *self.admin).splitlines()[0], "9.000 of 10 from 1 vote")

    def the_page_has_a_session(self, token):
        """Its cookie."""
        status, body, cookie = self.ask("movie", "POST", "/session", {"token": token}, SAME)
        self.assertEqual((status, json.loads(body)["userId"]), (200, "ann"))
        vote = {"movieId": "m1", "value": {"hundredths": 800}}
        rate = ("movie", "POST", "/MovieService/RateMovie", vote)
        self.assertEqual(self.ask(*rate, SAME)[0], 401, "without the cookie")
        self.assertEqual(self.ask(*rate, {"cookie": cookie})[0], 403, "from another page")
        status, body, _ = self.ask(*rate, {"cookie": cookie, **SAME})
        self.assertEqual((status, json.loads(body)["summary"]["mean"]), (200, 8))
        status, body, _ = self.ask("movie", "POST", "/MovieService/LikeMovie", {"movieId": "m1"}, {"cookie": cookie, **SAME})
        self.assertEqual((status, json.loads(body)), (200, {"likeCount": 1}), "the services let movie ask for her")
        return cookie

    def nor_is_a_token_that_was_taken_back(self, file, token, cookie):
        listed = self.command("token", "list", "--user=ann", f"--access-file={self.data}/access/tokens")
        self.command("token", "revoke", listed.split()[0], f"--access-file={self.data}/access/tokens")
        self.up.process.send_signal(signal.SIGHUP)
        wait_for(lambda: not self.is_let_in(token) and not self.is_let_in(token, "movie"), "the token is none any more")
        self.assertIn("token", self.command("rate", "ann", "m1", "1", "--token-file", str(file), status=FAILED))
        self.assertEqual(self.ask("movie", "POST", "/MovieService/RateMovie", {"movieId": "m1", "value": {"hundredths": 100}},
                                  {"cookie": cookie, **SAME})[0], 401, "nor is its session")
        self.assertEqual(self.command("rating", "m1", *self.admin).splitlines()[0], "8.000 of 10 from 1 vote")

    def test_up(self):
        self.walk()

    def test_up_in_a_single_process(self):
        self.walk("--single-process")

    def test_open_reads(self):
        self.begin("--open-reads")
        # The lists are made from a copy, which is there a moment after the start; until then it is 503.
        wait_for(lambda: self.ask("movie", "GET", "/movies")[0] == 200, "the lists are there, for everybody")
        self.assertEqual(self.ask("movie", "PUT", "/movie/rating?id=m1&userId=ann&value=9")[0], 401)


if __name__ == "__main__":
    unittest.main()
