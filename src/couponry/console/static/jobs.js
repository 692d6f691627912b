// Shows how jobs fare while they run, and the page as it then is when they have ended.

import { watch } from "./watch.js";

const numbers = new Intl.NumberFormat("en");
const offline = document.querySelector("[data-offline]");
const over = document.querySelector("[data-over]");

for (const job of document.querySelectorAll("[data-job]")) {
  watch(job.dataset.job, (state) => show(job, state), (away) => { offline.hidden = !away; }, () => { over.hidden = false; });
}

function show(job, { status, ended, progress, tally }) {
  for (const count of job.querySelectorAll("[data-count]")) count.textContent = numbers.format(tally[count.dataset.count]);
  const bar = job.querySelector("progress");
  bar.max = progress.total || 1;
  bar.value = progress.done;
  const pill = job.querySelector("[data-status] .pill");
  pill.className = `pill ${status}`;
  pill.textContent = status[0].toUpperCase() + status.slice(1);
  const told = [`${numbers.format(progress.done)} of ${numbers.format(progress.total)}`];
  if (progress.rate_per_second) told.push(`${numbers.format(Math.round(progress.rate_per_second))} a second`);
  if (progress.eta_seconds !== null) told.push(`${left(progress.eta_seconds)} left`);
  job.querySelector("[data-tally]").textContent = told.join(" · ");
  if (ended) location.replace(location.pathname + location.search);
}

function left(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}
