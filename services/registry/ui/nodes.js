// Nodes: the machines that instances are on; and one of them, with all that is on it.

import { h, setChildren, setHidden, setRows, setText } from "./dom.js";
import { mark, statusOfChecks } from "./health.js";
import { WITH_SERVICE, keyOfCheck, keyOfInstance, makeCheckRow, makeInstanceRow, wordsOfInstance } from "./instance.js";
import { List } from "./list.js";
import { follow } from "./registry.js";

const WAIT_S = 60;
const NODE_WAIT_S = 10; // as of a service: outputs change without a change
const NODE_CHECKS = `/v1/health/state/any?filter=${encodeURIComponent('ServiceID == ""')}`;

function makeNodeRow(node) {
  const status = h("div", { class: "status" });
  const address = h("p", { class: "instances" });
  const href = `/ui/nodes/${encodeURIComponent(node.Node)}`;
  const link = h("a", { class: "name", "data-stop": true, href }, node.Node);
  const element = h("li", { class: "row" }, status, h("div", { class: "what" }, link), address);
  return {
    element,
    update(now) {
      const said = statusOfChecks(now.checks);
      element.dataset.status = said;
      setChildren(status, said, () => [mark(said)]);
      setText(address, now.Address);
    },
  };
}

export function nodesView() {
  const list = new List({
    names: { one: "node", many: "nodes" },
    placeholder: "name, address, meta or status",
    nothing: "There are no nodes.",
    keyOf: (node) => node.Node,
    nameOf: (node) => node.Node,
    statusOf: (node) => statusOfChecks(node.checks),
    wordsOf: (node) => [node.Node, node.Address, statusOfChecks(node.checks),
      ...Object.entries(node.Meta ?? {}).map((pair) => pair.join("="))],
    makeRow: makeNodeRow,
  });
  let nodes = null;
  let checks = null;
  const show = () => {
    if (nodes !== null && checks !== null) {
      list.setItems(nodes.map((node) => ({ ...node, checks: checks.filter((check) => check.Node === node.Node) })));
    }
  };
  return {
    title: "Nodes",
    list,
    element: h("section", {}, h("h1", { tabindex: "-1" }, "Nodes"),
      h("p", { class: "lead" }, "Their health is that of their own checks; what runs on them is told by its services."),
      list.element),
    start(signal) {
      follow("/v1/catalog/nodes", WAIT_S, signal, (answer) => { nodes = answer; show(); });
      follow(NODE_CHECKS, WAIT_S, signal, (answer) => { checks = answer; show(); });
    },
  };
}

function facts(node) {
  const rows = [
    ["Address", node.Address],
    ...Object.entries(node.TaggedAddresses ?? {})
      .filter(([, address]) => address !== node.Address)
      .map(([tag, address]) => [`Address (${tag})`, address]),
    ["Id", node.ID],
    ...Object.entries(node.Meta ?? {}),
  ].filter(([, value]) => value !== "");
  return rows.map(([term, value]) => h("div", {}, h("dt", {}, term), h("dd", {}, h("code", {}, value))));
}

export function nodeView(name) {
  const terms = h("dl", { class: "facts" });
  const own = h("ul", { class: "checks", "aria-label": "Checks of the node" });
  const unknown = h("p", { class: "empty", hidden: true },
    "There is no node of that name. When one comes, it appears here.");
  const list = new List({
    names: { one: "instance", many: "instances" },
    placeholder: "id, address, tag, meta or status",
    nothing: "Nothing is registered on this node.",
    keyOf: keyOfInstance,
    nameOf: (instance) => instance.Service.ID,
    statusOf: (instance) => statusOfChecks(instance.Checks),
    wordsOf: (instance) => [instance.Service.Service, ...wordsOfInstance(instance)],
    makeRow: makeInstanceRow(WITH_SERVICE, () => false),
  });
  let found = null;
  let checks = null;
  const show = () => {
    if (found === null || checks === null) {
      return;
    }
    const ofNode = checks.filter((check) => check.ServiceID === "");
    setHidden(unknown, Boolean(found.Node));
    if (!found.Node) {
      list.setItems([]);
      return;
    }
    setChildren(terms, found.Node, () => facts(found.Node));
    setRows(own, ofNode, keyOfCheck, makeCheckRow);
    const instances = found.Services.map((service) => ({
      Service: service,
      Node: found.Node,
      Checks: [...ofNode, ...checks.filter((check) => check.ServiceID === service.ID)],
    }));
    list.setItems(instances);
  };
  const encoded = encodeURIComponent(name);
  return {
    title: name,
    list,
    element: h("section", {},
      h("nav", { class: "path", "aria-label": "Where you are" }, h("a", { href: "/ui/nodes" }, "Nodes")),
      h("h1", { tabindex: "-1" }, name), unknown, terms, own, list.element),
    start(signal) {
      follow(`/v1/catalog/node-services/${encoded}`, NODE_WAIT_S, signal, (answer) => { found = answer; show(); });
      follow(`/v1/health/node/${encoded}`, NODE_WAIT_S, signal, (answer) => { checks = answer; show(); });
    },
  };
}
