// One film: what it is, what people think of it, and what the reader does.

import { call, change, isAborted, isMissing } from "./api.js";
import { cardsBy, failed, filmCard, section, wordsView } from "./cards.js";
import { announce, h, setHidden } from "./dom.js";
import { Reviews } from "./reviews.js";
import { count, points, scale, scales } from "./scale.js";
import { HELD, scorePanel, summaryWith } from "./score.js";
import { session, someone } from "./session.js";
import { Stars, scaleChooser } from "./stars.js";
import { tile } from "./tile.js";

const SIMILAR = 6;
const RETRY_FIRST_MS = 2000; // while ratings are away
const RETRY_MAX_MS = 30000;
const SOURCES = { imdb: "IMDb", tmdb: "TMDB", metacritic: "Metacritic" };

class Film {
  #id;
  #signal = null;
  #details = {};
  #own = null;     // hundredths that count: ahead of the service while a vote is being written
  #held = null;    // of a later vote that does not count yet
  #before = null;  // what undo goes back to; undefined: nothing to undo
  #writes = Promise.resolve();
  #wanted = 0;     // number of the newest write
  #likeWanted = 0; // and of the newest like
  #reader = Promise.resolve(true); // whether it is known what the present reader had voted
  #retryMs = RETRY_FIRST_MS;
  #head = h("header", { class: "film-head" });
  #score = h("div", {});
  #stars = new Stars((hundredths) => this.#rate(hundredths), "Your rating");
  #said = h("p", { class: "said", role: "status" });
  #undo = h("button", { type: "button", class: "quiet small", hidden: true, onclick: () => this.#goBack() }, "Undo");
  #remove = h("button", { type: "button", class: "quiet small", hidden: true, onclick: () => this.#rate(null) },
    "Remove my rating");
  #like = h("button", { type: "button", class: "quiet like", hidden: true, "aria-pressed": "false",
    onclick: () => this.#toggleLike() });
  #reviews;

  constructor(id) {
    this.#id = id;
    this.#reviews = new Reviews(id, () => this.#refresh());
    this.title = "Film";
    this.element = h("article", { class: "film" }, this.#head,
      h("div", { class: "columns" },
        h("section", { "aria-labelledby": "score-title" }, h("h2", { id: "score-title" }, "Score"), this.#score),
        h("section", { class: "mine", "aria-labelledby": "mine-title" }, h("h2", { id: "mine-title" }, "Your rating"),
          this.#stars.element, h("p", { class: "buttons" }, this.#undo, this.#remove, this.#like), this.#said,
          scaleChooser(scales))));
    this.#stars.disable(true); // until it is known what a new vote takes the place of
  }

  async start(signal) {
    this.#signal = signal;
    scale.addEventListener("change", () => this.#show(), { signal });
    await this.#load();
    if (signal.aborted || this.#details.metadata === undefined) {
      return;
    }
    this.element.append(section("More like this", async () => {
      const cards = await cardsBy("ListSimilarMovies", { movieId: this.#id, pageSize: SIMILAR }, signal);
      return cards.length === 0 ? null : h("ul", { class: "shelf" }, cards.map(filmCard));
    }, signal), this.#reviews.element);
    this.#reviews.start(signal, this.#details.reviewed ?? false);
  }

  async userChanged() {
    this.#before = undefined;
    this.#say("");
    this.#reader = this.#refresh();
    await this.#reader;
    if (this.#signal !== null && !this.#signal.aborted) {
      this.#reviews.show(this.#details.reviewed ?? false);
    }
  }

  // The first time: with words of its own where there is no such film.
  async #load() {
    this.#before = undefined;
    this.#head.replaceChildren(h("p", { class: "waiting" }, "…"));
    try {
      await this.#ask();
    } catch (error) {
      if (isAborted(error)) {
        return;
      }
      this.element.replaceChildren(error.code === "not_found" ? wordsView("There is no such film", "It may have gone. ",
        h("a", { href: "/" }, "All films"), ".").element
        : h("section", {}, h("h1", { tabindex: "-1" }, "This film cannot be shown now"), failed(error, () => location.reload())));
    }
  }

  // Resolves to whether it is known now.
  async #refresh() {
    try {
      await this.#ask();
      return true;
    } catch (error) {
      if (!isAborted(error) && !this.#signal.aborted) {
        this.#later();
      }
      return false;
    }
  }

  async #ask() {
    const wanted = this.#wanted;
    const request = { movieId: this.#id, userId: session.user, view: "MOVIE_FULL" };
    const { movieDetails = {} } = await call("GetMovieDetails", request, this.#signal);
    if (this.#wanted !== wanted) {
      return; // a vote has been cast since: its own answer tells what is now
    }
    const wasAway = this.#details.ratingState === "UNAVAILABLE";
    this.#details = movieDetails;
    this.#own = movieDetails.own === undefined ? null : movieDetails.own.hundredths ?? 0;
    this.#hold(movieDetails.held ? movieDetails.heldValue?.hundredths ?? 0 : null);
    this.#showHead();
    this.#show();
    if (movieDetails.ratingState === "UNAVAILABLE") {
      this.#later();
    } else {
      this.#retryMs = RETRY_FIRST_MS;
      if (wasAway) {
        announce("Ratings are back.");
      }
    }
  }

  // Says so when it begins to be so, and no longer than it is.
  #hold(hundredths) {
    if (hundredths !== this.#held) {
      this.#say(hundredths === null ? "" : `${scale.words(hundredths)} is kept, but does not count yet: ${HELD}`);
    }
    this.#held = hundredths;
  }

  // What the reader has chosen, whether it counts yet or not.
  get #chosen() {
    return this.#held ?? this.#own;
  }

  #later() {
    const timer = setTimeout(() => {
      this.#reader = this.#refresh();
    }, this.#retryMs);
    this.#signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
    this.#retryMs = Math.min(this.#retryMs * 1.5, RETRY_MAX_MS);
  }

  // What older services tell apart: without a summary, mean and count alone.
  get #summary() {
    const { summary, rating, ratingCount } = this.#details;
    return summary ?? { mean: rating, count: ratingCount };
  }

  #showHead() {
    const { id = this.#id, title = this.#id, year, director = "", description = "", genres = [],
      externalScores = [] } = this.#details.metadata ?? {};
    this.title = year ? `${title} (${year})` : title;
    document.title = `${this.title} · Marquee`;
    const heading = this.#head.querySelector("h1");
    const hadFocus = heading !== null && document.activeElement === heading;
    this.#head.replaceChildren(tile({ id, title, year }), h("div", { class: "words" },
      h("h1", { tabindex: "-1" }, h("bdi", {}, title), year ? h("span", { class: "year" }, ` ${year}`) : null),
      director === "" ? null : h("p", { class: "by" }, "by ", h("bdi", {}, director)),
      genres.length === 0 ? null : h("ul", { class: "genres", "aria-label": "Genres" }, genres.map((genre) => h("li", {},
        h("a", { href: `/lists?genre=${encodeURIComponent(genre)}` }, genre)))),
      description === "" ? null : h("p", { class: "description", dir: "auto" }, description),
      externalScores.length === 0 ? null : h("dl", { class: "elsewhere", "aria-label": "Scores elsewhere, not counted here" },
        externalScores.map(({ source = "", value = 0, votes = 0 }) => h("div", {}, h("dt", {}, SOURCES[source] ?? source),
          h("dd", {}, h("b", {}, points(value, 1)), votes > 0 ? ` of 10, ${count(votes)} votes` : " of 10"))))));
    if (hadFocus) {
      this.#head.querySelector("h1").focus({ preventScroll: true });
    }
  }

  #show() {
    const { ratingState, ratingUnavailableReason = "", liked = false, likeCount = 0, reviewState } = this.#details;
    const isAway = ratingState === "UNAVAILABLE";
    const wasUnfolded = [...this.#score.querySelectorAll("details")].map((fold) => fold.open);
    this.#score.replaceChildren(scorePanel(this.#summary, ratingState, ratingUnavailableReason, this.#own));
    [...this.#score.querySelectorAll("details")].forEach((fold, i) => {
      fold.open = wasUnfolded[i] ?? false;
    });
    this.#stars.disable(isAway);
    this.#stars.show(this.#chosen, !isAway);
    const focused = document.activeElement;
    setHidden(this.#remove, this.#chosen === null || isAway);
    setHidden(this.#undo, this.#before === undefined || isAway);
    if (focused.hidden && (focused === this.#remove || focused === this.#undo)) {
      this.#stars.focus(); // not lost with the button
    }
    setHidden(this.#like, reviewState !== "REACTIONS_KNOWN");
    this.#like.setAttribute("aria-pressed", String(liked));
    this.#like.replaceChildren(h("span", { class: "heart", "aria-hidden": "true" }, liked ? "♥" : "♡"),
      liked ? "Liked" : "Like", h("span", { class: "of" }, likeCount > 0 ? count(likeCount) : ""));
  }

  #goBack() {
    this.#rate(this.#before, true);
  }

  // Shows the vote as cast, and writes it; what the service does not take is taken back.
  async #rate(hundredths, isUndo = false) {
    if (!(await someone())) {
      this.#stars.show(this.#chosen);
      return;
    }
    const isKnown = await this.#reader; // who has just signed in may have voted before
    const earlier = { own: this.#own, held: this.#held, before: this.#before, details: this.#details };
    this.#wanted += 1;
    const number = this.#wanted;
    this.#before = isUndo || !isKnown ? undefined : this.#chosen;
    const summary = summaryWith(this.#summary, this.#own, hundredths);
    this.#held = null;
    this.#take(hundredths, summary);
    this.#say("Saving …");
    this.#writes = this.#writes.then(() => this.#write(number, hundredths, isUndo, earlier));
  }

  // One after the other; of those that wait, the newest alone.
  async #write(number, hundredths, isUndo, earlier) {
    if (number !== this.#wanted) {
      return;
    }
    const whose = { userId: session.user, movieId: this.#id };
    try {
      const reply = hundredths === null ? await change("UnrateMovie", whose)
        : await change("RateMovie", { ...whose, value: { hundredths } });
      if (number === this.#wanted) {
        this.#say(isUndo ? "Undone." : hundredths === null ? "Your rating is removed." : `Saved: ${scale.words(hundredths)}.`);
        this.#hold(reply.held ? hundredths : null);
        this.#settle(reply, reply.held ? earlier.own : hundredths);
      }
    } catch (error) {
      if (number === this.#wanted) {
        this.#own = earlier.own;
        this.#held = earlier.held;
        this.#before = earlier.before;
        this.#details = earlier.details;
        this.#show();
        this.#say(isMissing(error) ? "This Marquee takes no votes." : `Not saved: ${error.message}`);
      }
    }
  }

  #settle({ summary, ratingState }, own) {
    if (ratingState === "UNAVAILABLE" || ratingState === undefined) {
      return; // it is written; what it makes is told later
    }
    this.#take(own, summary ?? { count: 0 });
  }

  #take(own, summary) {
    this.#own = own;
    const ratingState = (summary.count ?? 0) > 0 ? "RATED" : "NO_VOTES";
    this.#details = { ...this.#details, summary, ratingState };
    this.#show();
  }

  #say(words) {
    this.#said.textContent = words;
  }

  async #toggleLike() {
    const likes = !this.#details.liked; // what is wanted, also of who signs in now and has liked it before
    if (!(await someone())) {
      return;
    }
    await this.#reader;
    const { liked = false, likeCount = 0 } = this.#details;
    if (liked === likes) {
      return;
    }
    this.#likeWanted += 1;
    const number = this.#likeWanted;
    this.#details = { ...this.#details, liked: likes, likeCount: Math.max(likeCount + (likes ? 1 : -1), 0) };
    this.#show();
    this.#writes = this.#writes.then(() => this.#writeLike(number, likes, { liked, likeCount }));
  }

  async #writeLike(number, likes, earlier) {
    let words;
    let found;
    try {
      const reply = await change(likes ? "LikeMovie" : "UnlikeMovie", { userId: session.user, movieId: this.#id });
      found = { liked: likes, likeCount: reply.likeCount ?? 0 };
      words = likes ? "You like it." : "You no longer like it.";
    } catch (error) {
      found = earlier;
      words = `Not saved: ${error.message}`;
    }
    if (number === this.#likeWanted) { // else the next is on its way
      this.#details = { ...this.#details, ...found };
      this.#show();
      this.#say(words);
    }
  }
}

export function filmView(id) {
  return new Film(id);
}
