// Which view is shown, by the address; and what frames it: search, theme, who is here.

import { announce, h } from "./dom.js";
import { homeView } from "./home.js";
import { Finder, searchView } from "./search.js";
import { askWhoYouAre, session } from "./session.js";
import { wordsView } from "./cards.js";
import { onOtherTab, recall, remember } from "./memory.js";
import { Places, scrollWhenThere } from "./places.js";

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
const places = new Places();

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

function frame() {
  document.title = `${view.title} · ${PRODUCT}`;
  main.replaceChildren(view.element);
  markNavigation();
  finder.show(location.pathname === "/search" ? new URLSearchParams(location.search).get("q") ?? "" : "");
}

// focus: whether the heading is to have it: after a navigation, but not when the page is opened.
async function show(focus) {
  viewEnd.abort();
  viewEnd = new AbortController();
  const { signal } = viewEnd;
  view = null; // what is still to be seen is not what this address is of
  shown = location.pathname + location.search;
  const next = await viewOf(location.pathname);
  if (signal.aborted) {
    return;
  }
  view = next;
  frame();
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

// What stays is left as it is, to come back to; of the rest, how far it was read.
function leave() {
  if (places.leave({ view, end: viewEnd, main })) {
    viewEnd = new AbortController();
  }
}

function go(url) {
  leave();
  history.pushState(places.next(), "", url);
  scrollTo(0, 0);
  return show(true);
}

// Back, or forward: to where the reader was.
async function comeBack() {
  leave();
  const place = places.comeTo(history.state);
  if (place.view === undefined) {
    const showing = show(true);
    const { signal } = viewEnd;
    await showing; // what is seen until then is not what is to be scrolled
    scrollWhenThere(place.top, main, signal);
    return;
  }
  viewEnd.abort();
  ({ view, end: viewEnd } = place);
  shown = location.pathname + location.search;
  frame();
  scrollTo(0, place.top);
  if (!place.focused?.isConnected) {
    (main.querySelector("h1") ?? main).focus({ preventScroll: true });
    return;
  }
  place.focused.focus({ preventScroll: true });
  // Rows that were not drawn yet since have a height that is guessed: what the reader followed is where it was.
  const settle = () => scrollBy(0, place.focused.getBoundingClientRect().top - place.below);
  settle();
  requestAnimationFrame(settle);
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
    comeBack();
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

const THEME = "marquee-theme";
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
  remember(THEME, next);
  showTheme(next);
});
const themeOf = (name) => name in THEMES ? name : "auto";
showTheme(themeOf(document.documentElement.dataset.theme));
onOtherTab(THEME, () => showTheme(themeOf(recall(THEME))));

// Who is here.

const who = document.getElementById("who");

function showWho() {
  who.replaceChildren(...session.user === "" ? ["Sign in"]
    : [h("bdi", { class: "name" }, session.user), h("span", { class: "hidden" }, ": sign out")]);
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
      announce(`You are still signed in: ${error.message}`);
    });
  }
});
document.getElementById("finder").append(finder.element);
const begun = session.begin();
showWho();
session.addEventListener("change", () => {
  showWho();
  places.forget();
  if (view?.userChanged) {
    view.userChanged();
  } else {
    show(false);
  }
});
show(false);
scrollWhenThere(places.comeTo(history.state).top, main, viewEnd.signal);
await begun;
