#!/usr/bin/env python3
"""The page over a real set, in a browser: a film is searched for, its details are those of the set's own files, and it is
rated. Skipped without MARQUEE_MOVIELENS_DIR (a MovieLens set), or a browser (./dev peers browser).

    MARQUEE_BIN=build/dev/bin page_movielens_test.py [CASE...]
"""
import contextlib
import csv
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser  # noqa: E402
from browser import DOWN, ENTER, check  # noqa: E402
from page_acts import OPTIONS, SAID, click_star, sign_in, sign_out  # noqa: E402
from page_scene import PageScene  # noqa: E402

SET = os.environ.get("MARQUEE_MOVIELENS_DIR")
FILM, TITLE, YEAR = "1", "Toy Story", "1995"
IS_READY = "document.querySelector('main h1') !== null && window.asking === 0"


class SetScene(PageScene):
    """With the set in place of the samples."""

    def fill(self):
        addresses = [f"--{part}={self.addresses[part]}" for part in ("metadata", "rating")]
        subprocess.run([os.path.join(self.programs, "marquee"), "import", *addresses, "movielens", SET], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def points_of_film():
    """Of each of its votes, as the set's file has them."""
    with open(os.path.join(SET, "ratings.csv"), encoding="utf-8") as rows:
        return [float(row["rating"]) * 2 for row in csv.DictReader(rows) if row["movieId"] == FILM]


def shown_votes(page):
    """Of the film's page: how many, and their mean."""
    words = page.run("document.querySelector('.panel').innerText").split()
    return int(words[words.index("votes") - 1].replace(",", "")), words


def finds_shows_and_rates_a_film(page, scene):
    points = points_of_film()
    check(len(points) > 100, f"{SET} has {len(points)} votes on {TITLE}")
    sign_in(page, scene, "visitor", "/")
    page.press("/", *"toy stroy 1995")  # as one types
    page.wait(f"{OPTIONS}.includes(arguments[0])", TITLE)
    while page.run("document.querySelector('#found [aria-selected=true] .title')?.textContent") != TITLE:
        page.press(DOWN)
    page.press(ENTER)
    page.wait("document.querySelector('main h1')?.textContent === arguments[0]", f"{TITLE} {YEAR}")
    check("Animation" in page.text(), page.text())
    count, words = shown_votes(page)
    check(count == len(points), f"{count} votes are shown, {len(points)} are in the set")
    mean = f"{sum(points) / len(points):.2f}"
    check(mean in words or mean.rstrip("0") in words, f"the mean {mean} is not in {words}")
    page.wait("[...document.querySelectorAll('h2')].some((one) => one.textContent === 'More like this')")
    click_star(page, 9)
    page.wait(f"{SAID} === 'Saved: 4.5 of 5 stars.'")
    check(scene.vote_of("visitor", FILM) == 900, "the vote is kept")
    page.driver.refresh()
    page.wait("document.querySelector('.slider')?.getAttribute('aria-valuetext') === '4.5 of 5 stars'")
    check(shown_votes(page)[0] == len(points) + 1, "it counts")
    sign_out(page)


def lists_the_best(page, scene):
    """As tests/system/top_test.py has them, worked out apart: the mean of all votes moves no place among the first."""
    titles = "[...document.querySelectorAll('main .line .what a')].slice(0, 3).map((one) => one.textContent)"
    page.open(scene.url, "/lists?order=score")
    page.wait(f"{titles}.length === 3")
    shown = page.run(titles)
    for title, words in zip(("Shawshank Redemption", "Godfather", "Usual Suspects"), shown):
        check(title in words, shown)


@contextlib.contextmanager
def as_it_is(scene, _page):
    yield scene


def main(wanted):
    if not SET:
        print("page_movielens_test: skipped: MARQUEE_MOVIELENS_DIR names no set")
        return browser.SKIPPED
    if browser.why_not() is not None:
        print(f"page_movielens_test: skipped: {browser.why_not()}")
        return browser.SKIPPED
    cases = (finds_shows_and_rates_a_film, lists_the_best)
    with SetScene(os.environ["MARQUEE_BIN"]) as scene:
        return browser.run_cases("page_movielens_test", cases, lambda page: as_it_is(scene, page), wanted,
                                 lambda driver: browser.Page(driver, IS_READY))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
