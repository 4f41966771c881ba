"""The page where access is on: cases of page_browser_test.py."""
from browser import ENTER, ESCAPE, check
from page_acts import SAID, click_star
from page_reviews import press_button
from page_scene import MATRIX

ANNS, READERS = "marquee_" + "a1" * 32, "marquee_" + "b2" * 32
SOMEBODY = "document.querySelector('#who .name')?.textContent === arguments[0]"


def asks_for_a_token(page, scene):
    with scene.guarded({ANNS: ("read,vote", "ann-of-the-token"), READERS: ("read", "reader")}, "--open-reads") as url:
        page.open(url, f"/film/{MATRIX}")
        check("weighted" in page.text() or "mean" in page.text(), "reading is open")
        click_star(page, 8)
        page.wait("document.getElementById('session-dialog').open")
        check(page.run("document.getElementById('session-label').textContent") == "Token", "a name is not enough")
        check(page.run("document.getElementById('session-input').type") == "password", "nobody reads it from the screen")
        with page.expecting_failures("/session"):
            page.press("marquee_wrong", ENTER)
            page.wait("!document.getElementById('session-error').hidden")
            check("not valid" in page.run("document.getElementById('session-error').textContent"), page.text())
        page.driver.execute_script("document.getElementById('session-input').value = ''")
        page.press(ANNS, ENTER)
        page.wait(SOMEBODY, "ann-of-the-token")
        page.wait(f"{SAID} === 'Saved: 4 of 5 stars.'")
        check(scene.vote_of("ann-of-the-token", MATRIX) == 800, "it is hers")
        check(ANNS not in page.run("JSON.stringify({...localStorage, ...sessionStorage}) + document.cookie"),
              "no script can read the token, nor the session")
        page.driver.refresh()
        page.wait(SOMEBODY, "ann-of-the-token")
        page.wait("document.querySelector('.slider')?.getAttribute('aria-valuetext') === '4 of 5 stars'")
        page.click("#who")
        page.wait("document.getElementById('who').textContent === 'Sign in'")
        page.driver.refresh()
        page.wait("document.querySelector('.slider')?.getAttribute('aria-valuetext') === 'not rated'")
        check(page.run("document.getElementById('who').textContent") == "Sign in", "and is so after a reload")
        page.wait("window.asking === 0")


def says_when_a_token_may_not_vote(page, scene):
    with scene.guarded({READERS: ("read", "reader")}, "--open-reads") as url:
        page.open(url, f"/film/{MATRIX}")
        page.click("#who")
        page.press(READERS, ENTER)
        page.wait(SOMEBODY, "reader")
        with page.expecting_failures("/MovieService/RateMovie"):
            click_star(page, 2)
            page.wait(f"{SAID}.startsWith('Not saved: ')")
        check(scene.vote_of("reader", MATRIX) is None, "nothing is kept")
        page.click("#who")
        page.wait("document.getElementById('who').textContent === 'Sign in'")
        page.click("#who")
        page.press(ESCAPE)
        page.wait("!document.getElementById('session-dialog').open && window.asking === 0")


def lets_nobody_read(page, scene):
    with scene.guarded({READERS: ("read", "reader")}) as url, page.expecting_failures("/MovieService/"):
        page.open(url, "/")
        page.wait("document.querySelector('.notice button')?.textContent === 'Sign in'")
        check(page.run("document.querySelector('.card')") is None, "nothing is shown")
        page.click(".notice button")
        page.press(READERS, ENTER)
        page.wait("document.querySelectorAll('.card').length >= 12 && window.asking === 0")


def keeps_words_when_a_session_ends(page, scene):
    """What was written and not published, for the session had ended meanwhile, is there to be published after all."""
    with scene.guarded({ANNS: ("read,vote", "ann-of-the-token")}, "--open-reads") as url:
        page.open(url, f"/film/{MATRIX}")
        page.click("#who")
        page.press(ANNS, ENTER)
        page.wait(SOMEBODY, "ann-of-the-token")
        page.wait("window.asking === 0")
        press_button(page, "Write a review")
        page.wait("document.activeElement.id === 'review-text'")
        page.press("Many words.")
        page.driver.delete_all_cookies()
        with page.expecting_failures("/MovieService/PutReview"):
            press_button(page, "Publish")
            page.wait("document.getElementById('who').textContent === 'Sign in' && window.asking === 0")
        check("Not published: " in page.text(), page.text())
        check(page.run("document.getElementById('review-text').value") == "Many words.", "they are still there")
        check(page.run("document.getElementById('review-text').offsetParent") is not None, "and are seen")
        press_button(page, "Publish")
        page.wait("document.getElementById('session-dialog').open")
        page.press(ANNS, ENTER)
        page.wait("document.querySelector('.own-review .words')?.textContent === 'Many words.' && window.asking === 0")
        press_button(page, "Delete")
        page.wait("document.body.innerText.includes('Your review is deleted.')")
        page.click("#who")
        page.wait("document.getElementById('who').textContent === 'Sign in' && window.asking === 0")


CASES = (keeps_words_when_a_session_ends, asks_for_a_token, lets_nobody_read, says_when_a_token_may_not_vote)
