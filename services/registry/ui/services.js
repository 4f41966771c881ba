// All services: how many instances of each are well, and their tags.

import { h, setChildren, setHidden } from "./dom.js";
import { OUT_OF_SERVICE, mark, marks, tags, worst } from "./health.js";
import { List } from "./list.js";
import { follow } from "./registry.js";

const PATH = "/v1/internal/ui/services";
const WAIT_S = 60;
const TAGS_SHOWN = 6;

function countsOf(service) {
  return {
    passing: service.InstancesPassing,
    warning: service.InstancesWarning,
    critical: service.InstancesCritical,
    maintenance: service.InstancesInMaintenance,
    draining: service.InstancesDraining,
  };
}

// The worst of the instances that are in service; what is taken out of it says something only when nothing is left.
function statusOf(service) {
  const counts = countsOf(service);
  const statuses = Object.keys(counts).filter((status) => counts[status] > 0);
  const inService = statuses.filter((status) => !OUT_OF_SERVICE.includes(status));
  return worst(inService.length > 0 ? inService : statuses);
}

function makeRow(service) {
  const status = h("div", { class: "status" });
  const link = h("a", { class: "name", "data-stop": true, href: `/ui/services/${encodeURIComponent(service.Name)}` },
    service.Name);
  const health = h("div", { class: "marks" });
  const tagList = h("ul", { class: "tags", "aria-label": "Tags" });
  const element = h("li", { class: "row" }, status, h("div", { class: "what" }, link), health, tagList);
  return {
    element,
    update(now) {
      element.dataset.status = statusOf(now);
      setChildren(status, statusOf(now), () => [mark(statusOf(now))]);
      setChildren(health, countsOf(now), () => marks(countsOf(now)));
      setChildren(tagList, now.Tags, () => tags(now.Tags, TAGS_SHOWN));
      setHidden(tagList, now.Tags.length === 0);
    },
  };
}

export function servicesView() {
  const list = new List({
    names: { one: "service", many: "services" },
    placeholder: "name, tag or status",
    nothing: "Nobody has registered yet. Services appear here as soon as they do.",
    keyOf: (service) => service.Name,
    nameOf: (service) => service.Name,
    statusOf,
    wordsOf: (service) => [service.Name, statusOf(service), ...service.Tags],
    makeRow,
  });
  return {
    title: "Services",
    list,
    element: h("section", {}, h("h1", { tabindex: "-1" }, "Services"), list.element),
    start: (signal) => follow(PATH, WAIT_S, signal, (services) => list.setItems(services)),
  };
}
