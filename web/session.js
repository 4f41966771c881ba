// Who is here. Where access is open, that is a name, and anybody may be anybody; where it is not, a token of theirs
// is exchanged for a session that lives in a cookie no script can read.

import { Failure, ask, isMissing, refusals } from "./api.js";
import { onOtherTab, recall, remember } from "./memory.js";

const KEY = "marquee-user";
const USER_CHARACTERS_MAX = 64;

class Session extends EventTarget {
  user = ""; // "": nobody
  needsToken = false;
  #kept = true; // by the server; else here

  // Asks who we are; until then, what was last known.
  async begin() {
    this.user = recall(KEY) ?? "";
    await this.#ask(this.user);
  }

  // Another tab has signed in or out: the cookie, or what the browser remembers, is another one.
  async follow() {
    await this.#ask(recall(KEY) ?? "");
  }

  // kept: by the browser; what an open Marquee does not remember, it does.
  async #ask(kept) {
    try {
      const { access = false, signedIn = false, userId = "" } = await ask("GET", "/session");
      this.needsToken = access;
      this.#become(signedIn ? userId : access ? "" : kept);
    } catch (error) {
      this.#kept = !isMissing(error);
      if (!this.#kept) {
        this.#become(kept);
      }
    }
  }

  #become(user) {
    const isOther = user !== this.user;
    this.user = user;
    remember(KEY, user === "" ? null : user);
    if (isOther) {
      this.dispatchEvent(new Event("change"));
    }
  }

  async signIn(words) {
    const text = words.trim();
    if (text === "" || (!this.needsToken && text.length > USER_CHARACTERS_MAX)) {
      throw new Failure("invalid_argument", `A name has 1 to ${USER_CHARACTERS_MAX} characters.`);
    }
    if (!this.#kept) {
      this.#become(text);
      return;
    }
    const reply = await ask("POST", "/session", this.needsToken ? { token: text } : { userId: text });
    this.#become(reply?.userId ?? text);
  }

  async signOut() {
    if (this.#kept) {
      await ask("DELETE", "/session");
    }
    this.#become("");
  }
}

export const session = new Session();
refusals.addEventListener("unauthenticated", () => session.begin()); // it has ended meanwhile
onOtherTab(KEY, () => session.follow());

// The dialog. Resolves to whether somebody is signed in now.

const dialog = document.getElementById("session-dialog");
const input = document.getElementById("session-input");
const problem = document.getElementById("session-error");
let settle = () => {};
let isAsking = false; // a second press of the button is not a second sign-in

export function askWhoYouAre() {
  const { needsToken } = session;
  document.getElementById("session-words").textContent = needsToken
    ? "This Marquee knows people by their tokens. Yours is sent once, and kept out of the reach of scripts."
    : "Under which name are your votes kept? Anybody who knows it can use it here: access is open.";
  document.getElementById("session-label").textContent = needsToken ? "Token" : "Name";
  input.type = needsToken ? "password" : "text";
  input.autocomplete = needsToken ? "off" : "username";
  input.value = "";
  problem.hidden = true;
  settle(false); // whoever asked before
  dialog.showModal();
  return new Promise((resolve) => {
    settle = resolve;
  });
}

// Whether somebody is signed in, after having asked if need be.
export async function someone() {
  return session.user !== "" || await askWhoYouAre();
}

document.getElementById("session-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (isAsking) {
    return;
  }
  isAsking = true;
  problem.hidden = true;
  try {
    await session.signIn(input.value);
    dialog.close();
  } catch (error) {
    problem.textContent = error.message;
    problem.hidden = false;
  } finally {
    isAsking = false;
  }
});
document.getElementById("session-cancel").addEventListener("click", () => dialog.close());
dialog.addEventListener("close", () => {
  if (!dialog.open) { // and not opened again since
    input.value = "";
    settle(session.user !== "");
  }
});
