"""What a reader does with the page: cases of page_browser_test.py."""
from browser import (BACKSPACE, DOWN, END, ENTER, ESCAPE, HOME, LEFT, PAGE_UP, RIGHT, TAB, UP, check, click_beside_middle,
                     touch_beside_middle)
from page_scene import AMELIE, CASABLANCA, GODFATHER, MATRIX

OPTIONS = "[...document.querySelectorAll('#found [role=option] .title')].map((one) => one.textContent)"
SAID = "document.querySelector('.mine .said')?.textContent"
OWN_BAR = "document.querySelector('.histogram .bar.own')"
REMOVE = "[...document.querySelectorAll('.mine button')].find((one) => one.textContent === 'Remove my rating')"


def sign_in(page, scene, name, path="/"):
    """Opens the page as somebody who has been here before."""
    page.open(scene.url, path)
    page.driver.execute_script("localStorage.setItem('marquee-user', arguments[0])", name)
    page.open(scene.url, path)
    page.wait("document.querySelector('#who .name')?.textContent === arguments[0]", name)


def sign_out(page):
    page.click("#who")
    page.wait("document.getElementById('who').textContent === 'Sign in'")


def on_stars(page, half):
    """Where half star number `half` (1 to 10) lies in the slider: from its middle, as WebDriver counts."""
    slider = page.driver.find_element("css selector", ".slider")
    return slider, round(slider.size["width"] * ((half - 0.5) / 10 - 0.5))


def click_star(page, half):
    click_beside_middle(page.driver, *on_stars(page, half))


def touch_star(page, half):
    touch_beside_middle(page.driver, *on_stars(page, half))


def refresh(page):
    """Until the film is there again."""
    page.driver.refresh()
    page.wait("document.querySelector('.big') !== null && window.asking === 0")


def slider(page):
    return page.run("document.querySelector('.slider').getAttribute('aria-valuetext')")


def signs_in_and_out(page, scene):
    page.open(scene.url, "/votes")
    check("kept under your name" in page.text(), page.text())
    page.click("#who")
    page.wait("document.getElementById('session-dialog').open")
    check(page.run("document.activeElement.id") == "session-input", "the field has the focus")
    page.press(ESCAPE)
    page.wait("!document.getElementById('session-dialog').open")
    page.click("#who")
    page.press("Zoë <b>", ENTER)
    page.wait("document.querySelector('#who .name')?.textContent === 'Zoë <b>'")
    page.wait("document.body.innerText.includes('You have not rated anything yet')")
    page.driver.refresh()
    page.wait("document.querySelector('#who .name')?.textContent === 'Zoë <b>'")
    sign_out(page)
    page.wait("document.body.innerText.includes('kept under your name')")


def finds_as_one_types(page, scene):
    page.open(scene.url, "/lists")
    page.press("/")
    check(page.run("document.activeElement.id") == "query", "a key leads there")
    page.press(*"casabl")
    page.wait(f"{OPTIONS}.includes('Casablanca')")
    query = "document.getElementById('query')"
    check(page.run(f"{query}.getAttribute('aria-expanded')") == "true", "it is told as open")
    page.wait("document.getElementById('announcements').textContent.includes('found')")
    page.press(DOWN)
    active = page.run(f"document.getElementById({query}.getAttribute('aria-activedescendant')).textContent")
    check(active.startswith("Casablanca"), active)
    page.press(ESCAPE)
    check(page.run("document.getElementById('found').hidden"), "Escape closes it")
    check(page.run(f"{query}.value") == "casabl", "and leaves what was written")
    page.press(ESCAPE)
    check(page.run(f"{query}.value") == "", "a second one empties the field")
    page.press(*"casablamca")  # a letter wrong
    page.wait(f"{OPTIONS}.includes('Casablanca')")
    page.press(DOWN, ENTER)
    page.wait("document.querySelector('main h1')?.textContent === 'Casablanca 1942'")
    page.wait("document.activeElement.tagName === 'H1'")
    check(page.run("location.pathname") == f"/film/{CASABLANCA}", page.run("location.pathname"))
    page.press("/")
    page.press(*"godfather", ENTER)
    page.wait("location.pathname + location.search === '/search?q=godfather'")
    page.wait("document.querySelector('.lines h2')?.textContent.includes('The Godfather')")
    page.driver.back()
    page.wait("document.querySelector('main h1')?.textContent === 'Casablanca 1942'")
    page.open(scene.url, "/search?q=zzzzqqq")
    page.wait("document.body.innerText.includes('Nothing is like that.')")


def is_not_overtaken_by_old_answers(page, scene):
    """The answer to what was written first comes last: it is given up, and what was written last is shown."""
    page.open(scene.url, "/")
    page.driver.execute_script("""
      window.given = [];
      window.intercept = (url, init) => !url.endsWith('SearchMovies') ? undefined
        : new Promise((resolve, reject) => {
            const {query} = JSON.parse(init.body);
            const answer = () => resolve(Response.json({results: [{id: query, title: `answer to ${query}`}]}));
            init.signal.addEventListener('abort', () => { given.push(query); reject(init.signal.reason); });
            window.release = query === 'ama' ? window.release : answer;
            if (query !== 'ama') { answer(); }
          });""")
    page.press("/")
    page.press("ama")
    page.wait("window.asking > 0")
    page.press("d")
    page.wait(f"{OPTIONS}[0] === 'answer to amad'")
    check(page.run("window.given") == ["ama"], page.run("window.given"))
    page.press(DOWN)
    page.press(BACKSPACE)  # what was chosen is of what was written before
    page.press(ENTER)
    page.wait("location.pathname + location.search === '/search?q=ama'")


def rates_by_mouse_touch_and_keys(page, scene):
    user = "rater"
    page.open(scene.url, f"/film/{AMELIE}")
    mean = "document.querySelector('.main-score.second b').textContent"
    before = page.run(mean)
    click_star(page, 9)
    page.wait("document.getElementById('session-dialog').open")  # whoever nobody is, is asked first
    page.press(user, ENTER)
    page.wait(f"{SAID} === 'Saved: 4.5 of 5 stars.'")
    check(scene.vote_of(user, AMELIE) == 900, scene.vote_of(user, AMELIE))
    check("13\nvotes" in page.text(), page.text())
    touch_star(page, 6)
    page.wait(f"{SAID} === 'Saved: 3 of 5 stars.'")
    check(scene.vote_of(user, AMELIE) == 600, scene.vote_of(user, AMELIE))
    page.driver.execute_script("document.querySelector('.slider').focus()")
    for keys, words in (((RIGHT,), "3.5"), ((UP,), "4"), ((LEFT, LEFT, DOWN), "2.5"), ((END,), "5"), ((HOME,), "0"),
                        ((PAGE_UP,), "1")):
        page.press(*keys)
        check(slider(page) == f"{words} of 5 stars", f"{slider(page)} after {keys}")
        page.press(ENTER)
        page.wait(f"{SAID} === 'Saved: {words} of 5 stars.'")
        check(scene.vote_of(user, AMELIE) == round(float(words) * 200), scene.vote_of(user, AMELIE))
    page.press(RIGHT)
    page.press(ESCAPE)
    check(slider(page) == "1 of 5 stars", "Escape forgets")
    page.press(RIGHT)
    page.wait(f"{SAID} === 'Saved: 1.5 of 5 stars.'")  # at rest
    page.click(".mine .buttons button:not([hidden])")
    page.wait(f"{SAID} === 'Undone.'")
    check(scene.vote_of(user, AMELIE) == 200, scene.vote_of(user, AMELIE))
    page.run(f"{REMOVE}.click()")
    page.wait(f"{SAID} === 'Your rating is removed.'")
    check(scene.vote_of(user, AMELIE) is None, scene.vote_of(user, AMELIE))
    check(page.run(mean) == before, "all is as before")
    page.click(".mine .buttons button:not([hidden])")
    page.wait(f"{SAID} === 'Undone.'")
    check(scene.vote_of(user, AMELIE) == 200, "undo puts a removed vote back")
    page.driver.refresh()
    page.wait("document.querySelector('.slider')?.getAttribute('aria-valuetext') === '1 of 5 stars'")
    sign_out(page)
    page.wait("document.querySelector('.slider')?.getAttribute('aria-valuetext') === 'not rated'")


def shows_every_scale_without_loss(page, scene):
    user = "finely"
    scene.vote(user, CASABLANCA, 930)
    sign_in(page, scene, user, f"/film/{CASABLANCA}")
    for scale, words in (("5", "4.65 of 5 stars"), ("10", "9.3 of 10 points"), ("100", "93 of 100 points")):
        page.driver.execute_script("const select = document.getElementById('scale'); select.value = arguments[0];"
                                   "select.dispatchEvent(new Event('change', {bubbles: true}))", scale)
        page.wait("document.querySelector('.slider').getAttribute('aria-valuetext') === arguments[0]", words)
        check(scene.vote_of(user, CASABLANCA) == 930, "to look is not to change")
    page.driver.refresh()
    page.wait("document.querySelector('.slider')?.getAttribute('aria-valuetext') === '93 of 100 points'")
    page.driver.execute_script("document.querySelector('.exact').select()")
    page.driver.execute_script("document.querySelector('.exact').focus()")
    page.press("101", ENTER)
    check(not page.run("document.querySelector('.exact').form.matches(':valid')") or
          scene.vote_of(user, CASABLANCA) == 930, "over the end is no vote")
    page.driver.execute_script("document.querySelector('.exact').select()")
    page.press("71", ENTER)
    page.wait(f"{SAID} === 'Saved: 71 of 100 points.'")
    check(scene.vote_of(user, CASABLANCA) == 710, scene.vote_of(user, CASABLANCA))
    page.driver.execute_script("localStorage.removeItem('marquee-scale')")
    sign_out(page)


def takes_back_what_was_not_saved(page, scene):
    user = "unlucky"
    scene.vote(user, CASABLANCA, 400)
    sign_in(page, scene, user, f"/film/{CASABLANCA}")
    page.wait("document.querySelector('.slider').getAttribute('aria-valuetext') === '2 of 5 stars'")
    before = page.run("document.querySelector('.big').innerText")
    with page.expecting_failures("/MovieService/RateMovie"):
        scene.kill_rating()
        try:
            page.driver.execute_script("""
              window.intercept = (url, init) => !url.endsWith('/RateMovie') ? undefined
                : new Promise((go) => { window.letGo = go; }).then(() => realFetch(url, init));""")
            click_star(page, 10)
            page.wait("window.letGo !== undefined")
            check(slider(page) == "5 of 5 stars", "it is shown as cast at once")
            page.driver.execute_script("window.letGo()")
            page.wait(f"{SAID}.startsWith('Not saved: ')")
            check(slider(page) == "2 of 5 stars", "and taken back when it is refused")
            check(page.run("document.querySelector('.big').innerText") == before, "the score too")
        finally:
            scene.restart_rating()
    page.open(scene.url, f"/film/{CASABLANCA}")
    page.wait("document.querySelector('.slider')?.getAttribute('aria-valuetext') === '2 of 5 stars'")
    sign_out(page)


LOSE_THE_FIRST_ANSWER = """
window.keys = [];
window.replayed = [];
window.intercept = (url, init) => {
  if (!url.endsWith('/UnrateMovie')) { return undefined; }
  window.keys.push(init.headers['Idempotency-Key']);
  return realFetch(url, init).then((reply) => {
    window.replayed.push(reply.headers.get('idempotent-replayed'));
    if (window.keys.length === 1) { throw new TypeError('lost'); }
    return reply;
  });
};
"""


def asks_again_for_a_lost_answer(page, scene):
    """What was done is answered as it was, not done twice; the next change is another one."""
    user = "persistent"
    scene.vote(user, CASABLANCA, 400)
    sign_in(page, scene, user, f"/film/{CASABLANCA}")
    page.wait("document.querySelector('.slider').getAttribute('aria-valuetext') === '2 of 5 stars'")
    page.driver.execute_script(LOSE_THE_FIRST_ANSWER)
    page.run(f"{REMOVE}.click()")
    page.wait(f"{SAID} === 'Your rating is removed.'")
    check(page.run("window.replayed") == [None, "true"], page.run("window.replayed"))
    keys = page.run("window.keys")
    check(keys[0] == keys[1] and len(keys[0]) == 32, keys)
    check(scene.vote_of(user, CASABLANCA) is None, scene.vote_of(user, CASABLANCA))
    click_star(page, 4)
    page.wait(f"{SAID}.startsWith('Saved: ')")
    page.run(f"{REMOVE}.click()")
    page.wait(f"{SAID} === 'Your rating is removed.'")
    keys = page.run("window.keys")
    check(len(keys) == 3 and keys[2] != keys[0], keys)
    check(page.run("window.replayed[2]") is None, "it is done anew")
    sign_out(page)


def sees_it_held(page, scene, score):
    page.wait(f"{SAID}.startsWith('1 of 5 stars is kept, but does not count yet: unusually many votes')")
    check(slider(page) == "1 of 5 stars", "it is shown as it was chosen")
    check(page.run("document.querySelector('.big').innerText") == score, "the score is without it")
    check(page.run(OWN_BAR) is None, "and so is how votes are spread")
    check(scene.vote_of("late", CASABLANCA) is None, "it does not count")


def tells_that_a_vote_is_held(page, scene):
    """One of a burst: it is no failure, and nobody is left to think that it counts, nor that it is gone."""
    scene.kill_rating()
    scene.restart_rating("--burst-guard", "quarantine", "--burst-floor", "1", "--burst-window", "24h")
    try:
        scene.vote("early", CASABLANCA, 700)
        sign_in(page, scene, "late", f"/film/{CASABLANCA}")
        page.wait("document.querySelector('.slider')?.getAttribute('aria-valuetext') === 'not rated'")
        before = page.run("document.querySelector('.big').innerText")
        click_star(page, 2)
        sees_it_held(page, scene, before)
        refresh(page)
        sees_it_held(page, scene, before)
        page.run(f"{REMOVE}.click()")
        page.wait(f"{SAID} === 'Your rating is removed.'")
        refresh(page)
        check((slider(page), page.run(SAID)) == ("not rated", ""), "taken back, it is not held any more")
        click_star(page, 2)
        page.wait(f"{SAID}.startsWith('1 of 5 stars is kept')")
        scene.ask("rating", "POST", "/RatingService/ReleaseQuarantine", {"held": {"recordId": CASABLANCA, "recordType": "movie"}})
        refresh(page)
        check((slider(page), page.run(SAID)) == ("1 of 5 stars", ""), "released, it counts")
        check(page.run(OWN_BAR) is not None, "and is among how votes are spread")
    finally:
        scene.kill_rating()
        scene.restart_rating()
    page.open(scene.url, f"/film/{CASABLANCA}")
    sign_out(page)


def remembers_the_theme(page, scene):
    page.open(scene.url, "/import")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.run(ground)
    page.click("#theme")  # light
    page.click("#theme")  # dark
    dark = page.run(ground)
    check(dark != light, dark)
    check("Dark" in page.run("document.getElementById('theme').textContent"), "it is told")
    page.driver.refresh()
    page.wait("document.querySelector('main h1') !== null")
    check(page.run(ground) == dark, "it is remembered")
    page.click("#theme")
    check(page.run(ground) == light, "and the system's again")


def is_used_without_a_mouse(page, scene):
    """From the address bar to a vote and back to the list, by keys alone."""
    sign_in(page, scene, "keys", "/")
    page.press(TAB)
    check(page.focused() == "Skip to the content", page.focused())
    page.press("/", *"matrix")
    page.wait(f"{OPTIONS}.includes('The Matrix')")
    while page.run("document.querySelector('#found [aria-selected=true] .title')?.textContent") != "The Matrix":
        page.press(DOWN)
    page.press(ENTER)
    page.wait("document.querySelector('main h1')?.textContent === 'The Matrix 1999'")
    for _ in range(30):
        page.press(TAB)
        if page.run("document.activeElement.getAttribute('role')") == "slider":
            break
    check(page.run("document.activeElement.getAttribute('role')") == "slider", page.focused())
    check(page.run("getComputedStyle(document.activeElement).outlineStyle") == "solid", "the focus is seen")
    page.press(END, LEFT, ENTER)
    page.wait(f"{SAID} === 'Saved: 4.5 of 5 stars.'")
    check(scene.vote_of("keys", MATRIX) == 900, scene.vote_of("keys", MATRIX))
    page.press(TAB)
    check(page.focused() == "Undo", page.focused())
    page.press(ENTER)
    page.wait(f"{SAID} === 'Undone.'")
    check(page.run("document.activeElement.getAttribute('role')") == "slider", "the focus is not lost with the button")
    sign_out(page)


def undoes_to_the_vote_from_before(page, scene):
    """Who votes first and signs in then may have voted before: undo writes that again, and takes nothing away."""
    scene.vote("returned", GODFATHER, 400)
    page.open(scene.url, f"/film/{GODFATHER}")
    click_star(page, 9)
    page.wait("document.getElementById('session-dialog').open")
    page.driver.execute_script("""
      window.held = new Promise((go) => { window.letGo = go; });
      window.intercept = (url, init) => !url.endsWith('/GetMovieDetails') ? undefined
        : window.held.then(() => realFetch(url, init));""")  # what they had voted is known late
    page.press("returned", ENTER)
    page.wait("!document.getElementById('session-dialog').open")
    page.run("window.letGo()")
    page.wait(f"{SAID} === 'Saved: 4.5 of 5 stars.'")
    page.click(".mine .buttons button:not([hidden])")
    page.wait(f"{SAID} === 'Undone.'")
    check(scene.vote_of("returned", GODFATHER) == 400, scene.vote_of("returned", GODFATHER))
    sign_out(page)


def keeps_the_focus_of_what_goes(page, scene):
    """Buttons that vanish, or rest, when they are pressed do not leave the reader at the top of the page."""
    scene.vote("focused", MATRIX, 800)
    sign_in(page, scene, "focused", f"/film/{MATRIX}")
    page.wait(f"{REMOVE}.hidden === false")
    page.run(f"{REMOVE}.focus()")
    page.press(ENTER)
    page.wait(f"{SAID} === 'Your rating is removed.'")
    check(page.run("document.activeElement.getAttribute('role')") == "slider", page.focused())
    scene.vote("focused", MATRIX, 800)
    page.open(scene.url, "/votes")
    page.wait("document.querySelector('.vote-tools button') !== null")
    page.run("document.querySelector('.vote-tools button').focus()")
    page.press(ENTER)
    page.wait("document.querySelector('main .said').textContent === '1 vote exported.'")
    check(page.focused() == "Export CSV", page.focused())
    sign_out(page)


def is_the_same_in_two_tabs(page, scene):
    sign_in(page, scene, "twofold", f"/film/{MATRIX}")
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    try:
        page.driver.get(scene.url + "/votes")
        page.wait("document.querySelector('#who .name')?.textContent === 'twofold'")
        page.driver.execute_script("localStorage.setItem('marquee-scale', '10')")
        page.click("#who")
        page.wait("document.getElementById('who').textContent === 'Sign in'")
        page.driver.close()
    finally:
        page.driver.switch_to.window(first)
    page.wait("document.getElementById('who').textContent === 'Sign in'")
    page.wait("document.getElementById('scale').value === '10'")
    page.driver.execute_script("localStorage.removeItem('marquee-scale')")
    page.wait("window.asking === 0")


FORBID = """
Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('forbidden', 'SecurityError'); }});
"""


def does_without_a_memory(page, scene):
    """A reader who has forbidden the browser to remember anything reads and votes all the same."""
    with page.running_first(FORBID):
        page.open(scene.url, f"/film/{MATRIX}")
        page.click("#who")
        page.press("forgetful", ENTER)
        page.wait("document.querySelector('#who .name')?.textContent === 'forgetful' && window.asking === 0")
        click_star(page, 8)
        page.wait(f"{SAID} === 'Saved: 4 of 5 stars.'")
        page.click("#theme")
        check(page.run("document.documentElement.dataset.theme") == "light", "the theme is chosen")
        sign_out(page)


def says_that_nothing_is_found(page, scene):
    page.open(scene.url, "/lists")
    page.press("/", *"zzqqzz")
    page.wait("document.querySelector('.nothing:not([hidden])')?.textContent === 'Nothing is found'")
    page.press(ESCAPE)
    page.wait("document.querySelector('.nothing').hidden")


CASES = (signs_in_and_out, undoes_to_the_vote_from_before, keeps_the_focus_of_what_goes, is_the_same_in_two_tabs,
         does_without_a_memory, says_that_nothing_is_found, finds_as_one_types, is_not_overtaken_by_old_answers, rates_by_mouse_touch_and_keys,
         shows_every_scale_without_loss, takes_back_what_was_not_saved, asks_again_for_a_lost_answer, tells_that_a_vote_is_held,
         remembers_the_theme, is_used_without_a_mouse)
