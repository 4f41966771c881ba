// What a JSON Schema of the document says, as far as fields and samples need it.

export function resolve(document, part) {
  let found = part;
  while (found && found.$ref) {
    found = found.$ref.slice(2).split("/").reduce((at, name) => at?.[name], document);
  }
  return found ?? {};
}

// The schema that is meant where null is one of several ways.
export function plain(document, part) {
  const schema = resolve(document, part);
  const ways = schema.anyOf;
  return ways ? plain(document, ways.find((way) => resolve(document, way).type !== "null") ?? ways[0]) : schema;
}

// "string", "integer", …: the first that is not null.
export function typeOf(schema) {
  const types = [schema.type].flat().filter((type) => type && type !== "null");
  return types[0] ?? (schema.enum ? "string" : schema.properties ? "object" : "any");
}

// The names of an enum: beside numbers, where both are taken.
export function choicesOf(document, part) {
  const schema = resolve(document, part);
  const all = [schema, ...(schema.anyOf ?? []).map((way) => resolve(document, way))];
  const found = all.flatMap((one) => (one.anyOf ?? [one]).flatMap((way) => resolve(document, way).enum ?? []));
  return found.filter((choice) => typeof choice === "string");
}

const DEPTH_MAX = 4;

// Something that has the schema's form, to be changed by hand.
export function sample(document, part, depth = 0) {
  const schema = plain(document, part);
  const type = typeOf(schema);
  if (schema.enum || schema.const !== undefined) {
    return schema.const ?? schema.enum[0];
  }
  if (type === "object") {
    const members = depth < DEPTH_MAX ? Object.entries(schema.properties ?? {}) : [];
    return Object.fromEntries(members.map(([name, member]) => [name, sample(document, member, depth + 1)]));
  }
  if (type === "array") {
    return depth < DEPTH_MAX ? [sample(document, schema.items ?? {}, depth + 1)] : [];
  }
  return { string: schema.format === "int64" ? "0" : "", integer: Math.max(0, schema.minimum ?? 0),
    number: Math.max(0, schema.minimum ?? 0), boolean: false, any: null }[type];
}
