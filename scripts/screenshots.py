#!/usr/bin/python3
"""Takes the pictures in docs/images/ anew, of what was built. usage: scripts/screenshots.py [NAME…]

Needs what the browser tests need (./dev peers browser), and the programs in MARQUEE_BIN (default: build/dev/bin).
"""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "peers"))
import browser  # noqa: E402
import page_scene  # noqa: E402
import registry_page  # noqa: E402
from page_scene import AMELIE, CASABLANCA, MATRIX  # noqa: E402

IMAGES = os.path.join(ROOT, "docs", "images")
BYTES_MAX = 150 * 1024
WIDE, PHONE = (1200, 800), browser.PHONE
READER = "ann"

# name: (size, address, what is there when it is all there)
REGISTRY = {
    "registry-services": (WIDE, "/ui/", "rating"),
    "registry-service-phone": (PHONE, "/ui/services/rating?status=critical", "rating-3"),
}
# name: (size, theme, address, what is done there, what is there then)
PAGE = {
    "page-home": (WIDE, "light", "/", "", "document.querySelectorAll('.shelf').length >= 2"),
    "page-film": (WIDE, "light", f"/film/{MATRIX}", "", "document.querySelector('.slider[aria-valuenow=\"4.5\"]')"),
    "page-film-why": (WIDE, "dark", f"/film/{MATRIX}", "scrollTo(0, document.querySelector('.columns').offsetTop - 80); "
                      "document.querySelector('.why').open = true", "document.querySelector('.formula.filled')"),
    "page-film-phone": (PHONE, "dark", f"/film/{AMELIE}", "", "document.querySelector('.slider[aria-valuenow=\"4\"]')"),
    "page-search": (WIDE, "dark", "/lists", "const query = document.getElementById('query'); query.focus(); "
                    "query.value = 'the b'; query.dispatchEvent(new Event('input'))",
                    "document.querySelectorAll('#found li').length > 4"),
    "page-votes-phone": (PHONE, "light", "/votes", "", "document.querySelectorAll('.lines > li').length >= 3"),
}
REVIEWS = {"bob": "The lobby scene still holds, twenty-five years on. The sequels do not.",
           "zoë": "I came for the bullets that stand still, and stayed for the phone boxes."}


def save(driver, name):
    path = os.path.join(IMAGES, f"{name}.png")
    driver.save_screenshot(path)
    size = os.path.getsize(path)
    print(f"docs/images/{name}.png: {size} bytes")
    if size > BYTES_MAX:
        sys.exit(f"docs/images/{name}.png is over {BYTES_MAX} bytes")


def take_registry(driver, wanted):
    page = browser.Page(driver, "document.querySelector('.rows') !== null")
    registry = registry_page.Registry()
    try:
        registry_page.register_samples(registry)
        for name, (size, address, words) in REGISTRY.items():
            if wanted(name):
                browser.resize(driver, size)
                page.open(registry.url, address)
                page.wait("document.querySelector('.rows').innerText.includes(arguments[0]) && "
                          "document.getElementById('about').textContent !== ''", words)
                save(driver, name)
    finally:
        registry.kill()


def furnish(scene):
    for film, hundredths in ((MATRIX, 900), (CASABLANCA, 1000), (AMELIE, 800)):
        scene.vote(READER, film, hundredths, "2026-11-20T20:15:00Z")
    for user, text in REVIEWS.items():
        scene.ask("movie", "POST", "/MovieService/PutReview", {"userId": user, "movieId": MATRIX, "text": text})


def take_page(driver, wanted):
    page = browser.Page(driver, "document.querySelector('main h1') !== null && window.asking === 0")
    with page_scene.open_scene() as scene:
        furnish(scene)
        page.open(scene.url, "/")
        driver.execute_script("localStorage.setItem('marquee-user', arguments[0])", READER)
        for name, (size, theme, address, act, is_there) in PAGE.items():
            if wanted(name):
                browser.resize(driver, size)
                browser.prefer(driver, color_scheme=theme)
                page.open(scene.url, address)
                driver.execute_script(act)
                page.wait(is_there)
                save(driver, name)


def main(names):
    os.environ.setdefault("MARQUEE_BIN", os.path.join(ROOT, "build", "dev", "bin"))
    why = browser.why_not()
    if why is not None:
        sys.exit(f"screenshots: {why}")
    os.makedirs(IMAGES, exist_ok=True)
    driver = browser.open_browser()
    try:
        take_registry(driver, lambda name: not names or name in names)
        take_page(driver, lambda name: not names or name in names)
    finally:
        driver.quit()


if __name__ == "__main__":
    main(sys.argv[1:])
