// Reads the JSON Schemas that the server makes of its rule sets: nothing about rules is known here.

export class Schemas {
  constructor({ root, reference, shapes }) {
    this.root = shapes[root];
    this.reference = reference;
    this.shapes = shapes;
  }

  // What a schema is, after references, and whether its value may be left out (null).
  resolve(schema) {
    let optional = false;
    for (;;) {
      if (schema.$ref) {
        schema = this.shapes[schema.$ref.slice(this.reference.length)];
      } else if (schema.anyOf && schema.anyOf.some((one) => one.type === "null")) {
        const others = schema.anyOf.filter((one) => one.type !== "null");
        optional = true;
        schema = others.length === 1 ? others[0] : { ...schema, anyOf: others };
      } else if (schema.enum && schema.enum.includes(null)) {
        optional = true;
        schema = { ...schema, enum: schema.enum.filter((one) => one !== null) };
      } else {
        return { schema, optional };
      }
    }
  }

  // The variants of a union, by the name that tells them apart; null where it has none.
  variants(schema) {
    if (schema.discriminator) {
      const found = Object.entries(schema.discriminator.mapping);
      return { member: schema.discriminator.propertyName, of: new Map(found.map(([tag, at]) => [tag, this.at(at)])) };
    }
    const own = schema.properties && Object.entries(schema.properties).find(([, one]) => one.enum?.length === 1);
    if (own && schema.required?.includes(own[0])) {
      return { member: own[0], of: new Map([[own[1].enum[0], schema]]) };
    }
    const all = (schema.anyOf ?? [schema]).map((one) => this.resolve(one).schema);
    if (all.every((one) => one.prefixItems?.[0].enum)) {
      return { member: 0, of: new Map(all.map((one) => [one.prefixItems[0].enum[0], one])) };
    }
    return null;
  }

  at(reference) {
    return this.shapes[reference.slice(this.reference.length)];
  }

  // What a new value looks like: complete in shape, and empty where only a person can know.
  fresh(given) {
    const { schema } = this.resolve(given);
    const variants = this.variants(schema);
    if (variants) {
      const tags = [...variants.of.keys()];
      return this.freshVariant(variants, tags.find((tag) => !this.holdsOthers(variants.of.get(tag))) ?? tags[0]);
    }
    if (schema.enum) return schema.enum[0];
    if (schema.type === "object") return this.freshObject(schema);
    if (schema.type === "array") {
      return Array.from({ length: schema.minItems ?? 0 }, () => this.fresh(schema.items));
    }
    if (schema.type === "boolean") return false;
    return "";
  }

  // Whether a variant must have others within it, which would never end.
  holdsOthers(schema) {
    return (schema.required ?? []).some((name) => {
      const { schema: member } = this.resolve(schema.properties?.[name] ?? {});
      return member.type === "array" && member.minItems && this.variants(this.resolve(member.items).schema);
    });
  }

  freshVariant({ member, of }, tag) {
    const schema = of.get(tag);
    if (member === 0) return [tag, ...schema.prefixItems.slice(1).map(() => "")];
    return { ...this.freshObject(schema), [member]: tag };
  }

  freshObject(schema) {
    const needed = (schema.required ?? []).map((name) => [name, this.fresh(schema.properties[name])]);
    return Object.fromEntries(needed);
  }
}

// A number, where that is what was typed; else the text, which the server then has a word about.
// A comma stands between thousands alone: who types `1,5` may mean 1.5, and who types `1,500` does not.
export function numberOf(text) {
  const trimmed = text.trim();
  const number = /^-?(\d+|\d{1,3}(,\d{3})+)(\.\d+)?$/.test(trimmed) ? Number(trimmed.replaceAll(",", "")) : NaN;
  return Number.isSafeInteger(Math.trunc(number)) ? number : trimmed;
}

// An amount of minor units. Who types a point or a comma before cents means another unit: that stays a text.
export function wholeOf(text) {
  return text.includes(".") ? text.trim() : numberOf(text);
}

export function typed(text, type) {
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  return type === "integer" || type === "float" ? numberOf(text) : text;
}
