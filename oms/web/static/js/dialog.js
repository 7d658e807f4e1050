// Turns a fold-out step (<details data-dialog>) into a modal <dialog>; without <dialog> it stays a fold-out.

function upgrade(details) {
  const summary = details.querySelector("summary");
  const form = details.querySelector("form");
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-label", form.getAttribute("aria-label"));
  dialog.append(form);
  details.after(dialog);
  summary.setAttribute("role", "button");
  summary.setAttribute("aria-haspopup", "dialog");
  summary.addEventListener("click", (event) => {
    event.preventDefault();
    dialog.showModal();
    (form.querySelector("textarea, input:not([type=hidden])") ?? form.querySelector("button"))?.focus();
  });
  for (const button of form.querySelectorAll("[data-dialog-close]")) {
    button.hidden = false;
    button.addEventListener("click", () => dialog.close());
  }
  dialog.addEventListener("click", (event) => { if (event.target === dialog && !form.querySelector("textarea")?.value) dialog.close(); });
  dialog.addEventListener("close", () => summary.focus());
}

export function start(root) {
  if (typeof HTMLDialogElement === "undefined") return;
  for (const details of root.querySelectorAll("details[data-dialog]")) upgrade(details);
}
