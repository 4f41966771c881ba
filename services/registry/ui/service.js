// One service: its instances, each with what its checks said last.

import { h, setChildren, setHidden } from "./dom.js";
import { statusOfChecks, tags } from "./health.js";
import { WITH_NODE, keyOfInstance, makeInstanceRow, wordsOfInstance } from "./instance.js";
import { List } from "./list.js";
import { follow } from "./registry.js";

const WAIT_S = 10; // a check that says something else with the same status is no change: it is seen this much later
const OPEN_AT_FIRST = 4; // so many instances are shown whole

export function serviceView(name) {
  const tagList = h("ul", { class: "tags", "aria-label": "Tags" });
  let isFirst = true;
  let all = 0;
  const isOpen = (instance) => isFirst && (all <= OPEN_AT_FIRST || statusOfChecks(instance.Checks) !== "passing");
  const unfold = (open) => list.rows.forEach((row) => { row.firstElementChild.open = open; });
  const list = new List({
    names: { one: "instance", many: "instances" },
    placeholder: "id, address, node, tag, meta or status",
    nothing: h("span", {}, "No instance of ", h("b", {}, name), " is registered. When one comes, it appears here."),
    keyOf: keyOfInstance,
    nameOf: (instance) => instance.Service.ID,
    statusOf: (instance) => statusOfChecks(instance.Checks),
    wordsOf: wordsOfInstance,
    makeRow: makeInstanceRow(WITH_NODE, isOpen),
    tools: h("div", { class: "tools" },
      h("button", { type: "button", class: "quiet", onclick: () => unfold(true) }, "Unfold all"),
      h("button", { type: "button", class: "quiet", onclick: () => unfold(false) }, "Fold all")),
  });
  const show = (instances) => {
    all = instances.length;
    const names = [...new Set(instances.flatMap((instance) => instance.Service.Tags ?? []))].sort();
    setChildren(tagList, names, () => tags(names));
    setHidden(tagList, names.length === 0);
    list.setItems(instances);
    isFirst = false;
  };
  return {
    title: name,
    list,
    element: h("section", {},
      h("nav", { class: "path", "aria-label": "Where you are" }, h("a", { href: "/ui/services" }, "Services")),
      h("h1", { tabindex: "-1" }, name), tagList, list.element),
    start: (signal) => follow(`/v1/health/service/${encodeURIComponent(name)}`, WAIT_S, signal, show),
  };
}
