#!/usr/bin/env python3
"""The registry's page in a real browser: Chromium without a window, driven by Selenium.

usage: registry_browser_test.py [CASE…]     (MARQUEE_BIN: where marquee-registry is)

Each case (registry_page_views.py, registry_page_live.py) opens the page of a registry of its own with the services of
registry_page.py. At the end of each, the page must not have broken its own security policy, nor have written an error
to the console.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import registry_page  # noqa: E402
import registry_page_live  # noqa: E402
import registry_page_views  # noqa: E402
from registry_browser import Page, check  # noqa: E402

CASES = registry_page_views.CASES + registry_page_live.CASES


def run(case, page):
    registry = registry_page.Registry()
    try:
        registry_page.register_samples(registry)
        page.driver.get("about:blank")
        page.driver.get_log("browser")
        registry_page.resize(page.driver, registry_page.DESKTOP)
        why_left_out = case(page, registry)
        faults = page.faults()
        check(faults == [], f"the browser complains: {faults}")
        return why_left_out
    finally:
        registry.kill()


def main(wanted):
    why = registry_page.why_not()
    if why is not None:
        print(f"registry_browser_test: skipped: {why}")
        return registry_page.SKIPPED
    failed = []
    cases = [case for case in CASES if not wanted or case.__name__ in wanted]
    driver = registry_page.open_browser()
    try:
        page = Page(driver)
        for case in cases:
            try:
                why_left_out = run(case, page)
                print(f"skipped {case.__name__}: {why_left_out}" if why_left_out else f"ok      {case.__name__}")
            except (AssertionError, registry_page.BrowserError) as error:
                print(f"FAILED  {case.__name__}: {error}")
                failed.append(case.__name__)
    finally:
        driver.quit()
    print(f"registry_browser_test: {len(cases) - len(failed)} of {len(cases)} passed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
