// Lists of all films, by an order and what is chosen of them; the choice is in the address.

import { call, isAborted, isMissing } from "./api.js";
import { Pages, cardsOf, failed, filmRow, notice } from "./cards.js";
import { h, setText } from "./dom.js";
import { count, points } from "./scale.js";

const PAGE = 50;
const YEAR_MIN = 1870;
const YEAR_MAX = 2200;
const TYPING_MS = 350;

const ORDERS = {
  score: { api: "SCORE", name: "Weighted score", figure: (card) => [points(card.score), `${count(card.votes)} votes`] },
  mean: { api: "MEAN", name: "Mean", figure: (card) => [points(card.mean), `${count(card.votes)} votes`] },
  votes: { api: "VOTES", name: "Most votes", figure: (card) => [count(card.votes), `votes, ${points(card.score || card.mean)}`] },
  year: { api: "YEAR", name: "Newest", figure: (card) => [String(card.year || "–"), card.votes > 0
    ? `${points(card.score || card.mean)}, ${count(card.votes)} votes` : "no votes yet"] },
};

function number(text, from, to) {
  const value = Number(text);
  return text !== "" && Number.isInteger(value) && value >= from && value <= to ? value : 0;
}

function readChoice() {
  const given = new URLSearchParams(location.search);
  return {
    order: given.get("order") in ORDERS ? given.get("order") : "score",
    genre: given.get("genre") ?? "",
    yearFrom: number(given.get("from") ?? "", YEAR_MIN, YEAR_MAX),
    yearTo: number(given.get("to") ?? "", YEAR_MIN, YEAR_MAX),
    minimumVotes: number(given.get("votes") ?? "", 1, 1e9),
  };
}

function addressOf({ order, genre, yearFrom, yearTo, minimumVotes }) {
  const query = new URLSearchParams(Object.entries({ order: order === "score" ? "" : order, genre, from: yearFrom || "",
    to: yearTo || "", votes: minimumVotes || "" }).filter(([, value]) => value !== "")).toString();
  return `/lists${query === "" ? "" : `?${query}`}`;
}

class Lists {
  title = "Lists";
  stays = true; // as it is while another view is looked at
  #choice = readChoice();
  #signal = null;
  #asked = new AbortController();
  #timer = 0;
  #order = h("select", { id: "order" }, Object.entries(ORDERS).map(([id, { name }]) => h("option", { value: id }, name)));
  #genre = h("select", { id: "genre" }, h("option", { value: "" }, "All genres"));
  #from = h("input", { id: "from", type: "number", min: YEAR_MIN, max: YEAR_MAX, placeholder: "any", inputmode: "numeric" });
  #to = h("input", { id: "to", type: "number", min: YEAR_MIN, max: YEAR_MAX, placeholder: "any", inputmode: "numeric" });
  #votes = h("input", { id: "votes", type: "number", min: 0, placeholder: "0", inputmode: "numeric" });
  #about = h("p", { class: "lead", role: "status" });
  #body = h("div", {}, h("p", { class: "waiting" }, "…"));

  constructor() {
    const field = (label, input) => h("p", {}, h("label", { for: input.id }, label), input);
    this.element = h("section", {}, h("h1", { tabindex: "-1" }, "Lists"),
      h("form", { class: "choices", role: "search", "aria-label": "What to list", onsubmit: (event) => event.preventDefault(),
        oninput: (event) => this.#changed(event) },
      field("Order", this.#order), field("Genre", this.#genre), field("From year", this.#from),
      field("To year", this.#to), field("At least votes", this.#votes)), this.#about, this.#body);
    this.#fill();
  }

  #fill() {
    const { order, genre, yearFrom, yearTo, minimumVotes } = this.#choice;
    this.#order.value = order;
    if (genre !== "" && ![...this.#genre.options].some(({ value }) => value === genre)) {
      this.#genre.append(h("option", { value: genre }, genre));
    }
    this.#genre.value = genre;
    this.#from.value = yearFrom || "";
    this.#to.value = yearTo || "";
    this.#votes.value = minimumVotes || "";
  }

  async start(signal) {
    this.#signal = signal;
    this.#show();
    try {
      const { genres = [] } = await call("ListGenres", {}, signal);
      this.#genre.replaceChildren(h("option", { value: "" }, "All genres"), ...genres.map(({ name = "", movies = 0 }) =>
        h("option", { value: name }, `${name} (${count(movies)})`)));
      this.#fill();
    } catch (error) {
      if (!isAborted(error)) {
        this.#genre.closest("p").hidden = isMissing(error) && this.#choice.genre === "";
      }
    }
  }

  #changed(event) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#choose(), event.target.tagName === "SELECT" ? 0 : TYPING_MS);
  }

  #choose() {
    const wrong = [this.#from, this.#to, this.#votes].find(({ validity }) => !validity.valid);
    for (const input of [this.#from, this.#to, this.#votes]) {
      input.setAttribute("aria-invalid", String(input === wrong));
    }
    if (wrong !== undefined) { // what is listed stays, and is not taken for an answer to that
      setText(this.#about, `${wrong.labels[0].textContent}: ${wrong.validationMessage}`);
      return;
    }
    this.#choice = {
      order: this.#order.value,
      genre: this.#genre.value,
      yearFrom: number(this.#from.value, YEAR_MIN, YEAR_MAX),
      yearTo: number(this.#to.value, YEAR_MIN, YEAR_MAX),
      minimumVotes: number(this.#votes.value, 1, 1e9),
    };
    history.replaceState(history.state, "", addressOf(this.#choice));
    this.#show();
  }

  async #show() {
    this.#asked.abort();
    this.#asked = new AbortController();
    const signal = AbortSignal.any([this.#signal, this.#asked.signal]);
    const { order, ...filters } = this.#choice;
    const figure = (card) => {
      const [value, unit] = ORDERS[order].figure(card);
      return h("span", { class: "score" }, h("b", {}, value), h("span", { class: "of" }, ` ${unit}`));
    };
    let parameters;
    let away = "";
    const pages = new Pages(async (pageToken) => {
      const reply = await call("DiscoverMovies", { order: ORDERS[order].api, ...filters, pageSize: PAGE, pageToken }, signal);
      parameters ??= reply.parameters;
      away = reply.ratingUnavailableReason ?? "";
      return { cards: cardsOf(reply.movies), next: reply.nextPageToken };
    }, (card, place) => filmRow(card, { place, figure: card.state === "UNAVAILABLE" ? undefined : figure(card) }), signal);
    this.#body.setAttribute("aria-busy", "true");
    try {
      await pages.begin("No film is like that.");
      this.#body.replaceChildren(...away === "" ? [] : [notice(`Ratings are away just now (${away}).`)], pages.element);
      setText(this.#about, this.#aboutOrder(order, parameters));
    } catch (error) {
      if (isAborted(error)) {
        return;
      }
      setText(this.#about, "");
      this.#body.replaceChildren(isMissing(error) ? notice("This Marquee keeps no lists.") : failed(error, () => this.#show()));
    }
    this.#body.removeAttribute("aria-busy");
  }

  #aboutOrder(order, parameters) {
    if (order !== "score" || parameters === undefined) {
      return { mean: "By the mean of each film's votes, few as they may be.", votes: "By how many have voted.",
        year: "By year, the newest first." }[order] ?? "";
    }
    return `Weighted: each film starts with m = ${count(parameters.minimumVotes ?? 0)} votes at the mean of all, ` +
      `C = ${points(parameters.mean ?? 0, 3)}.`;
  }
}

export function listsView() {
  return new Lists();
}
