// Suggestions under a search field while one types: a combobox with a list, as ARIA 1.2 describes it. Enter without a
// choice searches as ever; the field keeps what was typed. Nothing is kept in the browser.
import { Listbox } from "./listbox.js";

const PAUSE = 150; // milliseconds without a key before the server is asked
const SHORTEST = 2;
const ICONS = { person: "person", document: "file-earmark-text", component: "card-list", unit: "building", recent: "clock-history" };

class Field {
  constructor(input) {
    this.input = input;
    this.found = [];
    this.box = new Listbox(input, input.dataset.textList, input.closest(".search-field"), (place) => this.go(place));
    input.addEventListener("input", () => this.wait());
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => this.close());
  }

  wait() {
    clearTimeout(this.timer);
    this.asked?.abort();
    if (this.input.value.trim().length < SHORTEST) { this.close(); return; }
    this.timer = setTimeout(() => this.ask(), PAUSE);
  }

  async ask() {
    const typed = this.input.value.trim();
    this.asked = new AbortController();
    try {
      const answer = await fetch(`${this.input.dataset.suggest}?${new URLSearchParams({ q: typed })}`, {
        headers: { Accept: "application/json", "X-Requested-With": "fetch" }, signal: this.asked.signal,
      });
      if (!answer.ok) { this.close(); return; }
      const found = await answer.json();
      if (typed === this.input.value.trim() && document.activeElement === this.input) this.open(found);
    } catch {
      this.close(); // asked anew, or the server is away: typing goes on
    }
  }

  open(found) {
    this.found = found;
    this.box.show(
      found.map((each) => this.draw(each)),
      found.length ? this.input.dataset.textCount.replace("{count}", found.length) : "",
    );
  }

  draw(each) {
    const option = document.createElement("li");
    const words = document.createElement("span");
    const text = document.createElement("strong");
    const note = document.createElement("small");
    text.textContent = each.text;
    note.textContent = each.note;
    words.append(text, note);
    const kind = document.createElement("span");
    kind.className = "suggestion-kind";
    kind.textContent = this.input.dataset[`text${each.kind[0].toUpperCase()}${each.kind.slice(1)}`] ?? "";
    option.append(this.icon(ICONS[each.kind]), words, kind);
    return option;
  }

  // Another picture out of the same file as the magnifying glass of the field.
  icon(name) {
    const drawn = this.input.parentElement.querySelector("svg").cloneNode(true);
    const use = drawn.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${name}`));
    return drawn;
  }

  go(place) {
    const url = this.found[place]?.url ?? "";
    if (url.startsWith("/") && !url.startsWith("//")) location.assign(url);
  }

  press(event) {
    if (event.isComposing) return; // a Vietnamese keyboard is still putting the letter together
    const count = this.found.length;
    const { box } = this;
    if (event.key === "ArrowDown" && !box.isOpen) { event.preventDefault(); this.ask(); return; }
    if (!box.isOpen) return;
    const keys = {
      ArrowDown: () => box.choose(box.chosen + 1 < count ? box.chosen + 1 : -1),
      ArrowUp: () => box.choose(box.chosen < 0 ? count - 1 : box.chosen - 1),
      Escape: () => this.close(),
      ...(box.chosen >= 0 ? { Enter: () => this.go(box.chosen) } : {}),
    };
    if (event.key === "Tab") this.close();
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  }

  close() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.found = [];
    this.box.hide();
  }
}

export function start(root) {
  for (const input of root.querySelectorAll("input[data-suggest]")) new Field(input);
}
