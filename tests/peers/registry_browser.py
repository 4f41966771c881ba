"""The registry's page in a browser, as the cases of registry_browser_test.py use it."""
import time

import registry_page

WAIT_SECONDS = 20

# Keys, by their WebDriver names.
TAB, SHIFT_TAB, ENTER, ESCAPE = "\ue004", "\ue008\ue004", "\ue007", "\ue00c"
UP, DOWN, HOME, END = "\ue013", "\ue015", "\ue011", "\ue010"

VIEWS = ("/ui/", "/ui/services/rating", "/ui/services/metadata", "/ui/nodes", "/ui/nodes/db-host",
         "/ui/services/nobody", "/ui/services/no/such")

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
  return realFetch(...request).finally(() => { window.asking -= 1; });
};
"""


# Of the rows that are there.
NAMES = "[...document.querySelectorAll('.rows > li .name')].map((name) => name.textContent)"


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
        return self.run(NAMES)

    def wait_names(self, *names):
        try:
            self.wait(f"JSON.stringify({NAMES}) === JSON.stringify(arguments[0])", list(names))
        except AssertionError:
            raise AssertionError(f"{self.names()}, not {names}") from None

    def wait_status(self, name, status, seconds=WAIT_SECONDS):
        return self.wait("[...document.querySelectorAll('.rows > li')].some((row) => "
                         "row.querySelector('.name').textContent === arguments[0] && "
                         "row.querySelector('.status').textContent === arguments[1])", name, status, seconds=seconds)

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
        entries = self.driver.get_log("browser")
        return found + [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]


def check(condition, words):
    if not condition:
        raise AssertionError(words)
