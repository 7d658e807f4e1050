// Loads only what the page uses; each part can fail alone, and the page works without any of them.
const parts = [
  ["[data-menu], [data-menu-open], [data-shortcut], [data-focus]", "./menu.js"],
  ["[data-dialog]", "./dialog.js"],
  ["[data-filter], [data-filterable]", "./filter.js"],
  [".table-scroll, [data-poll]", "./stack.js"],
  ["[data-poll], [data-refresh]", "./poll.js"],
  ["[data-print]", "./print.js"],
  ["form[data-upload]", "./upload.js"],
  ["[data-viewer]", "./viewer.js"],
];

for (const [selector, file] of parts) {
  if (document.querySelector(selector)) {
    import(file).then((part) => part.start(document)).catch((error) => console.warn(`${file} did not start`, error));
  }
}
