// Suggestions under a search field while one types: a combobox with a list, as ARIA 1.2 describes it. Enter without a
// choice searches as ever; the field keeps what was typed. Nothing is kept in the browser.
const PAUSE = 150; // milliseconds without a key before the server is asked
const SHORTEST = 2;
const ICONS = { person: "person", document: "file-earmark-text", component: "card-list", unit: "building", recent: "clock-history" };
let fields = 0;

class Field {
  constructor(input) {
    this.input = input;
    this.number = ++fields;
    this.found = [];
    this.chosen = -1;
    this.list = document.createElement("ul");
    this.list.id = `suggestions-${this.number}`;
    this.list.className = "suggestions";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", input.dataset.textList);
    this.list.hidden = true;
    this.told = document.createElement("span");
    this.told.className = "visually-hidden";
    this.told.setAttribute("role", "status");
    const field = input.closest(".search-field");
    field.append(this.list, this.told);
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id })) {
      input.setAttribute(name, value);
    }
    input.addEventListener("input", () => this.wait());
    input.addEventListener("keydown", (event) => this.press(event));
    input.addEventListener("blur", () => this.close());
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (event) => this.go([...this.list.children].indexOf(event.target.closest("[role=option]"))));
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
    this.choose(-1);
    this.list.replaceChildren(...found.map((each, place) => this.draw(each, place)));
    this.list.hidden = found.length === 0;
    this.input.setAttribute("aria-expanded", String(found.length > 0));
    this.told.textContent = found.length ? this.input.dataset.textCount.replace("{count}", found.length) : "";
  }

  draw(each, place) {
    const option = document.createElement("li");
    option.id = `${this.list.id}-${place}`;
    option.className = "suggestion";
    option.setAttribute("role", "option");
    option.setAttribute("aria-selected", "false");
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

  choose(place) {
    const options = [...this.list.children];
    options[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = place;
    const option = options[place];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }

  go(place) {
    const url = this.found[place]?.url ?? "";
    if (url.startsWith("/") && !url.startsWith("//")) location.assign(url);
  }

  press(event) {
    if (event.isComposing) return; // a Vietnamese keyboard is still putting the letter together
    const count = this.found.length;
    const open = !this.list.hidden;
    if (event.key === "ArrowDown" && !open) { event.preventDefault(); this.ask(); return; }
    if (!open) return;
    const keys = {
      ArrowDown: () => this.choose(this.chosen + 1 < count ? this.chosen + 1 : -1),
      ArrowUp: () => this.choose(this.chosen < 0 ? count - 1 : this.chosen - 1),
      Escape: () => this.close(),
      ...(this.chosen >= 0 ? { Enter: () => this.go(this.chosen) } : {}),
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
    this.choose(-1);
    this.list.hidden = true;
    this.list.replaceChildren();
    this.told.textContent = "";
    this.input.setAttribute("aria-expanded", "false");
  }
}

export function start(root) {
  for (const input of root.querySelectorAll("input[data-suggest]")) new Field(input);
}
