// The list under a combobox as ARIA 1.2 describes it: the field keeps the focus and names the option that is chosen.
let lists = 0;

export class Listbox {
  // `take(place)` is called with the place of the option that was clicked.
  constructor(input, label, home, take) {
    this.input = input;
    this.chosen = -1;
    this.list = document.createElement("ul");
    this.list.id = `listbox-${++lists}`;
    this.list.className = "suggestions";
    this.list.setAttribute("role", "listbox");
    this.list.setAttribute("aria-label", label);
    this.list.hidden = true;
    this.told = document.createElement("span");
    this.told.className = "visually-hidden";
    this.told.setAttribute("role", "status");
    home.append(this.list, this.told);
    const described = { role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": this.list.id };
    for (const [name, value] of Object.entries(described)) input.setAttribute(name, value);
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the field keeps the focus
    this.list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) take(this.options.indexOf(option));
    });
  }

  get options() { return [...this.list.querySelectorAll("[role=option]")]; }

  get isOpen() { return !this.list.hidden; }

  // Shows the options (elements of the list) and tells how many there are.
  show(options, told = "") {
    this.choose(-1);
    options.forEach((option, place) => {
      option.id = `${this.list.id}-${place}`;
      option.classList.add("suggestion");
      option.setAttribute("role", "option");
      option.setAttribute("aria-selected", "false");
    });
    this.list.replaceChildren(...options);
    this.list.hidden = options.length === 0;
    this.input.setAttribute("aria-expanded", String(options.length > 0));
    this.told.textContent = told;
  }

  hide() {
    this.show([]);
  }

  choose(place) {
    const options = this.options;
    options[this.chosen]?.setAttribute("aria-selected", "false");
    this.chosen = place;
    const option = options[place];
    option?.setAttribute("aria-selected", "true");
    option?.scrollIntoView({ block: "nearest" });
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
  }
}
