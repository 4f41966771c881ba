#!/usr/bin/env python3
"""The page at /api in a real browser: Chromium without a window, driven by Selenium.

usage: api_browser_test.py [CASE…]     (MARQUEE_BIN: where the programs are)

At the end of each case, the page must not have broken its own security policy, nor have written an error to the
console."""
import contextlib
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "every_method")]
import browser  # noqa: E402
from browser import ENTER, TAB, check  # noqa: E402
from running_system import RunningSystem  # noqa: E402

IS_READY = "document.querySelector('main h1') !== null && window.asking === 0"
FIELD = "[...document.querySelectorAll('label')].find((one) => one.textContent.startsWith(arguments[0])).control"


def fill(page, label, text):
    page.driver.execute_script(f"const field = {FIELD}; field.value = arguments[1]; field.dispatchEvent(new Event('input'))",
                               label, text)


def send(page):
    page.click("main form button")
    page.wait("window.asking === 0 && document.querySelector('.answer pre') !== null")
    return page.run("document.querySelector('.answer').innerText")


def open_operation(page, scene, process, operation):
    page.open(f"http://{scene.addresses[process]}", f"/api#{operation}")
    page.wait("document.querySelector('main form') !== null")


def every_operation_is_listed(page, scene):
    page.open(f"http://{scene.addresses['metadata']}", "/api")
    wanted = page.run("fetch('/openapi.json').then((reply) => reply.json()).then((api) => "
                      "Object.values(api.paths).flatMap((item) => Object.values(item)).length)")
    check(page.run("document.querySelectorAll('#operations a').length") == wanted, "not all are listed")
    fill(page, "Find an operation", "get metadata search")
    listed = page.run("[...document.querySelectorAll('#operations a')].map((one) => one.hash)")
    check("#searchMetadata" in listed and "#putMetadata" not in listed, f"found: {listed}")


def each_can_be_opened(page, scene):
    for process in ("metadata", "rating", "review", "movie", "registry"):
        page.open(f"http://{scene.addresses[process]}", "/api")
        links = page.run("[...document.querySelectorAll('#operations a')].map((one) => one.hash)")
        for link in links:
            page.driver.execute_script("location.hash = arguments[0]", link)
            page.wait("document.querySelector('#operations a[aria-current]')?.hash === arguments[0] && "
                      "document.querySelector('main form') !== null", link)


def a_movie_is_put_and_got(page, scene):
    open_operation(page, scene, "metadata", "putMetadata")
    fill(page, "id", "tt1")
    fill(page, "title", "<b>Heat</b>")
    fill(page, "genres", '["Crime"]')
    check("200" in send(page), "not put")
    open_operation(page, scene, "metadata", "getMetadata")
    fill(page, "id", "tt1")
    told = send(page)
    check('"title": "<b>Heat</b>"' in told and '"Crime"' in told, f"told: {told}")
    check(page.run("document.querySelector('.answer b')") is None, "an answer became markup")
    open_operation(page, scene, "metadata", "MetadataService.GetMetadata.get")
    fill(page, "movieId", "tt1")
    told = send(page)
    check('"title": "<b>Heat</b>"' in told, f"told: {told}")


def errors_are_shown(page, scene):
    with page.expecting_failures("/metadata?id=none"):
        open_operation(page, scene, "metadata", "getMetadata")
        fill(page, "id", "none")
        told = send(page)
        check("404" in told and "/api#not_found" in told, f"told: {told}")
    page.open(f"http://{scene.addresses['metadata']}", "/api#not_found")
    check("nothing of that id" in page.text(), "the problem is not explained")
    open_operation(page, scene, "metadata", "putMetadata")
    fill(page, "title", "x")
    fill(page, "genres", "no JSON")
    page.click("main form button")
    page.wait("document.querySelector('.answer .bad') !== null")


def curl_does_the_same(page, scene):
    open_operation(page, scene, "metadata", "MetadataService.PutMetadata")
    fill(page, "metadata", '{"id": "tt2", "title": "It\'s"}')
    page.click("main form button.plain")
    page.wait("document.querySelector('main > pre').textContent !== ''")
    command = page.run("document.querySelector('main > pre').textContent")
    subprocess.run(["sh", "-c", command + " --silent --fail"], check=True, capture_output=True)
    open_operation(page, scene, "metadata", "getMetadata")
    fill(page, "id", "tt2")
    check("\"title\": \"It's\"" in send(page), "curl has not put it")


def keys_are_enough(page, scene):
    page.open(f"http://{scene.addresses['metadata']}", "/api")
    page.press(TAB)
    check(page.focused() == "Skip to the operation", f"the first is {page.focused()}")
    page.press(TAB, TAB)
    check(page.focused() == "filter", f"then {page.focused()}")
    page.driver.switch_to.active_element.send_keys("livez")
    page.wait("document.querySelectorAll('#operations a').length === 1")
    page.press(TAB, ENTER)
    page.wait("document.querySelector('main form') !== null && document.activeElement.tagName === 'H1'")
    page.press(TAB, ENTER)
    page.wait("document.querySelector('.answer pre') !== null")
    check("ok" in page.run("document.querySelector('.answer').innerText"), "it was not sent")


def the_policy_holds(page, scene):
    page.open(f"http://{scene.addresses['metadata']}", "/api")
    browser.check_policy(page)
    page.driver.get_log("browser")


def readers_can_use_it(page, scene):
    source = browser.axe_source()
    if source is None:
        return "there is no axe-core (./dev peers browser)"
    for scheme in ("light", "dark"):
        browser.prefer(page.driver, color_scheme=scheme)
        for size in (browser.DESKTOP, browser.PHONE):
            browser.resize(page.driver, size)
            open_operation(page, scene, "metadata", "putMetadata")
            page.driver.execute_script(source)
            found = page.driver.execute_async_script(browser.AXE)
            check(found == [], f"{scheme} {size}: {found}")
            wide = page.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            check(wide <= 0, f"it is {wide} too wide")
    return None


CASES = (every_operation_is_listed, each_can_be_opened, a_movie_is_put_and_got, errors_are_shown, curl_does_the_same,
         keys_are_enough, the_policy_holds, readers_can_use_it)


def main(wanted):
    if browser.why_not() is not None:
        print(f"api_browser_test: skipped: {browser.why_not()}")
        return browser.SKIPPED
    with RunningSystem(os.environ["MARQUEE_BIN"]) as system:
        return browser.run_cases("api_browser_test", CASES, lambda _: contextlib.nullcontext(system), wanted,
                                 lambda driver: browser.Page(driver, IS_READY))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
