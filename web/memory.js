// What the browser remembers between visits. Where it may not (a reader has forbidden it), it does until the page is left.

const meanwhile = new Map();

// null: nothing.
export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return meanwhile.get(key) ?? null;
  }
}

// value: null to forget.
export function remember(key, value) {
  try {
    if (value === null) {
      localStorage.removeItem(key);
    } else {
      localStorage.setItem(key, value);
    }
  } catch {
    meanwhile.set(key, value);
  }
}

// Calls changed() when another tab has remembered something else there.
export function onOtherTab(key, changed) {
  window.addEventListener("storage", (event) => {
    if (event.key === key || event.key === null) { // null: all is forgotten
      changed();
    }
  });
}
