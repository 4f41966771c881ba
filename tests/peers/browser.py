"""A browser without a window, driven by Selenium, and what cases of a browser test do with a page: shared by the tests of
the pages of marquee-movie and marquee-registry, and their screenshots."""
import contextlib
import os
import shutil
import time

try:
    from selenium import webdriver
    from selenium.common.exceptions import WebDriverException as BrowserError
    from selenium.webdriver.common.actions.action_builder import ActionBuilder
    from selenium.webdriver.common.actions.interaction import POINTER_TOUCH
    from selenium.webdriver.common.actions.pointer_input import PointerInput
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
except ImportError:
    webdriver = None
    BrowserError = RuntimeError

SKIPPED = 77
WAIT_SECONDS = 20
PHONE = (390, 844)
DESKTOP = (1280, 860)

# Keys, by their WebDriver names.
TAB, SHIFT_TAB, ENTER, ESCAPE, SPACE = "\ue004", "\ue008\ue004", "\ue007", "\ue00c", "\ue00d"
BACKSPACE, PAGE_UP = "\ue003", "\ue00e"
UP, DOWN, LEFT, RIGHT, HOME, END = "\ue013", "\ue015", "\ue012", "\ue014", "\ue011", "\ue010"

# Runs before the page's own scripts.
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => {
  violations.push(event.violatedDirective + ' ' + event.blockedURI);
});
window.asking = 0; // queries that are open
const realFetch = window.fetch;
window.fetch = (...request) => {
  window.asking += 1;
  const answer = window.intercept?.(...request) ?? realFetch(...request); // a case may answer itself, or have it wait
  return answer.finally(() => { window.asking -= 1; });
};
"""

AXE = "const done = arguments[0]; axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', " \
      "'wcag22aa', 'best-practice']}).then((found) => done(found.violations.map((one) => " \
      "`${one.id}: ${one.help}: ` + one.nodes.map((node) => node.html.slice(0, 200)).join(' | '))), " \
      "(error) => done([String(error)]))"


def why_not():
    """Why there is no browser here; None: there is one."""
    if webdriver is None:
        return "there is no Selenium (./dev peers browser)"
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"there is no {program} (./dev peers browser)"
    return None


def open_browser(size=DESKTOP, dark=False, scale=1):
    options = Options()
    options.binary_location = shutil.which("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--hide-scrollbars", "--lang=en-GB", "--disable-background-networking",
                     "--disable-component-update"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=options)
    prefer(driver, color_scheme="dark" if dark else "light")
    resize(driver, size, scale)
    return driver


def prefer(driver, **features):
    """What the reader prefers: prefer(driver, color_scheme="dark", reduced_motion="reduce")."""
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
        {"name": "prefers-" + name.replace("_", "-"), "value": value} for name, value in features.items()]})


def resize(driver, size, scale=1):
    """The page's own size, whatever the window's."""
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": size[0], "height": size[1], "deviceScaleFactor": scale, "mobile": size[0] < 600})


def press(driver, key):
    """As a person presses it: to whatever has the focus."""
    webdriver.ActionChains(driver).send_keys(key).perform()


def click_beside_middle(driver, element, x):
    webdriver.ActionChains(driver).move_to_element_with_offset(element, x, 0).click().perform()


def touch_beside_middle(driver, element, x):
    touch = ActionBuilder(driver, mouse=PointerInput(POINTER_TOUCH, "finger"))
    touch.pointer_action.move_to(element, x, 0).pointer_down().pointer_up()
    touch.perform()


class Page:
    """A page in the browser. is_ready: an expression that is true when it has begun to be of use."""

    def __init__(self, driver, is_ready):
        self.driver = driver
        self.is_ready = is_ready
        self.passed_over = ()
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})

    def open(self, url, path):
        self.driver.get(url + path)
        self.wait(self.is_ready)

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

    def wait_for(self, is_so, seconds=WAIT_SECONDS):
        """As wait(), for what is not in the page."""
        begun = time.monotonic()
        while not is_so():
            if time.monotonic() - begun > seconds:
                raise AssertionError(f"in vain for {seconds} s\n{self.text()}")
            time.sleep(0.01)

    def text(self):
        return self.run("document.body.innerText")

    def press(self, *keys):
        for key in keys:
            press(self.driver, key)

    def focused(self):
        return self.run("document.activeElement.textContent.trim() || document.activeElement.id")

    def click(self, selector):
        self.run("document.querySelector(arguments[0]).click()", selector)

    def faults(self):
        """What the browser has to complain of, since it was asked last."""
        found = list(self.run("window.violations ?? []"))
        entries = self.driver.get_log("browser")
        told = [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]
        return found + [words for words in told if "Failed to load resource" not in words or
                        not any(part in words for part in self.passed_over)]

    @contextlib.contextmanager
    def running_first(self, script):
        """The script runs before the page's own, whenever one is opened."""
        added = self.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)

    @contextlib.contextmanager
    def expecting_failures(self, *parts):
        """Requests are meant to fail whose address holds one of these."""
        found = self.faults()
        check(found == [], f"the browser complains: {found}")
        before, self.passed_over = self.passed_over, self.passed_over + parts
        yield
        found = self.faults()
        check(found == [], f"the browser complains: {found}")
        self.passed_over = before


def check(condition, words):
    if not condition:
        raise AssertionError(words)


# What the policy must refuse: markup made of a text, a script in the page, a style in an attribute.
BREAK_POLICY = """
const victim = document.body.appendChild(document.createElement('p'));
try {
  victim.innerHTML = '<b>bold</b>';
} catch (error) {
  window.refused = error.name;
}
const script = document.createElement('script');
script.append('window.broken = 4');
document.body.append(script);
victim.setAttribute('style', 'color: red');
"""


def check_policy(page):
    """The policy is in force, and a breach of it is seen: else every other case would prove nothing."""
    page.driver.execute_script("fetch(location.href).then((reply) => { window.policy = "
                               "reply.headers.get('content-security-policy'); })")
    page.wait("window.policy !== undefined")
    policy = page.run("window.policy")
    check("default-src 'none'; script-src 'self';" in policy and "unsafe" not in policy, policy)
    page.driver.execute_script(BREAK_POLICY)
    page.wait("window.violations.length >= 3")
    check(page.run("window.refused") == "TypeError", "markup was made of a text")
    check(page.run("window.broken") is None, "an inline script has run")
    check(len(page.faults()) >= 3, "and the console tells of it")
    page.run("window.violations.length = 0")


def axe_source():
    """The source of axe-core; None: it is not here (./dev peers browser)."""
    cache = os.environ.get("MARQUEE_CACHE") or os.path.expanduser("~/.cache/marquee")
    path = os.path.join(cache, "browser", "node_modules", "axe-core", "axe.min.js")
    if not os.path.exists(path):
        return None
    with open(path, encoding="utf-8") as source:
        return source.read()


def run_case(case, page, scene):
    """Why it was left out, or None."""
    page.driver.get("about:blank")
    page.driver.get_log("browser")
    resize(page.driver, DESKTOP)
    prefer(page.driver, color_scheme="light")
    why_left_out = case(page, scene)
    faults = page.faults()
    check(faults == [], f"the browser complains: {faults}")
    return why_left_out


def run_cases(name, cases, scene_of, wanted, make_page):
    """Runs each case that is wanted, or all: case(page, scene), with what the context manager scene_of(page)
    gives; the exit status of the test. A case returns why it was left out, or None. make_page(driver): a Page."""
    why = why_not()
    if why is not None:
        print(f"{name}: skipped: {why}")
        return SKIPPED
    failed = []
    chosen = [case for case in cases if not wanted or case.__name__ in wanted]
    driver = open_browser()
    try:
        page = make_page(driver)
        for case in chosen:
            try:
                with scene_of(page) as scene:
                    why_left_out = run_case(case, page, scene)
                print(f"skipped {case.__name__}: {why_left_out}" if why_left_out else f"ok      {case.__name__}",
                      flush=True)
            except (AssertionError, BrowserError) as error:
                print(f"FAILED  {case.__name__}: {error}", flush=True)
                failed.append(case.__name__)
    finally:
        driver.quit()
    print(f"{name}: {len(chosen) - len(failed)} of {len(chosen)} passed")
    return 1 if failed or not chosen else 0
