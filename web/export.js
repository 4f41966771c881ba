// Votes as files: our own CSV and JSON, which lose nothing, and what Letterboxd reads.

import { call } from "./api.js";
import { writeCsv } from "./csv.js";
import { session } from "./session.js";

const PAGE = 200;

// value: in points, exact: hundredths divided by 100 have two places at most.
const pointsOf = (vote) => Number((vote.hundredths / 100).toFixed(2));

export const FORMATS = {
  csv: { name: "CSV", file: "marquee-votes.csv", type: "text/csv",
    make: (votes) => writeCsv([["movieId", "title", "year", "value", "time"],
      ...votes.map((vote) => [vote.movieId, vote.title, vote.year || "", pointsOf(vote), vote.time])]) },
  json: { name: "JSON", file: "marquee-votes.json", type: "application/json",
    make: (votes) => `${JSON.stringify(votes.map((vote) => ({ movieId: vote.movieId, title: vote.title,
      year: vote.year || undefined, value: pointsOf(vote), time: vote.time })), null, 1)}\n` },
  letterboxd: { name: "for Letterboxd", file: "letterboxd-ratings.csv", type: "text/csv",
    make: (votes) => writeCsv([["Title", "Year", "imdbID", "Rating10", "WatchedDate"],
      ...votes.map((vote) => [vote.title, vote.year || "", /^tt\d+$/.test(vote.movieId) ? vote.movieId : "",
        pointsOf(vote), vote.time.slice(0, 10)])]) },
};

async function allVotes(signal, tell) {
  const votes = [];
  let pageToken = "";
  do {
    const reply = await call("ListUserMovies", { userId: session.user, pageSize: PAGE, pageToken }, signal);
    votes.push(...(reply.movies ?? []).map(({ id = "", title = "", year = 0, own, ownTime = "" }) =>
      ({ movieId: id, title, year, hundredths: own?.hundredths ?? 0, time: ownTime })));
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
