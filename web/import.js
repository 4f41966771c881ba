// Votes from a file: read here, matched with our films by the service, looked at, and then written.

import { Failure, call, drawKey, isAborted, isMissing } from "./api.js";
import { notice } from "./cards.js";
import { writeCsv } from "./csv.js";
import { announce, h, plural, setText } from "./dom.js";
import { download } from "./export.js";
import { readVotes } from "./readers.js";
import { count } from "./scale.js";
import { HELD } from "./score.js";
import { session, someone } from "./session.js";

const BATCH = 200;
const TRIES_MAX = 6; // of one batch, when there is too much to do
const WAIT_MAX_S = 10;
const SHOWN_MAX = 50; // rows that are listed; the file that can be fetched has all

const isVote = ({ hundredths }) => hundredths !== null;

const HOW = {
  MATCHED_BY_IMDB_ID: "by IMDb id",
  MATCHED_BY_TMDB_ID: "by TMDB id",
  MATCHED_BY_MOVIE_ID: "by our own id",
  MATCHED_BY_TITLE_AND_YEAR: "by title and year",
  MATCHED_BY_TITLE_AND_NEAR_YEAR: "by title, a year off",
  MATCH_AMBIGUOUS: "not: several films are as good",
  NOT_MATCHED: "not: no such film here",
};

// Of several reviews of one film the latest, and of one day the last: there is one a user and film.
function latest(reviews) {
  const byFilm = new Map();
  for (const review of reviews) {
    const other = byFilm.get(review.found);
    if (other === undefined || other.time <= review.time) {
      byFilm.set(review.found, review);
    }
  }
  return [...byFilm.values()];
}

// "3 votes and 1 review"
function both(votes, reviews) {
  return reviews === 0 ? plural(votes, "vote") : `${plural(votes, "vote")} and ${plural(reviews, "review")}`;
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("cancelled", "AbortError"));
    }, { once: true });
  });
}

// The call, again and again while there is too much to do or nobody answers; within bounds.
async function callPatiently(method, request, signal) {
  const key = drawKey();
  for (let tried = 1; ; tried += 1) {
    try {
      return await call(method, request, signal, key);
    } catch (error) {
      const passes = ["resource_exhausted", "unavailable", "deadline_exceeded", "unreachable", "aborted"].includes(error.code);
      if (!(error instanceof Failure) || !passes || tried === TRIES_MAX) {
        throw error;
      }
      await pause(Math.min(error.retryAfterS || 2 ** (tried - 1) / 2, WAIT_MAX_S) * 1000, signal);
    }
  }
}

class Progress {
  #begun = performance.now();
  #doing;
  #bar = h("progress", { "aria-label": "Progress" });
  #words = h("p", { class: "under" });

  constructor(doing, cancel) {
    this.#doing = doing;
    this.element = h("div", { class: "report" }, h("h2", { tabindex: "-1" }, doing), this.#bar, this.#words,
      h("p", { class: "buttons" }, h("button", { type: "button", class: "quiet", onclick: cancel }, "Cancel")));
  }

  // all: 0 where it is not known how many there are.
  show(done, all) {
    const seconds = (performance.now() - this.#begun) / 1000;
    const rate = done / Math.max(seconds, 0.001);
    if (all > 0) {
      this.#bar.max = all;
      this.#bar.value = done;
    }
    const left = all > 0 && done > 0 ? `, ${Math.ceil((all - done) / rate)} s left` : "";
    setText(this.#words, `${count(done)}${all > 0 ? ` of ${count(all)}` : ""}, ${count(Math.round(rate))} a second${left}`);
  }
}

class Import {
  title = "Import";
  #signal = null;
  #running = null; // what cancels it
  #file = h("input", { type: "file", id: "file", accept: ".csv,.json,.jsonl,.zip,text/csv,application/json,application/zip",
    onchange: () => this.#take(this.#file.files[0]) });
  #drop = h("div", { class: "drop", ondragover: (event) => this.#over(event, true), ondragleave: (event) => this.#over(event, false),
    ondrop: (event) => this.#dropped(event) },
  h("label", { for: "file" }, "Drop a file here, or choose one"), this.#file);
  #below = h("div", { id: "import-below" });

  constructor() {
    const item = (name, words) => h("li", {}, h("b", {}, name), `: ${words}`);
    this.element = h("section", {}, h("h1", { tabindex: "-1" }, "Import"),
      h("p", { class: "lead" }, "Your votes from elsewhere, with the days they were cast on. To import a file twice changes nothing."),
      this.#drop, this.#below,
      h("h2", {}, "What is read"), h("ul", { class: "formats" },
        item("Letterboxd", "the ZIP of its export, with reviews, or ratings.csv of it"),
        item("IMDb", "the CSV of “Your ratings”"),
        item("Marquee", "its own CSV and JSON, as “My votes” exports them")));
  }

  start(signal) {
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#running?.abort());
    // What is dropped beside the place for it is not opened in place of this page.
    document.addEventListener("dragover", (event) => this.#beside(event), { signal });
    document.addEventListener("drop", (event) => this.#beside(event), { signal });
  }

  // What was read was read for somebody else.
  userChanged() {
    this.#cancel();
    this.#show();
  }

  #beside(event) {
    if (this.#drop.hidden || !this.#drop.contains(event.target)) {
      event.preventDefault();
      if (event.dataTransfer !== null) {
        event.dataTransfer.dropEffect = "none";
      }
    }
  }

  #over(event, isOver) {
    event.preventDefault();
    this.#drop.classList.toggle("over", isOver);
  }

  #dropped(event) {
    this.#over(event, false);
    this.#take(event.dataTransfer.files[0]);
  }

  // One file at a time: while it is worked on there is no place for another.
  #show(...elements) {
    this.#drop.hidden = false;
    this.#below.replaceChildren(...elements);
  }

  // As #show(), with the focus on what it is about.
  #tell(element) {
    this.#show(element);
    element.querySelector("h2")?.focus();
  }

  #cancel() {
    this.#running?.abort(new DOMException("cancelled", "AbortError"));
  }

  #progress(doing) {
    const progress = new Progress(doing, () => this.#cancel());
    const { activeElement } = document;
    const hadFocus = this.#drop.contains(activeElement) || this.#below.contains(activeElement);
    this.#show(progress.element);
    this.#drop.hidden = true;
    if (hadFocus) {
      progress.element.querySelector("h2").focus();
    }
    announce(doing);
    return progress;
  }

  async #take(file) {
    if (file === undefined || !(await someone())) {
      return;
    }
    this.#cancel();
    const running = new AbortController();
    this.#running = running;
    const signal = AbortSignal.any([this.#signal, running.signal]);
    try {
      const reading = this.#progress("Reading");
      const read = await readVotes(file, session.user, signal, (rows) => reading.show(rows, 0));
      const matched = await this.#match([...read.votes, ...read.reviews ?? []], signal);
      this.#report({ ...read, matched });
    } catch (error) {
      this.#failed(error, `${file.name} is not imported`);
    } finally {
      this.#file.value = "";
    }
  }

  #failed(error, words) {
    if (isAborted(error)) {
      const hadFocus = this.#below.contains(document.activeElement);
      this.#show(h("p", { class: "empty", role: "status" }, "Cancelled."));
      if (hadFocus) {
        this.#file.focus();
      }
    } else {
      this.#show(notice(isMissing(error) ? "This Marquee does not import votes." : `${words}: ${error.message}`));
    }
  }

  // Each vote with the film that it is of, and how that was found.
  async #match(votes, signal) {
    const progress = this.#progress("Finding the films");
    const matched = [];
    for (let at = 0; at < votes.length; at += BATCH) {
      progress.show(at, votes.length);
      const batch = votes.slice(at, at + BATCH);
      const queries = batch.map(({ movieId, imdbId, tmdbId, title, year }) => ({ movieId, imdbId, tmdbId, title, year }));
      const { matches = [] } = await callPatiently("MatchMovies", { queries }, signal);
      matched.push(...batch.map((vote, i) => ({ ...vote, found: matches[i]?.movieId ?? "", how: matches[i]?.how ?? "NOT_MATCHED" })));
    }
    return matched;
  }

  #report({ kind, matched, bad }) {
    const found = matched.filter(({ found: id }) => id !== "");
    const lost = [...matched.filter(({ found: id }) => id === ""), ...bad];
    const rows = Object.entries(HOW).map(([how, words]) => [words, matched.filter((vote) => vote.how === how).length])
      .concat([["not read", bad.length]]).filter(([, many]) => many > 0);
    const write = h("button", { type: "button", disabled: found.length === 0, onclick: () => this.#write(found, lost) },
      `Write ${both(found.filter(isVote).length, latest(found.filter((row) => !isVote(row))).length)}`);
    this.#show(h("div", { class: "report" }, h("h2", { tabindex: "-1" }, `${plural(matched.length + bad.length, "row")} of ${kind}`),
      h("table", {}, h("caption", { class: "hidden" }, "How the films were found"),
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Found"), h("th", { scope: "col", class: "number" }, "Rows"))),
        h("tbody", {}, rows.map(([words, many]) => h("tr", {}, h("th", { scope: "row" }, words),
          h("td", { class: "number" }, count(many)))))),
      ...this.#lostList(lost),
      h("p", { class: "buttons" }, write, h("button", { type: "button", class: "quiet", onclick: () => this.#leave() }, "Leave it"))));
    announce(`${plural(found.length, "film")} found, ${count(lost.length)} not`);
    write.focus();
  }

  #leave() {
    this.#show();
    this.#file.focus();
  }

  #lostList(lost) {
    if (lost.length === 0) {
      return [];
    }
    const line = ({ title, year, imdbId, movieId, why, how, row }) => h("li", {}, `row ${count(row)}: `,
      h("b", {}, title || imdbId || movieId || "without a name"), year ? ` (${year})` : "", `: ${why || (HOW[how] ?? how).replace("not: ", "")}`);
    const save = () => download("not-imported.csv", "text/csv", writeCsv([["row", "movieId", "imdbId", "title", "year", "value", "why"],
      ...lost.map((vote) => [vote.row, vote.movieId, vote.imdbId, vote.title, vote.year || "",
        isVote(vote) ? vote.hundredths / 100 : "", vote.why || vote.how])]));
    return [h("details", {}, h("summary", {}, `${plural(lost.length, "row")} will be left out`),
      h("ul", { class: "formats" }, lost.slice(0, SHOWN_MAX).map(line)),
      lost.length > SHOWN_MAX ? h("p", { class: "under" }, `and ${count(lost.length - SHOWN_MAX)} more`) : null,
      h("button", { type: "button", class: "quiet small", onclick: save }, "Download them as CSV"))];
  }

  // Each, for they may be long. Returns those that were refused.
  async #writeReviews(reviews, progress, signal) {
    const refused = [];
    for (const [i, { found, review, time, ...rest }] of reviews.entries()) {
      progress.show(i, reviews.length);
      try {
        await callPatiently("PutReview", { userId: session.user, movieId: found, text: review, time }, signal);
      } catch (error) {
        if (error.code !== "invalid_argument") {
          throw error;
        }
        refused.push({ ...rest, why: error.message });
      }
    }
    return refused;
  }

  async #write(all, lost) {
    const found = all.filter(isVote);
    const reviews = latest(all.filter((row) => !isVote(row)));
    const running = new AbortController();
    this.#running = running;
    const signal = AbortSignal.any([this.#signal, running.signal]);
    const progress = this.#progress("Writing");
    const refused = [];
    let written = 0;
    let held = 0;
    try {
      for (let at = 0; at < found.length; at += BATCH) {
        progress.show(at, found.length);
        const batch = found.slice(at, at + BATCH);
        const votes = batch.map((vote) => ({ movieId: vote.found, value: { hundredths: vote.hundredths }, time: vote.time }));
        const reply = await callPatiently("RateMovies", { userId: session.user, votes }, signal);
        refused.push(...(reply.refused ?? []).map(({ index = 0, reason = "" }) => ({ ...batch[index], why: reason || "it was refused" })));
        written += batch.length - (reply.refused ?? []).length;
        held += reply.held ?? 0;
      }
      const unfit = await this.#writeReviews(reviews, progress, signal);
      this.#done(both(written, reviews.length - unfit.length), [...refused, ...unfit, ...lost], held > 0 ? `${plural(held, "vote")} of them kept, but not counted yet: ${HELD}` : "");
    } catch (error) {
      const words = isAborted(error) ? "Cancelled." : `It stopped: ${error.message}`;
      this.#done(both(written, 0), [...refused, ...lost], `${words} What was written stays; the same file again goes on from here.`);
    }
  }

  #done(written, lost, trouble) {
    const title = h("h2", { tabindex: "-1" }, `${written} written`);
    this.#tell(h("div", { class: "report", role: "status" }, title, trouble === "" ? null : notice(trouble), ...this.#lostList(lost),
      h("p", {}, h("a", { class: "button quiet", href: "/votes" }, "My votes"))));
  }
}

export function importView() {
  return new Import();
}
