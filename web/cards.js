// Films as they stand in lists and rows, and what a view says while it waits, and when it waited in vain.

import { call, isAborted, isMissing } from "./api.js";
import { announce, h } from "./dom.js";
import { count, points, scale } from "./scale.js";
import { askWhoYouAre } from "./session.js";
import { tile } from "./tile.js";

const GENRES_SHOWN = 2;

export function filmPath(id) {
  return `/film/${encodeURIComponent(id)}`;
}

// A MovieCard of the service, with what its JSON leaves out.
export function cardOf(json) {
  return {
    id: json.id ?? "",
    title: json.title || json.id || "",
    year: json.year ?? 0,
    genres: json.genres ?? [],
    director: json.director ?? "",
    state: json.ratingState ?? "RATING_STATE_UNSPECIFIED",
    mean: json.mean ?? 0,
    votes: json.votes ?? 0,
    score: json.weightedScore ?? 0,
    own: json.own === undefined ? null : json.own.hundredths ?? 0,
    ownTime: json.ownTime ?? "",
    match: json.match ?? 0,
    provider: json.ownProviderId ?? "",
    because: json.becauseOfTitle ?? "",
  };
}

export function cardsOf(list) {
  return (list ?? []).map(cardOf);
}

// "1999 · Action, Drama"
function under(card) {
  return [card.year || "", card.genres.slice(0, GENRES_SHOWN).join(", ")].filter(Boolean).join(" · ");
}

function scoreOf(card) {
  if (card.state === "UNAVAILABLE") {
    return h("span", { class: "score none" }, "rating unavailable");
  }
  if (card.votes === 0) {
    return h("span", { class: "score none" }, "no votes yet");
  }
  return h("span", { class: "score" }, h("b", {}, points(card.score || card.mean)),
    h("span", { class: "of" }, ` ${count(card.votes)} ${card.votes === 1 ? "vote" : "votes"}`));
}

function ownOf(card) {
  return card.own === null ? null : h("span", { class: "own" }, `you: ${scale.text(card.own)}`);
}

// For a row that scrolls or wraps: tile above, words below.
export function filmCard(card) {
  return h("li", { class: "card" }, tile(card),
    h("h3", {}, h("a", { href: filmPath(card.id), dir: "auto" }, card.title)),
    h("p", { class: "under" }, under(card)),
    h("p", { class: "figures" }, scoreOf(card), ownOf(card)),
    card.because === "" ? null : h("p", { class: "because" }, "like ", h("bdi", {}, card.because)));
}

// For a list: one line a film. figure: {value, unit} that the list is sorted by; more: elements at its end.
export function filmRow(card, { place, figure, more } = {}) {
  return h("li", { class: "line" },
    h("span", { class: "place" }, place === undefined ? "" : String(place)),
    tile(card),
    h("div", { class: "what" },
      h("h2", {}, h("a", { href: filmPath(card.id), dir: "auto" }, card.title)),
      h("p", { class: "under" }, under(card))),
    h("p", { class: "figures" }, figure ?? scoreOf(card), ownOf(card)),
    more ?? null);
}

export function notice(words, action) {
  return h("p", { class: "notice", role: "status" }, words, action ? " " : null, action);
}

// A section of a view that asks one method: hidden when there is no such method, and it says so when there is no
// answer. load(signal) resolves to elements, or to null for nothing to show.
export function section(title, load, signal, { lead = "", link = null } = {}) {
  const body = h("div", { class: "body", "aria-busy": "true" }, h("p", { class: "waiting" }, "…"));
  const element = h("section", {}, h("div", { class: "head" }, h("h2", {}, title), link),
    lead === "" ? null : h("p", { class: "lead" }, lead), body);
  const show = async () => {
    try {
      const made = await load(signal);
      element.hidden = made === null;
      body.replaceChildren(...[made ?? []].flat());
    } catch (error) {
      if (isAborted(error)) {
        return;
      }
      element.hidden = isMissing(error);
      if (!element.hidden) {
        body.replaceChildren(failed(error, show));
      }
    }
    body.removeAttribute("aria-busy");
  };
  show();
  return element;
}

// What is said of a failure, with a button to try again, or to sign in where that is what is wanted.
export function failed(error, again) {
  if (error.code === "unauthenticated") {
    return notice(error.message, h("button", { type: "button", class: "small", onclick: async () => {
      if (await askWhoYouAre()) {
        again();
      }
    } }, "Sign in"));
  }
  return notice(`This cannot be shown now: ${error.message}`,
    h("button", { type: "button", class: "quiet small", onclick: again }, "Try again"));
}

// A view of nothing but words.
export function wordsView(title, ...words) {
  return { title, element: h("section", {}, h("h1", { tabindex: "-1" }, title), h("p", { class: "empty" }, ...words)),
    start() {} };
}

// A list that grows by pages: ask(token, signal) resolves to {cards, next}; row(card, place) makes an item of one.
export class Pages {
  #ask;
  #row;
  #signal;
  #next = "";
  #shown = 0;
  #list = h("ol", { class: "lines" });
  #end = h("div", { class: "end" });

  constructor(ask, row, signal) {
    this.#ask = ask;
    this.#row = row;
    this.#signal = signal;
    this.element = h("div", {}, this.#list, this.#end);
  }

  // The first page; what was there before goes when it has come. Resolves to how many there are, or throws.
  async begin(nothing) {
    const page = await this.#ask("", this.#signal);
    this.#list.replaceChildren();
    this.#shown = 0;
    this.#add(page);
    this.#list.hidden = this.#shown === 0;
    if (this.#shown === 0) {
      this.#end.replaceChildren(h("p", { class: "empty" }, nothing));
    }
    return this.#shown;
  }

  #add({ cards, next }) {
    const rows = cards.map((card, i) => this.#row(card, this.#shown + i + 1));
    this.#list.append(...rows);
    this.#shown += rows.length;
    this.#next = next ?? "";
    this.#end.replaceChildren(...this.#next === "" ? [] : [
      h("button", { type: "button", class: "quiet more", onclick: () => this.#more() }, "Show more")]);
    return rows;
  }

  async #more() {
    const button = this.#end.firstElementChild;
    button.disabled = true;
    try {
      const rows = this.#add(await this.#ask(this.#next, this.#signal));
      rows[0]?.querySelector("a")?.focus();
      announce(`${rows.length} more`);
    } catch (error) {
      if (!isAborted(error)) {
        this.#end.replaceChildren(failed(error, () => this.#more()));
      }
    }
  }
}

// One list of MovieCards that is asked for at once.
export async function cardsBy(method, request, signal, key = "movies") {
  return cardsOf((await call(method, request, signal))[key]);
}
