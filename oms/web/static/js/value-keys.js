// One value after the other by keys: Enter sends the form by itself; Alt with the arrows or Escape follows the links beside it.
const LINKS = { ArrowRight: "next", ArrowLeft: "previous" };

export function start(root) {
  const form = root.querySelector("[data-value-keys]");
  const field = form.querySelector("input[name=text]");
  field?.select();
  root.addEventListener("keydown", (event) => {
    if (root.querySelector("dialog[open]")) return;
    const way = event.key === "Escape" ? "next" : event.altKey ? LINKS[event.key] : null;
    const link = way && root.querySelector(`a[data-value-${way}]`);
    if (!link) return;
    event.preventDefault();
    link.click();
  });
}
