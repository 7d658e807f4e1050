// Page image with zoom and turning; word boxes over the image tied to the words of the text (data-word), both ways.
// Positions are set through the style object (allowed by the policy), never as markup.
const DRAG = 5; // pixels: less is a click of an unsteady hand
const ZOOMS = [25, 33, 50, 67, 80, 100, 125, 150, 200, 300, 400];

class Sheet {
  constructor(viewer) {
    this.sheet = viewer.querySelector("[data-viewer-sheet]");
    this.frame = this.sheet.parentElement;
    this.stage = viewer.querySelector("[data-viewer-stage]");
    this.shown = viewer.querySelector("[data-zoom-shown]");
    this.image = this.sheet.querySelector("img");
    this.zoom = 100; // per cent of the width of the stage
    this.whole = false; // the zoom follows the height of the stage
    this.turned = Number(viewer.dataset.turned ?? 0);
    this.image.addEventListener("load", () => this.lay());
    new ResizeObserver(() => this.lay()).observe(this.stage);
    this.lay();
  }

  // Sizes the frame to the turned sheet, so that scrolling reaches every corner.
  lay() {
    const padding = 2 * parseFloat(getComputedStyle(this.stage).paddingLeft);
    const room = Math.max(80, this.stage.clientWidth - padding);
    const ratio = this.image.naturalWidth ? this.image.naturalHeight / this.image.naturalWidth : Math.SQRT2;
    const lying = this.turned % 180 !== 0;
    if (this.whole) this.zoom = Math.max(10, Math.min(100, Math.floor((100 * (this.stage.clientHeight - padding)) / (room * (lying ? 1 / ratio : ratio)))));
    const width = ((lying ? room / ratio : room) * this.zoom) / 100;
    const height = width * ratio;
    const moves = { 0: "none", 90: `translateX(${height}px) rotate(90deg)`, 180: `translate(${width}px, ${height}px) rotate(180deg)`, 270: `translateY(${width}px) rotate(270deg)` };
    this.sheet.style.width = `${width}px`;
    this.sheet.style.height = `${height}px`;
    this.sheet.style.transform = moves[this.turned];
    this.frame.style.width = `${lying ? height : width}px`;
    this.frame.style.height = `${lying ? width : height}px`;
    if (this.shown) this.shown.textContent = `${this.zoom} %`;
  }

  // Larger or smaller, about the point (x, y) of the stage or its middle; "fit" is the whole width, "page" the whole page.
  change(way, x = this.stage.clientWidth / 2, y = this.stage.clientHeight / 2) {
    const before = { x: (this.stage.scrollLeft + x) / this.stage.scrollWidth, y: (this.stage.scrollTop + y) / this.stage.scrollHeight };
    this.whole = way === "page";
    if (way === "fit") this.zoom = 100;
    if (way === "in") this.zoom = ZOOMS.find((zoom) => zoom > this.zoom) ?? this.zoom;
    if (way === "out") this.zoom = [...ZOOMS].reverse().find((zoom) => zoom < this.zoom) ?? this.zoom;
    this.lay();
    this.stage.scrollLeft = before.x * this.stage.scrollWidth - x;
    this.stage.scrollTop = before.y * this.stage.scrollHeight - y;
  }

  turn(by = 90) {
    this.turned = (this.turned + by + 360) % 360;
    this.lay();
  }

  // The wheel with Ctrl changes the size at the pointer; a drag with the mouse moves the sheet, a click stays a click.
  follow() {
    this.stage.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const { left, top } = this.stage.getBoundingClientRect();
      this.change(event.deltaY < 0 ? "in" : "out", event.clientX - left, event.clientY - top);
    }, { passive: false });
    this.stage.addEventListener("pointerdown", (event) => {
      if (event.button || event.pointerType !== "mouse" || event.offsetX > this.stage.clientWidth && event.target === this.stage) return;
      this.held = { x: event.clientX, y: event.clientY, left: this.stage.scrollLeft, top: this.stage.scrollTop, moved: false };
    });
    this.stage.addEventListener("pointermove", (event) => {
      if (!this.held || !(event.buttons & 1)) { this.held = null; return; }
      const [across, down] = [event.clientX - this.held.x, event.clientY - this.held.y];
      if (!this.held.moved && Math.hypot(across, down) < DRAG) return;
      this.held.moved = true;
      this.stage.classList.add("is-dragged");
      this.stage.scrollTo(this.held.left - across, this.held.top - down);
    });
    this.stage.addEventListener("click", (event) => {
      if (this.held?.moved) event.stopPropagation();
      this.held = null;
      this.stage.classList.remove("is-dragged");
    }, true);
    this.stage.addEventListener("dragstart", (event) => event.preventDefault());
  }
}

class Words {
  constructor(viewer, sheet) {
    this.viewer = viewer;
    this.sheet = sheet;
    this.boxes = new Map();
    this.spans = new Map();
    this.chosen = null;
    for (const span of document.querySelectorAll("[data-viewer-text] [data-word]")) {
      this.spans.set(span.dataset.word, span);
      this.tie(span, span.dataset.word);
    }
  }

  async load(url) {
    const answer = await fetch(url, { headers: { Accept: "application/json", "X-Requested-With": "fetch" } });
    if (!answer.ok) throw new Error(`no word boxes: ${answer.status}`);
    const words = await answer.json();
    const { width, height, doubt } = this.viewer.dataset;
    const across = width ? 100 / Number(width) : 1;
    const down = height ? 100 / Number(height) : 1;
    const boxes = words.map((word) => this.draw(word, across, down, Number(doubt)));
    this.sheet.sheet.append(...boxes);
  }

  // A link to a value (#at=left,top,width,height in pixels of the page) frames its place and brings it into sight.
  frame() {
    const { width, height } = this.viewer.dataset;
    const sides = /^#at=(\d+),(\d+),(\d+),(\d+)$/.exec(location.hash)?.slice(1).map(Number);
    if (!sides || !width || !height) return;
    const box = document.createElement("span");
    box.className = "word-box is-chosen";
    box.style.left = `${(sides[0] * 100) / width}%`;
    box.style.top = `${(sides[1] * 100) / height}%`;
    box.style.width = `${(sides[2] * 100) / width}%`;
    box.style.height = `${(sides[3] * 100) / height}%`;
    this.sheet.sheet.append(box);
    const show = () => box.scrollIntoView({ block: "center", inline: "nearest" });
    if (this.sheet.image.complete) show();
    else this.sheet.image.addEventListener("load", () => requestAnimationFrame(show), { once: true });
  }

  draw(word, across, down, doubt) {
    const box = document.createElement("span");
    const key = String(word.i);
    const span = this.spans.get(key);
    box.className = "word-box";
    box.style.left = `${word.l * across}%`;
    box.style.top = `${word.t * down}%`;
    box.style.width = `${word.w * across}%`;
    box.style.height = `${word.h * down}%`;
    if (word.d || (word.c >= 0 && word.c < doubt)) { box.classList.add("is-doubtful"); span?.classList.add("is-doubtful"); }
    if (span && "hit" in span.dataset) box.classList.add("is-hit");
    if (span) box.title = span.textContent;
    this.boxes.set(key, box);
    this.tie(box, key);
    return box;
  }

  tie(element, key) {
    const mark = (on) => { for (const side of [this.boxes, this.spans]) side.get(key)?.classList.toggle("is-same", on); };
    element.addEventListener("mouseenter", () => mark(true));
    element.addEventListener("mouseleave", () => mark(false));
    element.addEventListener("click", () => this.choose(key));
  }

  choose(key) {
    for (const side of [this.boxes, this.spans]) {
      side.get(this.chosen)?.classList.remove("is-chosen");
      side.get(key)?.classList.add("is-chosen");
      side.get(key)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    this.chosen = key;
    this.viewer.dispatchEvent(new CustomEvent("oms:word", { bubbles: true, detail: { word: key } }));
  }

  // From word to word; where words were searched for, from hit to hit and on to the next page that has some.
  step(by) {
    const all = [...(this.spans.size ? this.spans : this.boxes).keys()];
    const hits = all.filter((key) => "hit" in (this.spans.get(key)?.dataset ?? {}));
    const further = document.querySelector(by > 0 ? "[data-find-next]" : "[data-find-previous]");
    const keys = hits.length ? hits : all;
    if (further && (!hits.length || this.chosen === keys.at(by > 0 ? -1 : 0))) { further.click(); return; }
    if (!keys.length) return;
    const at = keys.indexOf(this.chosen);
    this.choose(keys[at < 0 ? (by > 0 ? 0 : keys.length - 1) : Math.min(keys.length - 1, Math.max(0, at + by))]);
  }
}

function listen(viewer, sheet, words) {
  const boxes = viewer.querySelector("[data-boxes]");
  const toggle = () => boxes.setAttribute("aria-pressed", String(!viewer.classList.toggle("hides-boxes")));
  const follow = (selector) => viewer.querySelector(selector)?.click();
  const keys = {
    "+": () => sheet.change("in"), "=": () => sheet.change("in"), "-": () => sheet.change("out"), 0: () => sheet.change("fit"),
    f: () => sheet.change("page"), r: (event) => sheet.turn(event.shiftKey ? -90 : 90), b: toggle, n: () => words.step(1), p: () => words.step(-1),
    PageDown: () => follow("[data-viewer-next]"), PageUp: () => follow("[data-viewer-previous]"),
  };
  const press = (event) => {
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || event.isComposing || event.ctrlKey || event.altKey || event.metaKey || event.target.closest("input, textarea, select")) return;
    event.preventDefault();
    act(event);
  };
  sheet.stage.addEventListener("keydown", press);
  for (const text of document.querySelectorAll("[data-viewer-text]")) text.addEventListener("keydown", press);
  for (const button of viewer.querySelectorAll("[data-zoom]")) button.addEventListener("click", () => sheet.change(button.dataset.zoom));
  viewer.querySelector("[data-turn]").addEventListener("click", () => sheet.turn());
  sheet.follow();
  boxes.addEventListener("click", toggle);
  viewer.querySelector("[data-viewer-buttons]").hidden = false;
}

export function start(root) {
  for (const viewer of root.querySelectorAll("[data-viewer]")) {
    const sheet = new Sheet(viewer);
    const words = new Words(viewer, sheet);
    listen(viewer, sheet, words);
    words.frame();
    if (viewer.dataset.words) words.load(viewer.dataset.words).catch((error) => console.warn(error.message));
  }
}
