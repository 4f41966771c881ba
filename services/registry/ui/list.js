// A list that can be searched and walked through: words to filter by, a button a status, arrow keys from row to row.
// What is chosen is in the address, so that it can be linked to.

import { announce, h, plural, setChildren, setHidden, setRows, setText } from "./dom.js";
import { OUT_OF_SERVICE, STATUSES, countStatuses, describeChanges, shape } from "./health.js";

const ROWS_STEP = 200; // shown at first, and more at each press of the button

const collator = new Intl.Collator("en", { numeric: true });

// names: {one, many}; nothing: what is said of an empty list. Of an item: keyOf(), nameOf(), statusOf(), wordsOf() that
// the filter looks at, makeRow() that gives {element, update(item)}, where one element has `data-stop`: the arrow keys
// stop there.
export class List {
  #options;
  #items = [];
  #statuses = null; // by key, as last shown
  #shown = ROWS_STEP;
  #status;
  #filter;
  #chips = new Map();
  #rows = h("ul", { class: "rows" });
  #found = h("p", { class: "found", role: "status" });
  #nothing = h("p", { class: "empty", hidden: true });
  #more = h("button", { type: "button", class: "more", hidden: true, onclick: () => this.#showMore() });

  constructor(options) {
    this.#options = options;
    const chosen = new URLSearchParams(location.search);
    this.#status = STATUSES.includes(chosen.get("status")) ? chosen.get("status") : "all";
    this.#filter = h("input", { type: "search", id: "filter", autocomplete: "off", spellcheck: "false",
      placeholder: options.placeholder, "aria-keyshortcuts": "/", oninput: () => this.#choose() });
    this.#filter.value = chosen.get("filter") ?? "";
    this.element = h("div", { class: "list", onkeydown: (event) => this.#walk(event) },
      h("div", { class: "chips", role: "group", "aria-label": `${options.names.many} by health` },
        ["all", "passing", "warning", "critical", ...OUT_OF_SERVICE].map((status) => this.#makeChip(status))),
      h("div", { class: "search" },
        h("label", { for: "filter" }, `Filter ${options.names.many}`),
        h("div", { class: "field" }, this.#filter, h("kbd", { "aria-hidden": "true" }, "/")),
        options.tools ?? null),
      this.#found, this.#rows, this.#nothing, this.#more);
  }

  #makeChip(status) {
    const count = h("span", { class: "count" }, "–");
    const button = h("button", { type: "button", class: "chip", "data-status": status,
      "aria-pressed": String(status === this.#status), hidden: OUT_OF_SERVICE.includes(status),
      onclick: () => this.#choose(status) },
    h("span", { class: "word" }, status === "all" ? null : shape(status), status), count);
    this.#chips.set(status, { button, count });
    return button;
  }

  #choose(status = this.#status) {
    this.#status = status;
    this.#shown = ROWS_STEP;
    const chosen = new URLSearchParams();
    if (this.#filter.value.trim() !== "") {
      chosen.set("filter", this.#filter.value.trim());
    }
    if (status !== "all") {
      chosen.set("status", status);
    }
    const query = chosen.toString();
    history.replaceState(history.state, "", location.pathname + (query === "" ? "" : `?${query}`));
    this.#show();
  }

  #showMore() {
    const first = this.#rows.childElementCount;
    this.#shown += ROWS_STEP;
    this.#show();
    this.#stops()[first]?.focus();
  }

  setItems(items) {
    const { keyOf, nameOf, statusOf, names } = this.#options;
    this.#items = items.toSorted((a, b) => collator.compare(keyOf(a), keyOf(b)));
    const statuses = new Map(items.map((item) => [keyOf(item), { name: nameOf(item), status: statusOf(item) }]));
    const words = this.#statuses === null ? "" : describeChanges(this.#statuses, statuses, names);
    this.#statuses = statuses;
    this.#show();
    if (words !== "") {
      announce(words);
    }
  }

  // The rows that are there now.
  get rows() {
    return [...this.#rows.children];
  }

  #matching() {
    const { wordsOf, statusOf } = this.#options;
    const wanted = this.#filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    return this.#items.filter((item) => {
      const words = wordsOf(item).join("\n").toLowerCase();
      const isChosen = this.#status === "all" || statusOf(item) === this.#status;
      return isChosen && wanted.every((word) => words.includes(word));
    });
  }

  #show() {
    const { names, keyOf, makeRow, statusOf, nothing } = this.#options;
    const matching = this.#matching();
    const counts = countStatuses(this.#items.map(statusOf));
    for (const [status, { button, count }] of this.#chips) {
      const number = status === "all" ? this.#items.length : counts[status];
      setText(count, number.toLocaleString("en"));
      button.setAttribute("aria-pressed", String(status === this.#status));
      setHidden(button, OUT_OF_SERVICE.includes(status) && number === 0 && status !== this.#status);
    }
    setRows(this.#rows, matching.slice(0, this.#shown), keyOf, makeRow);
    const all = plural(this.#items.length, names.one, names.many);
    const some = `${matching.length.toLocaleString("en")} of ${all}`;
    setText(this.#found, matching.length === this.#items.length ? all : some);
    setHidden(this.#nothing, matching.length > 0);
    const isEmpty = this.#items.length === 0;
    setChildren(this.#nothing, isEmpty, () => [isEmpty ? nothing : `No ${names.one} is like that.`]);
    const hiddenRows = matching.length - this.#shown;
    setHidden(this.#more, hiddenRows <= 0);
    setText(this.#more, `Show more (${hiddenRows.toLocaleString("en")} left)`);
  }

  #stops() {
    return [...this.#rows.querySelectorAll("[data-stop]")];
  }

  // Arrows, Home and End go from row to row, up from the first one to the filter; Escape empties that.
  #walk(event) {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) {
      return;
    }
    if (event.target === this.#filter && event.key === "Escape" && this.#filter.value !== "") {
      this.#filter.value = "";
      this.#choose();
      event.preventDefault();
      return;
    }
    const stops = this.#stops();
    const at = stops.indexOf(event.target);
    const isFilter = event.target === this.#filter;
    const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: stops.length - 1 };
    if ((at < 0 && !(isFilter && event.key === "ArrowDown")) || !(event.key in places)) {
      return;
    }
    const to = places[event.key] < 0 ? this.#filter : stops[places[event.key]];
    to?.focus();
    event.preventDefault();
  }

  focusFilter() {
    this.#filter.focus();
    this.#filter.select();
  }
}
