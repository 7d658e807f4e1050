// Keeps what is being typed on the server while it is not confirmed: a moment after the last key, when the page is
// turned and when it is closed. Nothing is kept in the browser: the computer may be shared.
const PAUSE = 1500; // milliseconds after the last key
const AGAIN = 15000; // milliseconds until the next try when the server could not be reached

const watched = new Map(); // form -> { timer, dirty, failed, asking }

function tell(form, words) {
  const state = form.querySelector("[data-draft-state]");
  if (state) state.textContent = words;
}

async function keep(form) {
  const kept = watched.get(form);
  if (!kept?.dirty) return true;
  clearTimeout(kept.timer);
  kept.dirty = kept.failed = false;
  kept.asking = new AbortController();
  try {
    const answer = await fetch(form.dataset.draft, { method: "POST", headers: { "X-Requested-With": "fetch" }, body: new FormData(form), signal: kept.asking.signal });
    if (answer.status >= 500) throw new Error(`draft not kept: ${answer.status}`);
    tell(form, (await answer.json()).message);
    return answer.ok;
  } catch (error) {
    if (error.name === "AbortError") return true;
    kept.dirty = kept.failed = true;
    kept.timer = setTimeout(() => keep(form), AGAIN);
    tell(form, document.querySelector("[data-text-draft-failed]")?.dataset.textDraftFailed ?? "");
    return false;
  }
}

// Watches a form with data-draft; forms that left the page are forgotten.
export function watch(form) {
  for (const old of watched.keys()) if (!old.isConnected) { clearTimeout(watched.get(old).timer); watched.delete(old); }
  if (!form || watched.has(form)) return;
  const kept = { timer: 0, dirty: false, failed: false, asking: null };
  watched.set(form, kept);
  const later = (event) => {
    kept.dirty = true;
    clearTimeout(kept.timer);
    // While a syllable is being composed the field holds half of it.
    if (!event.isComposing) kept.timer = setTimeout(() => keep(form), PAUSE);
  };
  for (const sign of ["input", "change", "compositionend"]) form.addEventListener(sign, later);
}

// What the form holds is on its way to be confirmed: no draft of it may follow.
export function settle(form) {
  const kept = watched.get(form);
  if (!kept) return;
  clearTimeout(kept.timer);
  kept.asking?.abort();
  kept.dirty = kept.failed = false;
}

export const keepAll = async () => (await Promise.all([...watched.keys()].map(keep))).every(Boolean);
const dirty = () => [...watched.values()].some((kept) => kept.dirty);
const failed = () => [...watched.values()].some((kept) => kept.failed);

// When the page goes away: sent even if nobody waits for the answer.
function keepLast() {
  for (const [form, kept] of watched) {
    if (kept.dirty && form.isConnected) navigator.sendBeacon(form.dataset.draft, new FormData(form));
    kept.dirty = false;
  }
}

// Before a link or a button of another form leads away: what was typed is kept first, so that the next page knows it.
export function start() {
  document.addEventListener("click", async (event) => {
    const link = event.target.closest?.("a[href]");
    if (!link || !dirty() || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || link.target) return;
    event.preventDefault();
    await keepAll();
    window.location.assign(link.href);
  });
  document.addEventListener("submit", async (event) => {
    if (watched.has(event.target) || !dirty() || event.defaultPrevented || event.target.method === "dialog") return;
    event.preventDefault();
    await keepAll();
    for (const kept of watched.values()) kept.dirty = false; // one try: a server that is away keeps nobody here
    event.target.requestSubmit(event.submitter);
  });
  window.addEventListener("beforeunload", (event) => { if (failed()) event.preventDefault(); });
  window.addEventListener("pagehide", keepLast);
}
