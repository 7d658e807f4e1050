// Lists that are put in order: dragged with the pointer (saved when dropped), or moved by arrow keys on a handle (saved
// by its button). A picture dropped on the list of another document moves there. The places stay plain number fields.
const number = (list) => {
  [...list.children].forEach((item, at) => {
    item.querySelector("input[name^='place-']").value = at + 1;
  });
};

const onKey = (event) => {
  const handle = event.target.closest("[data-arrange-handle]");
  const back = ["ArrowLeft", "ArrowUp"].includes(event.key);
  if (!handle || !(back || ["ArrowRight", "ArrowDown"].includes(event.key))) return;
  event.preventDefault();
  const item = handle.closest("[data-arrange-item]");
  const other = back ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (back) other.before(item);
  else other.after(item);
  number(item.parentElement);
  handle.focus();
};

const drop = (item, list, before) => {
  const home = item.closest("form");
  const form = list.closest("form");
  if (form === home) {
    list.insertBefore(item, before);
    number(list);
    home.requestSubmit(home.querySelector("[data-arrange-save]"));
    return;
  }
  const target = home.querySelector("select[name='target']");
  if (!target || !form.dataset.arrangeDocument) return;
  home.querySelectorAll("input[name='pages']").forEach((box) => {
    box.checked = item.contains(box);
  });
  target.value = form.dataset.arrangeDocument;
  home.requestSubmit(home.querySelector("[data-arrange-move]"));
};

export function start(root) {
  let dragged = null;
  for (const handle of root.querySelectorAll("[data-arrange-handle]")) handle.hidden = false;
  for (const list of root.querySelectorAll("[data-arrange-list]")) {
    list.addEventListener("keydown", onKey);
    list.addEventListener("dragstart", (event) => {
      dragged = event.target.closest("[data-arrange-item]");
      dragged.classList.add("is-dragged");
      event.dataTransfer.effectAllowed = "move";
      event.dataTransfer.setData("text/plain", "");
    });
    list.addEventListener("dragend", () => {
      dragged?.classList.remove("is-dragged");
      dragged = null;
    });
    list.addEventListener("dragover", (event) => {
      if (dragged) event.preventDefault();
    });
    list.addEventListener("drop", (event) => {
      const item = dragged;
      const over = event.target.closest("[data-arrange-item]");
      if (!item || over === item) return;
      event.preventDefault();
      const after = over && over.parentElement === item.parentElement && over.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_PRECEDING;
      drop(item, list, after ? over.nextElementSibling : over);
    });
  }
}
