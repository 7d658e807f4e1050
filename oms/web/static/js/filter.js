// Narrows the rows of a table, the choices of a long list or of a box of check boxes while typing, with or without marks.
import { fits } from "./fold.js";

function filterTable(input) {
  const table = document.getElementById(input.dataset.filter);
  if (!table) return;
  const count = document.getElementById(`${table.id}-count`);
  const none = document.querySelector(`[data-filter-none="${CSS.escape(table.id)}"]`);
  const apply = () => {
    const rows = [...table.tBodies].flatMap((body) => [...body.rows]);
    let shown = 0;
    for (const row of rows) {
      row.hidden = !fits(row.textContent, input.value);
      if (!row.hidden) shown += 1;
    }
    if (none) none.hidden = shown > 0 || rows.length === 0;
    if (count) {
      count.textContent = input.value.trim()
        ? input.dataset.textCount.replace("{shown}", shown).replace("{total}", rows.length) : "";
    }
  };
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  input.closest("[data-filter-tools]").hidden = false;
  if (input.value) apply();
}

// What is ticked stays in sight whatever is typed: nobody sends a choice that cannot be seen.
function filterChoices(input) {
  const list = document.getElementById(input.dataset.choices);
  const count = document.getElementById(`${list.id}-count`);
  const apply = () => {
    let ticked = 0;
    for (const row of list.children) {
      const { checked } = row.querySelector("input");
      if (checked) ticked += 1;
      row.hidden = !checked && !fits(row.textContent, input.value);
    }
    count.textContent = input.dataset.textCount.replace("{count}", ticked);
  };
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  list.addEventListener("change", apply);
  input.closest("[data-choices-tools]").hidden = false;
  apply();
}

export function start(root) {
  for (const input of root.querySelectorAll("input[data-choices]")) filterChoices(input);
  for (const input of root.querySelectorAll("input[data-filter]")) filterTable(input);
}
