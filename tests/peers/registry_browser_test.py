#!/usr/bin/env python3
"""The registry's page in a real browser: Chromium without a window, driven by Selenium.

usage: registry_browser_test.py [CASE…]     (MARQUEE_BIN: where marquee-registry is)

Each case (registry_page_views.py, registry_page_live.py) opens the page of a registry of its own with the services of
registry_page.py. At the end of each, the page must not have broken its own security policy, nor have written an error
to the console.
"""
import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser  # noqa: E402
import registry_page  # noqa: E402
import registry_page_live  # noqa: E402
import registry_page_views  # noqa: E402
from registry_browser import RegistryPage  # noqa: E402

CASES = registry_page_views.CASES + registry_page_live.CASES


@contextlib.contextmanager
def registry(_):
    started = registry_page.Registry()
    try:
        registry_page.register_samples(started)
        yield started
    finally:
        started.kill()


if __name__ == "__main__":
    sys.exit(browser.run_cases("registry_browser_test", CASES, registry, sys.argv[1:], RegistryPage))
