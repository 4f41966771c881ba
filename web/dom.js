// Elements without markup: whatever comes from outside becomes text, never HTML. Shared by the pages of marquee-movie
// and marquee-registry.

const SVG = "http://www.w3.org/2000/svg";

function append(element, children) {
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) {
      element.append(child);
    }
  }
  return element;
}

function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, "");
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value);
    }
  }
  return element;
}

// h("a", {href: "/ui/", onclick: f}, "words", child…)
export function h(tag, attributes = {}, ...children) {
  return append(setAttributes(document.createElement(tag), attributes), children);
}

export function svg(tag, attributes = {}, ...children) {
  return append(setAttributes(document.createElementNS(SVG, tag), attributes), children);
}

// Each writes only what has changed, so that a selection, the focus and a reader's place survive.
export function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}

export function setHidden(element, hidden) {
  if (element.hidden !== hidden) {
    element.hidden = hidden;
  }
}

// Replaces the children when `version`, a JSON value that tells all of what they show, is another one.
const versions = new WeakMap();
export function setChildren(element, version, make) {
  const text = JSON.stringify(version);
  if (versions.get(element) !== text) {
    versions.set(element, text);
    element.replaceChildren(...make().filter(Boolean));
  }
}

// Makes the children of `parent` one row an item, in this order. A row is {element, update(item)}; it lives as long
// as there is an item with its key, and is not moved when only others come and go.
const rowsOf = new WeakMap();
export function setRows(parent, items, keyOf, makeRow) {
  const before = rowsOf.get(parent) ?? new Map();
  const rows = new Map(items.map((item) => {
    const row = before.get(keyOf(item)) ?? makeRow(item);
    row.update(item);
    return [keyOf(item), row];
  }));
  for (const [key, row] of before) {
    if (!rows.has(key)) {
      row.element.remove();
    }
  }
  let next = parent.firstElementChild;
  for (const { element } of rows.values()) {
    if (element === next) {
      next = next.nextElementSibling;
    } else {
      parent.insertBefore(element, next);
    }
  }
  rowsOf.set(parent, rows);
}

// "1 instance", "3 instances"
export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// Said by screen readers.
export function announce(words) {
  document.getElementById("announcements").textContent = words;
}
