// What the types of problems mean ("/api#not_found").
import { h } from "./dom.js";

const PROBLEMS = {
  aborted: "Something else happened to it at the same time, or it is another version than the one that was asked for: read it again. Or a request with its idempotency key is under way: come back after Retry-After.",
  already_exists: "It was done: what came first with this idempotency key had an answer too large to be kept.",
  canceled: "Whoever asked went away.",
  content_too_large: "The body is larger than is taken here.",
  deadline_exceeded: "It took too long. Whether a write was done is not known: ask, or repeat it.",
  failed_precondition: "It cannot be done as things are.",
  internal: "A fault of ours.",
  invalid_argument: "A parameter or the body is missing, malformed or out of range: detail says which.",
  method_not_allowed: "The path is served, by other methods: see Allow.",
  misdirected_request: "The host that was asked by is none of this server's: it is started with --allowed-hosts for others than localhost.",
  not_found: "There is nothing of that id, or at that path.",
  out_of_range: "It is beyond what there is.",
  permission_denied: "Whoever asks may not do that.",
  precondition_failed: "If-Match or If-None-Match does not hold: read it again.",
  resource_exhausted: "Too many requests, or too much at once: come back after Retry-After.",
  unauthenticated: "A token or a session is needed, or the one that was shown is not valid.",
  unavailable: "What is needed for it is away: come back after Retry-After.",
  unimplemented: "There is no such thing here.",
  unprocessable_content: "The idempotency key was used for another request.",
  unsupported_media_type: "The body is of a type that is not taken here.",
  uri_too_long: "The address is longer than is taken here.",
};

export function isProblem(name) {
  return Object.hasOwn(PROBLEMS, name);
}

export function showProblem(name) {
  return [h("h1", { tabindex: "-1" }, name), h("p", {}, PROBLEMS[name])];
}
