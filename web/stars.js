// Rating: a slider (the ARIA pattern) that looks like five stars, for mouse, touch and keys alike; on finer scales a
// field beside it takes the exact value. It only says what was chosen: whoever made it writes that.

import { h, setText, svg } from "./dom.js";
import { HUNDREDTHS_MAX, scale } from "./scale.js";

const STARS = 5;
const STAR = "M12 2.2l2.9 6.3 6.9.8-5.1 4.7 1.4 6.8L12 17.4 5.9 20.8l1.4-6.8L2.2 9.3l6.9-.8z";
const COMMIT_MS = 700; // after the last key: so that a walk along the stars is one vote
let made = 0;

// Five stars, filled as far as that many hundredths reach.
export function starsPicture(hundredths) {
  made += 1;
  const width = 24 * STARS;
  const clip = `stars-${made}`;
  const path = () => Array.from({ length: STARS }, (_, i) => svg("path", { d: STAR, transform: `translate(${i * 24} 0)` }));
  const filled = svg("rect", { x: 0, y: 0, width: width * (hundredths / HUNDREDTHS_MAX), height: 24 });
  const picture = svg("svg", { class: "stars", viewBox: `0 0 ${width} 24`, "aria-hidden": "true", focusable: "false" },
    svg("defs", {}, svg("clipPath", { id: clip }, filled)),
    svg("g", { class: "empty-stars" }, path()), svg("g", { class: "full-stars", "clip-path": `url(#${clip})` }, path()));
  return { picture, fill: (value) => filled.setAttribute("width", width * (value / HUNDREDTHS_MAX)) };
}

export class Stars {
  #choose;
  #value = null; // hundredths that are kept, or null
  #isKnown = false; // whether it is known what is kept
  #draft = null; // chosen, not said yet
  #timer = 0;
  #stars = starsPicture(0);
  #slider = h("div", { class: "slider", role: "slider", tabindex: "0", "aria-valuemin": "0",
    onkeydown: (event) => this.#press(event), onblur: () => this.#commit(),
    onpointerdown: (event) => this.#down(event), onpointermove: (event) => this.#move(event),
    onpointerup: (event) => this.#up(event), onpointerleave: () => this.#leave(),
    onpointercancel: () => this.#forget() }, this.#stars.picture);
  #field = h("input", { class: "exact", inputmode: "decimal", autocomplete: "off", maxlength: "6" });
  #exact = h("form", { class: "exactly", hidden: true, onsubmit: (event) => this.#submit(event) },
    h("label", {}, h("span", { class: "hidden" }, "Exactly"), this.#field), h("span", { class: "of" }),
    h("button", { type: "submit", class: "quiet small" }, "Set"));
  #label = h("p", { class: "chosen" });

  // choose(hundredths): called once for each choice.
  constructor(choose, name) {
    this.#choose = choose;
    this.#slider.setAttribute("aria-label", name);
    this.element = h("div", { class: "rater" }, this.#slider, this.#label, this.#exact);
    this.show(null, false);
  }

  // What is kept now; hundredths or null. isKnown: whether null is that there is no vote.
  show(value, isKnown = true) {
    this.#value = value;
    this.#isKnown = isKnown;
    this.#draft = null;
    this.#draw();
  }

  disable(isOff) {
    this.#slider.setAttribute("aria-disabled", String(isOff));
    this.#field.disabled = isOff;
    if (isOff) {
      this.#forget();
    }
  }

  focus() {
    this.#slider.focus();
  }

  get #isOff() {
    return this.#slider.getAttribute("aria-disabled") === "true";
  }

  #draw(hovered = null) {
    const shown = hovered ?? this.#draft ?? this.#value;
    this.#stars.fill(shown ?? 0);
    this.#slider.classList.toggle("draft", hovered !== null || this.#draft !== null);
    this.#slider.setAttribute("aria-valuemax", String(scale.top));
    this.#slider.setAttribute("aria-valuenow", scale.text(this.#draft ?? this.#value ?? 0));
    const words = (value) => value !== null ? scale.words(value) : this.#isKnown ? "not rated" : "not known now";
    this.#slider.setAttribute("aria-valuetext", words(this.#draft ?? this.#value));
    setText(this.#label, words(shown));
    this.#exact.hidden = scale.id === "5";
    setText(this.#exact.querySelector(".of"), `of ${scale.top}`);
    if (document.activeElement !== this.#field) {
      this.#field.value = this.#value === null ? "" : scale.text(this.#value);
    }
  }

  // The choice that lies under the pointer: the end of the step that it is in.
  #under(event) {
    const { left, width } = this.#slider.getBoundingClientRect();
    const part = Math.min(Math.max((event.clientX - left) / width, 0), 1);
    return Math.min(Math.max(Math.ceil(part * HUNDREDTHS_MAX / scale.step), 1) * scale.step, HUNDREDTHS_MAX);
  }

  #down(event) {
    if (!this.#isOff && event.isPrimary && event.button === 0) {
      this.#slider.setPointerCapture(event.pointerId);
      this.#draft = this.#under(event);
      this.#draw();
    }
  }

  #move(event) {
    if (this.#isOff) {
      return;
    }
    if (this.#slider.hasPointerCapture(event.pointerId)) {
      this.#draft = this.#under(event);
      this.#draw();
    } else if (event.pointerType === "mouse") {
      this.#draw(this.#under(event));
    }
  }

  #up(event) {
    if (this.#slider.hasPointerCapture(event.pointerId)) {
      this.#slider.releasePointerCapture(event.pointerId);
      this.#commit();
    }
  }

  #leave() {
    this.#draw();
  }

  #press(event) {
    const { step, page } = scale;
    const moves = { ArrowRight: step, ArrowUp: step, ArrowLeft: -step, ArrowDown: -step, PageUp: page, PageDown: -page,
      Home: -HUNDREDTHS_MAX, End: HUNDREDTHS_MAX };
    if (this.#isOff || event.altKey || event.ctrlKey || event.metaKey) {
      return;
    }
    if (event.key in moves) {
      event.preventDefault();
      const from = this.#draft ?? this.#value ?? 0;
      const to = from + moves[event.key];
      // From between two steps to the next of them.
      const onStep = moves[event.key] > 0 ? Math.floor(to / step) : Math.ceil(to / step);
      this.#draft = Math.min(Math.max(onStep * step, 0), HUNDREDTHS_MAX);
      this.#draw();
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#commit(), COMMIT_MS);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#commit();
    } else if (event.key === "Escape" && this.#draft !== null) {
      event.preventDefault();
      this.#forget();
    }
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#draft = null;
    this.#draw();
  }

  #commit() {
    clearTimeout(this.#timer);
    const chosen = this.#draft;
    this.#draft = null;
    if (chosen !== null && chosen !== this.#value) {
      this.#value = chosen;
      this.#choose(chosen);
    }
    this.#draw();
  }

  #submit(event) {
    event.preventDefault();
    const chosen = scale.parse(this.#field.value);
    this.#field.setCustomValidity(chosen === null ? `A number of 0 to ${scale.top}` : "");
    if (this.#field.reportValidity()) {
      this.#draft = chosen;
      this.#commit();
    }
    this.#field.setCustomValidity("");
  }
}

// The choice of the scale, for every view that shows votes.
export function scaleChooser(scales) {
  const select = h("select", { id: "scale", onchange: () => scale.choose(select.value) },
    scales.map(({ id, name }) => h("option", { value: id }, name)));
  const follow = () => { // another tab may choose too
    select.value = scale.id;
    if (!select.isConnected) {
      scale.removeEventListener("change", follow);
    }
  };
  follow();
  scale.addEventListener("change", follow);
  return h("p", { class: "scale-chooser" }, h("label", { for: "scale" }, "Rate in"), select);
}
