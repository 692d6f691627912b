// Builds a rule set: a field for each member of its schema, whatever the server says those are.

import { element } from "./dom.js";
import { numberOf, typed, wholeOf } from "./schema.js";

const join = (path, step) => (path === "" ? String(step) : `${path}.${step}`);
const listed = (value) => (Array.isArray(value) ? value : []);
const named = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});
const called = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll("_", " ");

export class Builder {
  constructor(place, schemas, words, amounts, changed) {
    Object.assign(this, { place, schemas, words, amounts, changed, value: {}, faults: [], tellers: [] });
  }

  show(value) {
    this.value = value;
    this.draw();
  }

  draw() {
    this.tellers = [];
    const focused = document.activeElement?.id;
    const set = (value) => { this.value = value; };
    this.place.replaceChildren(...this.members(this.schemas.root, this.value, "", set, ["rules", "actions"]));
    this.tell();
    this.mark(this.faults);
    if (focused) document.getElementById(focused)?.focus();
  }

  touched({ redraw = false } = {}) {
    if (redraw) this.draw();
    else this.tell();
    this.changed(this.value);
  }

  // What each amount comes to, in the currencies that are named.
  tell() {
    const currencies = listed(this.value.currencies).map((one) => String(one).toUpperCase());
    for (const teller of this.tellers) teller(currencies);
  }

  label(name) {
    return this.words.members[name] ?? called(name);
  }

  // The members of an object, those named in `first` before the others.
  members(schema, value, path, set, first = [], { skip = [] } = {}) {
    const names = Object.keys(schema.properties).filter((name) => !skip.includes(name));
    names.sort((one, other) => rank(first, one) - rank(first, other));
    return names.map((name) => {
      const put = (given) => {
        const next = { ...named(this.get(path)) };
        if (given === undefined) delete next[name];
        else next[name] = given;
        set(next);
      };
      return this.part(schema.properties[name], value[name], join(path, name), put, {
        name, label: this.label(name), hint: schema.properties[name].description, owner: value,
      });
    });
  }

  get(path) {
    return path === "" ? this.value : path.split(".").reduce((found, step) => found?.[step], this.value);
  }

  part(given, value, path, set, about) {
    const { schema, optional } = this.schemas.resolve(given);
    const variants = this.schemas.variants(schema);
    const big = variants || schema.type === "object" || (schema.type === "array" && !this.isSimple(schema));
    if (big && value === undefined && (optional || about.name === "children")) {
      return this.offer(given, schema, path, set, about);
    }
    if (variants) return this.variant(variants, value, path, set, about, optional);
    if (schema.enum) return this.choice(schema, value, path, set, about, optional);
    if (schema.type === "object") return this.object(schema, named(value), path, set, about, optional);
    if (schema.type === "array") return this.array(schema, listed(value), path, set, about, optional);
    if (schema.type === "boolean") return this.flag(value, path, set, about, optional);
    return this.scalar(schema, value, path, set, about, optional);
  }

  isSimple(schema) {
    const { schema: item } = this.schemas.resolve(schema.items);
    return !this.schemas.variants(item) && item.type !== "object";
  }

  // What is not there yet, and need not be.
  offer(given, schema, path, set, about) {
    const add = () => {
      set(schema.type === "array" ? [this.schemas.fresh(schema.items)] : this.schemas.fresh(given));
      this.touched({ redraw: true });
    };
    const title = this.words.offers[about.name] ?? `Add ${about.label.toLowerCase()}`;
    const button = element("button", { type: "button", class: "small", id: `add-${path}`, onclick: add }, title);
    return element("div", { class: "field offer", "data-path": path }, button);
  }

  remover(path, set, label) {
    const remove = () => { set(undefined); this.touched({ redraw: true }); };
    const name = `Remove ${label}`;
    return element("button", { type: "button", class: "quiet small", "aria-label": name, title: name, onclick: remove }, "✕");
  }

  // One of several things, told apart by a name: a condition, an action, an amount.
  variant(variants, value, path, set, about, optional) {
    const { member, of } = variants;
    const tag = (member === 0 ? listed(value) : named(value))[member];
    const schema = of.get(tag);
    const names = member === 0 ? this.words.amounts : this.words.strategies;
    const options = [...of.keys()].map((one) => [one, names[one] ?? called(one)]);
    const switchTo = (chosen) => {
      set(this.carried(this.schemas.freshVariant(variants, chosen), this.get(path), of.get(chosen)));
      this.touched({ redraw: true });
    };
    const chooser = this.select(options, tag, join(path, member), switchTo, member === 0 ? "How much" : this.label(member));
    const tools = element("div", { class: "node-tools" }, optional || about.removable ? this.remover(path, set, about.label) : null);
    if (!schema) return element("div", { class: "node", "data-path": path }, element("div", { class: "line" }, chooser, tools));
    if (member === 0) {
      const places = schema.prefixItems.slice(1).map((one, at) => {
        const put = (given) => set(listed(this.get(path)).with(at + 1, given ?? ""));
        const name = schema.names?.[at] ?? "value";
        return this.part(one, value[at + 1], join(path, at + 1), put, { name, label: this.label(name), owner: value });
      });
      return element("div", { class: "line", "data-path": path }, chooser, ...places, tools);
    }
    const short = ["operator", "args"].filter((name) => schema.properties[name]);
    const rest = { skip: [member, ...short] };
    const head = { properties: Object.fromEntries(short.map((name) => [name, schema.properties[name]])) };
    const title = path === about.name ? element("p", { class: "legend" }, about.label) : null;
    return element(
      "div", { class: "node", "data-path": path, "data-kind": tag, role: "group", "aria-label": names[tag] ?? called(tag) },
      title,
      element("div", { class: "line" }, chooser, ...this.members(head, value, path, set), tools),
      schema.description && !["and", "or"].includes(tag) ? element("p", { class: "hint" }, this.words.hints[tag] ?? firstSentence(schema.description)) : null,
      ...this.members(schema, value, path, set, ["children", "condition"], rest),
    );
  }

  // What the new variant can keep of the old one.
  carried(fresh, old, schema) {
    old = named(old);
    if (Array.isArray(fresh)) return fresh;
    for (const name of ["operator", "args", "children"]) {
      const property = schema.properties[name];
      if (!(name in old) || !property) continue;
      if (name !== "operator" && !Array.isArray(old[name])) continue;
      if (name === "operator" && !this.schemas.resolve(property).schema.enum?.includes(old.operator)) continue;
      if (name === "args" && JSON.stringify(this.slots(old.strategy)) !== JSON.stringify(this.slots(fresh.strategy))) continue;
      if (name === "args" && typeof old.args[0] !== typeof fresh.args?.[0]) continue;
      fresh[name] = old[name];
    }
    return fresh;
  }

  slots(strategy) {
    return this.words.slots[strategy] ?? [];
  }

  object(schema, value, path, set, about, optional) {
    return element(
      "fieldset", { class: "node object", "data-path": path },
      element("legend", { class: "hidden" }, about.label),
      element("div", { class: "line" }, element("strong", {}, about.label), element("div", { class: "node-tools" }, optional ? this.remover(path, set, about.label) : null)),
      element("div", { class: "fields" }, ...this.members(schema, value, path, set)),
    );
  }

  array(schema, value, path, set, about, optional) {
    if (schema.minItems === 1 && schema.maxItems === 1 && !this.isSimple(schema)) {
      return this.part(schema.items, value[0], join(path, 0), (given) => set([given]), about);
    }
    if (!this.isSimple(schema)) return this.list(schema, value, path, set, about, optional);
    const { schema: item } = this.schemas.resolve(schema.items);
    const slots = about.name === "args" ? this.slots(about.owner?.strategy) : [];
    if (item.anyOf && item.anyOf.every((one) => one.type === "number" || one.type === "integer")) {
      return this.numbers(schema, item, value, path, set, about);
    }
    return slots.length ? this.slotted(slots, value, path, set, about) : this.lines(value, path, set, about, optional);
  }

  // A list of conditions or actions.
  list(schema, value, path, set, about, optional) {
    const items = value.map((one, at) => {
      const put = (given) => {
        const all = listed(this.get(path));
        set(given === undefined ? all.toSpliced(at, 1) : all.with(at, given));
      };
      const { schema: item } = this.schemas.resolve(schema.items);
      return this.part(item, one, join(path, at), put, { name: "item", label: `${about.label} ${at + 1}`, removable: true });
    });
    const add = () => {
      set([...listed(this.get(path)), this.schemas.fresh(schema.items)]);
      this.touched({ redraw: true });
    };
    const noun = about.name === "actions" ? "action" : "condition";
    return element(
      "fieldset", { class: "list-of", "data-path": path },
      element("legend", {}, about.label),
      element("div", { class: "items" }, ...items),
      element("button", { type: "button", class: "small", id: `add-${path}`, onclick: add }, `Add ${noun}`),
    );
  }

  numbers(schema, item, value, path, set, about) {
    const { strategy, operator } = about.owner ?? {};
    const count = this.words.counts[strategy]?.[operator] ?? schema.minItems ?? 1;
    const inputs = Array.from({ length: count }, (_, at) => {
      const put = (given) => set(Array.from({ length: count }, (__, place) => (place === at ? given : listed(this.get(path))[place]) ?? ""));
      const label = count > 1 ? ["From", "To"][at] ?? `Value ${at + 1}` : this.words.money.includes(strategy) ? "Amount" : "Number";
      return this.scalar(item, value[at], join(path, at), put, { ...about, name: strategy, label });
    });
    return element("div", { class: "line field grow", "data-path": path }, ...inputs);
  }

  // First the args that have a meaning each, then as many values as there are.
  slotted(slots, value, path, set, about) {
    const type = value[slots.findIndex((slot) => slot.choices)];
    const put = (at) => (given) => {
      const next = [...listed(this.get(path))];
      while (next.length < slots.length) next.push("");
      next[at] = given ?? "";
      set(next);
    };
    const heads = slots.map((slot, at) =>
      slot.choices
        ? this.select(slot.choices.map((one) => [one, called(one)]), value[at], join(path, at), (given) => { put(at)(given); this.retype(path, slots, set); this.touched({ redraw: true }); }, slot.label)
        : this.text(value[at] ?? "", join(path, at), (given) => put(at)(given), slot.label));
    const values = this.lines(value.slice(slots.length), path, (given) => {
      set([...Array.from({ length: slots.length }, (_, at) => listed(this.get(path))[at] ?? ""), ...(given ?? []).map((one) => typed(String(one), type))]);
    }, { ...about, label: "Values" }, false, `${path}-values`);
    return element("div", { class: "line field grow", "data-path": path }, ...heads, values);
  }

  retype(path, slots, set) {
    const args = listed(this.get(path));
    const type = args[slots.findIndex((slot) => slot.choices)];
    set([...args.slice(0, slots.length), ...args.slice(slots.length).map((one) => typed(String(one), type))]);
  }

  // Words, one a line: a list can be pasted from anywhere.
  lines(value, path, set, about, optional, id = path) {
    const input = (event) => {
      const words = event.target.value.split("\n").map((word) => word.trim()).filter(Boolean);
      set(optional && !words.length ? undefined : words);
      this.touched();
    };
    const area = element("textarea", { id, rows: Math.min(Math.max(value.length, 1), 8), spellcheck: "false", oninput: input });
    area.value = value.join("\n");
    return this.field(id, about.label === this.label("args") ? "Values" : about.label, area, "One a line", "grow", path);
  }

  flag(value, path, set, about, optional) {
    const input = element("input", { type: "checkbox", id: path, onchange: (event) => { set(event.target.checked || (optional ? undefined : false)); this.touched(); } });
    input.checked = Boolean(value);
    return element("div", { class: "field", "data-path": path }, element("div", { class: "check" }, input, element("label", { for: path }, about.label)));
  }

  choice(schema, value, path, set, about, optional) {
    const options = schema.enum.map((one) => [one, this.words.operators[one] ?? this.words.members[one] ?? called(String(one))]);
    const chosen = (given) => {
      set(given === "" ? undefined : given);
      this.touched({ redraw: true });
    };
    return this.select(optional ? [["", "No matter"], ...options] : options, value ?? "", path, chosen, about.label);
  }

  scalar(schema, value, path, set, about, optional) {
    const numeric = schema.type === "integer" || schema.type === "number" || Boolean(schema.anyOf);
    const money = this.words.money.includes(about.name);
    const read = money ? wholeOf : numeric ? numberOf : (text) => text;
    const put = (text) => set(optional && text.trim() === "" ? undefined : read(text));
    const field = this.text(value ?? "", path, put, about.label + (money ? " (minor units)" : ""), numeric ? "decimal" : null);
    if (money) this.tellBeside(field, path);
    return field;
  }

  // Beside an amount, what it comes to.
  tellBeside(field, path) {
    const note = element("p", { class: "hint", id: `${path}-hint` });
    const input = field.querySelector("input");
    describe(input, input.dataset.hint = note.id);
    field.append(note);
    this.tellers.push((currencies) => {
      const amount = this.get(path);
      if (typeof amount === "number") note.textContent = `= ${this.amounts.told(amount, currencies)}`;
      else note.textContent = this.amounts.instead(String(amount ?? ""), currencies);
    });
  }

  text(value, path, put, label, inputmode = null) {
    const input = element("input", { id: path, inputmode, autocomplete: "off", spellcheck: "false", oninput: (event) => { put(event.target.value); this.touched(); } });
    input.value = typeof value === "object" ? JSON.stringify(value) : String(value);
    return this.field(path, label, input);
  }

  select(options, value, path, chosen, label) {
    const picked = element("select", { id: path, onchange: (event) => chosen(event.target.value) },
      ...options.map(([one, name]) => element("option", { value: one, selected: one === value }, name)));
    if (!options.some(([one]) => one === value)) picked.prepend(element("option", { value: "", selected: true, disabled: true }, "Choose…"));
    return this.field(path, label, picked);
  }

  field(id, label, input, hint = null, more = "", path = id) {
    if (hint) describe(input, input.dataset.hint = `${id}-hint`);
    return element("div", { class: `field ${more}`, "data-path": path }, element("label", { for: id }, label), input,
      hint ? element("p", { class: "hint", id: `${id}-hint` }, hint) : null);
  }

  // Puts each fault beside the field that caused it, or the nearest that stands around it.
  mark(faults) {
    this.faults = faults;
    for (const old of this.place.querySelectorAll(".fault")) old.remove();
    for (const input of this.place.querySelectorAll("[aria-invalid]")) {
      input.removeAttribute("aria-invalid");
      describe(input, input.dataset.hint);
    }
    faults.forEach((fault, number) => this.place_fault(fault, `fault-${number}`));
  }

  place_fault(fault, id) {
    const steps = fault.source === "" ? [] : fault.source.split(".");
    for (let length = steps.length; length >= 0; length -= 1) {
      const path = steps.slice(0, length).join(".");
      const found = [...this.place.querySelectorAll("[data-path]")].filter((one) => one.dataset.path === path).at(-1);
      const slot = found ?? (length === 0 ? this.place : null);
      if (!slot) continue;
      const line = slot.querySelector("textarea") && length < steps.length ? `Line ${Number(steps[length]) + 1}: ` : "";
      slot.append(element("p", { class: "fault", id }, line + fault.detail));
      const input = slot.matches(".field") ? slot.querySelector("input, select, textarea") : null;
      input?.setAttribute("aria-invalid", "true");
      if (input) describe(input, [input.dataset.hint, id].filter(Boolean).join(" "));
      return;
    }
  }
}

function describe(input, ids) {
  if (ids) input.setAttribute("aria-describedby", ids);
  else input.removeAttribute("aria-describedby");
}

function rank(first, name) {
  const at = first.indexOf(name);
  return at < 0 ? first.length : at;
}

function firstSentence(text) {
  return text.split(/(?<=\.)\s/)[0].replace(/: `.*$/, ".").replaceAll("`", "");
}
