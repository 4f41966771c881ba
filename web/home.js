// The first view: what is best, what is new, and what one might like.

import { call } from "./api.js";
import { cardsBy, cardsOf, filmCard, notice, section } from "./cards.js";
import { h } from "./dom.js";
import { session } from "./session.js";

const SHOWN = 12;
const OWN_LOOKED_AT = 100; // of one's own films, the newest: for their titles

function shelf(cards) {
  return cards.length === 0 ? h("p", { class: "empty" }, "Nothing yet.")
    : h("ul", { class: "shelf" }, cards.map(filmCard));
}

// What is to be liked, each with the film of one's own that speaks for it: the service names that by its id.
async function recommended(userId, signal) {
  const cards = await cardsBy("ListRecommendedMovies", { userId, pageSize: SHOWN }, signal);
  if (cards.length === 0) {
    return cards;
  }
  const own = await cardsBy("ListUserMovies", { userId, pageSize: OWN_LOOKED_AT }, signal);
  const titles = new Map(own.map(({ id, title }) => [id, title]));
  return cards.map((card) => ({ ...card, because: titles.has(card.because) ? `like ${titles.get(card.because)}` : "" }));
}

async function discovered(order, signal) {
  const { movies, ratingUnavailableReason = "" } = await call("DiscoverMovies", { order, pageSize: SHOWN }, signal);
  const found = shelf(cardsOf(movies));
  return ratingUnavailableReason === "" ? found : [notice(`Ratings are away just now (${ratingUnavailableReason}).`), found];
}

export function homeView() {
  const element = h("div", { class: "home" }, h("h1", { class: "hidden", tabindex: "-1" }, "Films"));
  return {
    title: "Films",
    element,
    start(signal) {
      const { user } = session;
      const all = (order, words) => h("a", { class: "all", href: `/lists?order=${order}` }, words);
      element.append(section("Highest rated", () => discovered("SCORE", signal), signal, { link: all("score", "All by score") }));
      if (user !== "") {
        element.append(section("For you", async () => {
          const cards = await recommended(user, signal);
          return cards.length === 0 ? null : shelf(cards);
        }, signal, { lead: "From what you have rated, and what others made of it." }));
      }
      element.append(section("Newest", () => discovered("YEAR", signal), signal, { link: all("year", "All by year") }));
    },
  };
}
