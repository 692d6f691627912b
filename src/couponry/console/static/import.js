// Sends a file as it is, and tells how much of it has gone. Without this module the form sends it by itself.

const form = document.querySelector("[data-upload]");
const numbers = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const part = (name) => document.querySelector(`[data-${name}]`);

form?.addEventListener("submit", (event) => {
  const [file] = form.elements.file.files;
  if (!file) return;
  event.preventDefault();
  send(file);
});

function send(file) {
  const request = new XMLHttpRequest();
  request.open("POST", form.action);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("Content-Type", "text/csv");
  request.setRequestHeader("X-Form-Token", form.elements.form_token.value);
  request.setRequestHeader("X-File-Name", encodeURIComponent(file.name.toWellFormed?.() ?? file.name));
  request.responseType = "json";
  request.upload.addEventListener("progress", ({ loaded }) => tell(loaded, file.size));
  request.addEventListener("load", () => {
    if (request.status === 201) location.assign(request.response.path);
    else stopped(request.response?.errors?.join(" ") ?? "The server did not take the file. Try again.");
  });
  request.addEventListener("error", () => stopped("The upload broke off. Nothing was stored; try again."));
  request.addEventListener("abort", () => stopped(""));
  part("stop").onclick = () => request.abort();
  part("fault").hidden = true;
  sending(true);
  tell(0, file.size);
  request.send(file);
}

function tell(gone, whole) {
  const bar = part("sending").querySelector("progress");
  bar.max = whole || 1;
  bar.value = gone;
  part("sent").textContent = gone < whole
    ? `${megabytes(gone)} of ${megabytes(whole)} MB`
    : `${megabytes(whole)} MB sent; the server counts the lines`;
}

function megabytes(bytes) {
  return numbers.format(bytes / 1e6);
}

function sending(now) {
  part("sending").hidden = !now;
  part("stop").hidden = !now;
  form.querySelector("[type=submit]").disabled = now;
  form.elements.file.disabled = now;
}

function stopped(fault) {
  sending(false);
  part("fault").textContent = fault;
  part("fault").hidden = !fault;
}

// A page that the browser kept as it was left does not go on sending.
addEventListener("pageshow", ({ persisted }) => { if (persisted) sending(false); });
