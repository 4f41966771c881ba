// An instance in a list: folded, its health and address; unfolded, what is known of it and what its checks said last.

import { h, plural, setChildren, setHidden, setRows, setText } from "./dom.js";
import { isMaintenance, mark, statusOfCheck, statusOfChecks, tags } from "./health.js";

const OUTPUT_CHARACTERS = 400; // shown at first
const OUTPUT_LINES = 4;

function hostAndPort(host, port) {
  return port ? `${host.includes(":") ? `[${host}]` : host}:${port}` : host;
}

function addressOf(instance) {
  const { Service: service, Node: node } = instance;
  return service.SocketPath || hostAndPort(service.Address || node.Address, service.Port);
}

const KINDS = { ttl: "TTL", http: "HTTP", tcp: "TCP", grpc: "gRPC", h2ping: "HTTP/2 ping", alias: "alias" };

function kindOf(check) {
  const kind = isMaintenance(check) ? "maintenance" : KINDS[check.Type] ?? (check.Type || "external");
  const every = check.Interval && check.Interval !== "0s" ? `, every ${check.Interval}` : "";
  return `${kind}${every}${check.ServiceID === "" ? ", of the node" : ""}`;
}

// Long output begins with its first lines; the rest is a fold away.
function outputOf(text) {
  const lines = text.trimEnd().split("\n");
  const start = lines.slice(0, OUTPUT_LINES).join("\n").slice(0, OUTPUT_CHARACTERS);
  if (start === text.trimEnd()) {
    return [h("pre", {}, text)];
  }
  const size = `${plural(lines.length, "line")}, ${plural(text.length, "character")}`;
  return [
    h("pre", {}, `${start} …`),
    h("details", { class: "output" }, h("summary", {}, `All of it: ${size}`), h("pre", {}, text)),
  ];
}

// The rows of a list of checks: a check keeps its row, and so what is unfolded in it, while its output stays.
export function makeCheckRow(check) {
  const status = h("div", { class: "status" });
  const name = h("span", { class: "check-name" });
  const kind = h("span", { class: "kind" });
  const notes = h("p", { class: "notes" });
  const output = h("div", {});
  return {
    element: h("li", { class: "check", "data-check": check.CheckID }, status,
      h("div", { class: "check-words" }, h("p", {}, name, " ", kind), notes, output)),
    update(now) {
      const said = statusOfCheck(now);
      setChildren(status, said, () => [mark(said)]);
      setText(name, now.Name || now.CheckID);
      setText(kind, kindOf(now));
      setText(notes, now.Notes);
      setHidden(notes, now.Notes === "");
      setChildren(output, now.Output, () => (now.Output === "" ? [] : outputOf(now.Output)));
    },
  };
}

// What an instance is told with: on a service's page its node, on a node's page its service.
export const WITH_NODE = { term: "Node", nameOf: ({ Node: node }) => node.Node, path: "/ui/nodes/" };
export const WITH_SERVICE = {
  term: "Service", nameOf: ({ Service: service }) => service.Service, path: "/ui/services/",
};

function facts(instance, other) {
  const { Service: service } = instance;
  const name = other.nameOf(instance);
  const rows = [
    [other.term, h("a", { href: other.path + encodeURIComponent(name) }, name)],
    ...Object.entries(service.TaggedAddresses ?? {})
      .map(([tag, { Address: host, Port: port }]) => [tag, hostAndPort(host, port)])
      .filter(([, address]) => address !== addressOf(instance))
      .map(([tag, address]) => [`Address (${tag})`, h("code", {}, address)]),
    ["Weights", `${service.Weights.Passing} passing, ${service.Weights.Warning} warning`],
    ...Object.entries(service.Meta ?? {}).map(([key, value]) => [key, h("code", {}, value)]),
  ];
  return rows.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, value)));
}

export function wordsOfInstance({ Service: service, Node: node, Checks: checks }) {
  return [service.ID, service.Address, String(service.Port ?? ""), node.Node, node.Address, statusOfChecks(checks),
    ...(service.Tags ?? []), ...Object.entries(service.Meta ?? {}).map((pair) => pair.join("="))];
}

export function keyOfInstance(instance) {
  return `${instance.Service.ID}\n${instance.Node.Node}`;
}

export function keyOfCheck(check) {
  return `${check.ServiceID}\n${check.CheckID}`;
}

// isOpen(instance): whether it is unfolded when it appears.
export function makeInstanceRow(other, isOpen) {
  return (first) => {
    const status = h("span", { class: "status" });
    const address = h("code", { class: "address" });
    const place = h("span", { class: "place" });
    const count = h("span", { class: "instances" });
    const tagList = h("ul", { class: "tags", "aria-label": "Tags" });
    const terms = h("dl", { class: "facts" });
    const checks = h("ul", { class: "checks", "aria-label": "Checks" });
    const nothing = h("p", { class: "empty" }, "No checks: it is taken to be well.");
    const fold = h("details", { class: "instance", open: isOpen(first) },
      h("summary", { "data-stop": true }, status,
        h("span", { class: "what" }, h("span", { class: "name" }, first.Service.ID), address), place, count),
      h("div", { class: "inner" }, tagList, terms, checks, nothing));
    const element = h("li", {}, fold);
    return {
      element,
      update(now) {
        const said = statusOfChecks(now.Checks);
        element.dataset.status = said;
        setChildren(status, said, () => [mark(said)]);
        setText(address, addressOf(now));
        setText(place, other.nameOf(now));
        setText(count, now.Checks.length === 0 ? "no checks" : plural(now.Checks.length, "check"));
        setChildren(tagList, now.Service.Tags, () => tags(now.Service.Tags ?? []));
        setHidden(tagList, (now.Service.Tags ?? []).length === 0);
        setChildren(terms, [now.Service, now.Node.Address], () => facts(now, other));
        setRows(checks, now.Checks, keyOfCheck, makeCheckRow);
        setHidden(nothing, now.Checks.length > 0);
      },
    };
  };
}
