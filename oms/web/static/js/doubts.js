// Words to look at: each shows its piece of the page image, and a reading is taken into the text with a click or a key.
// Saving stays with the person; what was read is kept in the history.

// Draws the piece of the page image that `data-crop` (left,top,width,height in its pixels) names.
export function drawCrops(root) {
  const image = root.querySelector("#page-image [data-viewer-sheet] img");
  if (!image) return;
  const draw = () => {
    for (const canvas of root.querySelectorAll("canvas[data-crop]")) {
      const [left, top, width, height] = canvas.dataset.crop.split(",").map(Number);
      const edge = Math.round(height / 4);
      canvas.width = Math.max(1, width + 2 * edge);
      canvas.height = Math.max(1, height + 2 * edge);
      canvas.getContext("2d").drawImage(image, left - edge, top - edge, canvas.width, canvas.height, 0, 0, canvas.width, canvas.height);
    }
  };
  if (image.complete && image.naturalWidth) draw();
  else image.addEventListener("load", draw, { once: true });
}

// Where the word number `place` stands in `text`, or the nearest one that reads `word`; null when it is gone.
function findWord(text, place, word) {
  const found = [...text.matchAll(/\S+/g)].map((match, number) => ({ start: match.index, word: match[0], far: Math.abs(number - place) }));
  const same = found.filter((other) => other.word === word && other.far <= 12).sort((one, other) => one.far - other.far);
  return same[0] ?? null;
}

class Doubts {
  constructor(list, area) {
    this.area = area;
    this.rows = [...list.querySelectorAll("[data-doubt]")];
    this.spans = [...document.querySelectorAll("#page-words [data-word]")];
    for (const row of this.rows) {
      row.addEventListener("click", (event) => this.press(row, event.target.closest("button")));
      row.addEventListener("keydown", (event) => this.type(row, event));
    }
  }

  press(row, button) {
    this.show(row);
    if (button?.dataset.reading) this.take(row, button.dataset.reading);
    else if (button) row.classList.add("is-done");
  }

  type(row, event) {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const readings = row.querySelectorAll("[data-reading]");
    if (step) this.go(this.rows.indexOf(row) + step);
    else if (event.key === "0") { row.classList.add("is-done"); this.go(this.rows.indexOf(row) + 1); }
    else if (readings[Number(event.key) - 1]) { this.take(row, readings[Number(event.key) - 1].dataset.reading); this.go(this.rows.indexOf(row) + 1); }
    else return;
    event.preventDefault();
  }

  go(number) {
    const row = this.rows[Math.min(this.rows.length - 1, Math.max(0, number))];
    if (!row) return;
    row.querySelector("[data-keep]").focus();
    row.scrollIntoView({ block: "nearest" });
    this.show(row);
  }

  step(by) {
    const at = this.rows.findIndex((row) => row.classList.contains("is-current"));
    this.go(at < 0 ? (by > 0 ? 0 : this.rows.length - 1) : at + by);
  }

  show(row) {
    for (const other of this.rows) other.classList.toggle("is-current", other === row);
    this.spans.find((span) => span.dataset.word === row.dataset.doubt)?.click();
  }

  take(row, reading) {
    if (!this.area) return;
    const place = this.spans.findIndex((span) => span.dataset.word === row.dataset.doubt);
    const now = row.dataset.now ?? row.dataset.read;
    const found = findWord(this.area.value, place, now);
    if (!found) return;
    this.area.closest("details").open = true;
    this.area.setRangeText(reading, found.start, found.start + now.length, "select");
    row.dataset.now = reading;
    for (const button of row.querySelectorAll("[data-reading]")) button.setAttribute("aria-pressed", String(button.dataset.reading === reading));
    row.classList.add("is-done");
  }
}

let current = null;

export function start(root, area) {
  const list = root.querySelector("[data-doubts]");
  current = list ? new Doubts(list, area) : null;
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "F2" || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || !current) return;
  event.preventDefault();
  current.step(event.shiftKey ? -1 : 1);
});
