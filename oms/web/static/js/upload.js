// Many files at once: each its own request with progress and its own result sentence. The plain form stays behind it.
const AT_ONCE = 2; // requests at a time; more only share the same line
const LONGEST_WAIT = 3700; // seconds; what asks for more (the limit of a day) is for a person to decide
const SEEN_EVERY = 240; // seconds; a stack that goes in keeps its session as its requests would, while it waits, too

const size = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1).replace(".", ",")} MB`);
const tones = { waiting: "neutral", sending: "info", storing: "info", received: "success", duplicate: "neutral", refused: "danger", doubtful: "warning" };

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

class Row {
  constructor(file, texts) {
    this.texts = texts;
    this.element = make("li", "upload-file");
    const line = make("div", "upload-line");
    const name = make("span", "upload-name", file.name);
    name.append(make("span", "upload-size", size(file.size)));
    this.status = make("span", "status");
    line.append(name, this.status);
    this.bar = document.createElement("progress");
    this.bar.max = 100;
    this.bar.value = 0;
    this.bar.setAttribute("aria-label", file.name);
    this.message = make("p", "upload-message");
    this.element.append(line, this.bar, this.message);
    this.show("waiting");
  }

  show(state, percent = 0) {
    this.state = state;
    this.status.className = `status status-${tones[state] ?? "neutral"}`;
    const key = `text${state[0].toUpperCase()}${state.slice(1)}`;
    this.status.textContent = (this.texts[key] ?? state).replace("{percent}", `${percent} %`);
    this.bar.value = percent;
    this.bar.hidden = !["sending", "storing"].includes(state);
  }

  finish(state, message, url = "") {
    this.show(state, 100);
    this.message.textContent = message;
    if (url.startsWith("/") && !url.startsWith("//")) {
      const link = make("a", "", this.texts.textOpen);
      link.href = url;
      this.message.append(" ", link);
    }
  }
}

function send(form, file, row) {
  return new Promise((resolve) => {
    const input = form.querySelector("input[type=file]");
    const body = new FormData(form);
    body.delete(input.name);
    body.append(input.name, file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.setRequestHeader("X-Requested-With", "fetch"); // errors answer JSON to this
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return;
      const percent = Math.floor((100 * event.loaded) / event.total);
      row.show(percent === 100 ? "storing" : "sending", percent);
    };
    request.onload = () => {
      const again = Number(request.getResponseHeader("Retry-After"));
      if (request.status === 429 && again > 0 && again <= LONGEST_WAIT) {
        row.show("waiting");
        resolve(again);
        return;
      }
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* answered below */ }
      // a sign-in page answers 200 with HTML: that is no receipt
      const state = request.status < 400 ? ({ received: "received", known: "duplicate", doubtful: "doubtful" }[answer.state] ?? "refused") : "refused";
      const message = answer.message ?? answer.detail ?? answer.title;
      row.finish(state, message ?? (state === "refused" ? row.texts.textUnclear : ""), answer.url ?? "");
      resolve(0);
    };
    request.onerror = request.onabort = () => { row.finish("refused", row.texts.textLost); resolve(0); };
    row.show("sending", 0);
    request.send(body);
  });
}

// The same that a press on “I am still here” says.
function stay() {
  const dialog = document.querySelector("dialog[data-session]");
  const warning = dialog?.querySelector("[data-session-warning]");
  if (!warning) return;
  fetch(dialog.dataset.session, { method: "POST", headers: { "X-Requested-With": "fetch" }, body: new FormData(warning) }).catch(() => {});
}

function inWords(seconds, texts) {
  const minutes = Math.floor(seconds / 60);
  return (minutes ? texts.textMinutes : texts.textSeconds).replace("{minutes}", minutes).replace("{seconds}", seconds % 60);
}

function upgrade(form) {
  const input = form.querySelector("input[type=file]");
  const drop = form.querySelector("[data-drop]");
  const list = form.querySelector("[data-upload-list]");
  const summary = form.querySelector("[data-upload-summary]");
  const waiting = form.querySelector("[data-upload-wait]");
  const texts = form.dataset;
  const rows = [];
  const queue = [];
  let running = 0;
  let atOnce = AT_ONCE;
  let goesOn = 0; // when, in milliseconds since 1970; 0: at once

  const count = (...states) => rows.filter((row) => states.includes(row.state)).length;
  const summarise = () => {
    const words = { received: count("received"), duplicate: count("duplicate"), refused: count("refused"), doubtful: count("doubtful"), waiting: count("waiting", "sending", "storing") };
    summary.textContent = texts.textSummary.replace(/\{(\w+)\}/g, (_, name) => words[name]);
  };
  const next = () => {
    while (!goesOn && running < atOnce && queue.length) {
      running += 1;
      const [file, row] = queue.shift();
      send(form, file, row).then((again) => {
        running -= 1;
        if (again) {
          queue.unshift([file, row]);
          queue.sort(([, one], [, other]) => rows.indexOf(one) - rows.indexOf(other));
          wait(again);
        }
        summarise();
        if (!running && !queue.length) form.dispatchEvent(new CustomEvent("oms:uploaded", { bubbles: true }));
        next();
      });
    }
  };
  const wait = (seconds) => {
    atOnce = 1; // near the limit two would only refuse each other
    const isTicking = goesOn > 0;
    goesOn = Math.max(goesOn, Date.now() + 1000 * seconds);
    if (isTicking) return;
    let seen = Date.now();
    const tick = () => {
      const left = Math.ceil((goesOn - Date.now()) / 1000);
      waiting.hidden = left <= 0;
      waiting.textContent = left > 0 ? texts.textWait.replace("{time}", inWords(left, texts)) : "";
      if (Date.now() - seen > 1000 * SEEN_EVERY) {
        seen = Date.now();
        stay();
      }
      if (left > 0) return;
      clearInterval(clock);
      goesOn = 0;
      next();
    };
    const clock = setInterval(tick, 1000);
    tick();
  };
  const add = (files) => {
    for (const file of files) {
      const row = new Row(file, texts);
      rows.push(row);
      queue.push([file, row]);
      list.append(row.element);
    }
    summarise();
    next();
  };

  form.classList.add("is-ready");
  form.querySelector("[data-drop-hint]").hidden = false;
  form.querySelector("[data-upload-button]").hidden = true;
  input.required = false;
  input.addEventListener("change", () => {
    if (!form.reportValidity()) return;
    add([...input.files]);
    input.value = "";
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const type of ["dragenter", "dragover"]) drop.addEventListener(type, (event) => { event.preventDefault(); drop.classList.add("is-over"); });
  for (const type of ["dragleave", "drop"]) drop.addEventListener(type, () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => { event.preventDefault(); if (form.reportValidity()) add([...event.dataTransfer.files]); });
  // a file dropped beside the field would replace the page
  for (const type of ["dragover", "drop"]) window.addEventListener(type, (event) => event.preventDefault());
  window.addEventListener("beforeunload", (event) => { if (running || queue.length) event.preventDefault(); });
}

export function start(root) {
  for (const form of root.querySelectorAll("form[data-upload]")) upgrade(form);
}
