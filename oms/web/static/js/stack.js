// On a narrow screen a table becomes a list of rows: each cell says the heading of its column.
function label(table) {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((head) => head.textContent.trim());
  if (!heads.length) return;
  for (const row of [...table.tBodies].flatMap((body) => [...body.rows])) {
    if (row.cells.length !== heads.length) continue;
    [...row.cells].forEach((cell, index) => { cell.dataset.label = heads[index]; });
  }
  // Stacked by CSS it would be no table any more to a screen reader.
  table.setAttribute("role", "table");
  for (const row of table.rows) {
    row.setAttribute("role", "row");
    for (const cell of row.cells) cell.setAttribute("role", cell.tagName === "TD" ? "cell" : cell.scope === "row" ? "rowheader" : "columnheader");
  }
  table.classList.add("is-stacked");
}

export function start(root) {
  for (const table of root.querySelectorAll(".table-scroll > table")) label(table);
  document.addEventListener("oms:replaced", () => {
    for (const table of document.querySelectorAll(".table-scroll > table:not(.is-stacked)")) label(table);
  });
}
