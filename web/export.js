// Votes as files: our own CSV and JSON, which lose nothing, and what Letterboxd reads.

import { call, isAborted } from "./api.js";
import { writeCsv } from "./csv.js";
import { session } from "./session.js";

const PAGE = 100;

// value: in points, exact: hundredths divided by 100 have two places at most.
const pointsOf = (vote) => Number((vote.hundredths / 100).toFixed(2));

// Letterboxd knows half stars alone, and none of none: the nearest.
const halfStars = (vote) => Math.max(Math.round(vote.hundredths / 100), 1) / 2;

// The first two as `marquee export` writes and `marquee import` reads them, with the films' names.
export const FORMATS = {
  csv: { name: "CSV", file: "marquee-votes.csv", type: "text/csv",
    make: (votes) => writeCsv([["userId", "recordId", "recordType", "value", "eventTime", "providerId", "title", "year"],
      ...votes.map((vote) => [vote.user, vote.movieId, "movie", pointsOf(vote), vote.time, vote.provider, vote.title,
        vote.year || ""])]) },
  json: { name: "JSON", file: "marquee-votes.json", type: "application/json",
    make: (votes) => `${JSON.stringify(votes.map((vote) => ({ userId: vote.user, recordId: vote.movieId, recordType: "movie",
      value: pointsOf(vote), eventTime: vote.time, providerId: vote.provider || undefined, title: vote.title,
      year: vote.year || undefined })), null, 1)}\n` },
  letterboxd: { name: "for Letterboxd", file: "letterboxd-ratings.csv", type: "text/csv", hasReviews: true,
    make: (votes, reviews) => writeCsv([["Title", "Year", "imdbID", "Rating", "WatchedDate", "Review"],
      ...[...votes, ...notVotedOn(reviews, votes)].map((row) => [row.title, row.year || "",
        /^tt\d+$/.test(row.movieId) ? row.movieId : "", "hundredths" in row ? halfStars(row) : "", row.time.slice(0, 10),
        reviews.get(row.movieId)?.text ?? ""])]) },
};

// What was written about films without a vote, by film.
function notVotedOn(reviews, votes) {
  const voted = new Set(votes.map(({ movieId }) => movieId));
  return [...reviews.values()].filter(({ movieId }) => !voted.has(movieId));
}

// By film; null: they cannot be had now.
async function allReviews(signal) {
  const reviews = new Map();
  let pageToken = "";
  try {
    do {
      const reply = await call("ListUserReviews", { userId: session.user, pageSize: PAGE, pageToken }, signal);
      for (const { review = {}, title = "", year = 0 } of reply.reviews ?? []) {
        const { recordId = "", recordType, text = "", createdTime = "" } = review;
        if (recordType === "movie") {
          reviews.set(recordId, { movieId: recordId, title, year, text, time: createdTime });
        }
      }
      pageToken = reply.nextPageToken ?? "";
    } while (pageToken !== "");
  } catch (error) {
    if (isAborted(error)) {
      throw error;
    }
    return null;
  }
  return reviews;
}

async function allVotes(signal, tell) {
  const votes = [];
  let pageToken = "";
  do {
    const reply = await call("ListUserMovies", { userId: session.user, pageSize: PAGE, pageToken }, signal);
    votes.push(...(reply.movies ?? []).map(({ id = "", title = "", year = 0, own, ownTime = "", ownProviderId = "" }) =>
      ({ user: session.user, movieId: id, title, year, hundredths: own?.hundredths ?? 0, time: ownTime,
        provider: ownProviderId })));
    pageToken = reply.nextPageToken ?? "";
    tell(votes.length);
  } while (pageToken !== "");
  return votes;
}

export function download(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60000);
}

// Resolves to how many votes there are, and whether what was written could not be had. tell(count) is called as they come.
export async function exportVotes(format, signal, tell) {
  const { file, type, make, hasReviews = false } = FORMATS[format];
  const votes = await allVotes(signal, tell);
  const reviews = hasReviews ? await allReviews(signal) : new Map();
  download(file, type, make(votes, reviews ?? new Map()));
  return { count: votes.length, lacksReviews: reviews === null };
}
