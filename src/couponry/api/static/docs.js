// What the page can do beyond being read: search, open what a link points at, copy commands.

const search = document.querySelector("#search");
const found = document.querySelector("#found");
const articles = [...document.querySelectorAll("article")];
const schemas = [...document.querySelectorAll(".schema")];
const links = new Map(
  [...document.querySelectorAll("nav li a")].map((link) => [link.hash.slice(1), link.parentElement]),
);

function filter() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (element) => words.every((word) => element.textContent.toLowerCase().includes(word));
  let count = 0;
  for (const article of articles) {
    const shown = fits(article);
    article.hidden = !shown;
    links.get(article.id).hidden = !shown;
    count += shown;
  }
  for (const schema of schemas) schema.hidden = !fits(schema);
  for (const section of document.querySelectorAll("nav section, .tag")) {
    const parts = [...section.querySelectorAll("li, article, .schema")];
    section.hidden = parts.length > 0 && parts.every((part) => part.hidden);
  }
  found.textContent = words.length ? `${count} of ${articles.length} operations` : "";
}

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.hidden) {
    search.value = "";
    filter();
  }
  if (target instanceof HTMLDetailsElement) target.open = true;
  target.scrollIntoView();
}

function offerCopy(block) {
  const button = document.createElement("button");
  button.className = "copy";
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  block.append(button);
}

document.querySelector("#origin").textContent = location.origin;
document.querySelector("#menu").open = matchMedia("(min-width: 52rem)").matches;
// Browsers hand out the clipboard only over HTTPS and on localhost.
if (navigator.clipboard) document.querySelectorAll(".command").forEach(offerCopy);
search.addEventListener("input", filter);
addEventListener("hashchange", reveal);
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, textarea")) {
    event.preventDefault();
    search.focus();
  }
});
if (search.value) filter();
reveal();
