// Which view is shown, by the address; and what frames it: search, theme, who is here.

import { h } from "./dom.js";
import { homeView } from "./home.js";
import { Finder, searchView } from "./search.js";
import { askWhoYouAre, session } from "./session.js";
import { wordsView } from "./cards.js";

const PRODUCT = "Marquee";

// Views that are not the first are loaded when they are wanted.
const VIEWS = [
  [/^\/$/, async () => homeView],
  [/^\/search$/, async () => searchView],
  [/^\/film\/([^/]+)$/, async () => (await import("./film.js")).filmView],
  [/^\/lists$/, async () => (await import("./lists.js")).listsView],
  [/^\/votes$/, async () => (await import("./votes.js")).votesView],
  [/^\/import$/, async () => (await import("./import.js")).importView],
];

const main = document.getElementById("main");
const finder = new Finder(go);
let viewEnd = new AbortController();
let view = null;
let shown = ""; // the address of the view

async function viewOf(path) {
  for (const [pattern, load] of VIEWS) {
    const found = pattern.exec(path);
    if (found) {
      try {
        const parts = found.slice(1).map(decodeURIComponent);
        return (await load())(...parts);
      } catch (error) {
        if (!(error instanceof URIError)) {
          return wordsView("That did not load", "The page's own files cannot be fetched now. ",
            h("a", { href: location.href }, "Try again"), ".");
        }
      }
    }
  }
  return wordsView("There is no such page", "What there is: ", h("a", { href: "/" }, "films"), " and ",
    h("a", { href: "/lists" }, "lists"), ".");
}

function markNavigation() {
  for (const link of document.querySelectorAll("header nav a")) {
    if (link.pathname === location.pathname) {
      link.setAttribute("aria-current", "page");
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

// focus: whether the heading is to have it: after a navigation, but not when the page is opened.
async function show(focus) {
  viewEnd.abort();
  viewEnd = new AbortController();
  const { signal } = viewEnd;
  shown = location.pathname + location.search;
  const next = await viewOf(location.pathname);
  if (signal.aborted) {
    return;
  }
  view = next;
  document.title = `${view.title} · ${PRODUCT}`;
  main.replaceChildren(view.element);
  markNavigation();
  finder.show(location.pathname === "/search" ? new URLSearchParams(location.search).get("q") ?? "" : "");
  if (!focus) {
    view.start(signal);
    return;
  }
  const focusHeading = () => (main.querySelector("h1") ?? main).focus({ preventScroll: true });
  focusHeading();
  await view.start(signal);
  if (!signal.aborted && document.activeElement === main) { // its heading had to be fetched
    focusHeading();
  }
}

function go(url) {
  history.pushState(null, "", url);
  scrollTo(0, 0);
  return show(true);
}

function isView(path) {
  return VIEWS.some(([pattern]) => pattern.test(path));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const isPlain = event.button === 0 && !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (link && isPlain && !link.download && link.origin === location.origin && link.hash === "" && isView(link.pathname)) {
    event.preventDefault();
    go(link.href);
  }
});
window.addEventListener("popstate", () => {
  if (shown !== location.pathname + location.search) { // else it is a place within the view
    show(true);
  }
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, dialog");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    finder.focus();
  }
});

// The theme: the system's, until somebody says otherwise.

const THEMES = { auto: "System", light: "Light", dark: "Dark" };
const themeButton = document.getElementById("theme");

function showTheme(theme) {
  document.documentElement.dataset.theme = theme;
  themeButton.replaceChildren(h("span", { class: `sun ${theme}`, "aria-hidden": "true" }),
    h("span", { class: "hidden" }, `Theme: ${THEMES[theme]}`));
  themeButton.title = `Theme: ${THEMES[theme]}`;
}

themeButton.addEventListener("click", () => {
  const names = Object.keys(THEMES);
  const next = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
  localStorage.setItem("marquee-theme", next);
  showTheme(next);
});
const kept = document.documentElement.dataset.theme;
showTheme(kept in THEMES ? kept : "auto");

// Who is here.

const who = document.getElementById("who");

function showWho() {
  who.replaceChildren(...session.user === "" ? ["Sign in"]
    : [h("span", { class: "name" }, session.user), h("span", { class: "hidden" }, ": sign out")]);
  who.title = session.user === "" ? "" : "Sign out";
  if (session.user === "") {
    who.setAttribute("aria-haspopup", "dialog");
  } else {
    who.removeAttribute("aria-haspopup");
  }
}

who.addEventListener("click", () => {
  if (session.user === "") {
    askWhoYouAre();
  } else {
    session.signOut().catch((error) => {
      who.title = error.message;
    });
  }
});
document.getElementById("finder").append(finder.element);
const begun = session.begin();
showWho();
session.addEventListener("change", () => {
  showWho();
  if (view?.userChanged) {
    view.userChanged();
  } else {
    show(false);
  }
});
show(false);
await begun;
