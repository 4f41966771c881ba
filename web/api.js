// MovieService, asked by POST in the Connect protocol: https://connectrpc.com/docs/protocol.

const TIMEOUT_MS = 15000;
const WORDS_MAX = 300;
const CHANGE_TRIES_MAX = 3;
const CHANGE_PAUSE_MS = 500;

const PLAIN = {
  unauthenticated: "You are not signed in.",
  permission_denied: "That is not yours to do.",
  resource_exhausted: "That was too much at once.",
  deadline_exceeded: "It took too long.",
};

// What went wrong. code: Connect's, "unreachable" (no answer), or "unimplemented": this Marquee has no such method.
export class Failure extends Error {
  constructor(code, words, retryAfterS = 0) {
    super(words === "" ? PLAIN[code] ?? "It did not work." : words);
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

// Whether the feature behind a failure does not exist here: it is left out, not told of.
export function isMissing(error) {
  return error instanceof Failure && error.code === "unimplemented";
}

// Whether nobody waits for the answer any more.
export function isAborted(error) {
  return error?.name === "AbortError";
}

// Tells by an event "unauthenticated" that a method wants to know who asks.
export const refusals = new EventTarget();

async function failureOf(reply) {
  const retryAfterS = Number(reply.headers.get("Retry-After")) || 0;
  let body = {};
  try {
    body = await reply.json();
  } catch {
    // Not of ours: the status alone tells.
  }
  const words = String(body.message ?? body.detail ?? "").slice(0, WORDS_MAX);
  const codes = { 401: "unauthenticated", 403: "permission_denied", 404: "unimplemented", 429: "resource_exhausted",
    501: "unimplemented", 503: "unavailable" };
  return new Failure(body.code ?? codes[reply.status] ?? "unknown", words, retryAfterS);
}

// What ends at the latest: the signal of who waits, or our own patience.
function patience(signal) {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

export async function send(method, path, body, signal, key) {
  // Also of a request without a body: another site's page cannot send it without asking first.
  const headers = { Accept: "application/json", "Content-Type": "application/json",
    ...key === undefined ? {} : { "Idempotency-Key": key } };
  try {
    return await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body),
      signal: patience(signal), cache: "no-store", credentials: "same-origin" });
  } catch (error) {
    if (signal?.aborted) {
      throw new DOMException("nobody waits any more", "AbortError");
    }
    const late = error.name === "TimeoutError";
    throw new Failure(late ? "deadline_exceeded" : "unreachable", late ? "" : "Marquee cannot be reached.");
  }
}

// Of one thing that is to be done once, however often it must be asked for: 128 random bits.
export function drawKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// {…} as the method's response message in JSON; throws a Failure. key: what is sent again with the same one is done once.
export async function call(method, request, signal, key) {
  const reply = await send("POST", `/MovieService/${method}`, request, signal, key);
  if (!reply.ok) {
    const failure = await failureOf(reply);
    if (failure.code === "unauthenticated") {
      refusals.dispatchEvent(new Event("unauthenticated"));
    }
    throw failure;
  }
  return await reply.json();
}

// The same for what changes something: where no answer came, or the first attempt is still under way, it is asked for again.
export async function change(method, request) {
  const key = drawKey();
  for (let tried = 1; ; tried += 1) {
    try {
      return await call(method, request, undefined, key);
    } catch (error) {
      if (!["unreachable", "aborted"].includes(error.code) || tried === CHANGE_TRIES_MAX) {
        throw error;
      }
      const waitMs = error.retryAfterS * 1000 || CHANGE_PAUSE_MS;
      await new Promise((resolve) => { setTimeout(resolve, waitMs); });
    }
  }
}

// The same as call() for a plain route; undefined where it answers without a body.
export async function ask(method, path, body, signal) {
  const reply = await send(method, path, body, signal);
  if (!reply.ok) {
    throw await failureOf(reply);
  }
  const text = await reply.text();
  return text === "" ? undefined : JSON.parse(text);
}
