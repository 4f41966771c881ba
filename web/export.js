// Votes as files: our own CSV and JSON, which lose nothing, and what Letterboxd reads.

import { call } from "./api.js";
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
  letterboxd: { name: "for Letterboxd", file: "letterboxd-ratings.csv", type: "text/csv",
    make: (votes) => writeCsv([["Title", "Year", "imdbID", "Rating", "WatchedDate"],
      ...votes.map((vote) => [vote.title, vote.year || "", /^tt\d+$/.test(vote.movieId) ? vote.movieId : "",
        halfStars(vote), vote.time.slice(0, 10)])]) },
};

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

// Resolves to how many there are. tell(count) is called as they come.
export async function exportVotes(format, signal, tell) {
  const { file, type, make } = FORMATS[format];
  const votes = await allVotes(signal, tell);
  download(file, type, make(votes));
  return votes.length;
}
