// A request as a command line for a POSIX shell.

function quote(text) {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

export function asCurl({ method, url, headers, body }) {
  const words = ["curl"];
  if (method !== "GET") {
    words.push("-X", method);
  }
  for (const [name, value] of Object.entries(headers)) {
    words.push("-H", quote(`${name}: ${value}`));
  }
  if (body !== undefined) {
    words.push("-d", quote(body));
  }
  return [...words, quote(url)].join(" ");
}
