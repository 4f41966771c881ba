// Where the reader was: for each entry of the browser's history what was shown there, so that going back leads to it and
// not to its beginning.

const KEPT_MAX = 8;

export class Places {
  #left = new Map(); // by entry: {top, view, end, focused, below}; without a view: how far it was read alone
  #entry = "";
  #made = 0;

  constructor() {
    if (history.state?.entry === undefined) {
      history.replaceState(this.next(), "");
    } else { // a reload
      this.#entry = history.state.entry;
    }
    // The browser would scroll before there is anything to scroll; but what it reloads, it finds again by itself.
    history.scrollRestoration = "manual";
    window.addEventListener("pagehide", () => {
      history.scrollRestoration = "auto";
    });
    window.addEventListener("pageshow", () => {
      history.scrollRestoration = "manual";
    });
  }

  // The state of a new entry, which is where the reader is from now on.
  next() {
    this.#made += 1;
    this.#entry = `${performance.timeOrigin} ${this.#made}`;
    return { entry: this.#entry };
  }

  // Returns whether the view is kept as it is; what ends it is not to be called then.
  leave({ view, end, main }) {
    const isKept = view?.stays === true;
    const focused = main.contains(document.activeElement) ? document.activeElement : null;
    const below = focused?.getBoundingClientRect().top ?? 0;
    this.#left.delete(this.#entry);
    this.#left.set(this.#entry, isKept ? { top: scrollY, view, end, focused, below } : { top: scrollY });
    for (const [entry, place] of this.#left) {
      if (this.#left.size <= KEPT_MAX) {
        break;
      }
      place.end?.abort();
      this.#left.delete(entry);
    }
    return isKept;
  }

  // What is known of the entry with that state, once.
  comeTo(state) {
    this.#entry = state?.entry ?? "";
    const place = this.#left.get(this.#entry) ?? { top: 0 };
    this.#left.delete(this.#entry);
    return place;
  }

  // Somebody else reads now.
  forget() {
    for (const { end } of this.#left.values()) {
      end?.abort();
    }
    this.#left.clear();
  }
}
