// Checking a scan: pages change and texts are saved without losing what stands in the filing form; the word under the
// caret and the word on the image are shown together. Without this script every link and form works by itself.
import * as desk from "./desk.js";
import { drawCrops, start as startDoubts } from "./doubts.js";
import * as drafts from "./drafts.js";
import { start as startViewer } from "./viewer.js";

const PARTS = ["#desk-seat", "#page-image", "#page-words", ".flashes"];
const frame = document.querySelector("[data-review]");

function ask(url, body = null) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(body ? "POST" : "GET", url);
    request.responseType = "document";
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error(`no answer from ${url}`));
    request.send(body);
  });
}

const edited = () => {
  const form = document.querySelector("[data-correct-form]");
  const text = form?.querySelector("textarea");
  return Boolean(text) && ("unsaved" in form.dataset || text.value !== text.defaultValue);
};

// Puts the parts of the answered page in place of ours; false when it is another page (signed out, refused).
function show(request) {
  const page = request.response;
  if (!page?.querySelector("#page-words")) return false;
  for (const part of PARTS) {
    const [old, fresh] = [document.querySelector(part), page.querySelector(part)];
    if (old && fresh) old.replaceWith(document.adoptNode(fresh));
  }
  const problem = page.querySelector("#content > .notice-danger[data-focus]");
  document.querySelector("[data-review-problem]")?.remove();
  if (problem) {
    problem.dataset.reviewProblem = "";
    frame.before(document.adoptNode(problem));
    problem.focus();
  }
  takeAhead();
  startViewer(document);
  desk.sit();
  listen();
  return true;
}

// The image of the next page is fetched while this one is read, and put in as it is: nothing of a dossier is cached.
let ahead = null;

function fetchAhead() {
  const [part, image] = [document.querySelector("#page-image"), document.querySelector("#page-image img")];
  ahead = null;
  if (!part?.dataset.nextImage || !image) return;
  const begin = () => { if (part.isConnected) { ahead = new Image(); ahead.src = part.dataset.nextImage; } };
  if (image.complete) begin();
  else image.addEventListener("load", begin, { once: true });
}

function takeAhead() {
  const image = document.querySelector("#page-image img");
  if (!image || ahead?.src !== image.src) return;
  ahead.alt = image.alt;
  image.replaceWith(ahead);
}

async function turnTo(url) {
  if (!(await drafts.keepAll()) && edited() && !window.confirm(frame.dataset.textLeave)) return;
  try {
    const request = await ask(url);
    if (!show(request)) { window.location.assign(url); return; }
    window.history.replaceState(null, "", url);
    const number = new URL(url, window.location.href).searchParams.get("page");
    const field = document.querySelector("#filing input[name=page]");
    if (field && number) field.value = number;
    document.querySelector("[data-viewer-stage]")?.focus({ preventScroll: true });
  } catch { window.location.assign(url); }
}

// Saves the text of the page; true when it stands there now.
async function save(form) {
  const button = form.querySelector("button");
  button.disabled = true;
  drafts.settle(form);
  try {
    const request = await ask(form.action, new FormData(form));
    if (show(request)) return !document.querySelector("[data-review-problem]");
    form.submit();
  } catch { button.disabled = false; form.submit(); }
  return false;
}

// The number of the word that holds `at` in `text`, counted like the spans beside the image.
const wordAt = (text, at) => text.slice(0, at).split(/\s+/).filter(Boolean).length - (/\S$/.test(text.slice(0, at)) ? 1 : 0);

function selectWord(area, place) {
  const words = /\S+/g;
  for (let number = 0, match; (match = words.exec(area.value)); number += 1) {
    if (number !== place) continue;
    area.setSelectionRange(match.index, match.index + match[0].length);
    area.scrollTop = (area.scrollHeight * match.index) / area.value.length - area.clientHeight / 2;
    return;
  }
}

function listen() {
  const form = document.querySelector("[data-correct-form]");
  const area = form?.querySelector("textarea");
  const spans = [...document.querySelectorAll("#page-words [data-word]")];
  form?.addEventListener("submit", (event) => {
    drafts.settle(form);
    if (event.submitter && "discard" in event.submitter.dataset) return;
    event.preventDefault();
    save(form);
  });
  if (form) drafts.watch(form);
  startDoubts(document, area);
  drawCrops(document);
  fetchAhead();
  area?.addEventListener("keyup", () => mark(spans, wordAt(area.value, area.selectionStart)));
  area?.addEventListener("click", () => mark(spans, wordAt(area.value, area.selectionStart)));
  document.querySelector("#page-image [data-viewer]")?.addEventListener("oms:word", (event) => {
    const place = spans.findIndex((span) => span.dataset.word === event.detail.word);
    if (area && place >= 0 && document.activeElement !== area && area.closest("details").open) selectWord(area, place);
  });
}

function mark(spans, place) {
  spans[place]?.click();
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-viewer-previous], a[data-viewer-next], a[data-page-link]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  turnTo(link.href);
});

const press = (selector) => document.querySelector(selector)?.click();

// Keys that work wherever the caret stands; none of them is one that Vietnamese input methods or Windows take.
const EVERYWHERE = {
  "Ctrl+s": () => { if (edited()) save(document.querySelector("[data-correct-form]")); },
  "Ctrl+Enter": () => press("[data-confirm]"),
  "Ctrl+/": () => press("[data-keys] summary"),
  "Alt+PageDown": () => press("[data-viewer-next]"),
  "Alt+PageUp": () => press("[data-viewer-previous]"),
  F8: () => press("[data-next-scan]"),
  "Shift+F8": () => press("[data-previous-scan]"),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229 || document.querySelector("dialog[open]")) return;
  if (event.key === "?" && !event.target.closest("input, textarea, select")) { event.preventDefault(); press("[data-keys] summary"); return; }
  const held = [event.ctrlKey || event.metaKey ? "Ctrl+" : "", event.altKey ? "Alt+" : "", event.shiftKey ? "Shift+" : ""].join("");
  const act = EVERYWHERE[held + (event.key.length === 1 ? event.key.toLowerCase() : event.key)];
  if (!act) return;
  event.preventDefault();
  act();
});

const filing = document.getElementById("filing");
filing?.addEventListener("submit", async (event) => {
  drafts.settle(filing);
  if (!edited() || event.submitter?.hasAttribute("formaction")) return;
  event.preventDefault();
  if (await save(document.querySelector("[data-correct-form]"))) filing.submit();
});
if (filing) drafts.watch(filing);
listen();
drafts.start();
desk.start();
