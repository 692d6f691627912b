// What every page has: the switch between light and dark, and menus that show where one is.

const root = document.documentElement;

function isDark() {
  const theme = root.dataset.theme;
  return theme === "auto" ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
}

// On a phone these scroll sideways: where one is should be in sight.
for (const strip of document.querySelectorAll(".side nav, .tabs")) {
  const here = strip.querySelector("[aria-current]");
  if (here) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.offsetWidth) / 2;
}

for (const button of document.querySelectorAll("[data-theme-switch]")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    // The server reads it, so that no page flashes in the other colours first.
    document.cookie = `couponry_theme=${root.dataset.theme}; path=/console; max-age=31536000; samesite=strict`;
  });
}
