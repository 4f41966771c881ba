// Comma separated values as RFC 4180 has them, read and written.

export const ROWS_MAX = 200000;

const YIELD_ROWS = 2000; // after so many, whoever waits for the page gets a turn

// Fields of one row after the other: quotes, doubled quotes, line ends within quotes.
function* rowsOf(text) {
  let row = [];
  let at = 0;
  while (at < text.length) {
    let field = "";
    if (text[at] === '"') {
      at += 1;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) {
          throw new Error("a quote is not closed");
        }
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') {
          break;
        }
        field += '"';
        at += 1;
      }
    }
    const rest = /[^,\r\n]*/y;
    rest.lastIndex = at;
    const plain = rest.exec(text)[0];
    row.push(field + plain);
    at += plain.length;
    if (text[at] === ",") {
      at += 1;
      if (at < text.length) {
        continue;
      }
      row.push("");
    }
    at += text.startsWith("\r\n", at) ? 2 : 1;
    if (row.length > 1 || row[0] !== "") {
      yield row;
    }
    row = [];
  }
}

// Resolves to {names, rows}: the header, and each row as an object by these names. tell(count) as they come.
export async function readCsv(text, signal, tell) {
  let names = null;
  const rows = [];
  for (const fields of rowsOf(text)) {
    if (names === null) {
      names = fields.map((name) => name.trim());
      continue;
    }
    if (rows.length === ROWS_MAX) {
      throw new Error(`it has more than ${ROWS_MAX.toLocaleString("en")} rows`);
    }
    rows.push(Object.fromEntries(names.map((name, i) => [name, (fields[i] ?? "").trim()])));
    if (rows.length % YIELD_ROWS === 0) {
      tell(rows.length);
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
    }
  }
  return { names: names ?? [], rows };
}

function field(value) {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function writeCsv(rows) {
  return rows.map((row) => `${row.map(field).join(",")}\r\n`).join("");
}
