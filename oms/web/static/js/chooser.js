// A select with many choices becomes a field one can type in, with or without marks: `so noi` finds "Sở Nội vụ". The
// select stays in the form and is what is sent; without script it is a plain select. Keys as ARIA 1.2 describes them.
import { fits, fold } from "./fold.js";
import { Listbox } from "./listbox.js";

const MANY = 12; // choices one can look over; with more of them one types
const SHOWN = 100; // choices drawn at once
const PAUSE = 1000; // milliseconds after which letters begin a new word, as in the browsers' own selects

class Chooser {
  constructor(select) {
    this.select = select;
    this.texts = document.body.dataset;
    this.input = document.createElement("input");
    this.dress();
    const home = document.createElement("span");
    home.className = "chooser";
    select.before(home);
    home.append(this.input, select);
    const label = this.input.getAttribute("aria-label") ?? this.input.labels?.[0]?.textContent.replace("*", "").trim() ?? "";
    this.box = new Listbox(this.input, label, home, (place) => this.take(this.fitting[place]));
    this.fitting = [];
    this.tell();
    this.input.addEventListener("input", () => this.open(this.input.value, true));
    this.input.addEventListener("click", () => (this.box.isOpen ? this.box.hide() : this.open()));
    this.input.addEventListener("focus", () => this.input.select());
    this.input.addEventListener("keydown", (event) => this.press(event));
    this.input.addEventListener("blur", () => this.leave());
    select.addEventListener("change", () => this.tell());
    select.form?.addEventListener("reset", () => setTimeout(() => this.tell()));
  }

  // The field takes over from the select what ties it to its label, hint and error.
  dress() {
    const { input, select } = this;
    input.type = "text";
    input.className = select.className.replace("form-select", "form-control form-select chooser-field");
    input.autocomplete = "off";
    input.spellcheck = false;
    input.disabled = select.disabled;
    input.required = select.required;
    select.required = false;
    for (const name of ["aria-label", "aria-describedby", "aria-invalid", "aria-labelledby"]) {
      if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
    }
    if (select.id) {
      input.id = select.id;
      select.id = `${select.id}-choices`;
    }
    input.autofocus = select.autofocus;
    select.classList.add("visually-hidden");
    select.tabIndex = -1;
    select.setAttribute("aria-hidden", "true");
  }

  get choices() { return [...this.select.options].filter((option) => option.value !== "" && !option.disabled && !option.hidden); }

  get blank() { return [...this.select.options].find((option) => option.value === "" && !option.disabled); }

  // Shows in the field what is chosen.
  tell() {
    const chosen = this.select.selectedOptions[0];
    this.input.value = chosen && chosen.value !== "" ? chosen.text : "";
    this.input.placeholder = this.blank?.text ?? "";
    this.input.title = this.input.value;
    this.typed = false;
  }

  // The choices that fit what was typed, likely ones before others: those where the words stand together, those with
  // words that begin so, those with the letters anywhere.
  find(typed) {
    const words = fold(typed).split(/\s+/).filter(Boolean);
    const ranks = [[], [], []];
    for (const option of this.choices.filter((each) => fits(each.text, typed))) {
      const there = fold(option.text).split(/[\s,.()–-]+/);
      if (` ${there.join(" ")}`.includes(` ${words.join(" ")}`)) ranks[0].push(option);
      else if (words.every((word) => there.some((each) => each.startsWith(word)))) ranks[1].push(option);
      else ranks[2].push(option);
    }
    return ranks;
  }

  open(typed = "", isTyped = false) {
    this.typed = this.typed || isTyped;
    const found = this.find(typed).flat();
    if (!typed.trim() && this.blank && !this.select.required) found.unshift(this.blank);
    this.fitting = found.slice(0, SHOWN);
    const { textChoices, textChoicesMore, textChoicesNone } = this.texts;
    const told = found.length > SHOWN ? textChoicesMore.replace("{shown}", SHOWN) : textChoices;
    this.box.show(this.fitting.map((option) => this.draw(option)), found.length ? told.replace("{count}", found.length) : textChoicesNone);
    this.input.classList.toggle("is-nowhere", found.length === 0);
    if (typed.trim()) this.box.choose(this.fitting.length ? 0 : -1);
    else this.box.choose(this.fitting.findIndex((option) => option.selected));
    this.box.list.scrollIntoView({ block: "nearest" });
  }

  draw(option) {
    const line = document.createElement("li");
    line.textContent = option.text || "–";
    if (option.selected) line.classList.add("is-chosen");
    return line;
  }

  take(option) {
    this.close();
    if (option && !option.selected) {
      option.selected = true;
      this.select.dispatchEvent(new Event("input", { bubbles: true }));
      this.select.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.tell();
    this.input.select();
  }

  close() {
    this.box.hide();
    this.input.classList.remove("is-nowhere");
  }

  // Whoever goes on without a choice has meant what can only be meant; else it stays as it was.
  leave() {
    const typed = this.input.value.trim();
    const fitting = (this.typed && typed ? this.find(typed) : []).find((rank) => rank.length) ?? [];
    const same = fitting.find((option) => fold(option.text) === fold(typed));
    this.close();
    if (this.typed && !typed && this.blank) this.take(this.blank);
    else if (same || fitting.length === 1) this.take(same ?? fitting[0]);
    else this.tell();
  }

  press(event) {
    if (event.isComposing) return; // a Vietnamese keyboard is still putting the letter together
    const { box } = this;
    const last = this.fitting.length - 1;
    const keys = box.isOpen ? {
      ArrowDown: () => box.choose(box.chosen < last ? box.chosen + 1 : 0),
      ArrowUp: () => (event.altKey ? this.take(this.fitting[box.chosen]) : box.choose(box.chosen > 0 ? box.chosen - 1 : last)),
      PageDown: () => box.choose(Math.min(last, box.chosen + 10)),
      PageUp: () => box.choose(Math.max(0, box.chosen - 10)),
      Enter: () => (box.chosen >= 0 ? this.take(this.fitting[box.chosen]) : this.leave()),
      Escape: () => { this.close(); this.tell(); this.input.select(); },
    } : {
      ArrowDown: () => this.open(),
      ArrowUp: () => this.open(),
      Enter: () => this.open(this.typed ? this.input.value : ""), // as in a select: it sends no form
    };
    if (event.key === "Tab" && box.isOpen && this.typed && box.chosen >= 0) this.take(this.fitting[box.chosen]);
    if (!keys[event.key]) return;
    event.preventDefault();
    event.stopPropagation(); // Escape closes the list and not the dialog around it
    keys[event.key]();
  }
}

// A short select stays as it is and takes letters without marks, too: to the browser itself, d does not begin "Đảng".
function takeLetters(select) {
  let typed = "";
  let last = -PAUSE;
  select.addEventListener("keydown", (event) => {
    const goesOn = event.timeStamp - last < PAUSE;
    if (event.key.length !== 1 || event.ctrlKey || event.altKey || event.metaKey || (event.key === " " && !goesOn)) return;
    typed = fold(goesOn ? typed + event.key : event.key);
    last = event.timeStamp;
    const fitting = beginning(select, typed);
    const sameAgain = fitting.length === 0 && new Set(typed).size === 1; // the same letter again: the next one
    const among = sameAgain ? beginning(select, typed[0]) : fitting;
    if (!among.length) return;
    event.preventDefault();
    const here = among.findIndex((option) => option.selected);
    const moves = sameAgain || typed.length === 1 || here < 0;
    const chosen = among[moves ? (here + 1) % among.length : here];
    if (chosen.selected) return;
    chosen.selected = true;
    for (const name of ["input", "change"]) select.dispatchEvent(new Event(name, { bubbles: true }));
  });
}

// The choices that begin with these letters, else those in which a word does.
function beginning(select, typed) {
  const options = [...select.options].filter((option) => !option.disabled && !option.hidden);
  const whole = options.filter((option) => fold(option.text).startsWith(typed));
  return whole.length ? whole : options.filter((option) => fold(option.text).split(/[\s,.()–-]+/).some((word) => word.startsWith(typed)));
}

export function start(root) {
  for (const select of root.querySelectorAll("select:not([multiple])")) {
    if (select.options.length > MANY || "filterable" in select.dataset) new Chooser(select);
    else takeLetters(select);
  }
}
