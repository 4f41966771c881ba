// The first view: what is best, what is new, and what one might like.

import { call } from "./api.js";
import { cardsBy, cardsOf, filmCard, notice, section } from "./cards.js";
import { h } from "./dom.js";
import { session } from "./session.js";

const SHOWN = 12;

function shelf(cards) {
  return cards.length === 0 ? h("p", { class: "empty" }, "Nothing yet.")
    : h("ul", { class: "shelf" }, cards.map(filmCard));
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
    stays: true,
    element,
    start(signal) {
      const { user } = session;
      const all = (order, words) => h("a", { class: "all", href: `/lists?order=${order}` }, words);
      element.append(section("Highest rated", () => discovered("SCORE", signal), signal, { link: all("score", "All by score") }));
      if (user !== "") {
        element.append(section("For you", async () => {
          const cards = await cardsBy("ListRecommendedMovies", { userId: user, pageSize: SHOWN }, signal);
          return cards.length === 0 ? null : shelf(cards);
        }, signal, { lead: "From what you have rated, and what others made of it." }));
      }
      element.append(section("Newest", () => discovered("YEAR", signal), signal, { link: all("year", "All by year") }));
    },
  };
}
