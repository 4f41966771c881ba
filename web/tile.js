// There are no posters: each film has a tile of type instead, drawn from its id, so that it is always the same one.

import { svg } from "./dom.js";

const ARTICLES = new Set(["the", "a", "an", "le", "la", "les", "der", "die", "das", "el", "il", "un", "une"]);
const LETTERS_MAX = 2;

// FNV-1a: spreads ids that differ by a digit.
function hash(text) {
  let value = 0x811c9dc5;
  for (const unit of new TextEncoder().encode(text)) {
    value = Math.imul(value ^ unit, 0x01000193) >>> 0;
  }
  return (value ^ (value >>> 15)) >>> 0;
}

export function initials(title) {
  const words = title.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const telling = words.length > 1 ? words.filter((word) => !ARTICLES.has(word.toLowerCase())) : words;
  const chosen = telling.length > 0 ? telling : words;
  return chosen.slice(0, LETTERS_MAX).map((word) => [...word][0].toUpperCase()).join("") || "?";
}

// Each a few quiet shapes on 60 by 90, that the letters stand on.
const PATTERNS = [
  (n) => [svg("circle", { cx: 12 + (n % 36), cy: 24, r: 30, class: "shape" }),
    svg("circle", { cx: 12 + (n % 36), cy: 24, r: 17, class: "shape" })],
  (n) => [0, 1, 2, 3].map((i) => svg("path", { d: `M-4 ${20 + (n % 16) + i * 16}L64 ${-6 + (n % 16) + i * 16}v7L-4 ${27 +
    (n % 16) + i * 16}z`, class: "shape" })),
  (n) => [svg("path", { d: `M0 ${46 + (n % 18)}Q20 ${26 + (n % 24)} 60 ${50 - (n % 20)}V90H0z`, class: "shape" }),
    svg("path", { d: `M0 ${62 + (n % 12)}Q34 ${44 + (n % 20)} 60 ${70 - (n % 14)}V90H0z`, class: "shape" })],
  (n) => [0, 1, 2, 3, 4].map((i) => svg("rect", { x: 4 + i * 11, y: 12 + ((n >> i) % 5) * 7, width: 6,
    height: 90, class: "shape" })),
  (n) => [svg("path", { d: `M${20 + (n % 24)} 8L78 90H-14z`, class: "shape" }),
    svg("path", { d: `M${20 + (n % 24)} 34L62 90H2z`, class: "shape" })],
  (n) => [0, 1, 2].flatMap((row) => [0, 1, 2].map((column) => svg("circle", { cx: 12 + column * 18, cy: 16 + row * 18,
    r: 2 + ((n >> (row * 3 + column)) % 4) * 1.6, class: "shape" }))),
];

// film: {id, title, year}. For the eye alone: its words stand beside it.
export function tile({ id, title, year }) {
  const number = hash(id);
  const letters = initials(title);
  const picture = svg("svg", { class: "tile", viewBox: "0 0 60 90", "aria-hidden": "true", focusable: "false" },
    svg("rect", { width: 60, height: 90, class: "paper" }),
    svg("g", {}, PATTERNS[number % PATTERNS.length](number >>> 8)),
    svg("text", { x: 5, y: 72, class: letters.length > 1 ? "letters" : "letters one" }, letters),
    svg("text", { x: 5.5, y: 83, class: "year" }, year ? String(year) : ""));
  picture.style.setProperty("--hue", String((number >>> 4) % 360));
  return picture;
}
