// What is said of health: by a word and a shape; the colour only helps.

import { h, svg } from "./dom.js";

// From bad to good: the first of them that there is, is what is said of a whole.
export const STATUSES = ["critical", "warning", "maintenance", "draining", "passing"];

// On purpose: neither good nor bad.
export const OUT_OF_SERVICE = ["maintenance", "draining"];

const COUNTED = { maintenance: "in maintenance" };
const CHANGES_TOLD = 3; // one by one

const SHAPES = {
  passing: () => [
    svg("circle", { cx: 8, cy: 8, r: 7 }),
    svg("path", { d: "M4.8 8.2l2.2 2.2 4.2-4.6", class: "cut" }),
  ],
  warning: () => [
    svg("path", { d: "M8 1.2l7.2 13.2H.8z" }),
    svg("path", { d: "M8 6v4M8 12.2v.1", class: "cut" }),
  ],
  critical: () => [
    svg("path", { d: "M5.1 1h5.8L15 5.1v5.8L10.9 15H5.1L1 10.9V5.1z" }),
    svg("path", { d: "M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8", class: "cut" }),
  ],
  draining: () => [
    svg("circle", { cx: 8, cy: 8, r: 7 }),
    svg("path", { d: "M8 4.2v7M4.9 8.3L8 11.4l3.1-3.1", class: "cut" }),
  ],
  maintenance: () => [
    svg("rect", { x: 1, y: 1, width: 14, height: 14, rx: 3 }),
    svg("path", { d: "M6 5v6M10 5v6", class: "cut" }),
  ],
};

export function shape(status) {
  return svg("svg", { class: "shape", viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true",
    "data-status": status }, SHAPES[status]?.() ?? []);
}

// The shape with its word; count: how many there are, or nothing.
export function mark(status, count) {
  return h("span", { class: "mark", "data-status": status }, shape(status),
    h("span", {}, count === undefined ? status : `${count.toLocaleString("en")} ${COUNTED[status] ?? status}`));
}

export function worst(statuses) {
  return STATUSES.find((status) => statuses.includes(status)) ?? "passing";
}

export function isMaintenance(check) {
  return check.CheckID === "_node_maintenance" || check.CheckID.startsWith("_service_maintenance:");
}

// A maintenance for this reason is an instance's way out: it finishes its calls, then goes.
const DRAIN_REASON = "draining";

export function statusOfCheck(check) {
  if (isMaintenance(check)) {
    return check.Notes === DRAIN_REASON ? "draining" : "maintenance";
  }
  return check.Status;
}

// Of an instance or a node with these checks; without any it is passing, as it is for those who ask the registry.
export function statusOfChecks(checks) {
  const maintenance = checks.filter(isMaintenance);
  return worst((maintenance.length > 0 ? maintenance : checks).map(statusOfCheck));
}

// {passing: 2, …} of things with a status.
export function countStatuses(statuses) {
  const counts = Object.fromEntries(STATUSES.map((status) => [status, 0]));
  for (const status of statuses) {
    counts[status] += 1;
  }
  return counts;
}

export function marks(counts) {
  return STATUSES.filter((status) => counts[status] > 0).map((status) => mark(status, counts[status]));
}

// What has happened between two maps of {name, status}, for those who do not see it; empty: nothing.
export function describeChanges(before, after, names) {
  const changes = [];
  for (const [key, { name, status }] of after) {
    if (!before.has(key)) {
      changes.push(`${name} is new, and ${status}`);
    } else if (before.get(key).status !== status) {
      changes.push(`${name} is ${status}`);
    }
  }
  for (const [key, { name }] of before) {
    if (!after.has(key)) {
      changes.push(`${name} is gone`);
    }
  }
  return changes.length > CHANGES_TOLD ? `${changes.length} ${names.many} have changed` : changes.join(", ");
}

// Items of a list of tags.
export function tags(names, limit = Infinity) {
  const shown = names.slice(0, limit).map((name) => h("li", { class: "tag" }, name));
  if (names.length > limit) {
    shown.push(h("li", { class: "tag more-tags" }, `${names.length - limit} more`));
  }
  return shown;
}
