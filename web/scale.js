// Votes are kept in hundredths of a point, 0 to 1000; a scale is a way to show and to choose them. Showing never
// rounds: a vote that does not lie on the chosen scale is shown as what it is.

import { onOtherTab, recall, remember } from "./memory.js";

const KEY = "marquee-scale";

// unit: hundredths of a point to one of the scale; step: hundredths from one choice to the next.
const SCALES = {
  5: { top: 5, unit: 200, step: 100, page: 200, noun: "stars", name: "5 stars, with halves" },
  10: { top: 10, unit: 100, step: 10, page: 100, noun: "points", name: "10 points, with tenths" },
  100: { top: 100, unit: 10, step: 10, page: 100, noun: "points", name: "100 points" },
};

export const HUNDREDTHS_MAX = 1000;
export const scales = Object.entries(SCALES).map(([id, { name }]) => ({ id, name }));

class Scale extends EventTarget {
  #id = recall(KEY);

  constructor() {
    super();
    onOtherTab(KEY, () => {
      this.#id = recall(KEY);
      this.dispatchEvent(new Event("change"));
    });
  }

  get id() {
    return this.#id in SCALES ? this.#id : "5";
  }

  choose(id) {
    this.#id = id;
    remember(KEY, id);
    this.dispatchEvent(new Event("change"));
  }

  get top() {
    return SCALES[this.id].top;
  }

  get step() {
    return SCALES[this.id].step;
  }

  get page() {
    return SCALES[this.id].page;
  }

  get unit() {
    return SCALES[this.id].unit;
  }

  // "4.5": the shortest decimal that is exactly it; a unit divides it within three places.
  text(hundredths) {
    return String(Number((hundredths / this.unit).toFixed(3)));
  }

  // "4.5 of 5 stars"
  words(hundredths) {
    return `${this.text(hundredths)} of ${this.top} ${SCALES[this.id].noun}`;
  }

  // The hundredths that a text of this scale means, or null.
  parse(text) {
    const words = text.trim().replace(",", ".");
    const value = Number(words);
    const hundredths = Math.round(value * this.unit);
    const isValue = words !== "" && value >= 0 && value <= this.top;
    return isValue && Math.abs(hundredths - value * this.unit) < 1e-6 ? hundredths : null;
  }
}

export const scale = new Scale();

// A score in points, as lists are sorted by it: "8.83".
export function points(value, digits = 2) {
  return value.toFixed(digits);
}

export function count(number) {
  return Number(number).toLocaleString("en");
}
