"""Lists and what is on the first view: cases of page_browser_test.py."""
from browser import DESKTOP, ENTER, PHONE, check, resize
from page_acts import sign_in, sign_out
from page_scene import AMELIE, CASABLANCA, GODFATHER, MATRIX

TITLES = "[...document.querySelectorAll('.lines h2')].map((one) => one.textContent)"
FIGURES = "[...document.querySelectorAll('.lines .score b')].map((one) => Number(one.textContent.replace(',', '')))"


def choose(page, name, value):
    page.driver.execute_script(
        "const input = document.getElementById(arguments[0]); input.value = arguments[1];"
        "input.dispatchEvent(new Event('input', {bubbles: true}))", name, value)


def comes_back_to_own_votes(page, scene):
    resize(page.driver, PHONE)
    for film in (MATRIX, CASABLANCA, AMELIE, GODFATHER):
        scene.vote("returning", film, 700)
        scene.vote("returning", f"unknown-{film}", 700)
    sign_in(page, scene, "returning", "/votes")
    page.wait("document.querySelectorAll('.lines > li').length === 8")
    page.driver.execute_script("scrollTo(0, 300)")
    page.wait("scrollY === 300")
    page.run(f"document.querySelector('.lines a[href=\"/film/{MATRIX}\"]').click()")
    page.wait("document.querySelector('.film') !== null && window.asking === 0")
    page.driver.back()
    page.wait("document.querySelectorAll('.lines > li').length === 8 && scrollY === 300")
    page.wait("history.state.top === 300")
    page.driver.refresh()
    page.wait("document.querySelectorAll('.lines > li').length === 8 && scrollY === 300")
    for film in (MATRIX, CASABLANCA, AMELIE, GODFATHER):
        for name in (film, f"unknown-{film}"):
            scene.ask("rating", "POST", "/RatingService/DeleteRating", {"userId": "returning", "recordId": name, "recordType": "movie"})
    sign_out(page)


def lists_by_each_order(page, scene):
    for order in ("score", "mean", "votes", "year"):
        page.open(scene.url, f"/lists?order={order}")
        page.wait("document.querySelectorAll('.lines > li').length === 50")
        figures = page.run(FIGURES)
        check(figures == sorted(figures, reverse=True) and figures[0] > figures[-1], f"{order}: {figures}")
    page.open(scene.url, "/lists")
    page.wait("document.querySelector('.lead').textContent.includes('m = 25')")
    first = page.run(TITLES)
    page.click(".more")
    page.wait("document.querySelectorAll('.lines > li').length === 100")
    check(page.run(TITLES)[:50] == first, "more comes below")
    check(page.run("document.activeElement.textContent") == page.run(TITLES)[50], "the focus goes to the first of them")
    check(len(set(page.run(TITLES))) == 100, "none twice")


def lists_what_is_chosen(page, scene):
    page.open(scene.url, "/lists")
    page.wait("document.querySelectorAll('.lines > li').length === 50")
    page.wait("document.querySelectorAll('#genre option').length > 5")
    choose(page, "genre", "Science Fiction")
    choose(page, "from", "1990")
    choose(page, "to", "2000")
    page.wait("location.search === '?genre=Science+Fiction&from=1990&to=2000'")
    page.wait(f"{TITLES}.includes('The Matrix') && {TITLES}.length < 20")
    under = page.run("[...document.querySelectorAll('.lines .under')].map((one) => Number(one.textContent.slice(0, 4)))")
    check(all(1990 <= year <= 2000 for year in under), under)
    page.driver.refresh()
    page.wait(f"{TITLES}.includes('The Matrix')")
    check(page.run("document.getElementById('genre').value") == "Science Fiction", "the address has the choice")
    page.run("[...document.querySelectorAll('.lines a')].find((one) => one.textContent === 'The Matrix').click()")
    page.wait("document.querySelector('main h1')?.textContent === 'The Matrix 1999'")
    page.driver.back()
    page.wait(f"{TITLES}.includes('The Matrix')")
    choose(page, "votes", "1000000")
    page.wait("document.body.innerText.includes('No film is like that.')")


def says_what_it_cannot_list(page, scene):
    """A year that is none is no choice: the list stays as it was, and the reader is told why."""
    page.open(scene.url, "/lists")
    page.wait("document.querySelectorAll('.lines > li').length === 50")
    choose(page, "from", "19")
    page.wait("document.querySelector('.choices ~ .lead').textContent.startsWith('From year: ')")
    check(page.run("document.getElementById('from').ariaInvalid") == "true", "the field is told as wrong")
    check(page.run("location.search") == "" and page.run("document.querySelectorAll('.lines > li').length") == 50,
          "nothing else is listed")
    choose(page, "from", "1990")
    page.wait("location.search === '?from=1990' && document.getElementById('from').ariaInvalid === 'false'")
    page.wait("document.querySelector('.choices ~ .lead').textContent.startsWith('Weighted: ')")


def shows_the_best_and_the_newest(page, scene):
    page.open(scene.url, "/")
    page.wait("document.querySelectorAll('.shelf').length >= 2")
    check(page.run("document.querySelectorAll('.shelf')[0].children.length") == 12, "a shelf has twelve")
    check("Newest" in page.text() and "Highest rated" in page.text(), page.text())
    check(page.run("document.querySelectorAll('.tile').length") >= 24, "each has its tile")


def explains_the_score(page, scene):
    page.open(scene.url, f"/film/{MATRIX}")
    page.wait("document.querySelector('.why') !== null")
    page.click(".why summary")
    numbers = page.run("document.querySelector('.formula.filled').textContent")
    score = page.run("document.querySelector('.main-score b').textContent")
    left, result = numbers.split(" = ")
    worked = eval(left.replace("∕", "/").replace("·", "*"))  # pylint: disable=eval-used
    check(abs(worked - float(result)) < 0.002, f"{numbers}: it is {worked}")
    check(abs(worked - float(score)) < 0.01, f"{worked} is shown as {score}")
    picture = page.run("document.querySelector('.histogram').getAttribute('aria-label')")
    check(picture.startswith("How 25 votes are spread"), picture)
    page.click(".spread summary")
    total = page.run("[...document.querySelectorAll('.spread td')].reduce((sum, cell) => sum + Number(cell.textContent), 0)")
    check(total == 25, f"the table has {total} of 25 votes")


LEAVE_OUT = """
window.intercept = (url) => ['ListSimilarMovies', 'ListReviews', 'ListGenres', 'DiscoverMovies', 'ListUserMovies']
  .some((name) => url.endsWith(name)) ? Promise.resolve(new Response('', {status: 404})) : undefined;
"""


def leaves_out_what_there_is_not(page, scene):
    """A Marquee without these methods: no part of the page that is for them, and no word of a fault."""
    with page.running_first(LEAVE_OUT):
        sign_in(page, scene, "minimalist", f"/film/{MATRIX}")
        check("Reviews" not in page.text() and "More like this" not in page.text(), page.text())
        page.open(scene.url, "/")
        check("Highest rated" not in page.text(), page.text())
        for path, words in (("/lists", "This Marquee keeps no lists."), ("/votes", "This Marquee does not list votes.")):
            page.open(scene.url, path)
            page.wait("document.body.innerText.includes(arguments[0])", words)
    page.open(scene.url, "/")
    sign_out(page)


LONG = {"id": "long", "title": "A-title-without-any-place-to-break-it-" * 8, "description": "word" * 300,
        "director": "Somebody-with-a-very-long-name-" * 6, "year": 2001, "genres": ["A-very-long-genre-" * 3] * 2}


def fits_a_phone(page, scene):
    resize(page.driver, PHONE)
    scene.ask("metadata", "PUT", "/metadata", LONG)
    for film, hundredths in (("long", 500), (MATRIX, 930)):
        scene.vote("phone", film, hundredths)
    try:
        sign_in(page, scene, "phone", "/")
        for path in ("/", "/film/long", f"/film/{MATRIX}", "/lists", "/lists?order=year", "/votes", "/import",
                     "/search?q=the"):
            page.open(scene.url, path)
            page.run("document.querySelectorAll('details').forEach((fold) => { fold.open = true; })")
            page.wait("document.documentElement.scrollWidth <= innerWidth && innerWidth === arguments[0]", PHONE[0])
            cut = page.run("[...document.querySelectorAll('.line, .card, .figures')]"
                           ".filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.innerText)")
            check(cut == [], f"{path}: nothing is cut off: {cut}")
            small = page.run("[...document.querySelectorAll('main a, main button, main input, main select, header a, header button')]"
                             ".filter((one) => one.offsetParent && one.getBoundingClientRect().height < 20)"
                             ".map((one) => one.outerHTML)")
            check(small == [], f"{path}: large enough for a finger: {small}")
        sign_out(page)
    finally:
        scene.ask("metadata", "DELETE", "/metadata?id=long")


def comes_back_to_where_the_reader_was(page, scene):
    """Back from a film: the list as far as it was read, at the same place, with the focus on what was followed."""
    page.open(scene.url, "/lists")
    page.wait("document.querySelectorAll('.lines > li').length === 50")
    page.click(".more")
    page.wait("document.querySelectorAll('.lines > li').length === 100")
    page.run("document.querySelectorAll('.lines a')[70].focus()")
    title = page.run("document.activeElement.textContent")
    page.wait("scrollY > 2000")
    page.press(ENTER)
    page.wait("document.querySelector('.film .big') !== null && scrollY === 0")
    page.driver.back()
    page.wait("document.querySelectorAll('.lines > li').length === 100")
    page.wait("scrollY > 2000")
    check(page.run("document.activeElement.textContent") == title, page.focused())
    seen = page.run("document.activeElement.getBoundingClientRect()")
    check(0 <= seen["top"] < DESKTOP[1], f"it is seen: {seen}")
    page.driver.forward()
    page.wait("document.querySelector('.film .big') !== null && window.asking === 0")
    page.driver.back()
    page.wait("document.querySelectorAll('.lines > li').length === 100 && scrollY > 2000")
    choose(page, "votes", "5")  # it still does what is asked of it
    page.wait("document.querySelectorAll('.lines > li').length < 50 && window.asking === 0")


CASES = (comes_back_to_where_the_reader_was, comes_back_to_own_votes, lists_by_each_order, lists_what_is_chosen, says_what_it_cannot_list, shows_the_best_and_the_newest, explains_the_score,
         leaves_out_what_there_is_not, fits_a_phone)
