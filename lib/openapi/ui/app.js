// The list of operations, and the one that the address names (#operationId, or #problem).
import { h } from "./dom.js";
import { showOperation } from "./operation.js";
import { isProblem, showProblem } from "./problems.js";

const main = document.getElementById("main");
const list = document.getElementById("operations");
const filter = document.getElementById("filter");
const found = document.getElementById("found");

function operationsOf(api) {
  return Object.entries(api.paths).flatMap(([path, item]) => Object.entries(item).map(([method, operation]) =>
    ({ path, method: method.toUpperCase(), operation, words: `${method} ${path} ${operation.summary}`.toLowerCase() })));
}

function groups(operations) {
  const byTag = new Map();
  for (const one of operations) {
    const tag = one.operation.tags?.[0] ?? "";
    byTag.set(tag, [...(byTag.get(tag) ?? []), one]);
  }
  return [...byTag];
}

function link(one) {
  return h("li", {}, h("a", { href: `#${one.operation.operationId}` },
    h("b", { class: one.method.toLowerCase() }, one.method), h("span", {}, one.path)));
}

function showList(operations) {
  const wanted = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = operations.filter((one) => wanted.every((word) => one.words.includes(word)));
  list.replaceChildren(...groups(shown).map(([tag, some]) => h("section", {}, h("h2", {}, tag), h("ul", {}, some.map(link)))));
  found.textContent = `${shown.length} operations`;
  markCurrent();
}

function markCurrent() {
  for (const anchor of list.querySelectorAll("a")) {
    if (anchor.hash === location.hash) {
      anchor.setAttribute("aria-current", "page");
    } else {
      anchor.removeAttribute("aria-current");
    }
  }
}

function tokenField(api) {
  if (!api.components?.securitySchemes?.bearer) {
    return { element: null, read: () => "" };
  }
  const input = h("input", { id: "token", type: "password", autocomplete: "off" });
  return { element: h("div", { class: "field" }, h("label", { for: "token" }, "Bearer token, for all operations"), input),
    read: () => input.value };
}

function show(api, operations, token) {
  const name = decodeURIComponent(location.hash.slice(1));
  const one = operations.find(({ operation }) => operation.operationId === name) ?? null;
  const isOther = name !== "" && name !== "main" && !one && !isProblem(name);
  if (name === "main" && main.childElementCount > 0) {
    return;
  }
  const content = one ? showOperation(api, one, token.read)
    : isProblem(name) ? showProblem(name)
      : [h("h1", { tabindex: "-1" }, isOther ? `There is no ${name}` : api.info.title),
        ...api.info.description.split("\n\n").map((words) => h("p", {}, words))];
  main.replaceChildren(...content);
  document.title = `${one?.operation.summary ?? api.info.title} · API`;
  markCurrent();
  if (name !== "") {
    main.querySelector("h1").focus();
  }
}

async function start() {
  const reply = await fetch("/openapi.json");
  if (!reply.ok) {
    throw new Error(`/openapi.json: ${reply.status}`);
  }
  const api = await reply.json();
  const operations = operationsOf(api);
  const token = tokenField(api);
  document.getElementById("title").textContent = api.info.title;
  if (token.element) {
    list.before(token.element);
  }
  filter.addEventListener("input", () => showList(operations));
  window.addEventListener("hashchange", () => show(api, operations, token));
  showList(operations);
  show(api, operations, token);
}

start().catch((failure) => main.replaceChildren(h("p", { class: "bad", role: "alert" }, failure.message)));
