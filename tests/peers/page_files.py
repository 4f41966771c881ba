"""Votes in and out as files: cases of page_browser_test.py."""
import csv
import io
import json
import os
import tempfile
import zipfile

from browser import ENTER, check
from page_acts import sign_in, sign_out
from page_scene import AMELIE, CASABLANCA, MATRIX

WRITE = "[...document.querySelectorAll('.report button')].find((one) => one.textContent.startsWith('Write'))"
REPORT = "document.getElementById('import-below').innerText"

IMDB = ("Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres\r\n"
        'tt0133093,9,2019-03-04,The Matrix,The Matrix,https://www.imdb.com/title/tt0133093,Movie,8.7,136,1999,"Action, Sci-Fi"\r\n'
        'tt9999999,3,2019-03-05,"No ""such"" film, really",X,u,Movie,1.0,90,2001,Drama\r\n'
        "tt0034583,,2019-03-06,Casablanca,Casablanca,u,Movie,8.5,102,1942,Drama\r\n")
LETTERBOXD = ("Date,Name,Year,Letterboxd URI,Rating\r\n"
              "2020-05-06,Casablanca,1942,https://boxd.it/29MQ,4.5\r\n"
              "2020-05-07,Amélie,2001,https://boxd.it/2aHi,3\r\n")

DROP = """
const [name, text] = arguments;
const transfer = new DataTransfer();
transfer.items.add(new File([text], name));
for (const kind of ['dragover', 'drop']) {
  document.querySelector('.drop').dispatchEvent(new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true}));
}
"""


def choose_file(page, folder, name, content):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(content)
    page.driver.find_element("css selector", "#file").send_keys(path)


def letterboxd_zip(reviews=""):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("profile.csv", "Username\r\nsomebody\r\n")
        archive.writestr("deleted/ratings.csv", "Date,Name,Year,Letterboxd URI,Rating\r\n")
        archive.writestr("ratings.csv", LETTERBOXD)
        if reviews:
            archive.writestr("reviews.csv", reviews)
    return packed.getvalue()


def imports_and_tells_how(page, scene):
    user = "importer"
    with tempfile.TemporaryDirectory() as folder:
        sign_in(page, scene, user, "/import")
        choose_file(page, folder, "ratings.csv", IMDB.encode())
        page.wait(f"{REPORT}.includes('3 rows of IMDb ratings')")
        report = page.run(REPORT)
        for words in ("by IMDb id\t1", "not: no such film here\t1", "not read\t1", "2 rows will be left out"):
            check(words in report, f"{words} in {report}")
        check(scene.vote_of(user, MATRIX) is None, "nothing is written before it was looked at")
        page.run("document.querySelector('.report summary').click()")
        check('row 3: No "such" film, really (2001): no such film here' in page.run(REPORT), page.run(REPORT))
        check(page.run(f"document.activeElement === {WRITE}"), "the button to go on has the focus")
        page.run(f"{WRITE}.click()")
        page.wait(f"{REPORT}.includes('1 vote written')")
        check(scene.vote_of(user, MATRIX) == 900, scene.vote_of(user, MATRIX))
        check(scene.time_of(user, MATRIX).startswith("2019-03-04"), "the day is that of the file")
        choose_file(page, folder, "letterboxd.zip", letterboxd_zip())
        page.wait(f"{REPORT}.includes('2 rows of Letterboxd ratings')")
        check("by title and year\t2" in page.run(REPORT), page.run(REPORT))
        page.run(f"{WRITE}.click()")
        page.wait(f"{REPORT}.includes('2 votes written')")
        check((scene.vote_of(user, CASABLANCA), scene.vote_of(user, AMELIE)) == (900, 600), "stars are two points each")
        # An older vote does not take the place of a newer one, however it comes.
        choose_file(page, folder, "own.csv", (
            "userId,recordId,recordType,value,eventTime,providerId\r\n"
            f"importer,{CASABLANCA},movie,1,2001-01-01T00:00:00Z,\r\n").encode())
        page.wait(f"{REPORT}.includes('by our own id')")
        page.run(f"{WRITE}.click()")
        page.wait(f"{REPORT}.includes('1 vote written')")
        check(scene.vote_of(user, CASABLANCA) == 900, scene.vote_of(user, CASABLANCA))
        sign_out(page)


REVIEWS = ("Date,Name,Year,Letterboxd URI,Rating,Rewatch,Review,Tags,Watched Date\r\n"
           "2020-06-01,Casablanca,1942,https://boxd.it/29MQ,4.5,,Earlier words,,2020-05-31\r\n"
           '2020-06-02,Casablanca,1942,https://boxd.it/29MQ,4.5,,"Play it, ""Sam"".\r\nAgain.",,2020-06-02\r\n'
           "2020-06-03,Amélie,2001,https://boxd.it/2aHi,3,,,,\r\n"
           "2020-06-04,Nobody Knows,2001,https://boxd.it/x,,,Lost,,\r\n"
           f"2020-06-05,The Matrix,1999,https://boxd.it/y,,,{'x' * 10001},,\r\n")


def imports_reviews(page, scene):
    user = "importing critic"
    with tempfile.TemporaryDirectory() as folder:
        for again in (False, True):  # the second time nothing is another
            sign_in(page, scene, user, "/import")
            choose_file(page, folder, "letterboxd.zip", letterboxd_zip(REVIEWS))
            page.wait(f"{REPORT}.includes('6 rows of Letterboxd ratings and reviews')")
            check(page.run(f"{WRITE}.textContent") == "Write 2 votes and 2 reviews", page.run(f"{WRITE}.textContent"))
            with page.expecting_failures("/MovieService/PutReview"):
                page.run(f"{WRITE}.click()")
                page.wait(f"{REPORT}.includes('2 votes and 1 review written')")
            page.run("document.querySelector('.report summary').click()")
            check("the review is longer than 10000 characters" in page.run(REPORT), page.run(REPORT))
            listed = scene.ask("movie", "POST", "/MovieService/ListUserReviews", {"userId": user})["reviews"]
            check([entry["review"]["recordId"] for entry in listed] == [CASABLANCA], listed)
            review = listed[0]["review"]
            check((review["text"], review["createdTime"], review.get("editedTime")) ==
                  ('Play it, "Sam".\nAgain.', "2020-06-02T00:00:00Z", None), (again, review))
    sign_out(page)


def tells_of_files_that_it_cannot_read(page, scene):
    sign_in(page, scene, "clumsy", "/import")
    for name, text, words in (("a.csv", "color,shape\nred,round\n", "its columns are of no format"),
                              ("b.csv", 'recordId,value\n"open,5\n', "a quote is not closed"),
                              ("c.json", "[1,", "JSON"), ("d.zip", "PK\x03\x04 and no more", "it is no ZIP archive"),
                              ("e.json", '{"votes": 3}', "it is no list of votes")):
        page.driver.execute_script(DROP, name, text)
        page.wait("document.getElementById('import-below').innerText.includes(arguments[0])", words)
    page.driver.execute_script(DROP, "f.json", json.dumps([
        {"recordId": "<img src=x onerror='window.broken=1'>", "recordType": "movie", "value": 5}]))
    page.wait(f"{REPORT}.includes('1 row of')")
    page.run("document.querySelector('.report summary').click()")
    check("<img src=x" in page.run(REPORT) and page.run("window.broken") is None, "what a file says is text")
    sign_out(page)


def reads_what_the_command_exports(page, scene):
    """marquee export json: a value a line, movies first, everybody's votes."""
    sign_in(page, scene, "lena", "/import")
    vote = {"userId": "lena", "recordId": MATRIX, "recordType": "movie", "value": 8.5, "providerId": "",
            "eventType": "put", "eventTime": "2020-01-02T03:04:05Z"}
    lines = [{"id": MATRIX, "title": "The Matrix", "year": 1999}, vote, {**vote, "userId": "bob", "value": 1}]
    page.driver.execute_script(DROP, "everything.jsonl", "".join(f"{json.dumps(line)}\n" for line in lines))
    page.wait(f"{REPORT}.includes('by our own id\\t1')")
    check("not read\t1" in page.run(REPORT), page.run(REPORT))
    page.run(f"{WRITE}.click()")
    page.wait(f"{REPORT}.includes('1 vote written')")
    check(scene.vote_of("lena", MATRIX) == 850, "as it is")
    sign_out(page)


def reads_its_own_of_many(page, scene):
    """A whole export has everybody's votes: only the reader's are read."""
    sign_in(page, scene, "ann", "/import")
    page.driver.execute_script(DROP, "all.json", json.dumps([
        {"userId": user, "recordId": film, "recordType": "movie", "value": value, "eventTime": "2020-01-02T03:04:05Z"}
        for user, film, value in (("ann", MATRIX, 6.5), ("bob", MATRIX, 1), ("ann", CASABLANCA, 0))]))
    page.wait(f"{REPORT}.includes('by our own id\\t2')")
    check("not read\t1" in page.run(REPORT), page.run(REPORT))
    page.run("document.querySelector('.report summary').click()")
    check("it is somebody else's vote" in page.run(REPORT), page.run(REPORT))
    page.run(f"{WRITE}.click()")
    page.wait(f"{REPORT}.includes('2 votes written')")
    check((scene.vote_of("ann", MATRIX), scene.vote_of("ann", CASABLANCA)) == (650, 0), "as they are")
    sign_out(page)


def can_be_cancelled(page, scene):
    sign_in(page, scene, "hasty", "/import")
    page.driver.execute_script("window.intercept = (url, init) => !url.endsWith('/RateMovies') ? undefined : "
                               "new Promise((_, reject) => { window.writing = true; "
                               "init.signal.addEventListener('abort', () => reject(init.signal.reason)); });")
    page.driver.execute_script(DROP, "own.json", json.dumps([{"recordId": MATRIX, "recordType": "movie", "value": 7.5}]))
    page.wait(f"{REPORT}.includes('by our own id')")
    page.run(f"{WRITE}.click()")
    page.wait("window.writing")
    check(page.run("document.querySelector('progress') !== null"), "it tells how far it is")
    page.run("[...document.querySelectorAll('.report button')].find((one) => one.textContent === 'Cancel').click()")
    page.wait(f"{REPORT}.includes('Cancelled.')")
    check(scene.vote_of("hasty", MATRIX) is None, scene.vote_of("hasty", MATRIX))
    sign_out(page)


def exported(page, name, file):
    """What the button of that name gives."""
    with tempfile.TemporaryDirectory() as folder:
        page.driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": folder})
        button = "[...document.querySelectorAll('.vote-tools button')].find((one) => one.textContent === arguments[0])"
        page.wait(f"{button} !== undefined", f"Export {name}")
        page.run(f"{button}.click()", f"Export {name}")
        page.wait_for(lambda: os.path.exists(os.path.join(folder, file)))
        with open(os.path.join(folder, file), encoding="utf-8", newline="") as source:
            return source.read()


def lists_and_exports_own_votes(page, scene):
    user = "keeper"
    given = {MATRIX: 870, CASABLANCA: 1000, AMELIE: 0}
    for day, (film, value) in enumerate(given.items(), 1):
        scene.vote(user, film, value, f"2024-03-0{day}T10:11:12Z")
    sign_in(page, scene, user, "/votes")
    page.wait("document.querySelectorAll('.lines > li').length === 3")
    check("Amélie" in page.run("document.querySelector('.lines h2').textContent"), "the newest first")
    files = {name: exported(page, name, file) for name, file in (
        ("CSV", "marquee-votes.csv"), ("JSON", "marquee-votes.json"), ("for Letterboxd", "letterboxd-ratings.csv"))}
    rows = {row["recordId"]: row for row in csv.DictReader(io.StringIO(files["CSV"]))}
    check({film: round(float(row["value"]) * 100) for film, row in rows.items()} == given, files["CSV"])
    check({vote["recordId"]: round(vote["value"] * 100) for vote in json.loads(files["JSON"])} == given, files["JSON"])
    check(files["CSV"].startswith("userId,recordId,recordType,value,eventTime,providerId,"), "that of marquee export")
    check("The Matrix,1999,tt0133093,4.5," in files["for Letterboxd"], files["for Letterboxd"])
    # What was taken out goes back in, under another name, and is the same.
    sign_out(page)
    sign_in(page, scene, "keeper again", "/import")
    page.driver.execute_script(DROP, "votes.csv", files["CSV"])
    page.wait(f"{REPORT}.includes('by our own id\\t3')")
    page.run(f"{WRITE}.click()")
    page.wait(f"{REPORT}.includes('3 votes written')")
    check({film: scene.vote_of("keeper again", film) for film in given} == given, "a round trip loses nothing")
    check(scene.time_of("keeper again", MATRIX) == scene.time_of(user, MATRIX), "nor the times")
    sign_out(page)


def exports_reviews_for_letterboxd(page, scene):
    user = "exporting critic"
    scene.vote(user, CASABLANCA, 930)
    scene.vote(user, MATRIX, 400)
    for film, words in ((CASABLANCA, 'Play it, "Sam".\nAgain.'), (AMELIE, "Seen, and not rated")):
        scene.ask("movie", "POST", "/MovieService/PutReview",
                  {"userId": user, "movieId": film, "text": words, "time": "2020-06-02T00:00:00Z"})
    sign_in(page, scene, user, "/votes")
    text = exported(page, "for Letterboxd", "letterboxd-ratings.csv")
    rows = {row["Title"]: (row["Rating"], row["Review"]) for row in csv.DictReader(io.StringIO(text))}
    check(rows == {"Casablanca": ("4.5", 'Play it, "Sam".\nAgain.'), "The Matrix": ("2", ""),
                   "Amélie": ("", "Seen, and not rated")}, rows)
    with page.expecting_failures("/MovieService/ListUserReviews"), scene.without("review", "--store", "memory"):
        text = exported(page, "for Letterboxd", "letterboxd-ratings.csv")
        check(len(text.splitlines()) == 3, text)
        page.wait("document.querySelector('main .said').textContent === "
                  "'2 votes exported, without reviews: they cannot be had now.'")
    sign_out(page)


def takes_back_from_the_list(page, scene):
    user = "fickle"
    scene.vote(user, MATRIX, 500)
    sign_in(page, scene, user, "/votes")
    page.wait("document.querySelectorAll('.lines > li').length === 1")
    page.click(".line button")
    page.wait("document.querySelector('.line button').textContent === 'Undo'")
    check(scene.vote_of(user, MATRIX) is None, scene.vote_of(user, MATRIX))
    page.click(".line button")
    page.wait("document.querySelector('.line button').textContent === 'Remove'")
    check(scene.vote_of(user, MATRIX) == 500, scene.vote_of(user, MATRIX))
    sign_out(page)


BESIDE = """(() => {
  const transfer = new DataTransfer();
  transfer.items.add(new File(['x'], 'x.csv'));
  return ['dragover', 'drop'].every((kind) => !document.querySelector('h1').dispatchEvent(
    new DragEvent(kind, {dataTransfer: transfer, bubbles: true, cancelable: true})));
})()"""


def takes_one_file_at_a_time(page, scene):
    """While one is worked on there is no place for another; what falls beside the place is not opened instead of the page;
    and the focus is where the reader goes on."""
    sign_in(page, scene, "careful", "/import")
    check(page.run(BESIDE), "the browser would open the file, and the page would be gone")
    page.driver.execute_script("window.intercept = (url, init) => !url.endsWith('/MatchMovies') ? undefined"
                               " : new Promise((_, no) => init.signal.addEventListener('abort', () => no(init.signal.reason)));")
    page.run("document.getElementById('file').focus()")
    page.driver.execute_script(DROP, "ratings.csv", IMDB)
    page.wait("document.querySelector('.report h2')?.textContent === 'Finding the films'")
    check(page.run("document.querySelector('.drop').hidden"), "there is no place for another")
    check(page.run("document.activeElement === document.querySelector('.report h2')"), page.focused())
    check(page.run(BESIDE), "nor is it opened")
    page.run("document.querySelector('.report button').focus()")
    page.press(ENTER)
    page.wait(f"{REPORT} === 'Cancelled.'")
    check(page.run("document.activeElement.id") == "file", page.focused())
    page.driver.execute_script("window.intercept = undefined")
    page.driver.execute_script(DROP, "ratings.csv", IMDB)
    page.wait(f"{REPORT}.includes('3 rows of IMDb ratings')")
    sign_out(page)
    page.wait(f"{REPORT} === ''")  # it was read for who has gone


CASES = (takes_one_file_at_a_time, imports_and_tells_how, imports_reviews, tells_of_files_that_it_cannot_read,
         reads_what_the_command_exports, reads_its_own_of_many, can_be_cancelled, lists_and_exports_own_votes,
         exports_reviews_for_letterboxd, takes_back_from_the_list)
