// The registry's HTTP interface, followed by blocking queries: one connection a query, and no more than two at once,
// because a browser has six for all its tabs.

const TOKEN_KEY = "marquee-registry-token";
const GAP_MS = 200; // between two answers: a change every millisecond is shown five times a second
const BACKOFF_FIRST_MS = 500;
const BACKOFF_MAX_MS = 15000;
const ANSWER_GRACE_MS = 10000; // beyond the time that a query may wait: then nobody is there
const ERROR_CHARACTERS_MAX = 200;

class Locked extends Error {}
class Unseen extends Error {}

// How things stand with the registry. state: "connecting", "live", "paused" (nobody looks), "lost" or "locked" (it
// wants a token); updated: when it last answered; reason and retryAt: of "lost".
class Connection extends EventTarget {
  state = "connecting";
  updated = null;
  reason = "";
  retryAt = 0;
  #troubled = new Set(); // queries that get no answer

  answered(query) {
    this.#troubled.delete(query);
    this.updated = new Date();
    if (this.#troubled.size === 0) {
      this.#become("live");
    }
  }

  failed(query, error, retryAt) {
    this.#troubled.add(query);
    this.reason = error instanceof TypeError ? "the registry cannot be reached" : error.message;
    this.retryAt = retryAt;
    this.#become(error instanceof Locked ? "locked" : "lost");
  }

  ended(query) {
    this.#troubled.delete(query);
  }

  paused() {
    if (this.state === "live") {
      this.#become("paused");
    }
  }

  // Ask again now.
  retry() {
    this.dispatchEvent(new Event("retry"));
  }

  useToken(token) {
    sessionStorage.setItem(TOKEN_KEY, token);
    this.retry();
  }

  get hasToken() {
    return sessionStorage.getItem(TOKEN_KEY) !== null;
  }

  #become(state) {
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}

export const connection = new Connection();
window.addEventListener("online", () => connection.retry());

// Resolves after that time, with a retry, or when `signal` is aborted.
function pause(ms, signal, target) {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      target?.removeEventListener("retry", end);
      resolve();
    };
    const timer = ms === Infinity ? 0 : setTimeout(end, ms);
    signal.addEventListener("abort", end);
    target?.addEventListener("retry", end);
  });
}

function becomesVisible(signal) {
  return new Promise((resolve) => {
    const end = () => {
      if (!document.hidden || signal.aborted) {
        document.removeEventListener("visibilitychange", end);
        signal.removeEventListener("abort", end);
        resolve();
      }
    };
    document.addEventListener("visibilitychange", end);
    signal.addEventListener("abort", end);
    if (document.hidden) {
      connection.paused();
    }
    end();
  });
}

// {value, index}; throws what is to be told.
async function ask(path, signal) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const headers = token === null ? {} : { "X-Consul-Token": token };
  const reply = await fetch(path, { signal, cache: "no-store", headers });
  if (reply.status === 401 || reply.status === 403) {
    throw new Locked("a token is needed");
  }
  if (!reply.ok) {
    const words = (await reply.text()).slice(0, ERROR_CHARACTERS_MAX);
    throw new Error(`the registry answers ${reply.status}${words === "" ? "" : `: ${words}`}`);
  }
  return { value: await reply.json(), index: Number(reply.headers.get("X-Consul-Index") ?? 0) };
}

// Asks once; undefined: no answer.
export async function fetchOnce(path, signal) {
  try {
    return (await ask(path, signal)).value;
  } catch {
    return undefined;
  }
}

// One blocking query: it is broken off when nobody looks any more, and when the time for an answer is over.
async function askBlocking(path, index, waitS, signal) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const hide = () => document.hidden && controller.abort(new Unseen());
  const giveUp = () => controller.abort(new Error("the registry does not answer"));
  const timer = setTimeout(giveUp, waitS * 1000 * (17 / 16) + ANSWER_GRACE_MS);
  signal.addEventListener("abort", abort);
  document.addEventListener("visibilitychange", hide);
  try {
    const blocking = index > 0 ? `&index=${index}` : "";
    return await ask(`${path}${path.includes("?") ? "&" : "?"}wait=${waitS}s${blocking}`, controller.signal);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
    document.removeEventListener("visibilitychange", hide);
  }
}

const answers = new Map(); // the last of each path, so that going back shows it at once
const ANSWERS_MAX = 20;

function keepAnswer(path, value) {
  answers.delete(path);
  answers.set(path, value);
  if (answers.size > ANSWERS_MAX) {
    answers.delete(answers.keys().next().value);
  }
}

// The pause after a failure: longer and longer, and without an end when a token is wanted; a retry ends it.
async function waitAfterFailure(query, error, failures, signal) {
  const ms = error instanceof Locked ? Infinity : Math.min(BACKOFF_FIRST_MS * 2 ** failures, BACKOFF_MAX_MS);
  connection.failed(query, error, Date.now() + ms);
  await pause(ms, signal, connection);
}

// Calls onValue with what the path answers, now and after each change, and every `waitS` seconds, until the signal
// is aborted. While there is no answer, `connection` tells so, and it is asked again later and later.
export async function follow(path, waitS, signal, onValue) {
  const query = Symbol(path);
  let index = 0; // what there is now, without waiting
  let failures = 0;
  if (answers.has(path)) {
    onValue(answers.get(path));
  }
  while (!signal.aborted) {
    await becomesVisible(signal);
    let answer;
    try {
      answer = await askBlocking(path, index, waitS, signal);
    } catch (error) {
      index = 0;
      if (!signal.aborted && !(error instanceof Unseen)) {
        await waitAfterFailure(query, error, failures, signal);
        failures += 1;
      }
      continue;
    }
    if (signal.aborted) {
      break;
    }
    // An index that goes backwards is another history: from its beginning.
    index = answer.index >= index ? answer.index : 0;
    failures = 0;
    keepAnswer(path, answer.value);
    onValue(answer.value);
    connection.answered(query);
    await pause(GAP_MS, signal);
  }
  connection.ended(query);
}
