#!/usr/bin/python3
"""Takes the pictures in docs/images/ anew, of what was built. usage: scripts/screenshots.py

Needs what the browser tests need (./dev peers browser), and the programs in MARQUEE_BIN (default: build/dev/bin).
"""
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "peers"))
import browser  # noqa: E402
import registry_page  # noqa: E402

IMAGES = os.path.join(ROOT, "docs", "images")
WAIT_SECONDS = 20

# name: (size, address, what is there when it is all there)
PICTURES = {
    "registry-services": ((1200, 800), "/ui/", "rating"),
    "registry-service-phone": ((390, 844), "/ui/services/rating?status=critical", "rating-3"),
}


def main():
    os.environ.setdefault("MARQUEE_BIN", os.path.join(ROOT, "build", "dev", "bin"))
    why = browser.why_not()
    if why is not None:
        sys.exit(f"screenshots: {why}")
    from selenium.webdriver.support.ui import WebDriverWait
    os.makedirs(IMAGES, exist_ok=True)
    registry = registry_page.Registry()
    driver = browser.open_browser()
    try:
        registry_page.register_samples(registry)
        for name, (size, address, words) in PICTURES.items():
            browser.resize(driver, size)
            driver.get(registry.url + address)
            WebDriverWait(driver, WAIT_SECONDS).until(lambda _, words=words: driver.execute_script(
                "return document.querySelector('.rows').innerText.includes(arguments[0]) && "
                "document.getElementById('about').textContent !== ''", words))
            driver.save_screenshot(os.path.join(IMAGES, f"{name}.png"))
            print(f"docs/images/{name}.png")
    finally:
        driver.quit()
        registry.kill()


if __name__ == "__main__":
    main()
