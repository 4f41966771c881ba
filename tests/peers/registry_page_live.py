"""How the page follows the registry: cases of registry_browser_test.py."""
import time

from browser import ENTER, ESCAPE, WAIT_SECONDS, check
from registry_browser import VIEWS
from registry_gate import Gate

CHANGE_SECONDS = 1.0   # a change is to be seen within
CHANGES = 6            # the quickest of so many counts: the machine may be busy
REFRESH_SECONDS = 25   # a new output without a change of status: the page asks every 10 s
QUERIES_MAX = 2        # open at once
STORM_SECONDS = 3      # of changes as fast as they go
GAP_SECONDS = 0.2      # between two answers that the page takes


def shows_changes_without_reload(page, registry):
    for path, name in (("/ui/", "movie"), ("/ui/services/movie", "movie-1")):
        page.open(registry.url, path)
        page.wait_status(name, "passing")
        page.run("window.sameDocument = true")
        times = []
        for number in range(CHANGES):
            status = ("critical", "passing")[number % 2]
            page.wait("window.asking === 1")
            registry.report("movie-1", status, f"now {status}")
            times.append(page.wait_status(name, status))
            page.wait("document.getElementById('announcements').textContent === arguments[0]", f"{name} is {status}")
        print(f"    {path}: a change was seen after {min(times) * 1000:.0f} to {max(times) * 1000:.0f} ms")
        check(min(times) < CHANGE_SECONDS, times)
        check(page.run("window.sameDocument"), "the page was loaded again")
    registry.report("movie-1", "passing", "serving")
    page.open(registry.url)
    page.wait_status("movie", "passing")
    registry.register("newcomer-1", "newcomer", 1)
    page.wait_status("newcomer", "passing")
    page.wait("document.getElementById('announcements').textContent === 'newcomer is new, and passing'")
    registry.put("/v1/agent/service/deregister/newcomer-1")
    page.wait("document.getElementById('announcements').textContent === 'newcomer is gone'")


def keeps_what_is_unfolded_and_focused(page, registry):
    page.open(registry.url, "/ui/services/rating")
    page.wait_names("rating-1", "rating-2", "rating-3")
    page.run("document.querySelectorAll('.instance > summary')[1].focus()")
    page.run("document.querySelectorAll('.instance')[0].open = false")
    registry.report("rating-2", "critical", "worse")
    page.wait_status("rating-2", "critical")
    registry.register("rating-0", "rating", 1)
    page.wait_names("rating-0", "rating-1", "rating-2", "rating-3")
    check("rating-2" in page.focused(), f"the focus stays: {page.focused()}")
    opened = page.run("[...document.querySelectorAll('.instance')].map((instance) => instance.open)")
    check(opened == [False, False, True, True], opened)


def refreshes_outputs(page, registry):
    page.open(registry.url, "/ui/services/movie")
    page.wait_status("movie-1", "passing")
    registry.report("movie-1", "passing", "another output, the same status")
    page.wait("document.body.innerText.includes('another output')", seconds=REFRESH_SECONDS)


def survives_an_outage(page, registry):
    page.open(registry.url)
    page.wait_status("rating", "critical")
    check(page.faults() == [], "before")
    registry.kill()
    page.wait("!document.getElementById('banner').hidden")
    for words in ("Not live: the registry cannot be reached.", "What is shown is of", "Trying"):
        page.wait("document.getElementById('banner').innerText.includes(arguments[0])", words)
    check(len(page.names()) == 8, "what was known stays to be read")
    check("Not live\n" in page.text(), page.text())
    registry.start()
    registry.register("after-1", "after", 1)
    took = page.wait("document.getElementById('banner').hidden")
    print(f"    back {took:.1f} s after the start")
    page.wait_names("after")
    page.wait("document.getElementById('connection').dataset.state === 'live'")
    registry.report("after-1", "warning")
    page.wait_status("after", "warning")
    page.driver.get_log("browser")  # it tells of each connection that was refused
    registry.kill()
    page.wait("!document.getElementById('banner').hidden")
    registry.start()
    page.click("#banner-action")
    page.wait("document.getElementById('banner').hidden")
    page.driver.get_log("browser")


def rests_while_nobody_looks(page, registry):
    gate = Gate(registry.address)
    page.open(gate.url)
    page.wait_status("rating", "critical")
    gate.await_query("/v1/internal/ui/services", WAIT_SECONDS)
    page.run("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait("document.getElementById('connection').dataset.state === 'paused'")
    registry.report("rating-3", "passing", "well again")
    check("Paused" in page.text(), page.text())
    gate.forget()
    page.run("Object.defineProperty(document, 'hidden', {value: false, configurable: true})")
    page.run("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_status("rating", "warning")
    page.wait("document.getElementById('connection').dataset.state === 'live'")
    check(gate.asked[0][1] is None, f"it asks at once what there is: {gate.asked}")
    gate.close()


def asks_few_at_once(page, registry):
    for path in VIEWS:
        gate = Gate(registry.address)
        page.open(gate.url, path)
        page.wait("document.getElementById('about').textContent !== ''")
        gate.forget()
        registry.report("metadata-1", "warning")
        registry.report("metadata-1", "passing")
        page.wait("document.getElementById('connection').dataset.state === 'live'")
        check(gate.open_most <= QUERIES_MAX, f"{path}: {gate.open_most} at once")
        gate.close()
    gate = Gate(registry.address)
    page.open(gate.url)
    page.wait_status("metadata", "passing")
    gate.await_query("/v1/internal/ui/services", WAIT_SECONDS)
    gate.forget()
    begun = time.monotonic()
    while time.monotonic() - begun < STORM_SECONDS:
        registry.report("metadata-1", "warning")
        registry.report("metadata-1", "passing")
    page.wait_status("metadata", "passing")
    seconds = time.monotonic() - begun
    check(len(gate.asked) <= seconds / GAP_SECONDS + 3, f"asked {len(gate.asked)} times in {seconds:.1f} s")
    gate.close()


def follows_an_index_that_goes_backwards(page, registry):
    gate = Gate(registry.address)
    page.open(gate.url, "/ui/services/rating")
    page.wait_status("rating-3", "critical")
    gate.await_query("/v1/health/service/rating", WAIT_SECONDS)
    gate.forget()
    gate.index_once = "7"
    registry.report("rating-3", "warning", "a change")
    page.wait_status("rating-3", "warning")
    gate.await_query("/v1/health/service/rating", WAIT_SECONDS)
    check(gate.asked[0][1] is None, f"from the beginning: {gate.asked}")
    check(gate.asked[1][1] not in (None, "7"), f"and then on: {gate.asked}")
    gate.close()


def asks_for_a_token(page, registry):
    gate = Gate(registry.address)
    gate.token = "sesame"
    page.open(gate.url)
    page.wait("document.getElementById('token-dialog').open")
    check(page.run("document.activeElement.id") == "token", "the focus is in the field")
    check(not page.run("document.getElementById('token-error').checkVisibility()"), "nothing was refused so far")
    page.press("wrong", ENTER)
    page.wait("document.getElementById('token-dialog').open && !document.getElementById('token-error').hidden")
    page.press(ESCAPE)
    page.wait("!document.getElementById('token-dialog').open")
    check("The registry wants a token." in page.text(), page.text())
    page.click("#banner-action")
    page.press("sesame", ENTER)
    page.wait_status("rating", "critical")
    page.wait("document.getElementById('banner').hidden")
    page.driver.refresh()
    page.wait_status("rating", "critical")
    check(page.run("localStorage.length") == 0 and page.run("document.cookie") == "", "kept for this tab alone")
    gate.token = None
    page.driver.get_log("browser")  # it tells of each 403
    gate.close()


CASES = (shows_changes_without_reload, keeps_what_is_unfolded_and_focused, refreshes_outputs, survives_an_outage,
         rests_while_nobody_looks, asks_few_at_once, follows_an_index_that_goes_backwards, asks_for_a_token)
