// What all votes on a film come to: the score that lists are sorted by, how it comes about, and who voted what.

import { h, plural, svg } from "./dom.js";
import { count, points } from "./scale.js";

// Why a vote that the service has taken does not count.
export const HELD = "unusually many votes came at once, and a person looks at them first.";

const BINS = 21;
const BIN_POINTS = 0.5;
const WIDTH = 420;
const HEIGHT = 120;
const FOOT = 18;

// The summary that one vote more, or less, or another makes of this one: shown until the service has told.
// before, after: hundredths or null.
export function summaryWith(summary, before, after) {
  const histogram = Array.from({ length: BINS }, (_, i) => summary?.histogram?.[i] ?? 0);
  const binOf = (hundredths) => Math.min(Math.floor(hundredths / 100 / BIN_POINTS), BINS - 1);
  let votes = summary?.count ?? 0;
  let sum = (summary?.mean ?? 0) * votes;
  if (before !== null && votes > 0) {
    votes -= 1;
    sum -= before / 100;
    histogram[binOf(before)] = Math.max(histogram[binOf(before)] - 1, 0);
  }
  if (after !== null) {
    votes += 1;
    sum += after / 100;
    histogram[binOf(after)] += 1;
  }
  const made = { ...summary, count: votes, mean: votes === 0 ? 0 : sum / votes, histogram };
  return { ...made, weightedScore: weigh(made) ?? summary?.weightedScore };
}

// WR = v/(v+m)·R + m/(v+m)·C, or undefined without m and C.
function weigh({ mean = 0, count: votes = 0, parameters }) {
  const m = parameters?.minimumVotes ?? 0;
  return parameters === undefined || votes + m === 0 ? undefined
    : votes / (votes + m) * mean + m / (votes + m) * (parameters.mean ?? 0);
}

function binName(i) {
  return i === BINS - 1 ? "10" : `${i * BIN_POINTS} to under ${(i + 1) * BIN_POINTS}`;
}

function bars(histogram, own) {
  const most = Math.max(...histogram, 1);
  const step = WIDTH / BINS;
  const ownBin = own === null ? -1 : Math.min(Math.floor(own / 100 / BIN_POINTS), BINS - 1);
  return histogram.map((votes, i) => {
    const height = votes === 0 ? 1 : Math.max(votes / most * (HEIGHT - FOOT - 6), 3);
    return svg("rect", { class: i === ownBin ? "bar own" : "bar", x: (i * step + 1.5).toFixed(1), width: (step - 3).toFixed(1),
      y: (HEIGHT - FOOT - height).toFixed(1), height: height.toFixed(1), rx: 1.5 });
  });
}

// A picture, with the same in words, and as a table that can be unfolded.
export function histogramPicture(summary, own) {
  const histogram = Array.from({ length: BINS }, (_, i) => summary.histogram?.[i] ?? 0);
  const commonest = histogram.indexOf(Math.max(...histogram));
  const words = `How ${plural(summary.count ?? 0, "vote is", "votes are")} spread: most are ${binName(commonest)} points.`;
  const step = WIDTH / BINS;
  const picture = svg("svg", { class: "histogram", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
    svg("line", { class: "axis", x1: 0, x2: WIDTH, y1: HEIGHT - FOOT + 0.5, y2: HEIGHT - FOOT + 0.5 }),
    bars(histogram, own),
    [0, 2, 4, 6, 8, 10].map((point) => svg("text", { class: "tick", x: (point / BIN_POINTS + 0.5) * step, y: HEIGHT - 3,
      "text-anchor": "middle" }, String(point))));
  const rows = histogram.map((votes, i) => ({ votes, i })).filter(({ votes }) => votes > 0).reverse();
  return h("div", { class: "spread" }, picture, h("details", {}, h("summary", {}, "As a table"),
    h("table", {}, h("caption", { class: "hidden" }, "Votes by points"),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Points"), h("th", { scope: "col" }, "Votes"))),
      h("tbody", {}, rows.map(({ votes, i }) => h("tr", {}, h("th", { scope: "row" }, binName(i)),
        h("td", {}, count(votes))))))));
}

// The formula, filled in with this film's own numbers.
function explanation(summary) {
  const { parameters } = summary;
  const v = summary.count ?? 0;
  const m = parameters.minimumVotes ?? 0;
  const R = summary.mean ?? 0;
  const C = parameters.mean ?? 0;
  const row = (letter, what, value) => h("tr", {}, h("th", { scope: "row" }, h("var", {}, letter)), h("td", {}, what),
    h("td", { class: "number" }, value));
  return h("details", { class: "why" }, h("summary", {}, "Why this score?"),
    h("p", {}, "The mean of a few votes says little. So each film starts with ", h("b", {}, count(m)),
      " votes at the mean of all films, and its own votes count beside them: the more there are, the closer its score is to",
      " its own mean."),
    h("table", {}, h("tbody", {}, row("v", "votes on this film", count(v)), row("R", "their mean", points(R, 3)),
      row("m", "votes that each film starts with", count(m)), row("C", "mean of all votes", points(C, 3)))),
    h("p", { class: "formula" }, h("var", {}, "v"), "∕(", h("var", {}, "v"), "+", h("var", {}, "m"), ") · ", h("var", {}, "R"),
      " + ", h("var", {}, "m"), "∕(", h("var", {}, "v"), "+", h("var", {}, "m"), ") · ", h("var", {}, "C")),
    h("p", { class: "formula filled" }, `${v}∕(${v}+${m}) · ${points(R, 3)} + ${m}∕(${v}+${m}) · ${points(C, 3)} = `,
      h("b", {}, points(weigh(summary) ?? 0, 3))),
    h("p", { class: "under" }, `Parameters ${parameters.version ?? ""}`));
}

// state, reason: as MovieDetails tells them.
export function scorePanel(summary, state, reason, own) {
  const votes = summary?.count ?? 0;
  if (state === "UNAVAILABLE") {
    return h("div", { class: "panel" }, h("p", { class: "notice", role: "status" },
      `Ratings are away just now${reason === "" ? "" : ` (${reason})`}. The rest of the film is here, and they come back by themselves.`));
  }
  if (votes === 0) {
    return h("div", { class: "panel" }, h("p", { class: "empty" }, "Nobody has rated this film yet."));
  }
  const hasScore = summary.parameters !== undefined;
  return h("div", { class: "panel" },
    h("div", { class: "big" },
      hasScore ? h("p", { class: "main-score" }, h("b", {}, points(summary.weightedScore ?? 0)), h("span", {}, "weighted score")) : null,
      h("p", { class: "main-score second" }, h("b", {}, points(summary.mean ?? 0)), h("span", {}, "mean")),
      h("p", { class: "main-score second" }, h("b", {}, count(votes)), h("span", {}, votes === 1 ? "vote" : "votes"))),
    summary.histogram === undefined ? null : histogramPicture(summary, own),
    hasScore ? explanation(summary) : null);
}
