// Tries the cart while one types; the form works without this as well.

import { Amounts } from "./amounts.js";
import { numberOf } from "./schema.js";

const form = document.querySelector("[data-try]");
const lines = form.querySelector("[data-lines]");
const blank = form.querySelector("[data-blank]");
const adder = form.querySelector("[data-add]");
const answer = form.querySelector("[data-answer]");
const summary = form.querySelector("[data-summary]");
const offline = document.querySelector("[data-offline]");
const over = document.querySelector("[data-over]");
const others = document.querySelector("[data-others]");
const amounts = new Amounts(JSON.parse(form.querySelector("[data-for-amounts]").textContent));
const EXAMPLE = 1250;
const PAUSE = 250;
const AGAIN = 2000;

let waiting = 0;
let asked = 0;

form.querySelector("[data-spare]").remove();
adder.hidden = false;
enliven(form);

form.addEventListener("input", later);
form.addEventListener("change", later);
form.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("formaction")) return; // it is redeemed, and the page left
  event.preventDefault();
  tell();
});
adder.addEventListener("click", () => {
  const last = Math.max(0, ...[...lines.children].map((line) => Number(line.dataset.line)));
  const made = document.createElement("template");
  made.innerHTML = blank.innerHTML.replaceAll("__n__", String(last + 1));
  const line = made.content.querySelector("[data-line]");
  lines.append(line);
  enliven(line);
  line.querySelector(`[name="quantity-${last + 1}"]`).value = "1";
  line.querySelector("input").focus();
  later();
});
// Somebody may have typed before this came, and browsers fill in again what was typed on an earlier visit.
if ([...form.elements].some((field) => field.matches("input, textarea") && isChanged(field))) later();
form.addEventListener("click", (event) => {
  const copier = event.target.closest("[data-copy]");
  if (copier) copy(copier);
  const remover = event.target.closest("[data-remove]");
  if (!remover) return;
  remover.closest("[data-line]").remove();
  adder.focus();
  later();
});

function isChanged(field) {
  return field.value !== field.defaultValue || field.checked !== field.defaultChecked;
}

function enliven(part) {
  for (const button of part.querySelectorAll("[data-remove], [data-copy]")) button.hidden = false;
  adder.disabled = lines.children.length >= Number(lines.dataset.max);
}

async function copy(button) {
  const json = answer.querySelector("[data-json]");
  try {
    await navigator.clipboard.writeText(json.textContent);
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(json); // without https a page may not copy; whoever reads it can
  }
}

function later() {
  tellAmounts();
  clearTimeout(waiting);
  waiting = setTimeout(tell, PAUSE);
}

// What each amount comes to, at once: 40 is 0.40.
function tellAmounts() {
  const currency = form.elements.currency.value.trim().toUpperCase();
  for (const field of form.querySelectorAll("[data-amount]")) {
    const typed = numberOf(field.value);
    const told = Number.isInteger(typed)
      ? `= ${amounts.told(typed, [currency])}`
      : `Minor units: ${EXAMPLE} is ${amounts.told(EXAMPLE, [currency])}`;
    document.getElementById(`${field.id}-hint`).textContent = told.trim();
  }
}

// Asks how the cart is judged now; only the answer to the last question counts.
async function tell() {
  clearTimeout(waiting);
  const mine = ++asked;
  let told;
  try {
    const response = await fetch(form.dataset.try, {
      method: "POST", headers: { Accept: "application/json" }, body: new URLSearchParams(new FormData(form)),
    });
    if (response.status === 401 || response.status === 403) {
      over.hidden = false;
      return;
    }
    if (response.status === 404) return location.reload();
    if (!response.ok) throw new Error(response.statusText);
    told = await response.json();
  } catch {
    if (mine !== asked) return;
    offline.hidden = false;
    waiting = setTimeout(tell, AGAIN);
    return;
  }
  if (mine !== asked) return;
  offline.hidden = true;
  show(told);
}

function show({ html, faults, others: rest, known }) {
  const open = answer.querySelector("details")?.open;
  answer.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  const details = answer.querySelector("details");
  if (details && open) details.open = true;
  enliven(answer);
  for (const place of form.querySelectorAll("[data-fault]")) {
    const fault = faults[place.dataset.fault];
    place.textContent = fault ?? "";
    place.hidden = !fault;
    const field = form.elements[place.dataset.fault];
    if (fault) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    if (fault && field.closest("details")) field.closest("details").open = true;
  }
  for (const place of form.querySelectorAll("[data-known]")) place.textContent = known[place.dataset.known] ?? "";
  others.hidden = rest.length === 0;
  others.replaceChildren(list(rest));
  summary.textContent = answer.querySelector(".totals")?.textContent.replace(/\s+/g, " ") ?? "";
}

function list(texts) {
  const made = document.createElement("ul");
  for (const text of texts) {
    const item = document.createElement("li");
    item.textContent = text;
    made.append(item);
  }
  return made;
}
