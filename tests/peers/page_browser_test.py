#!/usr/bin/env python3
"""The page of marquee-movie in a real browser: Chromium without a window, driven by Selenium.

usage: page_browser_test.py [CASE…]     (MARQUEE_BIN: where the programs are)

Every case (page_views.py, page_lists.py, page_acts.py, page_reviews.py, page_files.py,
page_access.py) opens the page of one and the same Marquee (page_scene.py), as a reader of its
own, and leaves it as it found it but for that reader's votes. At the end of each, the page must not have broken its
own security policy, nor have written an error to the console.
"""
import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser  # noqa: E402
import page_access  # noqa: E402
import page_acts  # noqa: E402
import page_files  # noqa: E402
import page_lists  # noqa: E402
import page_reviews  # noqa: E402
import page_scene  # noqa: E402
import page_views  # noqa: E402

CASES = page_views.CASES + page_lists.CASES + page_acts.CASES + page_reviews.CASES + page_files.CASES + page_access.CASES
IS_READY = "document.querySelector('main h1') !== null && window.asking === 0"


def make_page(driver):
    return browser.Page(driver, IS_READY)


@contextlib.contextmanager
def as_nobody(scene, page):
    """The browser remembers nothing of the case before."""
    page.driver.execute_cdp_cmd("Storage.clearDataForOrigin", {"origin": scene.url, "storageTypes": "all"})
    page.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
    yield scene


def main(wanted):
    if browser.why_not() is not None:
        print(f"page_browser_test: skipped: {browser.why_not()}")
        return browser.SKIPPED
    with page_scene.open_scene() as scene:
        return browser.run_cases("page_browser_test", CASES, lambda page: as_nobody(scene, page), wanted, make_page)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
