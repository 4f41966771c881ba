// Search as one types: a combobox with a list below it (the ARIA pattern of that name, with the focus in the field),
// and a view of its own for what Enter asks.

import { call, isAborted } from "./api.js";
import { cardsOf, failed, filmPath, filmRow } from "./cards.js";
import { announce, h, plural } from "./dom.js";

const DEBOUNCE_MS = 90;
const OFFERED = 8;
const FOUND_MAX = 50;
const QUERY_BYTES_MAX = 256;

function asQuery(text) {
  let query = text.trim();
  while (new TextEncoder().encode(query).length > QUERY_BYTES_MAX) {
    query = query.slice(0, -1);
  }
  return query;
}

async function find(query, pageSize, signal) {
  return cardsOf((await call("SearchMovies", { query, pageSize }, signal)).results);
}

export class Finder {
  #go;
  #asked = new AbortController();
  #timer = 0;
  #films = [];
  #active = -1;
  #list = h("ul", { id: "found", role: "listbox", "aria-label": "Films found", hidden: true });
  // For the eye: it is announced besides.
  #nothing = h("p", { class: "nothing", "aria-hidden": "true", hidden: true });
  #input = h("input", { id: "query", dir: "auto", type: "search", role: "combobox", autocomplete: "off", spellcheck: "false",
    "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": "found", "aria-keyshortcuts": "/",
    placeholder: "Title, year or director", maxlength: QUERY_BYTES_MAX, enterkeyhint: "search",
    oninput: () => this.#later(), onkeydown: (event) => this.#press(event),
    onfocus: () => this.#open(), onblur: () => this.#close() });

  // go(url): navigates.
  constructor(go) {
    this.#go = go;
    this.element = h("div", { class: "field" }, h("label", { for: "query", class: "hidden" }, "Search films"),
      this.#input, h("kbd", { "aria-hidden": "true" }, "/"), this.#list, this.#nothing);
    // So that the field keeps the focus while an option is pressed.
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) {
        this.#choose(Number(option.dataset.index));
      }
    });
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  show(query) {
    this.#input.value = query;
  }

  #later() {
    clearTimeout(this.#timer);
    this.#asked.abort();
    this.#asked = new AbortController();
    this.#activate(-1); // what was chosen is of what was written before
    const query = asQuery(this.#input.value);
    if (query === "") {
      this.#offer([]);
    } else {
      this.#timer = setTimeout(() => this.#ask(query, this.#asked.signal), DEBOUNCE_MS);
    }
  }

  async #ask(query, signal) {
    try {
      const films = await find(query, OFFERED, signal);
      if (!signal.aborted) {
        this.#offer(films, films.length === 0 ? "Nothing is found" : "");
        announce(films.length === 0 ? "Nothing is found" : plural(films.length, "film is", "films are") + " found");
      }
    } catch (error) {
      if (!isAborted(error)) {
        const words = `Search does not work now: ${error.message}`;
        this.#offer([], words);
        announce(words);
      }
    }
  }

  // words: in place of films.
  #offer(films, words = "") {
    this.#films = films;
    this.#nothing.textContent = words;
    this.#active = -1;
    this.#list.replaceChildren(...films.map((film, index) => h("li", { role: "option", id: `found-${index}`,
      "data-index": index, "aria-selected": "false" }, h("span", { class: "title" }, h("bdi", {}, film.title)),
    h("span", { class: "under" }, [film.year || "", film.director].filter(Boolean).join(" · ")))));
    this.#input.removeAttribute("aria-activedescendant");
    this.#open();
  }

  #open() {
    const hasFocus = document.activeElement === this.#input;
    const isOpen = this.#films.length > 0 && hasFocus;
    this.#list.hidden = !isOpen;
    this.#nothing.hidden = this.#nothing.textContent === "" || !hasFocus;
    this.#input.setAttribute("aria-expanded", String(isOpen));
  }

  #close() {
    this.#list.hidden = true;
    this.#nothing.hidden = true;
    this.#input.setAttribute("aria-expanded", "false");
  }

  #activate(index) {
    this.#active = index;
    for (const [i, option] of [...this.#list.children].entries()) {
      option.setAttribute("aria-selected", String(i === index));
    }
    const option = this.#list.children[index];
    if (option) {
      this.#input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else {
      this.#input.removeAttribute("aria-activedescendant");
    }
  }

  #choose(index) {
    const { id } = this.#films[index];
    this.#leave();
    this.#go(filmPath(id));
  }

  #leave() {
    clearTimeout(this.#timer);
    this.#asked.abort();
    this.#offer([]);
  }

  #press(event) {
    const last = this.#films.length - 1;
    const isOpen = !this.#list.hidden;
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!isOpen) {
        this.#open();
      } else if (event.key === "ArrowDown") {
        this.#activate(this.#active >= last ? -1 : this.#active + 1);
      } else {
        this.#activate(this.#active < 0 ? last : this.#active - 1);
      }
    } else if (event.key === "Enter") {
      event.preventDefault();
      const query = asQuery(this.#input.value);
      if (isOpen && this.#active >= 0) {
        this.#choose(this.#active);
      } else if (query !== "") {
        this.#leave();
        this.#go(`/search?q=${encodeURIComponent(query)}`);
      }
    } else if (event.key === "Escape") {
      event.preventDefault();
      if (isOpen) {
        this.#close();
      } else {
        this.#input.value = "";
        this.#later();
      }
    }
  }
}

// What is found, at an address of its own.
export function searchView() {
  const query = asQuery(new URLSearchParams(location.search).get("q") ?? "");
  const found = h("p", { class: "lead", role: "status" }, query === "" ? "" : "…");
  const list = h("ol", { class: "lines" });
  const element = h("section", {}, h("h1", { tabindex: "-1" }, query === "" ? "Search" : `Films for “${query}”`),
    found, list);
  return {
    title: query === "" ? "Search" : `${query}: search`,
    element,
    stays: true,
    async start(signal) {
      if (query === "") {
        found.textContent = "Write what you look for into the field above: words of the title, a year, a director.";
        return;
      }
      try {
        const films = await find(query, FOUND_MAX, signal);
        found.textContent = films.length === 0 ? "Nothing is like that." : `${plural(films.length, "film")}, best first.`;
        list.replaceChildren(...films.map((film) => filmRow(film)));
      } catch (error) {
        if (!isAborted(error)) {
          found.replaceChildren(failed(error, () => this.start(signal)));
        }
      }
    },
  };
}
