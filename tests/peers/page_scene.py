"""What the browser tests of the page and its screenshots share: a whole Marquee of their own, with the sample films and
votes of data/, whose rating service can be killed and started again with what it had."""
import contextlib
import hashlib
import http.client
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "every_method"))
from running_system import READY, READY_S, RunningSystem  # noqa: E402

DATA = os.path.join(HERE, "..", "..", "data")
REQUEST_SECONDS = 30
BATCH = 500
# Films that the cases use, by their ids.
MATRIX, CASABLANCA, AMELIE, GODFATHER = "tt0133093", "tt0034583", "tt0211915", "tt0068646"


def sample(name):
    with open(os.path.join(DATA, name), encoding="utf-8") as source:
        return json.load(source)


class PageScene(RunningSystem):
    """url: of the page."""

    def __enter__(self):
        try:
            self.start("registry", "--registry", "", "--dns-listen", "")
            self.registry = ("--registry", self.addresses["registry"])
            self.start("metadata", "--store", "memory", *self.registry)
            self.start_rating("127.0.0.1:0")
            self.start("review", "--store", "memory", *self.registry)
            self.start("recommendation", "--minimum-co-raters", "1", *self.registry)
            self.start("movie", *self.registry)
            self.fill()
        except BaseException as failure:
            self.__exit__(type(failure))
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.started):
            process.kill()
            process.wait()
        self.scratch.cleanup()

    @property
    def url(self):
        return f"http://{self.addresses['movie']}"

    @contextlib.contextmanager
    def guarded(self, tokens, *options):
        """The address of a further movie service, which lets in who holds one of the tokens (token: (scopes, user))."""
        lines = [f"{hashlib.sha256(token.encode()).hexdigest()} {scopes} {user} 2026-01-01T00:00:00Z never test\n"
                 for token, (scopes, user) in tokens.items()]
        with open(self.path("access"), "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.writelines(lines)
        open_address = self.addresses["movie"]
        self.start("movie", "--access-file", self.path("access"), *options, *self.registry)
        process = self.started.pop()
        guarded_address, self.addresses["movie"] = self.addresses["movie"], open_address
        try:
            yield f"http://{guarded_address}"
        finally:
            process.kill()
            process.wait()

    def start_rating(self, address, *options):
        """As start(), on a store that outlives it."""
        with open(self.path("rating.log"), "wb") as output:
            self.rating = subprocess.Popen([
                os.path.join(self.programs, "marquee-rating"), "--listen", address, "--data", self.path("rating"),
                "--event-log-directory", self.path("eventlog"), *options, *self.registry], stderr=output)
        self.started.append(self.rating)
        deadline = time.monotonic() + READY_S
        while not READY.search(self.log("rating")):
            if self.rating.poll() is not None or time.monotonic() > deadline:
                sys.exit(f"marquee-rating is not ready: {self.log('rating')}")
            time.sleep(0.02)
        self.addresses["rating"] = READY.search(self.log("rating")).group(1)

    @contextlib.contextmanager
    def without(self, name, *options):
        """Its process is killed, and another started in its place at the end, with nothing in its store."""
        process = next(one for one in self.started if one.args[0].endswith(f"marquee-{name}"))
        self.started.remove(process)
        process.kill()
        process.wait()
        try:
            yield
        finally:
            self.start(name, *options, *self.registry)

    def kill_rating(self):
        self.rating.kill()
        self.rating.wait()

    def restart_rating(self, *options):
        self.start_rating(self.addresses["rating"], *options)

    def ask(self, name, method, path, body=None):
        connection = http.client.HTTPConnection(self.addresses[name], timeout=REQUEST_SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body),
                               {"Content-Type": "application/json"})
            reply = connection.getresponse()
            words = reply.read().decode()
        finally:
            connection.close()
        if reply.status != 200:
            raise AssertionError(f"{method} {path} of {name}: {reply.status} {words}")
        return json.loads(words) if words else None

    def fill(self):
        for film in sample("catalogue.json"):
            self.ask("metadata", "PUT", "/metadata", film)
        votes = [{"userId": vote["userId"], "recordId": vote["recordId"], "recordType": "movie",
                  "exactValue": {"hundredths": round(vote["value"] * 100)}, "providerId": vote["providerId"],
                  "eventTime": vote["eventTime"]}
                 for vote in sample("ratings.json") if vote["recordType"] == "movie" and vote["eventType"] == "put"]
        for at in range(0, len(votes), BATCH):
            reply = self.ask("rating", "POST", "/RatingService/BatchPutRatings", {"ratings": votes[at:at + BATCH]})
            if reply.get("refused"):
                raise AssertionError(reply["refused"][:3])

    def vote(self, user, film, hundredths, cast=""):
        """cast: when, in RFC 3339; empty: now."""
        self.ask("rating", "POST", "/RatingService/PutRating", {
            "userId": user, "recordId": film, "recordType": "movie", "exactValue": {"hundredths": hundredths},
            "eventTime": cast})

    def kept_vote(self, user, film):
        """As the rating service has it; None: there is none."""
        reply = self.ask("rating", "POST", "/RatingService/ListUserRatings", {"userId": user, "pageSize": 1000})
        found = [vote for vote in reply.get("ratings", []) if vote["recordId"] == film]
        return found[0] if found else None

    def vote_of(self, user, film):
        """Hundredths, or None."""
        vote = self.kept_vote(user, film)
        return vote["exactValue"].get("hundredths", 0) if vote else None

    def time_of(self, user, film):
        return self.kept_vote(user, film)["eventTime"]


def open_scene():
    """A scene, not started yet."""
    return PageScene(os.environ["MARQUEE_BIN"])
