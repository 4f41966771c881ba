// Fields for parameters and for the members of a body, made of their schemas.
import { h } from "./dom.js";
import { choicesOf, plain, sample, typeOf } from "./schema.js";

let count = 0;

function control(document, schema, id, required) {
  const simple = plain(document, schema);
  const type = typeOf(simple);
  const choices = choicesOf(document, schema);
  const common = { id, "aria-describedby": `${id}-about`, required };
  if (choices.length > 0 || type === "boolean") {
    const all = type === "boolean" ? ["true", "false"] : choices;
    return h("select", common, required ? null : h("option", { value: "" }, "—"),
      all.map((choice) => h("option", { value: choice }, choice)));
  }
  if (type === "object" || type === "array" || type === "any") {
    const shape = JSON.stringify(sample(document, schema), null, 1);
    return h("textarea", { ...common, rows: 3, spellcheck: "false", placeholder: shape });
  }
  const isNumber = type === "integer" || type === "number";
  return h("input", { ...common, type: isNumber ? "number" : "text", step: simple.multipleOf ?? (type === "number" ? "any" : null),
    min: isNumber ? simple.minimum : null, max: isNumber ? simple.maximum : null,
    minlength: isNumber ? null : simple.minLength, maxlength: isNumber ? null : simple.maxLength,
    value: required && simple.const !== undefined ? simple.const : null, autocomplete: "off", spellcheck: "false" });
}

function about(document, schema, words) {
  const simple = plain(document, schema);
  const limits = [typeOf(simple),
    simple.minimum !== undefined && `from ${simple.minimum}`, simple.maximum !== undefined && `to ${simple.maximum}`,
    simple.maxLength !== undefined && `at most ${simple.maxLength} long`,
    simple.default !== undefined && `else ${simple.default}`].filter(Boolean).join(", ");
  return [words, limits].filter(Boolean).join(" · ");
}

// A field is {name, element, read()}; read() gives what the field's text stands for, or undefined where it is empty. It
// throws where JSON is wanted and the text is none.
export function makeField(document, name, schema, { words, required = false, asText = false } = {}) {
  const id = `field-${++count}`;
  const input = control(document, schema, id, required);
  const type = typeOf(plain(document, schema));
  const element = h("div", { class: "field" },
    h("label", { for: id }, name, required ? h("span", { class: "needed" }, " (required)") : null), input,
    h("p", { class: "about", id: `${id}-about` }, about(document, schema, words ?? schema.description)));
  const read = () => {
    if (input.value === "") {
      return required && asText ? "" : undefined;
    }
    if (asText || type === "string") {
      return input.value;
    }
    return JSON.parse(input.value);
  };
  return { name, element, read };
}

// The fields of an object's members: {element, read()}.
export function makeObject(document, schema, legend) {
  const object = plain(document, schema);
  const fields = Object.entries(object.properties ?? {}).map(([name, member]) =>
    makeField(document, name, member, { required: (object.required ?? []).includes(name) }));
  const element = h("fieldset", {}, h("legend", {}, legend),
    fields.length > 0 ? fields.map((field) => field.element) : h("p", { class: "about" }, "It has no members."));
  const read = () => Object.fromEntries(fields.map((field) => [field.name, field.read()])
    .filter(([, value]) => value !== undefined));
  return { element, read };
}
