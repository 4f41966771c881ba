#!/usr/bin/env python3
"""Recommendations by the real programs: a vote changes them within seconds; the rating service is killed and comes back;
the recommendation service is killed, and nothing else suffers; what it has kept answers and goes on.

    recommendation_test.py BIN
"""
import functools
import http.client
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

import waiting

BIN = pathlib.Path(sys.argv[1])
WAIT_S = 60
wait_for = functools.partial(waiting.wait_for, within_s=WAIT_S)
FILMS = {"heat": "Heat", "ronin": "Ronin", "alien": "Alien", "bad": "Batman & Robin"}


def fail(words):
    sys.exit(f"recommendation_test: FAILED: {words}")


class Service:
    def __init__(self, name, *options):
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen([BIN / f"marquee-{name}", "--listen=127.0.0.1:0", *options], stderr=self.log)
        found = wait_for(lambda: re.search(r'message="ready" listen="([^"]*)"', self.said()), f"{name} is ready")
        self.address = found.group(1)

    def said(self):
        if self.process.poll() is not None:
            fail(f"it ended with {self.process.returncode}")
        return os.pread(self.log.fileno(), os.fstat(self.log.fileno()).st_size, 0).decode()

    def ask(self, path, method="GET", body=None):
        connection = http.client.HTTPConnection(self.address, timeout=WAIT_S)
        connection.request(method, path, body)
        reply = connection.getresponse()
        answer = reply.status, reply.read().decode()
        connection.close()
        return answer

    def must(self, path, method="GET", body=None):
        status, text = self.ask(path, method, body)
        if status != 200:
            fail(f"{method} {path}: {status} {text}")
        return text

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            if self.process.wait(WAIT_S) != 0:
                fail(f"it ended with {self.process.returncode}")


class System:
    def __init__(self, directory):
        self.rating_options = (f"--data={directory}/rating", f"--event-log-directory={directory}/eventlog")
        self.registry = Service("registry", "--registry=", "--dns-listen=", "--audit-log=", f"--data={directory}/registry")
        self.recommendation_options = (f"--data={directory}/recommendation", "--minimum-co-raters=2")
        self.services = [self.registry]
        self.recommendation = self.start_recommendation()

    def start(self, name, *options):
        self.services.append(Service(name, f"--registry={self.registry.address}", "--registration-ttl=1s", *options))
        return self.services[-1]

    def start_recommendation(self):
        return self.start("recommendation", *self.recommendation_options)

    def start_others(self):
        self.rating = self.start("rating", *self.rating_options)
        self.metadata = self.start("metadata", "--store=memory")
        self.movie = self.start("movie")

    def vote(self, user, film, points):
        self.rating.must(f"/rating?id={film}&type=movie&userId={user}&value={points}", "PUT")

    def recommended(self, user):
        """[(film, because of)], by the service itself."""
        results = json.loads(self.recommendation.must(f"/recommendations?userId={user}"))["results"]
        return [(result["id"], result["becauseOf"]) for result in results]

    def marquee(self, *words):
        done = subprocess.run([BIN / "marquee", words[0], f"--movie={self.movie.address}", *words[1:]],
                              capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def stop(self):
        for service in reversed(self.services):
            service.stop()


def expect(what, seen, wanted):
    if seen != wanted:
        fail(f"{what}: {seen}, not {wanted}")


def check_before_there_are_votes(system):
    for path in ("/recommendations?userId=dan", "/similar?id=heat"):
        status, text = system.recommendation.ask(path)
        if status != 503 or "not made yet: the rating service cannot be asked" not in text:
            fail(f"without a rating service {path} is {status} {text}")
    expect("the words of /readyz", "not made yet" in system.recommendation.ask("/readyz")[1], True)
    print("before there are votes: told")


def check_votes(system):
    for film, title in FILMS.items():
        system.metadata.must("/metadata", "PUT", json.dumps(
            {"id": film, "title": title, "description": "A film", "director": "Ann Ant", "year": 1995}))
    for user in ("ann", "bob", "cid"):
        for film, points in (("heat", 9), ("ronin", 10), ("bad", 1)):
            system.vote(user, film, points)
    wait_for(lambda: system.recommendation.ask("/similar?id=heat")[0] == 200, "a model is made")
    wait_for(lambda: [result["id"] for result in json.loads(system.recommendation.must("/similar?id=heat"))["results"]] ==
             ["ronin"], "who likes Heat likes Ronin")
    expect("what is recommended to who has not voted", system.recommended("dan"), [])
    system.vote("dan", "heat", 8)
    voted = time.monotonic()
    wait_for(lambda: system.recommended("dan") == [("ronin", "heat")], "a vote changes what is recommended")
    print(f"a vote changes what is recommended: after {time.monotonic() - voted:.2f} s")


def check_face(system):
    shown = json.loads(system.movie.must("/user/recommendations?userId=dan"))
    card = shown["movies"][0]
    expect("a card", {name: card.get(name) for name in ("id", "title", "votes", "becauseOf", "becauseOfTitle", "match")},
           {"id": "ronin", "title": "Ronin", "votes": 3, "becauseOf": "heat", "becauseOfTitle": "Heat", "match": 8.0})
    expect("dan's votes", shown["votes"], 1)
    if not 0 <= shown["modelAgeMs"] < 1000 * WAIT_S:
        fail(f"the model's age: {shown['modelAgeMs']} ms")
    code, out, _ = system.marquee("recommend", "dan")
    expect("marquee recommend", (code, out.split()),
           (0, ["8.0", "ronin", "1995", "Ronin", "because", "of", "Heat"]))
    code, out, _ = system.marquee("similar", "--limit=1", "heat")
    expect("marquee similar", (code, out.split()[1:]), (0, ["ronin", "1995", "Ronin"]))
    expect("marquee recommend --json", json.loads(system.marquee("recommend", "--json", "dan")[1])["movies"][0]["id"], "ronin")
    expect("marquee recommend to nobody", system.marquee("recommend", "nobody"),
           (3, "", "marquee recommend: 'nobody' has not voted on a movie yet\n"))
    expect("marquee similar to nothing", system.marquee("similar", "alien"),
           (3, "", "marquee similar: nobody has voted on 'alien'\n"))
    print("cards and commands: as they should be")


def age_ms(system):
    return json.loads(system.recommendation.must("/recommendations?userId=dan"))["modelAgeMs"]


def check_rating_killed(system):
    system.rating.kill()
    wait_for(lambda: "marquee_recommendation_connected 0" in system.recommendation.must("/metrics"), "the outage is noticed")
    expect("what is recommended in an outage", system.recommended("dan"), [("ronin", "heat")])
    before = age_ms(system)
    wait_for(lambda: age_ms(system) > before + 1000, "the model ages")
    shown = wait_for(lambda: (seen := json.loads(system.movie.must("/user/recommendations?userId=dan"))).get(
        "ratingUnavailableReason") and seen, "movie says that ratings are away")
    expect("a card in an outage", (shown["movies"][0]["title"], shown["movies"][0]["ratingState"]), ("Ronin", "UNAVAILABLE"))
    system.rating = system.start("rating", *system.rating_options)
    for user in ("ann", "bob", "cid"):
        system.vote(user, "alien", 10)
    wait_for(lambda: ("alien", "heat") in system.recommended("dan"), "votes after the outage count")
    expect("what is recommended", sorted(system.recommended("dan")), [("alien", "heat"), ("ronin", "heat")])
    system.vote("dan", "ronin", 3)
    wait_for(lambda: system.recommended("dan") == [("alien", "heat")], "what was voted on is left out")
    wait_for(lambda: age_ms(system) < 5000, "the model is fresh again")
    expect("models made", models_made(system), 1)
    print("rating killed and back: the copy answered, and goes on")


def models_made(system):
    return int(re.search(r"^marquee_recommendation_models_total (\d+)$", system.recommendation.must("/metrics"), re.M).group(1))


def check_recommendation_killed(system):
    system.recommendation.kill()
    answer = wait_for(lambda: (seen := system.movie.ask("/user/recommendations?userId=dan"))[0] == 503 and seen,
                      "movie says that recommendations are away")
    expect("the words", "the recommendation service cannot be asked" in answer[1], True)
    expect("a film meanwhile", json.loads(system.movie.must("/movie?id=heat"))["ratingCount"], 4)
    code, _, errors = system.marquee("recommend", "dan")
    expect("marquee recommend", (code, "recommendation" in errors), (1, True))
    system.recommendation = system.start_recommendation()
    wait_for(lambda: system.movie.ask("/user/recommendations?userId=dan")[0] == 200, "recommendations are back")
    wait_for(lambda: system.recommended("dan") == [("alien", "heat")], "it has caught up")
    expect("models made after a start", models_made(system), 0)
    print("recommendation killed and back: nothing else suffered")


def check_kept(system):
    """Started while the rating service is away: what it ended with is there; then it goes on."""
    system.vote("eve", "heat", 9)
    wait_for(lambda: system.recommended("eve") != [], "the vote is in")
    system.recommendation.stop()
    system.rating.kill()
    system.recommendation = system.start_recommendation()
    wait_for(lambda: system.recommendation.ask("/similar?id=heat")[0] == 200, "what was kept is read")
    expect("what is recommended from what was kept", sorted(system.recommended("eve")), [("alien", "heat"), ("ronin", "heat")])
    system.rating = system.start("rating", *system.rating_options)
    system.vote("eve", "ronin", 2)
    wait_for(lambda: system.recommended("eve") == [("alien", "heat")], "it goes on")
    expect("models made from what was kept", models_made(system), 0)
    print("recommendation started without a rating service: answers from what it had kept, and goes on")


def check_other_votes(system):
    """Another store in the rating service's place: what was kept of the other one is not shown for long."""
    system.recommendation.stop()
    system.rating.stop()
    system.rating_options = tuple(option.replace("/rating", "/rating-anew").replace("/eventlog", "/eventlog-anew")
                                  for option in system.rating_options)
    system.rating = system.start("rating", *system.rating_options)
    for film in (*FILMS, "heat", "bad", "alien", "ronin", "heat", "bad", "alien"):
        system.vote("fay", film, 5 + len(film) / 2)
    system.recommendation = system.start_recommendation()
    wait_for(lambda: "\nmarquee_recommendation_votes 4\n" in system.recommendation.must("/metrics"), "the other votes are there")
    expect("what is recommended of other votes", system.recommended("eve"), [])
    expect("models made of other votes", models_made(system), 1)
    print("another store of votes: found out, the model made anew")


def check_deletion(system):
    for film in ("heat", "ronin"):
        system.rating.must(f"/rating?id={film}&type=movie&userId=dan", "DELETE")
    wait_for(lambda: system.recommended("dan") == [], "votes that were taken back do not count")
    print("votes taken back: do not count")


def main():
    with tempfile.TemporaryDirectory() as directory:
        system = System(directory)
        try:
            check_before_there_are_votes(system)
            system.start_others()
            check_votes(system)
            check_face(system)
            check_rating_killed(system)
            check_recommendation_killed(system)
            check_kept(system)
            check_deletion(system)
            check_other_votes(system)
        finally:
            system.stop()


if __name__ == "__main__":
    main()
