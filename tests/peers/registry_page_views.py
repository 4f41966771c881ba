"""What the page shows, and how it is used: cases of registry_browser_test.py."""
import time
import urllib.parse

from browser import (AXE, DESKTOP, DOWN, END, ENTER, ESCAPE, HOME, PHONE, SHIFT_TAB, TAB, UP, axe_source, check,
                     check_policy, prefer, resize)
from registry_browser import VIEWS

HOSTILE = ('<script>window.broken = 1</script>', '<img src=x onerror="window.broken=2">', '"><b>bold</b>&amp;',
           "</pre><iframe src='javascript:parent.broken=3'></iframe>")
LONG = "a-very-long-word-without-any-place-to-break-it-" * 5


def lists_services(page, registry):
    page.open(registry.url, "/")
    page.wait_names("cache", "metadata", "movie", "posters", "postgres", "rating", "recommend", "search")
    check(page.run("location.pathname") == "/ui/", "the root leads to the page")
    page.wait_status("rating", "critical")
    page.wait_status("search", "warning")
    page.wait_status("posters", "maintenance")
    page.wait_status("cache", "passing")
    page.wait_status("movie", "passing")  # one of its instances goes, two serve
    check("1 draining" in page.text(), page.text())
    row = page.run("[...document.querySelectorAll('.rows > li')]"
                   ".find((row) => row.textContent.includes('rating')).innerText")
    for words in ("1 critical", "1 warning", "1 passing", "canary", "v2"):
        check(words in row, f"{words} in the row of rating: {row}")
    chips = page.run("[...document.querySelectorAll('.chip:not([hidden])')]"
                     ".map((chip) => chip.innerText.replace(/\\s+/g, ' '))")
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
    registry.put("/v1/agent/service/register", {"Name": "looked-at", "Port": 1, "Check": {
        "HTTP": "http://127.0.0.1:1/health", "Interval": "10s", "Notes": "nobody is there"}})
    page.open(registry.url, "/ui/services/looked-at")
    for words in ("HTTP, every 10s", "nobody is there", "Failed to connect"):
        page.wait("document.body.innerText.includes(arguments[0])", words)
    page.open(registry.url, "/ui/services/movie?status=draining")
    page.wait_status("movie-3", "draining")
    page.open(registry.url, "/ui/services/posters")
    page.wait("document.body.innerText.includes('moving to the new disks')")
    page.open(registry.url, "/ui/nodes/db-host")
    page.wait_names("postgres")
    check("61 % full" in page.text() and "10.0.9.5" in page.text() and "r7" in page.text(), page.text())


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
    page.press(ESCAPE)
    check(len(page.names()) == 8, page.names())
    page.click(".chip[data-status=critical]")
    page.wait_names("rating", "recommend")
    check(page.run("document.querySelector('.chip[data-status=critical]').ariaPressed") == "true",
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
    page.open(registry.url)
    page.wait_status("rating", "critical")
    page.press(TAB)
    check(page.focused() == "Skip to the content", page.focused())
    page.press(TAB, TAB, TAB, TAB)
    check(page.focused() == "all8", page.focused())
    seen = page.run("getComputedStyle(document.activeElement).outlineStyle")
    check(seen == "solid", f"the focus is seen: {seen}")
    for _ in range(5):
        page.press(TAB)
    check(page.focused() == "filter", page.focused())
    page.press(TAB)
    check(page.focused() == "cache", page.focused())
    for key, name in ((DOWN, "metadata"), (END, "search"), (HOME, "cache"), (UP, "filter"), (DOWN, "cache"),
                      (DOWN, "metadata")):
        page.press(key)
        check(page.focused() == name, f"{page.focused()}, not {name}")
    page.press(ENTER)
    page.wait_names("metadata-1", "metadata-2", "metadata-3")
    check(page.run("location.pathname") == "/ui/services/metadata", "the address is that of the service")
    check(page.run("document.activeElement.tagName") == "H1", "the focus goes to the heading")
    page.press("/")
    page.press(DOWN)
    check("metadata-1" in page.focused(), page.focused())
    for wanted in (False, True):
        page.press(ENTER)
        check(page.run("document.querySelector('.instance').open") == wanted, f"Enter folds: {wanted}")
    page.press(SHIFT_TAB)
    page.driver.back()
    page.wait("document.activeElement.textContent === 'metadata'")


def has_addresses_and_goes_back(page, registry):
    page.open(registry.url, "/ui/services/rating")
    page.wait_names("rating-1", "rating-2", "rating-3")
    check(page.run("document.title") == "rating · Marquee registry", page.run("document.title"))
    page.run("document.querySelector('dd a').click()")
    page.wait("location.pathname === '/ui/nodes/marquee'")
    page.wait("document.querySelectorAll('.rows > li').length === 13")
    page.driver.back()
    page.wait_names("rating-1", "rating-2", "rating-3")
    page.driver.forward()
    page.wait("document.querySelector('h1').textContent === 'marquee'")
    check(page.run("document.querySelector('header [aria-current]').textContent") == "Nodes", "where one is, is marked")
    page.open(registry.url, "/ui/services?filter=search")
    page.wait_names("search")
    page.click("header nav a")
    page.wait("document.querySelectorAll('.rows > li').length === 8 && location.search === ''")
    page.driver.back()
    page.wait_names("search")
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
    small = page.run("[...document.querySelectorAll('main a, main button, main input, header a, summary')]"
                     ".filter((one) => one.offsetParent && one.getBoundingClientRect().height < 20)"
                     ".map((one) => one.outerHTML)")
    check(small == [], f"large enough for a finger: {small}")


def shows_everything_as_text(page, registry):
    for number, words in enumerate(HOSTILE):
        registry.register(f"{words}-{number}", words, 1, "warning", words, Tags=[words], Meta={f"key{number}": words},
                          notes=words, check_name=words)
    registry.put("/v1/catalog/register", {"Node": HOSTILE[1], "Address": HOSTILE[0], "NodeMeta": {"key": HOSTILE[0]}})
    for path in ["/ui/", "/ui/nodes"] + [f"/ui/services/{urllib.parse.quote(words, safe='')}" for words in HOSTILE]:
        page.open(registry.url, path)
        page.wait("document.querySelectorAll('.rows > li').length > 0")
        foreign = page.run("document.querySelectorAll('main script, main img, main iframe, main b').length")
        check(foreign == 0, f"{path}: there is an element that came from outside")
        check(page.run("window.broken") is None, f"{path}: a script from outside has run")
    page.open(registry.url, "/ui/")
    page.wait("document.querySelectorAll('.rows > li').length > 8")
    for words in HOSTILE:
        check(words in page.names(), f"{words} among {page.names()}")
    page.run("[...document.querySelectorAll('.rows a')].find((link) => link.textContent === arguments[0]).click()",
             HOSTILE[0])
    page.wait("document.querySelector('h1').textContent === arguments[0]", HOSTILE[0])
    page.wait("document.querySelector('pre')?.textContent === arguments[0]", HOSTILE[0])
    check(page.run("document.title").startswith(HOSTILE[0]), page.run("document.title"))


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
        prefer(page.driver, color_scheme=scheme)
        page.open(registry.url)
        page.wait_status("rating", "critical")
        grounds.add(page.run("getComputedStyle(document.body).backgroundColor"))
        # Without colours, a word and a shape remain.
        shapes = page.run("['passing', 'warning', 'critical', 'maintenance'].map((status) => "
                          "document.querySelector(`.status [data-status=${status}] svg`).innerHTML)")
        check(len(set(shapes)) == 4, "each status has a shape of its own")
    check(len(grounds) == 2, grounds)


SHOW_BANNER_AND_DIALOG = """(() => {
  document.getElementById('banner').hidden = false;
  document.getElementById('banner-title').textContent = 'Not live:';
  document.getElementById('banner-action').textContent = 'Try now';
  document.getElementById('token-error').hidden = false;
  document.getElementById('token-dialog').showModal();
})()"""


def is_accessible(page, registry):
    axe = axe_source()
    if axe is None:
        return "there is no axe-core (./dev peers browser)"
    registry.report("rating-2", "warning", "many lines\n" * 30)
    for size in (DESKTOP, PHONE):
        for scheme in ("light", "dark"):
            resize(page.driver, size)
            prefer(page.driver, color_scheme=scheme)
            for view in VIEWS:
                page.open(registry.url, view)
                page.wait("document.querySelector('h1') !== null")
                page.driver.execute_script(axe)
                found = page.driver.execute_async_script(AXE)
                check(found == [], f"{view}, {size}, {scheme}: {found}")
            page.run(SHOW_BANNER_AND_DIALOG)
            found = page.driver.execute_async_script(AXE)
            check(found == [], f"the banner and the dialog, {size}, {scheme}: {found}")
    # That it would see a fault.
    page.open(registry.url)
    page.driver.execute_script(axe)
    page.run("document.querySelector('.search label').remove()")
    page.run("document.getElementById('filter').removeAttribute('placeholder')")
    check(page.driver.execute_async_script(AXE) != [], "a field without a name is not seen")
    return None


def is_held_to_its_policy(page, registry):
    page.open(registry.url)
    check_policy(page)


CASES = (lists_services, tells_all_of_an_instance, filters, is_walked_by_keyboard, has_addresses_and_goes_back,
         fits_a_phone, shows_everything_as_text, takes_many_services, looks_as_preferred, is_accessible,
         is_held_to_its_policy)
