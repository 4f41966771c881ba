// Which view is shown, by the address; and what frames it: how the connection is, the token, the keys.

import { announce, h, setHidden, setText } from "./dom.js";
import { nodeView, nodesView } from "./nodes.js";
import { connection, fetchOnce, follow } from "./registry.js";
import { serviceView } from "./service.js";
import { servicesView } from "./services.js";

const WAIT_S = 60;
const PRODUCT = "Marquee registry";

const VIEWS = [
  [/^\/ui\/(?:services\/?)?$/, servicesView],
  [/^\/ui\/services\/([^/]+)\/?$/, serviceView],
  [/^\/ui\/nodes\/?$/, nodesView],
  [/^\/ui\/nodes\/([^/]+)\/?$/, nodeView],
];

const main = document.getElementById("main");
let view = null;
let viewEnd = new AbortController();

function notFoundView() {
  return {
    title: "Not found",
    element: h("section", {}, h("h1", { tabindex: "-1" }, "There is no such page"),
      h("p", { class: "empty" }, "What there is: ", h("a", { href: "/ui/services" }, "services"), " and ",
        h("a", { href: "/ui/nodes" }, "nodes"), ".")),
    start: (signal) => follow("/v1/catalog/nodes", WAIT_S, signal, () => {}), // to tell how the connection is
  };
}

function viewOf(path) {
  for (const [pattern, make] of VIEWS) {
    const found = pattern.exec(path);
    if (found) {
      try {
        return make(...found.slice(1).map(decodeURIComponent));
      } catch (error) {
        if (!(error instanceof URIError)) {
          throw error;
        }
      }
    }
  }
  return notFoundView();
}

function markNavigation() {
  for (const link of document.querySelectorAll("header nav a")) {
    const path = location.pathname === "/ui/" ? "/ui/services" : location.pathname;
    const here = path === link.pathname;
    const below = path.startsWith(`${link.pathname}/`);
    link.removeAttribute("aria-current");
    if (here || below) {
      link.setAttribute("aria-current", here ? "page" : "true");
    }
  }
}

// focusOn: a link that is to have the focus, where it is there: the one that one came back from.
function show(focusOn) {
  viewEnd.abort();
  viewEnd = new AbortController();
  view = viewOf(location.pathname);
  document.title = `${view.title} · ${PRODUCT}`;
  main.replaceChildren(view.element);
  markNavigation();
  view.start(viewEnd.signal);
  if (focusOn !== undefined) {
    const link = [...main.querySelectorAll("a")].find(({ pathname }) => pathname === focusOn);
    (link ?? main.querySelector("h1")).focus({ preventScroll: true });
  }
}

function go(url) {
  history.pushState(null, "", url);
  scrollTo(0, 0);
  show("");
}

let shownPath = location.pathname;
document.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  const isPlain = event.button === 0 && !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (link && isPlain && link.origin === location.origin && link.pathname.startsWith("/ui/") && link.hash === "") {
    event.preventDefault();
    go(link.href);
    shownPath = location.pathname;
  }
});
window.addEventListener("popstate", () => {
  const from = shownPath;
  shownPath = location.pathname;
  if (location.hash === "") { // not within the view
    show(from);
  }
});

document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, dialog");
  if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey && view.list) {
    event.preventDefault();
    view.list.focusFilter();
  }
});

// The connection.

const WORDS = { connecting: "Connecting", live: "Live", paused: "Paused", lost: "Not live", locked: "Token needed" };
const time = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });
const banner = document.getElementById("banner");
const dialog = document.getElementById("token-dialog");
let wasLost = false;

function showUpdated() {
  const updated = document.getElementById("updated");
  setHidden(updated, connection.updated === null);
  if (connection.updated !== null) {
    updated.firstElementChild.dateTime = connection.updated.toISOString();
    setText(updated.firstElementChild, time.format(connection.updated));
  }
}

function showBanner() {
  const { state, updated, reason } = connection;
  const since = updated === null ? "" : ` What is shown is of ${time.format(updated)}.`;
  if (state === "lost") {
    setText(document.getElementById("banner-title"), "Not live:");
    setText(document.getElementById("banner-words"), `${reason}.${since}`);
    setText(document.getElementById("banner-action"), "Try now");
  } else if (state === "locked") {
    setText(document.getElementById("banner-title"), "The registry wants a token.");
    setText(document.getElementById("banner-words"), since);
    setText(document.getElementById("banner-action"), "Enter the token");
  }
  setHidden(banner, state !== "lost" && state !== "locked");
}

function showCountdown() {
  const left = Math.max(0, Math.ceil((connection.retryAt - Date.now()) / 1000));
  setText(document.getElementById("banner-countdown"),
    connection.state === "lost" ? (left > 0 ? `Trying again in ${left} s` : "Trying …") : "");
}

connection.addEventListener("change", () => {
  document.getElementById("connection").dataset.state = connection.state;
  setText(document.getElementById("connection-word"), WORDS[connection.state]);
  showUpdated();
  showBanner();
  showCountdown();
  if (connection.state === "locked" && !dialog.open) {
    askForToken();
  }
  if (connection.state === "live" && wasLost) {
    announce("The registry answers again.");
  }
  if (connection.state === "live") {
    showAbout();
  }
  wasLost = connection.state === "lost" || (wasLost && connection.state !== "live");
});
setInterval(showCountdown, 500);

document.getElementById("banner-action").addEventListener("click", () => {
  if (connection.state === "locked") {
    askForToken();
  } else {
    connection.retry();
  }
});

// The token.

function askForToken() {
  setHidden(document.getElementById("token-error"), !connection.hasToken);
  dialog.showModal();
}

document.getElementById("token-form").addEventListener("submit", (event) => {
  const input = document.getElementById("token");
  event.preventDefault();
  dialog.close();
  connection.useToken(input.value);
  input.value = "";
});
document.getElementById("token-cancel").addEventListener("click", () => dialog.close());

// Who it is: asked once, when it answers first.

let about = "";
async function showAbout() {
  if (about !== "") {
    return;
  }
  about = "asked";
  const self = await fetchOnce("/v1/agent/self", AbortSignal.timeout(5000));
  const { Datacenter, NodeName, Version } = self?.Config ?? {};
  about = self === undefined ? "" : `${Datacenter} · ${NodeName} · version ${Version}`;
  setText(document.getElementById("about"), about);
}

show();
