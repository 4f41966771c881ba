// What the reader has voted: to look at, to take back, to take away as a file.

import { call, change, isAborted, isMissing } from "./api.js";
import { Pages, cardsOf, failed, filmRow, notice } from "./cards.js";
import { announce, h, plural } from "./dom.js";
import { FORMATS, exportVotes } from "./export.js";
import { when } from "./reviews.js";
import { scale, scales } from "./scale.js";
import { HELD } from "./score.js";
import { session, askWhoYouAre } from "./session.js";
import { scaleChooser, starsPicture } from "./stars.js";

const PAGE = 50;

function ownFigure(hundredths) {
  const { picture, fill } = starsPicture(hundredths);
  fill(hundredths);
  return h("span", { class: "score own-stars" }, picture, h("b", {}, scale.text(hundredths)),
    h("span", { class: "of" }, ` of ${scale.top}`));
}

class Votes {
  title = "My votes";
  #signal = null;
  #body = h("div", {}, h("p", { class: "waiting" }, "…"));
  #said = h("p", { class: "said", role: "status" });

  constructor() {
    this.element = h("section", {}, h("h1", { tabindex: "-1" }, "My votes"), this.#body);
  }

  async start(signal) {
    this.#signal = signal;
    scale.addEventListener("change", () => this.#show(), { signal });
    await this.#show();
  }

  async #show() {
    const { user } = session;
    if (user === "") {
      this.#body.replaceChildren(h("p", { class: "empty" }, "Your votes are kept under your name. "),
        h("button", { type: "button", onclick: () => askWhoYouAre() }, "Sign in"));
      return;
    }
    const pages = new Pages(async (pageToken) => {
      const reply = await call("ListUserMovies", { userId: user, order: "BY_TIME", pageSize: PAGE, pageToken }, this.#signal);
      return { cards: cardsOf(reply.movies), next: reply.nextPageToken };
    }, (card) => this.#row(card), this.#signal);
    try {
      const shown = await pages.begin("You have not rated anything yet. A film's page has the stars.");
      this.#body.replaceChildren(...shown === 0 ? [] : [this.#tools()], this.#said, pages.element);
    } catch (error) {
      if (!isAborted(error)) {
        this.#body.replaceChildren(isMissing(error) ? notice("This Marquee does not list votes.")
          : failed(error, () => this.#show()));
      }
    }
  }

  #tools() {
    return h("div", { class: "vote-tools" }, scaleChooser(scales),
      h("p", { class: "buttons" }, Object.entries(FORMATS).map(([id, { name }]) => h("button", { type: "button",
        class: "quiet small", onclick: (event) => this.#export(id, event.currentTarget) }, `Export ${name}`))));
  }

  #row(card) {
    const figures = h("span", {}, ownFigure(card.own ?? 0));
    const said = h("p", { class: "under" }, when(card.ownTime), card.provider === "" ? null : ` from ${card.provider}`);
    if (card.provider !== "") { // not cast here, so not to be taken back here
      return filmRow({ ...card, own: null }, { figure: figures, more: h("div", { class: "buttons" }, said) });
    }
    const button = h("button", { type: "button", class: "quiet small" }, "Remove");
    button.setAttribute("aria-label", `Remove your rating of ${card.title}`);
    let isThere = true;
    button.addEventListener("click", async () => {
      button.disabled = true;
      const whose = { userId: session.user, movieId: card.id };
      try {
        if (isThere) {
          await change("UnrateMovie", whose);
        } else {
          const { held = false } = await change("RateMovie", { ...whose, value: { hundredths: card.own } });
          this.#said.textContent = held ? `${card.title}: your rating is kept, but does not count yet: ${HELD}` : "";
        }
        isThere = !isThere;
        row.classList.toggle("gone", !isThere);
        button.textContent = isThere ? "Remove" : "Undo";
        button.setAttribute("aria-label", isThere ? `Remove your rating of ${card.title}` : `Rate ${card.title} again as before`);
        announce(isThere ? `Your rating of ${card.title} is back` : `Your rating of ${card.title} is removed`);
      } catch (error) {
        this.#said.textContent = `${card.title}: not changed: ${error.message}`;
      }
      button.disabled = false;
      button.focus();
    });
    const row = filmRow({ ...card, own: null }, { figure: figures, more: h("div", { class: "buttons" }, said, button) });
    return row;
  }

  async #export(format, button) {
    const hadFocus = document.activeElement === button; // which it loses while it is disabled
    button.disabled = true;
    try {
      const { count, lacksReviews } = await exportVotes(format, this.#signal, (soFar) => {
        this.#said.textContent = `${plural(soFar, "vote")} so far …`;
      });
      this.#said.textContent = `${plural(count, "vote")} exported${lacksReviews ? ", without reviews: they cannot be had now" : ""}.`;
    } catch (error) {
      if (!isAborted(error)) {
        this.#said.textContent = `Not exported: ${error.message}`;
      }
    }
    button.disabled = false;
    if (hadFocus) {
      button.focus();
    }
  }
}

export function votesView() {
  return new Votes();
}
