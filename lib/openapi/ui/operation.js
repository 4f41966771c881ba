// One operation: what it is, fields for what it takes, and the answer.
import { asCurl } from "./curl.js";
import { h } from "./dom.js";
import { makeField, makeObject } from "./fields.js";
import { resolve } from "./schema.js";

const JSON_TYPE = /^application\/(\w[\w.-]*\+)?json/;
const SHOWN_MAX = 100000;

// A parameter whose value is JSON has its schema in its content.
function parameterField(document, parameter) {
  const content = parameter.content?.["application/json"];
  if (content) {
    const object = makeObject(document, content.schema, parameter.name);
    return { parameter, element: object.element, read: () => JSON.stringify(object.read()) };
  }
  const field = makeField(document, parameter.name, parameter.schema ?? {},
    { words: parameter.description, required: parameter.required, asText: true });
  return { parameter, element: field.element, read: field.read };
}

function bodyOf(document, operation) {
  const content = resolve(document, operation.requestBody)?.content ?? {};
  const type = Object.keys(content)[0];
  if (!type) {
    return null;
  }
  if (type !== "application/json") {
    const field = makeField(document, type, { type: "string" }, { asText: true });
    return { type, element: field.element, read: () => field.read() ?? "" };
  }
  const schema = content[type].schema;
  const object = makeObject(document, schema, "Body");
  return { type, element: object.element, read: () => JSON.stringify(object.read()) };
}

// {method, url, headers, body}
function compose(path, method, fields, body, token) {
  const query = new URLSearchParams();
  const headers = {};
  let filled = path;
  for (const { parameter, read } of fields) {
    const value = read();
    if (value === undefined) {
      continue;
    }
    if (parameter.in === "path") {
      filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value));
    } else if (parameter.in === "header") {
      headers[parameter.name] = value;
    } else {
      query.append(parameter.name, value);
    }
  }
  if (body) {
    headers["content-type"] = body.type;
  }
  if (token) {
    headers.authorization = `Bearer ${token}`;
  }
  const search = query.size > 0 ? `?${query}` : "";
  return { method, url: `${location.origin}${filled}${search}`, headers, body: body?.read() };
}

function pretty(type, text) {
  if (!JSON_TYPE.test(type) || text === "") {
    return text;
  }
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

async function send(request) {
  const begun = performance.now();
  const reply = await fetch(request.url, { method: request.method, headers: request.headers, body: request.body, cache: "no-store" });
  const text = await reply.text();
  return { reply, text: pretty(reply.headers.get("content-type") ?? "", text), took: performance.now() - begun };
}

function showAnswer({ reply, text, took }) {
  const headers = [...reply.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
  const shown = text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}\n…` : text;
  return [
    h("p", { class: reply.ok ? "good" : "bad" }, `${reply.status} ${reply.statusText}`, h("span", {}, ` in ${took.toFixed(0)} ms`)),
    h("pre", { tabindex: "0", "aria-label": "Body of the answer" }, shown === "" ? "(no body)" : shown),
    h("details", {}, h("summary", {}, "Headers"), h("pre", { tabindex: "0" }, headers)),
  ];
}

// "Needs the scope vote, by a token or a session."
function needOf(operation) {
  const taken = operation.security?.filter((one) => Object.keys(one).length > 0) ?? [];
  if (taken.length === 0) {
    return null;
  }
  const scope = Object.values(taken[0])[0][0];
  const kinds = taken.map((one) => (Object.hasOwn(one, "bearer") ? "a token" : "a session")).join(" or ");
  const may = taken.length < operation.security.length ? "Takes" : "Needs";
  return h("p", { class: "need" }, scope ? `${may} ${kinds} with the scope ${scope}.` : `${may} ${kinds}.`);
}

function answersOf(document, operation) {
  return h("details", {}, h("summary", {}, "Answers"), h("ul", {},
    Object.entries(operation.responses).map(([status, answer]) =>
      h("li", {}, h("b", {}, status), ` ${resolve(document, answer).description ?? ""}`))));
}

// The content of <main>.
export function showOperation(document, { path, method, operation }, token) {
  const parameters = (operation.parameters ?? []).map((parameter) => resolve(document, parameter));
  const fields = parameters.map((parameter) => parameterField(document, parameter));
  const body = bodyOf(document, operation);
  const answer = h("section", { "aria-label": "Answer", "aria-live": "polite", class: "answer" });
  const command = h("pre", { tabindex: "0", "aria-label": "As curl" });
  const composed = () => compose(path, method, fields, body, token());
  const say = (words) => answer.replaceChildren(h("p", { class: "bad" }, words));
  const attempt = async (act) => {
    try {
      await act(composed());
    } catch (failure) {
      say(`${failure.message}`);
    }
  };
  const copy = () => attempt(async (request) => {
    command.textContent = asCurl(request);
    await navigator.clipboard?.writeText(command.textContent);
    answer.replaceChildren(h("p", {}, "Copied."));
  });
  const submit = (event) => {
    event.preventDefault();
    attempt(async (request) => {
      command.textContent = asCurl(request);
      answer.replaceChildren(...showAnswer(await send(request)));
    });
  };
  return [
    h("h1", { tabindex: "-1" }, operation.summary),
    h("p", { class: "path" }, h("b", {}, method), ` ${path}`), needOf(operation),
    ...(operation.description ?? "").split("\n\n").filter(Boolean).map((words) => h("p", {}, words)),
    h("form", { onsubmit: submit },
      fields.map((field) => field.element), body?.element,
      h("div", { class: "buttons" }, h("button", {}, "Send"),
        h("button", { type: "button", class: "plain", onclick: copy }, "Copy as curl"))),
    command, answer, answersOf(document, operation),
  ].filter(Boolean);
}
