"""Reviews and likes: cases of page_browser_test.py."""
from browser import ENTER, check
from page_acts import sign_in, sign_out
from page_scene import AMELIE, CASABLANCA, GODFATHER, MATRIX

BUTTON = ("[...document.querySelectorAll('main button')]"
          ".find((one) => one.textContent === arguments[0] && one.offsetParent !== null)")
# What must never run, nor become an element.
HOSTILE = ("<script>window.broken = 1</script>", "<img src=x onerror=\"window.broken = 2\">",
           "<svg onload='window.broken=3'><a href='javascript:window.broken=4'>x</a></svg>",
           "\"><iframe srcdoc=\"<script>parent.broken=5</script>\"></iframe>", "{{constructor.constructor('window.broken=6')()}}")


def press_button(page, words):
    page.wait(f"{BUTTON} !== undefined", words)
    page.run(f"{BUTTON}.click()", words)


def write_review(page, text):
    page.driver.execute_script("document.getElementById('review-text').value = arguments[0]", text)
    press_button(page, "Publish")
    page.wait("document.querySelector('.own-review .words')?.textContent === arguments[0]", text)


def writes_edits_and_deletes(page, scene):
    sign_in(page, scene, "critic", f"/film/{CASABLANCA}")
    press_button(page, "Write a review")
    page.wait("document.activeElement.id === 'review-text'")
    page.press("Here's looking at it.")
    press_button(page, "Publish")
    page.wait("document.querySelector('.own-review .words')?.textContent === \"Here's looking at it.\"")
    press_button(page, "Edit")
    write_review(page, "Two\nlines, and ünïcode ♥")
    page.driver.refresh()
    page.wait("document.querySelector('.own-review .words')?.textContent === 'Two\\nlines, and ünïcode ♥'")
    check("edited" in page.run("document.querySelector('.own-review .by').textContent"), "that it was edited is told")
    sign_out(page)
    page.wait("document.querySelector('.own-review') === null && document.querySelectorAll('.review').length === 1")
    sign_in(page, scene, "critic", f"/film/{CASABLANCA}")
    press_button(page, "Delete")
    press_button(page, "Undo")
    page.wait("document.querySelector('.own-review .words')?.textContent.startsWith('Two')")
    press_button(page, "Delete")
    page.wait("document.querySelector('.review') === null || document.querySelector('.own-review').offsetParent === null")
    page.driver.refresh()
    page.wait("document.body.innerText.includes('Nobody has written about this film yet.')")
    sign_out(page)


def shows_reviews_as_text(page, scene):
    for number, words in enumerate(HOSTILE):
        user = f"hostile {number} {words}"[:60]
        scene.ask("movie", "POST", "/MovieService/PutReview",
                  {"userId": user, "movieId": AMELIE, "text": words, "spoiler": number == 1})
    page.open(scene.url, f"/film/{AMELIE}")
    page.wait("document.querySelectorAll('.review').length === arguments[0]", len(HOSTILE))
    shown = page.run("[...document.querySelectorAll('.review .words')].map((one) => one.textContent)")
    check(sorted(shown) == sorted(HOSTILE), shown)
    foreign = "document.querySelectorAll('.review script, .review img, .review iframe, .review a, .review svg').length"
    check(page.run(foreign) == 0, "there is an element that came from outside")
    check(page.run("window.broken") is None, "a script from outside has run")
    check(page.run("document.querySelectorAll('.review details:not([open])').length") == 1, "what tells the end is folded")
    # Had it been put in as markup, this would see it: the same words, in a page without a policy.
    page.driver.get("data:text/html,<p id=p>")
    page.driver.execute_script("document.getElementById('p').innerHTML = arguments[0]", HOSTILE[1])
    page.wait("window.broken === 2")


def likes_and_takes_it_back(page, scene):
    sign_in(page, scene, "fan", f"/film/{AMELIE}")
    page.wait("!document.querySelector('.like').hidden")
    page.click(".like")
    page.wait("document.querySelector('.mine .said').textContent === 'You like it.'")
    page.driver.refresh()
    page.wait("document.querySelector('.like:not([hidden])')?.ariaPressed === 'true'")
    check("Liked1" in page.run("document.querySelector('.like').textContent"), "how many do is told")
    page.click(".like")
    page.wait("document.querySelector('.mine .said').textContent === 'You no longer like it.'")
    page.driver.refresh()
    page.wait("document.querySelector('.like:not([hidden])')?.ariaPressed === 'false'")
    sign_out(page)


AUTHORS = "[...document.querySelectorAll('main .reviews:not([hidden]) .review .by b')].map((one) => one.textContent).join()"


def likes_reviews_by_keys(page, scene):
    for day, author in enumerate(("early", "later", "latest"), 1):
        scene.ask("movie", "POST", "/MovieService/PutReview", {"userId": author, "movieId": MATRIX, "text": f"{author} words",
                                                              "time": f"2026-01-0{day}T00:00:00Z"})
    sign_in(page, scene, "reader", f"/film/{MATRIX}")
    page.wait(f"{AUTHORS} === 'latest,later,early'")
    page.driver.execute_script("[...document.querySelectorAll('.like-review')].at(-1).focus()")
    check(page.run("document.activeElement.innerText.replace(/\\s+/g, ' ').trim()").endswith("Like the review of early"),
          page.run("document.activeElement.innerText"))
    check(page.run("document.activeElement.ariaPressed") == "false", "it is not liked yet")
    page.press(ENTER)
    page.wait("document.activeElement.ariaPressed === 'true' && document.activeElement.querySelector('.of').textContent === '1'")
    page.wait("document.getElementById('announcements').textContent === 'You like the review of early'")
    page.driver.execute_script("const order = document.getElementById('review-order'); order.value = 'REVIEW_MOST_LIKED';"
                               "order.dispatchEvent(new Event('change', {bubbles: true}))")
    page.wait(f"{AUTHORS} === 'early,latest,later'")
    page.wait("[...document.querySelectorAll('.like-review')].map((one) => one.ariaPressed).join() === 'true,false,false'")
    sign_out(page)
    page.wait("[...document.querySelectorAll('.like-review')].every((one) => one.ariaPressed === 'false')")
    sign_in(page, scene, "early", f"/film/{MATRIX}")
    page.wait("document.querySelector('.own-review .liked-by')?.textContent === '1 like '")
    check(page.run("document.querySelector('.own-review .like-review')") is None, "nobody likes a review of their own")
    sign_out(page)


def lists_each_review_once(page, scene):
    """However fast the reader presses: the page that is on its way is not asked for again, an order that is not wanted any
    more is not listed."""
    for number in range(25):
        scene.ask("movie", "POST", "/MovieService/PutReview",
                  {"userId": f"author {number:02}", "movieId": GODFATHER, "text": f"words {number}"})
    page.open(scene.url, f"/film/{GODFATHER}")
    page.wait(f"{AUTHORS}.split(',').length === 10")
    page.driver.execute_script("const more = document.querySelector('.more:not([hidden])'); more.focus(); more.click(); more.click()")
    page.wait(f"{AUTHORS}.split(',').length >= 20 && window.asking === 0")
    authors = page.run(AUTHORS).split(",")
    check(len(authors) == len(set(authors)) == 20, authors)
    check(page.focused().endswith(f"the review of {authors[10]}"), page.focused())
    page.driver.execute_script(
        "const order = document.getElementById('review-order');"
        "for (const value of ['REVIEW_MOST_LIKED', 'REVIEW_NEWEST']) {"
        "  order.value = value; order.dispatchEvent(new Event('change', {bubbles: true})); }")
    page.wait(f"window.asking === 0 && {AUTHORS} !== ''")
    authors = page.run(AUTHORS).split(",")
    check(len(authors) == len(set(authors)) == 10, authors)


def writes_once_and_orders_after_it_is_gone(page, scene):
    sign_in(page, scene, "hasty", f"/film/{MATRIX}")
    press_button(page, "Write a review")
    page.wait("document.activeElement.id === 'review-text'")
    page.press("In haste.")
    page.driver.execute_script(
        "window.written = 0; window.intercept = (url) => { window.written += url.endsWith('/PutReview') ? 1 : 0; };"
        "const form = document.querySelector('.write'); form.requestSubmit(); form.requestSubmit();")
    page.wait("document.querySelector('.own-review .words')?.textContent === 'In haste.' && window.asking === 0")
    check(page.run("window.written") == 1, "pressed twice, it is published once")
    page.driver.refresh()
    press_button(page, "Delete")
    page.wait("document.body.innerText.includes('Your review is deleted.')")
    page.driver.execute_script("const order = document.getElementById('review-order'); order.value = 'REVIEW_MOST_LIKED';"
                               "order.dispatchEvent(new Event('change', {bubbles: true}))")
    page.wait("window.asking === 0")
    check("Nobody has written about this film yet." in page.text() and "cannot be shown" not in page.text(), page.text())
    sign_out(page)


def folds_long_reviews_and_turns_others(page, scene):
    """Where a text runs from right to left, so do its lines and their ends; what is long is shown in part."""
    scene.ask("movie", "POST", "/MovieService/PutReview", {"userId": "שרה", "movieId": CASABLANCA, "text": "סרט מצוין! 10/10."})
    scene.ask("movie", "POST", "/MovieService/PutReview", {"userId": "long", "movieId": CASABLANCA, "text": "many words " * 400})
    page.open(scene.url, f"/film/{CASABLANCA}")
    page.wait("document.querySelectorAll('.review').length === 2")
    turned = "[...document.querySelectorAll('.review .words')].map((one) => getComputedStyle(one).direction)"
    check(page.run(turned) == ["ltr", "rtl"], page.run(turned))
    height = "document.querySelector('.review .words').getBoundingClientRect().height"
    folded = page.run(height)
    page.run("document.querySelector('.unfold').click()")
    check(page.run(height) > 2 * folded and page.run("document.querySelector('.unfold').ariaExpanded") == "true",
          (folded, page.run(height)))
    for user in ("שרה", "long"):
        scene.ask("movie", "POST", "/MovieService/DeleteReview", {"userId": user, "movieId": CASABLANCA})


CASES = (lists_each_review_once, writes_once_and_orders_after_it_is_gone, folds_long_reviews_and_turns_others,
         writes_edits_and_deletes, shows_reviews_as_text, likes_and_takes_it_back, likes_reviews_by_keys)
