// The reviews of a film, and the reader's own: written, edited, deleted. Their words are text and nothing else.

import { call, change, isAborted, isMissing } from "./api.js";
import { failed } from "./cards.js";
import { announce, h, plural, setHidden, setText } from "./dom.js";
import { count } from "./scale.js";
import { session, someone } from "./session.js";

const PAGE = 10;
const CHARACTERS_MAX = 10000; // the review service's own maximum
const FOLDED_CHARACTERS = 1200;
const FOLDED_LINES = 16;

const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

export function when(time) {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : h("time", { datetime: time }, day.format(date));
}

const ORDERS = { REVIEW_NEWEST: "Newest first", REVIEW_MOST_LIKED: "Most liked first" };

// A button that says whether the reader likes the review; say(): is told why not.
function likeButton(movieId, { userId = "", likeCount = 0, liked = false }, say) {
  const state = { liked, likeCount };
  let writes = Promise.resolve(); // one after the other: the last one holds
  let wanted = 0;
  const button = h("button", { type: "button", class: "quiet small like like-review" });
  const show = () => {
    button.setAttribute("aria-pressed", String(state.liked));
    button.replaceChildren(h("span", { class: "heart", "aria-hidden": "true" }, state.liked ? "♥" : "♡"),
      state.liked ? "Liked" : "Like", h("span", { class: "hidden" }, ` the review of ${userId}`),
      h("span", { class: "of" }, state.likeCount > 0 ? count(state.likeCount) : ""));
  };
  const write = async (was, number) => {
    let found = was;
    let words = was.liked ? `You no longer like the review of ${userId}` : `You like the review of ${userId}`;
    try {
      const reply = await change(was.liked ? "UnlikeReview" : "LikeReview",
        { userId: session.user, movieId, authorId: userId });
      found = { liked: !was.liked, likeCount: reply.likeCount ?? 0 };
    } catch (error) {
      words = `Not saved: ${error.message}`;
    }
    if (number === wanted) {
      Object.assign(state, found);
      show();
      (found === was ? say : announce)(words);
    }
  };
  button.addEventListener("click", async () => {
    if (!(await someone())) {
      return;
    }
    const was = { ...state };
    wanted += 1;
    const number = wanted;
    Object.assign(state, { liked: !was.liked, likeCount: Math.max(was.likeCount + (was.liked ? -1 : 1), 0) });
    show();
    writes = writes.then(() => write(was, number));
  });
  show();
  return button;
}

function reviewItem({ userId = "", text = "", spoiler = false, createdTime = "", editedTime = "" }, isOwn, actions) {
  const words = h("p", { class: "words", dir: "auto" }, text);
  return h("li", { class: isOwn ? "review own-review" : "review" },
    h("p", { class: "by" }, h("b", { dir: "auto" }, userId), " ", when(createdTime), editedTime === "" ? null : " · edited"),
    spoiler ? h("details", {}, h("summary", {}, "It tells how the story ends"), words) : words,
    isLong(text) ? unfolder(words) : null, actions ?? null);
}

// More than a screenful on a phone is shown in part.
function isLong(text) {
  return text.length > FOLDED_CHARACTERS || text.split("\n").length > FOLDED_LINES;
}

function unfolder(words) {
  words.classList.add("folded");
  const button = h("button", { type: "button", class: "quiet small unfold", "aria-expanded": "false" }, "Show all");
  button.addEventListener("click", () => {
    const isFolded = words.classList.toggle("folded");
    button.setAttribute("aria-expanded", String(!isFolded));
    button.textContent = isFolded ? "Show all" : "Show less";
    if (isFolded) {
      words.scrollIntoView({ block: "nearest" });
    }
  });
  return button;
}

export class Reviews {
  #movieId;
  #changed;
  #signal = null;
  #asked = new AbortController(); // what is fetched of the list: given up when another is wanted
  #isPaging = false;
  #isWriting = false; // a change of the own one is on its way
  #writer = ""; // whose words are in the form
  #hasOwn = false; // the reader has written one
  #own = null; // the reader's own, as it is kept
  #next = "";
  #shown = 0;
  #list = h("ul", { class: "reviews" });
  #order = h("select", { id: "review-order", onchange: () => this.show(this.#hasOwn) },
    Object.entries(ORDERS).map(([value, words]) => h("option", { value }, words)));
  #ordered = h("p", { class: "scale-chooser", hidden: true }, h("label", { for: "review-order" }, "Order"), this.#order);
  #more = h("button", { type: "button", class: "quiet more", hidden: true, onclick: () => this.#page() }, "More reviews");
  #empty = h("p", { class: "empty", hidden: true }, "Nobody has written about this film yet.");
  #trouble = h("div", {});
  #said = h("p", { class: "said", role: "status" });
  #text = h("textarea", { id: "review-text", rows: "5", dir: "auto", maxlength: String(CHARACTERS_MAX), required: true });
  #spoiler = h("input", { type: "checkbox", id: "review-spoiler" });
  #cancel = h("button", { type: "button", class: "quiet", onclick: () => this.#edit(false) }, "Cancel");
  #form = h("form", { class: "write", hidden: true, onsubmit: (event) => this.#put(event) },
    h("label", { for: "review-text" }, "Your review"), this.#text,
    h("p", { class: "check" }, this.#spoiler, h("label", { for: "review-spoiler" }, "It tells how the story ends")),
    h("p", { class: "buttons" }, h("button", { type: "submit" }, "Publish"), this.#cancel));
  #write = h("button", { type: "button", class: "quiet", onclick: () => this.#begin() }, "Write a review");
  #mine = h("ul", { class: "reviews" });

  // changed(): called when the film's count of reviews may be another.
  constructor(movieId, changed) {
    this.#movieId = movieId;
    this.#changed = changed;
    this.element = h("section", { hidden: true, "aria-labelledby": "reviews-title" },
      h("div", { class: "head" }, h("h2", { id: "reviews-title" }, "Reviews"), this.#write),
      this.#mine, this.#form, this.#said, this.#trouble, this.#empty, this.#ordered, this.#list, this.#more);
  }

  // hasOwn: whether the reader has written one, as the film's details tell.
  start(signal, hasOwn) {
    this.#signal = signal;
    this.show(hasOwn);
  }

  // Anew, from the first page: somebody else reads now.
  async show(hasOwn) {
    this.#asked.abort();
    this.#asked = new AbortController();
    this.#isPaging = false;
    this.#hasOwn = hasOwn;
    this.#own = null;
    this.#next = "";
    this.#shown = 0;
    this.#list.replaceChildren();
    if (session.user !== "" && session.user !== this.#writer) { // what is written is kept when a session ends
      this.#form.hidden = true;
      this.#said.replaceChildren();
    }
    await this.#page();
  }

  // The reader's own, wherever it stands among the others.
  async #findOwn(reviews, signal) {
    const own = reviews.find(({ userId }) => session.user !== "" && userId === session.user);
    if (own !== undefined || !this.#hasOwn || this.#own !== null) {
      return own ?? this.#own;
    }
    try {
      const { review } = await call("GetReview", { movieId: this.#movieId, userId: session.user }, signal);
      return review ?? null;
    } catch (error) {
      if (error.code !== "not_found") {
        throw error;
      }
      return null; // deleted elsewhere
    }
  }

  async #page() {
    if (this.#isPaging) {
      return;
    }
    const asked = this.#asked;
    const signal = AbortSignal.any([this.#signal, asked.signal]);
    this.#isPaging = true;
    try {
      const request = { movieId: this.#movieId, userId: session.user, order: this.#order.value, pageSize: PAGE,
        pageToken: this.#next };
      const { reviews = [], nextPageToken = "" } = await call("ListReviews", request, signal);
      this.#own = await this.#findOwn(reviews, signal);
      signal.throwIfAborted();
      this.#next = nextPageToken;
      const rows = reviews.filter(({ userId }) => session.user === "" || userId !== session.user)
        .map((review) => reviewItem(review, false, h("p", { class: "buttons" },
          likeButton(this.#movieId, review, (words) => { this.#said.textContent = words; }))));
      const isLater = this.#shown > 0;
      const hadFocus = document.activeElement === this.#more;
      this.#list.append(...rows);
      this.#shown += rows.length;
      this.element.hidden = false;
      this.#trouble.replaceChildren();
      setHidden(this.#more, this.#next === "");
      setHidden(this.#ordered, this.#shown < 2);
      this.#showOwn();
      if (isLater) {
        announce(plural(rows.length, "more review"));
        if (hadFocus) {
          rows[0]?.querySelector("summary, button")?.focus();
        }
      }
    } catch (error) {
      if (!isAborted(error)) {
        this.element.hidden = isMissing(error);
        this.#trouble.replaceChildren(failed(error, () => this.show(this.#hasOwn)));
        setHidden(this.#more, true);
        setHidden(this.#write, true);
        setHidden(this.#empty, true);
      }
    } finally {
      if (asked === this.#asked) {
        this.#isPaging = false;
      }
    }
  }

  #showOwn() {
    const likes = this.#own?.likeCount ?? 0;
    this.#mine.replaceChildren(...this.#own === null ? [] : [reviewItem(this.#own, true, h("p", { class: "buttons" },
      likes > 0 ? h("span", { class: "liked-by" }, `${plural(likes, "like")} `) : null,
      h("button", { type: "button", class: "quiet small", onclick: () => this.#begin() }, "Edit"),
      h("button", { type: "button", class: "quiet small", onclick: () => this.#delete() }, "Delete")))]);
    const isWriting = !this.#form.hidden;
    setHidden(this.#mine, isWriting || this.#own === null);
    setHidden(this.#write, isWriting || this.#own !== null);
    setHidden(this.#empty, this.#shown > 0 || this.#own !== null || isWriting || this.#trouble.childElementCount > 0);
    setText(this.#write, "Write a review");
  }

  async #begin() {
    if (await someone()) {
      this.#writer = session.user;
      this.#text.value = this.#own?.text ?? "";
      this.#spoiler.checked = this.#own?.spoiler ?? false;
      this.#edit(true);
      this.#text.focus();
    }
  }

  #edit(isOpen) {
    this.#form.hidden = !isOpen;
    this.#showOwn();
    if (!isOpen) {
      (this.#own === null ? this.#write : this.#mine.querySelector("button")).focus();
    }
  }

  async #put(event) {
    event.preventDefault();
    const text = this.#text.value.trim().replaceAll("\r\n", "\n");
    if (text === "" || this.#isWriting) {
      return;
    }
    this.#isWriting = true;
    if (!(await someone()) || session.user !== this.#writer) {
      this.#isWriting = false;
      return; // somebody else's words are not published under the name of who has signed in meanwhile
    }
    this.#said.textContent = "Publishing …";
    const request = { userId: session.user, movieId: this.#movieId, text, spoiler: this.#spoiler.checked };
    try {
      const { review } = await change("PutReview", request);
      this.#own = review ?? request;
      this.#hasOwn = true;
      this.#edit(false);
      this.#said.textContent = "Your review is published.";
      this.#changed();
    } catch (error) {
      this.#said.textContent = `Not published: ${error.message}`;
    }
    this.#isWriting = false;
  }

  // At once, and put back when the reader thinks again.
  async #delete() {
    const was = this.#own;
    if (this.#isWriting) {
      return;
    }
    this.#isWriting = true;
    try {
      await change("DeleteReview", { userId: session.user, movieId: this.#movieId });
      this.#own = null;
      this.#hasOwn = false;
      this.#showOwn();
      const back = h("button", { type: "button", class: "quiet small", onclick: () => this.#restore(was) }, "Undo");
      this.#said.replaceChildren("Your review is deleted. ", back);
      back.focus();
      this.#changed();
    } catch (error) {
      this.#said.textContent = `Not deleted: ${error.message}`;
    }
    this.#isWriting = false;
  }

  async #restore({ text, spoiler = false, createdTime = "" }) {
    if (this.#isWriting) {
      return;
    }
    this.#isWriting = true;
    try {
      const { review } = await change("PutReview", { userId: session.user, movieId: this.#movieId, text, spoiler,
        time: createdTime });
      this.#own = review ?? { userId: session.user, text, spoiler };
      this.#hasOwn = true;
      this.#showOwn();
      this.#said.textContent = "Your review is back.";
      this.#mine.querySelector("button").focus();
    } catch (error) {
      this.#said.textContent = `Not put back: ${error.message}`;
    }
    this.#isWriting = false;
  }
}
