// One file out of a ZIP archive (APPNOTE.TXT 6.3.9, without ZIP64 and encryption), by the browser's own inflater.

export const BYTES_MAX = 64 * 1024 * 1024; // of a file, unpacked: a small archive must not fill the memory

const END_SIGNATURE = 0x06054b50;
const ENTRY_SIGNATURE = 0x02014b50;
const LOCAL_SIGNATURE = 0x04034b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;
const COMMENT_BYTES_MAX = 65535;
const ENTRIES_MAX = 10000;
const STORED = 0;
const DEFLATED = 8;

async function view(file, from, to) {
  return new DataView(await file.slice(Math.max(from, 0), to).arrayBuffer());
}

async function findEnd(file) {
  const tail = await view(file, file.size - END_BYTES - COMMENT_BYTES_MAX, file.size);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) === END_SIGNATURE) {
      return { count: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), start: tail.getUint32(at + 16, true) };
    }
  }
  throw new Error("it is no ZIP archive");
}

// {name, method, size, start} of each file in it.
async function entriesOf(file) {
  const { count, size, start } = await findEnd(file);
  const directory = await view(file, start, start + size);
  const entries = [];
  for (let at = 0, i = 0; i < count && i < ENTRIES_MAX; i += 1) {
    if (at + ENTRY_BYTES > directory.byteLength || directory.getUint32(at, true) !== ENTRY_SIGNATURE) {
      throw new Error("the archive's directory is damaged");
    }
    const lengths = [28, 30, 32].map((offset) => directory.getUint16(at + offset, true));
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + ENTRY_BYTES,
      Math.min(lengths[0], directory.byteLength - at - ENTRY_BYTES)));
    entries.push({ name, method: directory.getUint16(at + 10, true), isEncrypted: (directory.getUint16(at + 8, true) & 1) !== 0,
      size: directory.getUint32(at + 20, true), start: directory.getUint32(at + 42, true) });
    at += ENTRY_BYTES + lengths[0] + lengths[1] + lengths[2];
  }
  return entries;
}

// The text of a stream of bytes, if it is not too long.
export async function textOf(stream) {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const reader = stream.getReader();
  let bytes = 0;
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) {
      return text + decoder.decode();
    }
    bytes += value.byteLength;
    if (bytes > BYTES_MAX) {
      await reader.cancel();
      throw new Error(`it is larger than ${BYTES_MAX / 1024 / 1024} MiB`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

// Whether there is a file of that name, in whatever folder of the archive.
export async function isInZip(file, name) {
  return (await entriesOf(file)).some((entry) => entry.name.split("/").at(-1) === name);
}

// Resolves to the text of the file of that name, in whatever folder of the archive, the outermost first.
export async function readFromZip(file, name) {
  const depth = (entry) => entry.name.split("/").length;
  const [entry] = (await entriesOf(file)).filter((one) => one.name.split("/").at(-1) === name)
    .sort((a, b) => depth(a) - depth(b));
  if (entry === undefined) {
    throw new Error(`there is no ${name} in the archive`);
  }
  const local = await view(file, entry.start, entry.start + LOCAL_BYTES);
  if (entry.isEncrypted || ![STORED, DEFLATED].includes(entry.method) || local.byteLength < LOCAL_BYTES ||
    local.getUint32(0, true) !== LOCAL_SIGNATURE) {
    throw new Error(`${name} is packed in a way that is not known here`);
  }
  const start = entry.start + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
  const packed = file.slice(start, start + entry.size).stream();
  return textOf(entry.method === STORED ? packed : packed.pipeThrough(new DecompressionStream("deflate-raw")));
}
