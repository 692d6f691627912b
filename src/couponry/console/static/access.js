// Buttons that copy what stands before them, where the browser lets pages do so.

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const label = button.firstChild;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.parentElement.querySelector("[data-said]").textContent);
      label.textContent = "Copied";
    });
  }
}
