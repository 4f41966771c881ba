#!/usr/bin/env python3
"""Who may do what, on the real programs: each scope by each kind of method, over gRPC, Connect and plain routes;
limits; tokens that come and go; what a process does not start with.

    scopes_test.py BIN [CASE...]
"""
import hashlib
import http.server
import json
import os
import re
import signal
import subprocess
import tempfile
import threading
import unittest
import urllib.parse

from scopes_scene import BIN, JSON, WAIT_S, Program, System, wait_for

UNAUTHENTICATED, DENIED, EXHAUSTED = 16, 7, 8


class ScopesTest(System):
    # By the scope that it needs: (program, Connect method, message) and (program, method, path, body).
    METHODS = {
        "read": [("metadata", "MetadataService/GetMetadata", {"movieId": "m1"}),
                 ("rating", "RatingService/ListUserRatings", {"userId": "alice"}),
                 ("movie", "MovieService/GetMovieDetails", {"movieId": "m1"})],
        "vote": [("rating", "RatingService/PutRating", {"recordId": "m1", "recordType": "movie", "ratingValue": 7}),
                 ("movie", "MovieService/RateMovie", {"movieId": "m1", "value": {"hundredths": 700}}),
                 ("review", "ReviewService/PutLike", {"recordId": "m1", "recordType": "movie"})],
        "write": [("metadata", "MetadataService/PutMetadata", {"metadata": {"id": "m2", "title": "Two"}})],
        "admin": [("rating", "RatingService/ListDeadLetters", {})],
    }
    ROUTES = {
        "read": [("metadata", "GET", "/metadata?id=m1", None), ("movie", "GET", "/movie?id=m1", None)],
        "vote": [("rating", "PUT", "/rating?type=movie&id=m1&value=7", None),
                 ("movie", "PUT", "/movie/rating?id=m1&value=7", None),
                 ("review", "PUT", "/review?type=movie&id=m1", '{"text":"good"}')],
        "write": [("metadata", "PUT", "/metadata?id=m2", '{"title":"Two"}')],
        "admin": [("rating", "GET", "/metrics", None), ("movie", "GET", "/metrics", None)],
    }
    MAY = {"reader": {"read"}, "alice": {"read", "vote"}, "editor": {"read", "write"},
           "root": {"read", "vote", "write", "admin"}, None: set()}

    def test_each_scope_by_each_kind(self):
        for user, may in self.MAY.items():
            for scope, methods in self.METHODS.items():
                for program, method, message in methods:
                    with self.subTest(user=user, method=method):
                        self.expect_method(getattr(self, program), method, message, user, scope in may, scope)
            for scope, routes in self.ROUTES.items():
                for program, method, path, body in routes:
                    with self.subTest(user=user, route=f"{method} {path}"):
                        status, words, headers = getattr(self, program).ask(
                            method, path, body, {**(JSON if body else {}), **self.bearer(user)})
                        if scope in may:
                            self.assertEqual(status, 200, words)
                        else:
                            self.assertEqual(status, 403 if user else 401, words)
                            self.assertIn(f"needs the scope '{scope}'" if user else "a bearer token is needed", words)
                            self.assertEqual(headers.get("www-authenticate"), None if user else "Bearer")

    def test_a_token_of_nobody_that_lacks_a_scope_is_not_asked_for_again(self):
        self.write_tokens({**self.HOLDERS, "-": "read"})
        self.reload()
        self.expect_method(self.metadata, "MetadataService/PutMetadata", {"metadata": {"id": "m2", "title": "Two"}},
                           "-", False, "write")
        status, words, headers = self.metadata.ask("DELETE", "/metadata?id=m1", headers=self.bearer("-"))
        self.assertEqual((status, headers.get("www-authenticate")), (403, None), words)
        self.assertEqual(self.metadata.ask("GET", "/metadata?id=m1", headers=self.bearer("-"))[0], 200)

    def expect_method(self, program, method, message, user, may, scope):
        status, words, _ = program.call(method, message, self.bearer(user))
        grpc_status, grpc_words, _ = program.grpc(method, message, self.bearer(user))
        if may:
            self.assertEqual((status, grpc_status), (200, 0), words + grpc_words)
            return
        self.assertEqual(status, 403 if user else 401, words)
        self.assertEqual(grpc_status, DENIED if user else UNAUTHENTICATED, grpc_words)
        self.assertIn(f"needs the scope '{scope}'" if user else "a bearer token is needed", words)

    def test_wrong_tokens_are_refused(self):
        wrong = self.tokens["alice"][:-1] + ("0" if self.tokens["alice"][-1] != "0" else "1")
        digest = hashlib.sha256(self.tokens["alice"].encode()).hexdigest()
        for given in (wrong, digest, self.tokens["alice"].upper(), "", "x" * 4000):
            status, words, _ = self.metadata.ask("GET", "/metadata?id=m1",
                                                 headers={"authorization": "Bearer " + given})
            self.assertEqual(status, 401, given)
            self.assertIn("the bearer token is not valid", words)
        for header in ("Basic " + self.tokens["alice"], self.tokens["alice"], "Bearer"):
            self.assertEqual(self.metadata.ask("GET", "/metadata?id=m1", headers={"authorization": header})[0], 401)

    def test_health_is_open_and_reflection_is_not(self):
        for program in self.programs:
            for path in ("/livez", "/readyz"):
                self.assertEqual(program.ask("GET", path)[0], 200)
            self.assertEqual(program.call("grpc.health.v1.Health/Check", {})[0], 200)
            self.assertEqual(program.grpc("grpc.health.v1.Health/Check", {})[0], 0)
        self.assertEqual(self.movie.grpc("grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                                         {"listServices": ""})[0], UNAUTHENTICATED)
        self.assertEqual(self.movie.ask("GET", "/")[0], 200)

    def test_tokens_come_and_go(self):
        ask = lambda user: self.metadata.ask("GET", "/metadata?id=m1", headers=self.bearer(user))[0]
        cookie = self.sign_in("bob")
        self.assertEqual(ask("bob"), 200)
        self.write_tokens({"alice": "vote", "carol": "read", "root": "admin"})
        self.reload()
        self.assertEqual([ask(user) for user in ("alice", "bob", "carol")], [403, 401, 200])
        # The session goes with its token.
        self.assertEqual(json.loads(self.movie.ask("GET", "/session", headers=cookie)[1])["signedIn"], False)
        self.assertEqual(self.movie.ask("GET", "/movie?id=m1", headers=cookie)[0], 401)
        self.write("tokens", "nonsense\n")
        before = self.metadata.said().count("goes on with the tokens before")
        self.metadata.process.send_signal(signal.SIGHUP)
        wait_for(lambda: self.metadata.said().count("goes on with the tokens before") > before, "it says so")
        self.assertEqual(ask("carol"), 200)

    def test_no_token_is_in_a_log(self):
        self.metadata.ask("GET", "/metadata?id=m1", headers=self.bearer("alice"))
        self.movie.ask("POST", "/session", json.dumps({"token": "marquee_wrong_one"}), JSON)
        cookie = self.sign_in("alice")["cookie"].split("=")[1]
        for program in self.programs:
            for secret in (*self.tokens.values(), cookie, "marquee_wrong_one"):
                self.assertNotIn(secret, program.said())


class OthersTest(System):
    """Nobody votes, reviews or likes for another."""

    def expect_denied(self, status, words):
        self.assertEqual(status, 403, words)
        self.assertIn("impersonate", words)

    def test_votes(self):
        alice = self.bearer("alice")
        vote = {"recordId": "m1", "recordType": "movie", "ratingValue": 3}
        bobs = {**vote, "userId": "bob"}
        for method, message in (("PutRating", bobs), ("BatchPutRatings", {"ratings": [vote, bobs]}),
                                ("DeleteRating", {"userId": "bob", "recordId": "m1", "recordType": "movie"}),
                                ("PutRating", {**vote, "providerId": "imdb"}),
                                ("BatchPutRatings", {"ratings": [{**vote, "providerId": "imdb"}]})):
            with self.subTest(method=method, message=message):
                self.expect_denied(*self.rating.call("RatingService/" + method, message, alice)[:2])
                self.assertEqual(self.rating.grpc("RatingService/" + method, message, alice)[0], DENIED)
        for method in ("RateMovie", "UnrateMovie"):
            message = {"userId": "bob", "movieId": "m1", **({"value": {"hundredths": 300}} if method == "RateMovie" else {})}
            self.expect_denied(*self.movie.call("MovieService/" + method, message, alice)[:2])
            self.assertEqual(self.movie.grpc("MovieService/" + method, message, alice)[0], DENIED)
        for program, method, path in ((self.rating, "PUT", "/rating?type=movie&id=m1&value=3&userId=bob"),
                                      (self.rating, "DELETE", "/rating?type=movie&id=m1&userId=bob"),
                                      (self.rating, "PUT", "/rating?type=movie&id=m1&value=3&providerId=imdb"),
                                      (self.movie, "PUT", "/movie/rating?id=m1&value=3&userId=bob"),
                                      (self.movie, "DELETE", "/movie/rating?id=m1&userId=bob"),
                                      (self.review, "PUT", "/like?type=movie&id=m1&userId=bob"),
                                      (self.review, "DELETE", "/review?type=movie&id=m1&userId=bob")):
            with self.subTest(path=path):
                self.expect_denied(*program.ask(method, path, headers=alice)[:2])
        self.expect_denied(*self.review.ask("PUT", "/review?type=movie&id=m1&userId=bob", '{"text":"bad"}',
                                            {**JSON, **alice})[:2])
        self.assertEqual((self.own_vote("bob"), self.own_vote("alice")), (None, None))

    def test_who_asks_is_who_votes(self):
        """Without a user in the request, over each protocol, and through movie."""
        vote = {"recordId": "m1", "recordType": "movie"}
        self.assertEqual(self.rating.call("RatingService/PutRating", {**vote, "ratingValue": 3}, self.bearer("alice"))[0], 200)
        self.assertEqual(self.own_vote("alice"), 3)
        self.assertEqual(self.rating.grpc("RatingService/PutRating", {**vote, "ratingValue": 4}, self.bearer("alice"))[0], 0)
        self.assertEqual(self.own_vote("alice"), 4)
        self.assertEqual(self.rating.ask("PUT", "/rating?type=movie&id=m1&value=5", headers=self.bearer("alice"))[0], 200)
        self.assertEqual(self.own_vote("alice"), 5)
        batch = {"ratings": [{**vote, "ratingValue": 6}]}
        self.assertEqual(self.rating.call("RatingService/BatchPutRatings", batch, self.bearer("alice"))[0], 200)
        self.assertEqual(self.own_vote("alice"), 6)
        self.assertEqual(self.movie.ask("PUT", "/movie/rating?id=m1&value=7", headers=self.bearer("alice"))[0], 200)
        self.assertEqual(self.own_vote("alice"), 7)
        message = {"movieId": "m1", "value": {"hundredths": 800}}
        self.assertEqual(self.movie.grpc("MovieService/RateMovie", message, self.bearer("alice"))[0], 0)
        self.assertEqual((self.own_vote("alice"), self.own_vote("bob")), (8, None))

    def test_admins_and_services_act_for_others(self):
        for user in ("root", "-"):
            path = "/rating?type=movie&id=m1&value=2&userId=bob"
            self.assertEqual(self.rating.ask("PUT", path, headers=self.bearer(user))[0], 200)
            self.assertEqual(self.own_vote("bob"), 2)
            self.rating.ask("DELETE", "/rating?type=movie&id=m1&userId=bob", headers=self.bearer(user))

    def test_only_services_say_for_whom_they_act(self):
        path = "/rating?type=movie&id=m1&value=2"
        acting = {"marquee-acting-for": "read,vote bob"}
        self.expect_denied(*self.rating.ask("PUT", path, headers={**self.bearer("alice"), **acting})[:2])
        self.assertEqual(self.rating.ask("PUT", path, headers=acting)[0], 403)
        self.assertIsNone(self.own_vote("bob"))
        self.assertEqual(self.rating.ask("PUT", path, headers={**self.bearer("-"), **acting})[0], 200)
        self.assertEqual(self.own_vote("bob"), 2)
        # It passes on no more than it has, and no more than is said.
        for given in ("read bob", "admin bob"):
            status, words, _ = self.rating.ask("GET", "/metrics", headers={**self.bearer("-"), "marquee-acting-for": given})
            self.assertEqual(status, 403, words)
        for given in ("vote", "vote ", "bob", "vote b%zz", "none bob"):
            headers = {**self.bearer("-"), "marquee-acting-for": given}
            self.assertEqual(self.rating.ask("PUT", path, headers=headers)[0], 400, given)


class Recorder(http.server.BaseHTTPRequestHandler):
    """A rating service that has nothing, and keeps the headers it was asked with."""

    def answer(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.seen.append((self.path, self.headers.get("authorization"), self.headers.get("marquee-acting-for")))
        body = b'{"code":"not_found","message":"nothing"}'
        self.send_response(404)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


class JsonGatewayTest(System):
    """Movie asks the others with JSON: for whom, is passed on as it is by gRPC."""
    OPTIONS = ("--gateway=http",)
    HOLDERS = {**System.HOLDERS, "émile": "read,vote"}

    def start(self, name, *options):
        program = Program(name, "--listen=127.0.0.1:0", f"--access-file={self.scratch}/tokens",
                          f"--token-file={self.scratch}/service", f"--call-token-file={self.scratch}/service",
                          *(self.OPTIONS if name == "marquee-movie" else ()), *options)
        self.programs.append(program)
        return program

    def write_tokens(self, holders):
        super().write_tokens({urllib.parse.quote(user): scopes for user, scopes in holders.items()})
        self.tokens["émile"] = self.tokens[urllib.parse.quote("émile")]

    def test_for_whom(self):
        seen = []
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as rating:
            rating.seen = seen
            thread = threading.Thread(target=rating.serve_forever)
            thread.start()
            movie = self.start("marquee-movie", f"--services=metadata={self.metadata.address};"
                                                f"rating=127.0.0.1:{rating.server_port}")
            for user in ("alice", "root", "-", "émile"):
                self.assertEqual(movie.ask("GET", "/movie?id=m1", headers=self.bearer(user))[0], 200)
                self.assertEqual(movie.call("MovieService/ListUserMovies", {}, self.bearer(user))[0], 400 if user == "-" else 404)
            rating.shutdown()
            thread.join()
        secret = "Bearer " + (self.scratch / "service").read_text(encoding="utf-8").split()[1]
        self.assertEqual({authorization for _, authorization, _ in seen}, {secret})
        # The catalogue's own questions are for nobody.
        asked = {acting for path, _, acting in seen if not re.search("Changes|ListAggregates|ListVotes", path)}
        self.assertTrue({"read,vote alice", "admin root", "read,vote %c3%a9mile"} <= asked, asked)

    def test_votes(self):
        path = "/movie/rating?id=m1&value=7"
        self.assertEqual(self.movie.ask("PUT", path, headers=self.bearer("alice"))[0], 200)
        self.assertEqual(self.movie.ask("PUT", path + "&userId=alice", headers=self.bearer("bob"))[0], 403)
        self.assertEqual(self.movie.ask("PUT", path, headers=self.bearer("reader"))[0], 403)
        self.assertEqual((self.own_vote("alice"), self.own_vote("bob"), self.own_vote("reader")), (7, None, None))


class OpenTest(System):
    """Reads are open; everything else is as before."""
    OPTIONS = ("--open-reads",)

    def test_reads_are_open(self):
        self.assertEqual(self.movie.ask("GET", "/movie?id=m1")[0], 200)
        self.assertEqual(self.movie.call("MovieService/GetMovieDetails", {"movieId": "m1"})[0], 200)
        self.assertEqual(json.loads(self.movie.ask("GET", "/session")[1])["scopes"], ["read"])
        self.assertEqual(self.movie.ask("PUT", "/movie/rating?id=m1&value=9")[0], 401)
        self.assertEqual(self.movie.ask("GET", "/metrics")[0], 401)
        self.assertEqual(self.movie.ask("GET", "/movie?id=m1", headers={"authorization": "Bearer wrong"})[0], 401)


class HeldTest(System):
    """That a vote is held for review is told to whose vote it is, and to who may act for others, whoever may read."""
    OPTIONS = ("--open-reads",)
    # Votes of now must not fall into two windows: of one day they do so at midnight alone.
    RATING_OPTIONS = ("--burst-guard=quarantine", "--burst-floor=1", "--burst-window=24h")
    KEY = {"userId": "alice", "recordId": "m1", "recordType": "movie"}
    DETAILS = {"userId": "alice", "movieId": "m1"}

    def vote(self, user, points):
        return json.loads(self.movie.ask("PUT", f"/movie/rating?id=m1&value={points}", headers=self.bearer(user))[1])

    def told_by_rating(self, user):
        """Points of the held vote, or None, by both faces."""
        status, body, _ = self.rating.call("RatingService/GetRating", {**self.KEY, "wantHeld": True}, self.bearer(user))
        _, plain, _ = self.rating.ask("GET", "/rating?type=movie&id=m1&userId=alice", headers=self.bearer(user))
        held = json.loads(body)["held"]["ratingValue"] if status == 200 else None
        self.assertEqual("is held for review" in plain, held is not None, plain)
        self.assertEqual("has not rated" in body + plain, held is None, body + plain)
        return held

    def told_by_movie(self, user):
        _, body, _ = self.movie.call("MovieService/GetMovieDetails", self.DETAILS, self.bearer(user))
        _, plain, _ = self.movie.ask("GET", "/movie?id=m1&userId=alice", headers=self.bearer(user))
        details, plain = json.loads(body)["movieDetails"], json.loads(plain)
        self.assertEqual((details["ownState"], plain["ownState"]), ("NO_VOTES", "NO_VOTES"))
        self.assertEqual(details.get("held", False), plain.get("held", False))
        self.assertEqual(details.get("heldValue", {}).get("hundredths"),
                         plain["heldValue"] * 100 if "heldValue" in plain else None)
        return plain.get("heldValue")

    def test_who_is_told(self):
        self.assertNotIn("held", self.vote("bob", 8))
        self.assertTrue(self.vote("alice", 3)["held"])
        for user, told in (("alice", 3), ("root", 3), ("-", 3), ("bob", None), ("reader", None), (None, None)):
            with self.subTest(user=user):
                self.assertEqual((self.told_by_rating(user), self.told_by_movie(user)), (told, told))

    def test_it_is_told_beside_what_counts(self):
        self.assertNotIn("held", self.vote("alice", 8))
        self.assertTrue(self.vote("alice", 3)["held"])
        for user, told in (("alice", 3), ("bob", None), (None, None)):
            with self.subTest(user=user):
                _, body, _ = self.rating.call("RatingService/GetRating", self.KEY, self.bearer(user))
                reply = json.loads(body)
                self.assertEqual((reply["rating"]["ratingValue"], reply.get("held", {}).get("ratingValue")), (8, told))
                details = json.loads(self.movie.ask("GET", "/movie?id=m1&userId=alice", headers=self.bearer(user))[1])
                self.assertEqual((details["own"], details.get("heldValue")), (8, told))


class DocumentTest(System):
    """/openapi.json tells of each operation what is enforced."""
    HOLDERS = {scope: scope for scope in ("read", "vote", "write", "admin")} | {"root": "admin", "-": "read,vote,impersonate"}
    PROGRAMS = ("metadata", "rating", "review", "movie")

    def operations(self, program):
        """(method, path and query, body, what it needs) of all but streams, which tell in their last frame."""
        document = json.loads(program.ask("GET", "/openapi.json")[1])
        self.assertEqual(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer")
        for path, item in document["paths"].items():
            for method, operation in item.items():
                content = operation.get("requestBody", {}).get("content", {})
                if "application/connect+json" in content:
                    continue
                is_method = path[1:2].isupper() or "." in path.rsplit("/", 1)[0]
                query = "?connect=v1&encoding=json&message=%7B%7D" if is_method and method == "get" else ""
                yield method.upper(), path.replace("{", "").replace("}", "") + query, "{}" if content else None, operation

    def check(self, program, method, path, body, operation):
        security = operation["security"]
        is_asked = security != [] and {} not in security
        scopes = {scope for one in security for scope in one.get("bearer", [])}
        self.assertEqual(len(scopes), 1 if security else 0)
        status, _, headers = program.ask(method, path, body, JSON)
        self.assertEqual(status == 401, is_asked, path)
        if is_asked:
            self.assertEqual(headers["www-authenticate"], "Bearer")
            self.assertTrue({"401", "403"} <= set(operation["responses"]), path)
        if security:
            self.assertEqual(program.ask(method, path, body, {**JSON, "authorization": "Bearer wrong"})[0], 401, path)
        for holder in ("read", "vote", "write", "admin"):
            status, words, _ = program.ask(method, path, body, {**JSON, **self.bearer(holder)})
            may = not scopes or holder in (*scopes, "admin") or (scopes == {"read"} and not is_asked)
            self.assertEqual(status in (401, 403), not may, f"{method} {path} by {holder}: {status} {words}")

    def check_all(self, programs):
        for name, program in programs:
            operations = list(self.operations(program))
            self.assertGreater(len(operations), 20, name)
            for operation in operations:
                with self.subTest(program=name, operation=operation[:2]):
                    self.check(program, *operation)

    def test_it_tells_what_is_enforced(self):
        self.check_all((name, getattr(self, name)) for name in self.PROGRAMS)
        document = json.loads(self.movie.ask("GET", "/openapi.json")[1])
        self.assertEqual(document["components"]["securitySchemes"]["session"]["name"], "marquee-session")
        self.assertEqual(document["paths"]["/movie/rating"]["put"]["security"], [{"bearer": ["vote"]}, {"session": ["vote"]}])

    def test_where_reads_are_open(self):
        self.check_all([("rating", self.start("marquee-rating", "--store=memory", "--event-log=none", "--open-reads"))])


class LimitsTest(System):
    OPTIONS = ("--rate-limit-reads=20", "--rate-limit-writes=2")

    def setUp(self):
        super().setUp()
        self.write("tokens", (self.scratch / "tokens").read_text(encoding="utf-8"))

    def counted(self, reason):
        page = self.rating.ask("GET", "/metrics", headers=self.bearer("root"))[1]
        return int(re.search(rf'marquee_access_refused_total{{reason="{reason}"}} (\d+)', page).group(1))

    def test_each_client_has_its_own(self):
        path = "/rating?type=movie&id=m1&value=5"
        alice = [self.rating.ask("PUT", path, headers=self.bearer("alice")) for _ in range(12)]
        limited = [(status, headers) for status, _, headers in alice if status != 200]
        self.assertEqual([status for status, _, _ in alice[:4]], [200] * 4)
        self.assertTrue(limited)
        for status, headers in limited:
            self.assertEqual((status, headers["retry-after"]), (429, "1"))
        self.assertEqual(self.counted("writes"), len(limited))
        self.assertEqual(self.rating.ask("PUT", path, headers=self.bearer("bob"))[0], 200)
        # Reads have a limit of their own, and who is limited is not in the log each time.
        self.assertEqual(self.rating.ask("GET", "/rating?type=movie&id=m1", headers=self.bearer("alice"))[0], 200)
        self.assertNotIn("too many writes", self.rating.said())

    def test_grpc_is_told_when_to_come_back(self):
        vote = {"recordId": "m1", "recordType": "movie", "ratingValue": 3}
        for _ in range(12):
            status, words, headers = self.rating.grpc("RatingService/PutRating", vote, self.bearer("alice"))
            if status != 0:
                break
        self.assertEqual(status, EXHAUSTED)
        self.assertIn("too many writes", words.replace("%20", " "))
        self.assertIn(int(headers["grpc-retry-pushback-ms"]), range(1, 1001))
        status, _, headers = self.rating.call("RatingService/PutRating", vote, self.bearer("alice"))
        self.assertEqual((status, headers["retry-after"]), (429, "1"))

    def test_guessing_is_limited(self):
        wrong = {"authorization": "Bearer marquee_" + "0" * 64}
        seen = [self.rating.ask("PUT", "/rating?type=movie&id=m1&value=5", headers=wrong)[0] for _ in range(12)]
        self.assertEqual(seen[:4], [401] * 4)
        self.assertIn(429, seen)
        body = json.dumps({"token": "marquee_" + "0" * 64})
        seen = [self.movie.ask("POST", "/session", body, JSON)[0] for _ in range(12)]
        self.assertIn(429, seen)

    def test_services_are_not_limited(self):
        path = "/rating?type=movie&id=m1&value=5&userId=bob"
        self.assertEqual({self.rating.ask("PUT", path, headers=self.bearer("-"))[0] for _ in range(12)}, {200})


class CommandTest(System):
    """By gRPC, with `marquee`, which shows tokens that `marquee token` made."""

    def run_command(self, *arguments, **environment):
        """(exit status, standard output, standard error)"""
        ended = subprocess.run([BIN / "marquee", *arguments], capture_output=True, text=True, timeout=WAIT_S, check=False,
                               env={**os.environ, **environment})
        return ended.returncode, ended.stdout, ended.stderr

    def edit(self, *arguments):
        status, output, errors = self.run_command("token", *arguments, f"--access-file={self.scratch}/tokens")
        self.assertEqual(status, 0, errors)
        return output

    def rate(self, user, *arguments, **environment):
        return self.run_command("rate", user, "m1", "7", "--rating=" + self.rating.address, *arguments, **environment)

    def test_a_token_from_its_making_to_its_end(self):
        printed = self.edit("create", "--user=carol", "--name=phone").strip()
        self.assertRegex(printed, "^marquee_[0-9a-f]{64}$")
        self.edit("create", "--user=dave", f"--to={self.scratch}/dave")
        self.assertEqual((self.scratch / "dave").stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.scratch / "tokens").stat().st_mode & 0o777, 0o600)
        self.assertNotIn(printed, (self.scratch / "tokens").read_text(encoding="utf-8"))
        self.reload()
        self.write("carol", printed + "\n")
        for user in ("carol", "dave"):
            self.assertEqual(self.rate(user, f"--token-file={self.scratch}/{user}")[0], 0)
            self.assertEqual(self.rate("", f"--token-file={self.scratch}/{user}")[0], 0)
            self.assertEqual(self.own_vote(user), 7)
        status, _, errors = self.rate("bob", f"--token-file={self.scratch}/carol")
        self.assertEqual((status, errors), (1, "marquee rate: carol may not do this for another user: that needs the scope "
                                               "'impersonate'\n"))
        status, _, errors = self.rate("carol")
        self.assertEqual(status, 1)
        self.assertIn("a bearer token is needed (--token-file FILE", errors)
        for name in ("MARQUEE_TOKEN_FILE", "MARQUEE_CLI_TOKEN_FILE"):
            self.assertEqual(self.rate("carol", **{name: f"{self.scratch}/carol"})[0], 0)
        status, _, errors = self.run_command("deadletters", "--rating=" + self.rating.address,
                                             f"--token-file={self.scratch}/carol")
        self.assertEqual((status, errors),
                         (1, "marquee deadletters: this needs the scope 'admin'; the token has: read,vote\n"))
        listed = json.loads(self.edit("list", "--json", "--user=carol"))["tokens"]
        self.assertEqual([(row["userId"], row["scopes"], row["name"]) for row in listed], [("carol", "read,vote", "phone")])
        self.edit("revoke", listed[0]["id"][:8])
        self.reload()
        self.assertIn("the bearer token is not valid", self.rate("carol", f"--token-file={self.scratch}/carol")[2])
        self.assertEqual(self.rate("dave", f"--token-file={self.scratch}/dave")[0], 0)

    def test_what_it_refuses(self):
        before = (self.scratch / "tokens").read_text(encoding="utf-8")
        for arguments, want in ((("create",), 2), (("create", "--user=x", "--scopes=all"), 2), (("steal",), 2),
                                (("create", "--user=x", "--name=a b"), 2), (("create", "extra", "--user=x"), 2),
                                (("revoke",), 2), (("revoke", "00000000"), 3), (("revoke", ""), 3)):
            status, _, errors = self.run_command("token", *arguments, f"--access-file={self.scratch}/tokens")
            self.assertEqual(status, want, errors)
        self.assertEqual((self.scratch / "tokens").read_text(encoding="utf-8"), before)

    def test_it_ends_by_itself(self):
        printed = self.edit("create", "--user=carol", "--expires=1s").strip()
        self.reload()
        self.write("carol", printed + "\n")
        wait_for(lambda: "is not valid" in self.rate("carol", f"--token-file={self.scratch}/carol")[2], "it has ended")


class StartTest(unittest.TestCase):
    """What a process does not start with, and what it does without tokens."""

    def start(self, *options):
        return subprocess.run([BIN / "marquee-metadata", "--store=memory", "--registry=", "--threads=1", *options],
                              capture_output=True, text=True, timeout=WAIT_S, check=False)

    def test_not_beyond_loopback_without_asking(self):
        for address in ("0.0.0.0:0", "[::]:0"):
            ended = self.start("--listen=" + address)
            self.assertEqual(ended.returncode, 1)
            self.assertIn("is beyond loopback and whoever reaches it could do everything", ended.stderr)
        program = Program("marquee-metadata", "--store=memory", "--listen=0.0.0.0:0", "--trust-network")
        self.assertIn("whoever reaches this address may do everything", program.said())
        program.end()
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("some secret-of-sixteen-letters\n")
            file.flush()
            program = Program("marquee-metadata", "--store=memory", "--listen=0.0.0.0:0", "--token-file=" + file.name)
            self.assertIn("without TLS, whoever can listen on the network learns tokens", program.said())
            program.end()

    def test_not_with_a_file_that_is_none(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("no token\n")
            file.flush()
            ended = self.start("--listen=127.0.0.1:0", "--access-file=" + file.name)
        self.assertEqual(ended.returncode, 1)
        self.assertIn(":1: a line begins with a SHA-256 in hexadecimal", ended.stderr)


if __name__ == "__main__":
    unittest.main()
