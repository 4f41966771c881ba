// Where the reader was: for each entry of the browser's history what was shown there, so that going back leads to it and
// not to its beginning.

const KEPT_MAX = 8;
const REST_MS = 150; // after the last scroll: browsers bear some hundred writes a minute

export class Places {
  #left = new Map(); // by entry: {top, view, end, focused, below}; without a view: how far it was read alone
  #entry = "";
  #made = 0;

  constructor() {
    if (history.state?.entry === undefined) {
      history.replaceState(this.next(), "");
    } else { // a reload, or back from elsewhere
      this.#entry = history.state.entry;
      this.#left.set(this.#entry, { top: history.state.top ?? 0 });
    }
    history.scrollRestoration = "manual"; // the browser would scroll before there is anything to scroll
    let timer = 0;
    window.addEventListener("scroll", () => { // what is written when the page goes is not kept
      clearTimeout(timer);
      timer = setTimeout(() => history.replaceState({ ...history.state, top: scrollY }, ""), REST_MS);
    }, { passive: true });
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

const GOES_ON = ["wheel", "touchmove", "pointerdown", "keydown"]; // what the reader does

// Scrolls there as soon as there is so much to scroll, unless the reader does something first.
export function scrollWhenThere(top, element, signal) {
  const isThere = () => {
    scrollTo(0, top);
    return scrollY >= top - 1;
  };
  if (top <= 0 || signal.aborted || isThere()) {
    return;
  }
  const observer = new ResizeObserver(() => {
    if (isThere()) {
      observer.disconnect();
    }
  });
  const stop = () => observer.disconnect();
  GOES_ON.forEach((kind) => window.addEventListener(kind, stop, { once: true, passive: true, signal }));
  signal.addEventListener("abort", stop);
  observer.observe(element);
}
