// The form of a promotion: the builder, the JSON and the sentence say the same thing at any moment.

import { Amounts } from "./amounts.js";
import { Builder } from "./builder.js";
import { Schemas } from "./schema.js";

const form = document.querySelector("[data-rule-form]");
const raw = form.elements.rule_set;
const sentence = form.querySelector("[data-sentence]");
const place = form.querySelector("[data-builder]");
const PAUSE = 300;
const AGAIN = 2000;

const blocks = await load(form.dataset.blocks);
const builder = new Builder(place, new Schemas(blocks), blocks.words, new Amounts(blocks.money), built);
let waiting = 0;
let asked = 0;
let dirty = false;

// Before anything is drawn: whatever the JSON holds, the sentence follows what is typed.
raw.addEventListener("input", () => { changed(); show(); });
form.addEventListener("input", () => { dirty = true; });
// What is only tried, in a window of its own, is not saved.
form.addEventListener("submit", (event) => { if (!event.submitter?.formTarget) dirty = false; });
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
for (const link of document.querySelectorAll("[data-fault-link]")) {
  link.addEventListener("click", (event) => {
    const wrong = [...place.querySelectorAll("[aria-invalid='true']")];
    const field = wrong.find((one) => one.id === link.dataset.faultLink) ?? wrong[0];
    if (field) { event.preventDefault(); field.focus(); }
  });
}

show();
builder.mark(JSON.parse(form.querySelector("[data-faults]").textContent));
place.hidden = false;
form.querySelector("[data-raw]").open = false;
document.getElementById("faults")?.focus();

// The page may come from a server that is just being restarted.
async function load(address) {
  for (;;) {
    try {
      const answer = await fetch(address, { headers: { Accept: "application/json" } });
      if (answer.ok) return await answer.json();
    } catch { /* asked again below */ }
    await new Promise((resolve) => setTimeout(resolve, AGAIN));
  }
}

function show() {
  let value;
  try {
    value = JSON.parse(raw.value);
  } catch {
    return;
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value)) builder.show(value);
}

function built(value) {
  raw.value = JSON.stringify(value, null, 2);
  dirty = true;
  changed();
}

function changed() {
  clearTimeout(waiting);
  waiting = setTimeout(tell, PAUSE);
}

// Asks what the rules say now; only the answer to the last question counts.
async function tell() {
  const mine = ++asked;
  let reading;
  try {
    const answer = await fetch(form.dataset.reading, {
      method: "POST",
      headers: { Accept: "application/json", "Content-Type": "application/json", "X-Form-Token": form.elements.form_token.value },
      body: raw.value,
    });
    if (!answer.ok) throw new Error(answer.statusText);
    reading = await answer.json();
  } catch {
    if (mine === asked) waiting = setTimeout(tell, AGAIN);
    return;
  }
  if (mine !== asked) return;
  sentence.classList.toggle("wrong", !reading.sentence);
  sentence.textContent = reading.sentence ?? "Mend what is marked below to see what the rules say.";
  builder.mark(reading.faults ?? []);
  const whole = (reading.faults ?? []).length > 0;
  raw.setAttribute("aria-invalid", String(whole));
}
