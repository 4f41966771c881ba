// The first view: what is best, what is new, and what one might like.

import { cardsBy, filmCard, section } from "./cards.js";
import { h } from "./dom.js";
import { session } from "./session.js";

const SHOWN = 12;

function shelf(cards) {
  return cards.length === 0 ? h("p", { class: "empty" }, "Nothing yet.")
    : h("ul", { class: "shelf" }, cards.map(filmCard));
}

export function homeView() {
  const element = h("div", { class: "home" }, h("h1", { class: "hidden", tabindex: "-1" }, "Films"));
  return {
    title: "Films",
    element,
    start(signal) {
      const { user } = session;
      const all = (order, words) => h("a", { class: "all", href: `/lists?order=${order}` }, words);
      const discover = (order) => async () => shelf(await cardsBy("DiscoverMovies", { order, pageSize: SHOWN }, signal));
      element.append(section("Highest rated", discover("SCORE"), signal, { link: all("score", "All by score") }));
      if (user !== "") {
        element.append(section("For you", async () => {
          const cards = await cardsBy("ListRecommendedMovies", { userId: user, pageSize: SHOWN }, signal);
          return cards.length === 0 ? null : shelf(cards);
        }, signal, { lead: "From what you have rated, and what others made of it." }));
      }
      element.append(section("Newest", discover("YEAR"), signal, { link: all("year", "All by year") }));
    },
  };
}
