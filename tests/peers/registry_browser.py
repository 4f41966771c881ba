"""The registry's page in a browser, as the cases of registry_browser_test.py use it."""
from browser import WAIT_SECONDS, Page

IS_READY = "document.getElementById('connection').dataset.state !== 'connecting'"

VIEWS = ("/ui/", "/ui/services/rating", "/ui/services/metadata", "/ui/nodes", "/ui/nodes/db-host",
         "/ui/services/nobody", "/ui/services/no/such")

# Of the rows that are there.
NAMES = "[...document.querySelectorAll('.rows > li .name')].map((name) => name.textContent)"


class RegistryPage(Page):
    """That of a registry."""

    def __init__(self, driver):
        super().__init__(driver, IS_READY)

    def open(self, url, path="/ui/"):
        super().open(url, path)

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
