/* Photographs may be dropped anywhere on their form. Without this file, they are chosen and sent by its button. */
for (const form of document.querySelectorAll("form[data-drop]")) {
  const files = form.querySelector("input[type=file]");
  const status = form.querySelector("[role=status]");

  const isFiles = (event) => event.dataTransfer?.types.includes("Files");
  const mark = (on) => form.toggleAttribute("data-over", on);

  form.addEventListener("dragover", (event) => { if (isFiles(event)) { event.preventDefault(); mark(true); } });
  form.addEventListener("dragleave", () => mark(false));
  form.addEventListener("drop", (event) => {
    if (!isFiles(event)) return;
    event.preventDefault();
    mark(false);
    files.files = event.dataTransfer.files;
    form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    status.textContent = form.dataset.sending;
    form.querySelector("button").disabled = true;
  });
  /* Back by the browser's button, the form is ready again. */
  addEventListener("pageshow", () => { status.textContent = ""; form.querySelector("button").disabled = false; });
}
