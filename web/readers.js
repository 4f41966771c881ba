// The files that votes come in: which it is, and what its rows say.

import { ROWS_MAX, readCsv } from "./csv.js";
import { isInZip, readFromZip, textOf } from "./zip.js";

const HUNDREDTHS_MAX = 1000;
const TIME = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/;

// A number of `unit` hundredths each, as hundredths; null: it is none, or not a whole number of them.
function hundredthsOf(text, unit) {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) * unit : NaN;
  const whole = Math.round(value);
  return Math.abs(value - whole) < 1e-6 && whole <= HUNDREDTHS_MAX ? whole : null;
}

// A day becomes its first moment; anything else that is no RFC 3339 time is left out.
function timeOf(text = "") {
  return !TIME.test(text) ? "" : text.length === 10 ? `${text}T00:00:00Z` : text;
}

function yearOf(text) {
  return /^\d{4}$/.test(text ?? "") ? Number(text) : 0;
}

// Our own form, as CSV or JSON: that of `marquee export`.
function readOwn({ userId = "", recordId = "", recordType = "", value = "", eventTime = "", title = "", year = "" }) {
  return { user: userId, movieId: recordType === "movie" ? recordId : "", title, year: yearOf(year),
    hundredths: hundredthsOf(value, 100), time: timeOf(eventTime) };
}

// By the columns that only it has. Of a row: what names the film, and the vote.
const KINDS = [
  { name: "IMDb ratings", has: ["Const", "Your Rating"], read: (row) => ({ imdbId: row.Const, title: row.Title ?? "",
    year: yearOf(row.Year), hundredths: hundredthsOf(row["Your Rating"], 100), time: timeOf(row["Date Rated"]) }) },
  { name: "Letterboxd ratings", has: ["Name", "Letterboxd URI", "Rating"], read: (row) => ({ title: row.Name,
    year: yearOf(row.Year), hundredths: hundredthsOf(row.Rating, 200), time: timeOf(row.Date) }) },
  { name: "a file for Letterboxd", has: ["Title", "imdbID", "Rating"], read: (row) => ({ imdbId: row.imdbID,
    tmdbId: row.tmdbID ?? "", title: row.Title, year: yearOf(row.Year), hundredths: hundredthsOf(row.Rating, 200),
    time: timeOf(row.WatchedDate) }) },
  { name: "a file for Letterboxd", has: ["Title", "Rating10"], read: (row) => ({ imdbId: row.imdbID ?? "",
    tmdbId: row.tmdbID ?? "", title: row.Title, year: yearOf(row.Year), hundredths: hundredthsOf(row.Rating10, 100),
    time: timeOf(row.WatchedDate) }) },
  { name: "Marquee's own CSV", has: ["recordId", "recordType", "value"], read: (row) => readOwn(row) },
];

function whyNot(vote, user, areMany) {
  if (vote.hundredths === null) {
    return "it has no vote of 0 to 10 points";
  }
  if (vote.movieId === "" && vote.imdbId === "" && vote.tmdbId === "" && vote.title === "") {
    return "it names no film";
  }
  return areMany && vote.user !== user ? "it is somebody else's vote" : "";
}

// A file that has the votes of many people is read for one of them.
function sort(rows, read, user) {
  const votes = rows.map((row, i) => ({ user: "", movieId: "", imdbId: "", tmdbId: "", ...read(row), row: i + 2 }));
  const areMany = new Set(votes.map((vote) => vote.user)).size > 1;
  const judged = votes.map((vote) => ({ ...vote, why: whyNot(vote, user, areMany) }));
  return { votes: judged.filter(({ why }) => why === ""), bad: judged.filter(({ why }) => why !== "") };
}

// What Letterboxd's archive has beside the ratings: texts, with the day on which they were written. A day may begin here
// later than where that was.
async function readReviews(text, signal, tell) {
  const { rows } = await readCsv(text, signal, tell);
  const now = new Date().toISOString();
  return rows.map((row, i) => ({ movieId: "", imdbId: "", tmdbId: "", title: row.Name ?? "", year: yearOf(row.Year),
    hundredths: null, review: (row.Review ?? "").replaceAll("\r\n", "\n").replaceAll("\t", " ").trim(),
    time: timeOf(row.Date) < now ? timeOf(row.Date) : now, row: i + 2 }))
    .filter(({ review, title }) => review !== "" && title !== "");
}

async function fromCsv(text, user, signal, tell) {
  const { names, rows } = await readCsv(text, signal, tell);
  const kind = KINDS.find(({ has }) => has.every((name) => names.includes(name)));
  if (kind === undefined) {
    throw new Error(`its columns are of no format that is known here: ${names.slice(0, 8).join(", ").slice(0, 200)}`);
  }
  return { kind: kind.name, ...sort(rows, kind.read, user) };
}

// `marquee export json` writes a value a line, with movies among them.
function linesOfJson(text) {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  if (lines.length > ROWS_MAX) {
    throw new Error(`it has more than ${ROWS_MAX.toLocaleString("en")} lines`);
  }
  const votes = lines.map((line) => JSON.parse(line)).filter((value) => value?.recordId !== undefined);
  return votes.length > 0 ? votes : null;
}

function fromJson(text, user) {
  const rows = /^\s*\[/.test(text) ? JSON.parse(text) : linesOfJson(text);
  if (!Array.isArray(rows) || rows.length > ROWS_MAX) {
    throw new Error("it is no list of votes");
  }
  const asTexts = (row) => Object.fromEntries(Object.entries(row ?? {}).map(([name, value]) => [name, String(value)]));
  return { kind: "Marquee's own JSON", ...sort(rows, (row) => readOwn(asTexts(row)), user) };
}

// Resolves to {kind, votes, bad, reviews}: votes with {movieId, imdbId, tmdbId, title, year, hundredths, time, row}, rows
// that are none, with why, and where there are any reviews, as votes with `review` in place of hundredths. Throws what is to be told of a file that cannot be read. user: who reads it.
export async function readVotes(file, user, signal, tell) {
  const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  if (start[0] === 0x50 && start[1] === 0x4b) {
    const read = await fromCsv(await readFromZip(file, "ratings.csv"), user, signal, tell);
    const reviews = await isInZip(file, "reviews.csv")
      ? await readReviews(await readFromZip(file, "reviews.csv"), signal, tell) : [];
    return { ...read, kind: reviews.length > 0 ? "Letterboxd ratings and reviews" : read.kind, reviews };
  }
  const text = (await textOf(file.stream())).replace(/^\uFEFF/, "");
  return /^\s*[[{]/.test(text) ? fromJson(text, user) : fromCsv(text, user, signal, tell);
}
