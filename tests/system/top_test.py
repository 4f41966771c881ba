#!/usr/bin/env python3
"""Top lists of a real set by the real programs, with figures that were worked out apart from them: imported, listed by
the command and by plain HTTP, page by page, from a store that the service was started anew on. Skipped
without MARQUEE_MOVIELENS_DIR (ml-latest-small of 2016).

    top_test.py BIN
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

from search_test import SKIPPED, Service, wait_for

BIN = pathlib.Path(sys.argv[1])
SET = os.environ.get("MARQUEE_MOVIELENS_DIR")
BEST = [("318", "Shawshank Redemption, The", "8.834"), ("858", "Godfather, The", "8.765"),
        ("50", "Usual Suspects, The", "8.558")]
VERSION = "1:25:7.087"
PAGE = 7


def marquee(metadata, rating, *arguments):
    addresses = ("--metadata", metadata.address, "--rating", rating.address)
    return subprocess.run([BIN / "marquee", *arguments, *addresses], check=True, stdout=subprocess.PIPE).stdout.decode()


def top(rating, **parameters):
    status, body = rating.ask("/rating/top?" + urllib.parse.urlencode({"type": "movie", **parameters}))
    return json.loads(body) if status == 200 else None


def is_ranked(rating):
    page = top(rating, pageSize=1)
    return page and page["parameters"]["version"] == VERSION and page["records"]


def fail(words):
    sys.exit(f"top_test: FAILED: {words}")


def check_best(metadata, rating):
    wait_for(lambda: is_ranked(rating), f"the ranking has the parameters {VERSION}")
    answer = json.loads(marquee(metadata, rating, "top", "--limit", "3", "--json"))
    listed = [(record["recordId"], f"{record['weightedScore']:.3f}") for record in answer["records"]]
    if listed != [(movie, score) for movie, _, score in BEST]:
        fail(f"the best are {listed}")
    table = marquee(metadata, rating, "top", "--limit", "3").splitlines()
    for line, (movie, title, score) in zip(table[1:], BEST):
        if movie not in line.split() or score not in line or title not in line:
            fail(f"the table says {line!r} of {movie}")
    if "m = 25 votes, C = 7.087" not in table[-1]:
        fail(f"the table ends with {table[-1]!r}")


def check_pages(rating):
    """Of those with 100 votes and more, page by page as in one."""
    whole = top(rating, order="mean", minimumVotes=100, pageSize=1000)["records"]
    if not whole or any(record["count"] < 100 for record in whole):
        fail("minimumVotes is not kept")
    if [-record["mean"] for record in whole] != sorted(-record["mean"] for record in whole):
        fail("the list is not by mean")
    pages, token = [], ""
    while token is not None:
        page = top(rating, pageToken=token, pageSize=PAGE) if token else top(rating, order="mean", minimumVotes=100,
                                                                              pageSize=PAGE)
        pages += page["records"]
        token = page.get("nextPageToken")
    if pages != whole:
        fail(f"{len(pages)} by pages, {len(whole)} at once")


def main():
    if not SET:
        print("top_test: skipped: MARQUEE_MOVIELENS_DIR names no set")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="marquee-top.") as scratch:
        store = ("--data", os.path.join(scratch, "rating"), "--event-log", "none")
        started = []
        try:
            run(store, started)
        finally:
            for service in started:
                service.process.kill()
    return 0


def run(store, started):
    def start(name, *options):
        started.append(Service(name, *options))
        return started[-1]

    metadata = start("metadata", "--store=memory")
    rating = start("rating", *store)
    marquee(metadata, rating, "import", "movielens", SET)
    rating.stop()
    rating = start("rating", *store)  # at a start the mean is published as it is
    check_best(metadata, rating)
    check_pages(rating)
    rating.stop()
    metadata.stop()


if __name__ == "__main__":
    sys.exit(main())
