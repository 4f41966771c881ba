#!/usr/bin/env python3
"""The registry's page in a real browser: Chromium without a window, driven by Selenium.

usage: registry_browser_test.py [CASE…]     (MARQUEE_BIN: where marquee-registry is)

Each case opens the page of a registry of its own with the services of registry_page.py. At the end of each, the page
must not have broken its own security policy, nor have written an error to the console.
"""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import registry_page  # noqa: E402
from registry_gate import Gate  # noqa: E402
from registry_page import DESKTOP, PHONE, SKIPPED, Registry, open_browser, register_samples, resize  # noqa: E402

WAIT_SECONDS = 20
CHANGE_SECONDS = 1.0   # a change is to be seen within
CHANGES = 6            # the quickest of so many counts: the machine may be busy
REFRESH_SECONDS = 25   # a new output without a change of status: the page asks every 10 s
QUERIES_MAX = 2        # open at once
STORM_SECONDS = 3      # of changes as fast as they go
GAP_SECONDS = 0.2      # between two answers that the page takes

VIEWS = ("/ui/", "/ui/services/rating", "/ui/services/metadata", "/ui/nodes", "/ui/nodes/db-host",
         "/ui/services/nobody", "/ui/services/no/such")
HOSTILE = ('<script>window.broken = 1</script>', '<img src=x onerror="window.broken=2">', '"><b>bold</b>&amp;',
           "</pre><iframe src='javascript:parent.broken=3'></iframe>")
LONG = "a-very-long-word-without-any-place-to-break-it-" * 5

# Runs before the page's own scripts.
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective + ' ' + event.blockedURI));
window.asking = 0; // queries that are open
const realFetch = window.fetch;
window.fetch = (...request) => {
  window.asking += 1;
  return realFetch(...request).finally(() => { window.asking -= 1; });
};
"""


class Page:
    def __init__(self, driver):
        self.driver = driver
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})

    def open(self, url, path="/ui/"):
        self.driver.get(url + path)
        self.wait("document.getElementById('connection').dataset.state !== 'connecting'")

    def run(self, script, *arguments):
        return self.driver.execute_script(f"return {script}", *arguments)

    def wait(self, script, *arguments, seconds=WAIT_SECONDS):
        """Until the expression is true; how long that took."""
        begun = time.monotonic()
        while not self.run(script, *arguments):
            if time.monotonic() - begun > seconds:
                raise AssertionError(f"in vain for {seconds} s: {script} {arguments}\n{self.text()}")
            time.sleep(0.01)
        return time.monotonic() - begun

    def text(self):
        return self.run("document.body.innerText")

    def names(self):
        return self.run("[...document.querySelectorAll('.rows [data-stop]')].map((stop) => "
                        "(stop.querySelector('.name') ?? stop).textContent)")

    def wait_names(self, *names):
        try:
            self.wait("JSON.stringify([...document.querySelectorAll('.rows [data-stop]')].map((stop) => "
                      "(stop.querySelector('.name') ?? stop).textContent)) === JSON.stringify(arguments[0])", list(names))
        except AssertionError:
            raise AssertionError(f"{self.names()}, not {names}") from None

    def wait_status(self, name, status, seconds=WAIT_SECONDS):
        return self.wait("[...document.querySelectorAll('.rows > li')].some((row) => row.querySelector('.name').textContent"
                         " === arguments[0] && row.querySelector('.status').textContent === arguments[1])",
                         name, status, seconds=seconds)

    def press(self, *keys):
        for key in keys:
            registry_page.press(self.driver, key)

    def focused(self):
        return self.run("document.activeElement.textContent.trim() || document.activeElement.id")

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)

    def faults(self):
        """What the browser has to complain of, since it was asked last."""
        found = list(self.run("window.violations ?? []"))
        found += [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
        return found


def check(condition, words):
    if not condition:
        raise AssertionError(words)


def lists_services(page, registry):
    page.open(registry.url, "/")
    page.wait_names("cache", "metadata", "movie", "posters", "postgres", "rating", "recommend", "search")
    check(page.run("location.pathname") == "/ui/", "the root leads to the page")
    page.wait_status("rating", "critical")
    page.wait_status("search", "warning")
    page.wait_status("posters", "maintenance")
    page.wait_status("cache", "passing")
    row = page.run("[...document.querySelectorAll('.rows > li')].find((row) => row.textContent.includes('rating')).innerText")
    for words in ("1 critical", "1 warning", "1 passing", "canary", "v2"):
        check(words in row, f"{words} in the row of rating: {row}")
    chips = page.run("[...document.querySelectorAll('.chip')].map((chip) => chip.innerText.replace(/\\s+/g, ' '))")
    check(chips == ["All 8", "Passing 4", "Warning 1", "Critical 2", "Maintenance 1"], chips)
    check(page.run("document.querySelector('#updated time').textContent") != "", "the time of the last answer is told")
    page.wait("document.getElementById('about').textContent.includes('dc1')")


def tells_all_of_an_instance(page, registry):
    page.open(registry.url, "/ui/services/rating")
    page.wait_names("rating-1", "rating-2", "rating-3")
    text = page.run("document.querySelector('.rows > li:nth-child(3)').innerText")
    for words in ("critical", "10.0.4.23:8082", "marquee", "canary", "version", "1.9.0-rc1", "heartbeat", "TTL",
                  "connection refused", "attempts: 5", "Weights"):
        check(words in text, f"{words} in: {text}")
    check("every third of its TTL" in page.text(), "notes are shown")
    lines = [f"line {number} of what it has to say" for number in range(30)]
    registry.report("rating-1", "warning", "\n".join(lines))
    page.wait("document.body.innerText.includes('All of it: 30 lines')")
    check(lines[3] in page.text() and lines[4] not in page.text(), "long output begins with its first lines")
    page.click(".output summary")
    check("\n".join(lines) in page.text() and page.text().count(lines[3]) == 1, "and is unfolded whole")
    page.open(registry.url, "/ui/services/posters")
    page.wait("document.body.innerText.includes('moving to the new disks')")
    page.open(registry.url, "/ui/nodes/db-host")
    page.wait_names("postgres")
    check("61 % full" in page.text() and "10.0.9.5" in page.text() and "r7" in page.text(), page.text())


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
        print(f"    {path}: a change was seen after {min(times) * 1000:.0f} ms at best, {max(times) * 1000:.0f} at worst")
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


def filters(page, registry):
    page.open(registry.url)
    page.wait_status("rating", "critical")
    page.press("/")
    page.press("g", "r", "p", "c", " ", "R", "A", "T")
    page.wait_names("rating")
    check("1 of 8 services" in page.text(), page.text())
    check(page.run("location.search") == "?filter=grpc+RAT", page.run("location.search"))
    page.press("zzz")
    page.wait("document.body.innerText.includes('No service is like that.')")
    page.press("\ue00c")  # Escape
    check(len(page.names()) == 8, page.names())
    page.click(".chip[data-status=critical]")
    page.wait_names("rating", "recommend")
    check(page.run("document.querySelector('.chip[data-status=critical]').getAttribute('aria-pressed')") == "true",
          "the chosen status is told as pressed")
    page.driver.refresh()
    page.wait_names("rating", "recommend")
    registry.report("search-1", "critical", "stuck")
    page.wait_names("rating", "recommend", "search")
    page.open(registry.url, "/ui/services/rating")
    page.wait_status("rating-1", "passing")
    page.press("/")
    page.press("eu-1b")
    page.wait_names("rating-2", "rating-3")


def is_walked_by_keyboard(page, registry):
    tab, shift_tab, enter, up, down, home, end = "\ue004", "\ue008\ue004", "\ue007", "\ue013", "\ue015", "\ue011", "\ue010"
    page.open(registry.url)
    page.wait_status("rating", "critical")
    page.press(tab)
    check(page.focused() == "Skip to the content", page.focused())
    page.press(tab, tab, tab, tab)
    check(page.focused() == "all8", page.focused())
    seen = page.run("getComputedStyle(document.activeElement).outlineStyle")
    check(seen == "solid", f"the focus is seen: {seen}")
    for _ in range(5):
        page.press(tab)
    check(page.focused() == "filter", page.focused())
    page.press(tab)
    check(page.focused() == "cache", page.focused())
    for key, name in ((down, "metadata"), (end, "search"), (home, "cache"), (up, "filter"), (down, "cache"),
                      (down, "metadata")):
        page.press(key)
        check(page.focused() == name, f"{page.focused()}, not {name}")
    page.press(enter)
    page.wait_names("metadata-1", "metadata-2", "metadata-3")
    check(page.run("location.pathname") == "/ui/services/metadata", "the address is that of the service")
    check(page.run("document.activeElement.tagName") == "H1", "the focus goes to the heading")
    page.press("/")
    page.press(down)
    check("metadata-1" in page.focused(), page.focused())
    for wanted in (False, True):
        page.press(enter)
        check(page.run("document.querySelector('.instance').open") == wanted, f"Enter folds: {wanted}")
    page.press(shift_tab)
    page.driver.back()
    page.wait("document.activeElement.textContent === 'metadata'")


def has_addresses_and_goes_back(page, registry):
    page.open(registry.url, "/ui/services/rating")
    page.wait_names("rating-1", "rating-2", "rating-3")
    check(page.run("document.title") == "rating · Marquee registry", page.run("document.title"))
    page.run("document.querySelector('dd a').click()")
    page.wait("location.pathname === '/ui/nodes/marquee'")
    page.wait("document.querySelectorAll('.rows > li').length === 12")
    page.driver.back()
    page.wait_names("rating-1", "rating-2", "rating-3")
    page.driver.forward()
    page.wait("document.querySelector('h1').textContent === 'marquee'")
    check(page.run("document.querySelector('header [aria-current]').textContent") == "Nodes", "where one is, is marked")
    page.open(registry.url, "/ui/services/not%20yet%2Fthere")
    page.wait("document.body.innerText.includes('No instance of not yet/there is registered')")
    registry.register("early", "not yet/there", 1)
    page.wait_names("early")
    for path in ("/ui/services/%zz", "/ui/services/a/b"):
        page.driver.get(registry.url + path)
        page.wait("document.querySelector('h1').textContent === 'There is no such page'")


def fits_a_phone(page, registry):
    resize(page.driver, PHONE)
    registry.register(LONG, LONG, 1, "critical", LONG * 8, Tags=[LONG], Meta={"key": LONG}, notes=LONG,
                      check_name=LONG, address="2001:db8:1234:5678:9abc:def0:1234:5678")
    for path in (*VIEWS, f"/ui/services/{LONG}"):
        page.open(registry.url, path)
        page.wait("document.querySelector('h1') !== null")
        page.run("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
        page.wait("document.documentElement.scrollWidth <= innerWidth && innerWidth === arguments[0]", PHONE[0])
    small = page.run("[...document.querySelectorAll('main a, main button, main input, header a, summary')].filter((one) =>"
                     " one.offsetParent && one.getBoundingClientRect().height < 20).map((one) => one.outerHTML)")
    check(small == [], f"large enough for a finger: {small}")


def shows_everything_as_text(page, registry):
    for number, words in enumerate(HOSTILE):
        registry.register(f"{words}-{number}", words, 1, "warning", words, Tags=[words], Meta={f"key{number}": words},
                          notes=words, check_name=words)
    registry.put("/v1/catalog/register", {"Node": HOSTILE[1], "Address": HOSTILE[0], "NodeMeta": {"key": HOSTILE[0]}})
    for path in ["/ui/", "/ui/nodes"] + [f"/ui/services/{page.run('encodeURIComponent(arguments[0])', words)}" for words in HOSTILE]:
        page.open(registry.url, path)
        page.wait("document.querySelectorAll('.rows > li').length > 0")
        check(page.run("document.querySelectorAll('main script, main img, main iframe, main b:not(.empty b)').length") == 0,
              f"{path}: there is an element that came from outside")
        check(page.run("window.broken") is None, f"{path}: a script from outside has run")
    page.open(registry.url, "/ui/")
    page.wait("document.querySelectorAll('.rows > li').length > 8")
    for words in HOSTILE:
        check(words in page.names(), f"{words} among {page.names()}")
    page.run("[...document.querySelectorAll('.rows a')].find((link) => link.textContent === arguments[0]).click()", HOSTILE[0])
    page.wait("document.querySelector('h1').textContent === arguments[0]", HOSTILE[0])
    page.wait("document.querySelector('pre')?.textContent === arguments[0]", HOSTILE[0])
    check(page.run("document.title").startswith(HOSTILE[0]), page.run("document.title"))


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
    page.press("w", "r", "o", "n", "g", "\ue007")
    page.wait("document.getElementById('token-dialog').open && !document.getElementById('token-error').hidden")
    page.press("\ue00c")
    page.wait("!document.getElementById('token-dialog').open")
    check("The registry wants a token." in page.text(), page.text())
    page.click("#banner-action")
    page.press("s", "e", "s", "a", "m", "e", "\ue007")
    page.wait_status("rating", "critical")
    page.wait("document.getElementById('banner').hidden")
    page.driver.refresh()
    page.wait_status("rating", "critical")
    check(page.run("localStorage.length") == 0 and page.run("document.cookie") == "", "kept for this tab alone")
    gate.token = None
    page.driver.get_log("browser")  # it tells of each 403
    gate.close()


def takes_many_services(page, registry):
    for number in range(500):
        registry.put("/v1/agent/service/register", {"ID": f"many-{number}", "Name": f"many-{number}", "Port": 1})
    begun = time.monotonic()
    page.open(registry.url)
    page.wait("document.querySelectorAll('.rows > li').length === 200")
    print(f"    508 services after {(time.monotonic() - begun) * 1000:.0f} ms")
    check("Show more (308 left)" in page.text(), page.text()[-200:])
    page.click(".more")
    page.wait("document.querySelectorAll('.rows > li').length === 400")
    check(page.focused().startswith("many-"), page.focused())
    page.press("/")
    page.press("many-499")
    page.wait_names("many-499")


def looks_as_preferred(page, registry):
    grounds = set()
    for scheme in ("light", "dark"):
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        page.open(registry.url)
        page.wait_status("rating", "critical")
        grounds.add(page.run("getComputedStyle(document.body).backgroundColor"))
        # Without colours, a word and a shape remain.
        shapes = page.run("['passing', 'warning', 'critical', 'maintenance'].map((status) => "
                          "document.querySelector(`.status [data-status=${status}] svg`).innerHTML)")
        check(len(set(shapes)) == 4, "each status has a shape of its own")
    check(len(grounds) == 2, grounds)


AXE = "const done = arguments[0]; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', " \
      "'best-practice']}).then((found) => done(found.violations.map((one) => `${one.id}: ${one.help}: ` + " \
      "one.nodes.map((node) => node.html.slice(0, 200)).join(' | '))), (error) => done([String(error)]))"


def is_accessible(page, registry):
    cache = os.environ.get("MARQUEE_CACHE") or os.path.expanduser("~/.cache/marquee")
    path = os.path.join(cache, "browser", "node_modules", "axe-core", "axe.min.js")
    if not os.path.exists(path):
        return "there is no axe-core (./dev peers browser)"
    with open(path, encoding="utf-8") as source:
        axe = source.read()
    registry.report("rating-2", "warning", "many lines\n" * 30)
    for size in (DESKTOP, PHONE):
        for scheme in ("light", "dark"):
            resize(page.driver, size)
            page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
                "features": [{"name": "prefers-color-scheme", "value": scheme}]})
            for view in VIEWS[:-1]:
                page.open(registry.url, view)
                page.wait("document.querySelector('h1') !== null")
                page.driver.execute_script(axe)
                found = page.driver.execute_async_script(AXE)
                check(found == [], f"{view}, {size}, {scheme}: {found}")
    # That it would see a fault.
    page.run("document.querySelector('.search label').remove()")
    page.run("document.getElementById('filter').removeAttribute('placeholder')")
    check(page.driver.execute_async_script(AXE) != [], "a field without a name is not seen")
    return None


def is_held_to_its_policy(page, registry):
    """The policy is in force, and a breach of it is seen: else every other case would prove nothing."""
    page.open(registry.url)
    page.run("document.body.append(Object.assign(document.createElement('script'), {textContent: 'window.broken = 4'}))")
    page.wait("window.violations.length === 1")
    check(page.run("window.broken") is None, "an inline script has run")
    check(len(page.faults()) >= 2, "and the console tells of it")
    page.run("window.violations.length = 0")


CASES = (lists_services, tells_all_of_an_instance, shows_changes_without_reload, keeps_what_is_unfolded_and_focused,
         refreshes_outputs, filters, is_walked_by_keyboard, has_addresses_and_goes_back, fits_a_phone,
         shows_everything_as_text, survives_an_outage, rests_while_nobody_looks, asks_few_at_once,
         follows_an_index_that_goes_backwards, asks_for_a_token, takes_many_services, looks_as_preferred, is_accessible,
         is_held_to_its_policy)


def run(case, page):
    registry = Registry()
    try:
        register_samples(registry)
        page.driver.get("about:blank")
        page.driver.get_log("browser")
        resize(page.driver, DESKTOP)
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
        return SKIPPED
    failed = []
    cases = [case for case in CASES if not wanted or case.__name__ in wanted]
    driver = open_browser()
    try:
        page = Page(driver)
        for case in cases:
            try:
                why_left_out = run(case, page)
                print(f"ok      {case.__name__}" if why_left_out is None else f"skipped {case.__name__}: {why_left_out}")
            except AssertionError as error:
                print(f"FAILED  {case.__name__}: {error}")
                failed.append(case.__name__)
    finally:
        driver.quit()
    print(f"registry_browser_test: {len(cases) - len(failed)} of {len(cases)} passed")
    return 1 if failed or not cases else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
