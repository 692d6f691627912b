// What both programs share: their work, from stdin, and how they count.
import { readFileSync } from "node:fs";

export const work = JSON.parse(readFileSync(0, "utf8"));

async function rate(once, seconds) {
  const begun = performance.now();
  const end = begun + seconds * 1000;
  let count = 0;
  while (performance.now() < end) {
    await once();
    count += 1;
  }
  return (count * 1000) / (performance.now() - begun);
}

export async function measured(once, seconds) {
  await rate(once, seconds);
  return rate(once, seconds);
}
