// The seat at the desk: kept while the page is open and somebody works there, given back when it is closed. Whoever
// lost it reads on, and what was typed stays on the page.
const BEAT = 60; // seconds
const IDLE = 300; // seconds without a key or the mouse: the scan goes back to the others by itself

let seat = null;
let used = Date.now();

// Reads the seat of the page as it is now; called again when parts of it were replaced.
export function sit() {
  const form = document.querySelector("[data-desk-seat]");
  seat = form?.dataset.leave ? form : null;
}

function lose(message) {
  const box = document.querySelector("[data-desk-lost]");
  if (!box) return;
  seat = null;
  box.querySelector("[data-desk-message]").textContent = message;
  box.hidden = false;
  for (const button of document.querySelectorAll("[data-confirm], [data-correct-form] button:not([data-discard])")) button.disabled = true;
  box.scrollIntoView({ block: "nearest" });
}

async function beat() {
  if (!seat || document.hidden || Date.now() - used > IDLE * 1000) return;
  const asked = seat;
  try {
    const answer = await fetch(asked.dataset.deskSeat, { method: "POST", headers: { "X-Requested-With": "fetch" }, body: new FormData(asked) });
    if (asked !== seat || answer.status >= 500) return;
    const found = await answer.json();
    if (!answer.ok || !found.mine) { lose(found.message); return; }
    asked.dataset.leave = asked.dataset.leave.replace(/[^/]+$/, found.seat);
  } catch { /* the network is away: asked again in a minute */ }
}

function leave() {
  if (seat) navigator.sendBeacon(seat.dataset.leave, new FormData(seat));
}

export function start() {
  sit();
  for (const sign of ["keydown", "pointerdown", "pointermove", "wheel"]) {
    document.addEventListener(sign, () => { used = Date.now(); }, { passive: true, capture: true });
  }
  setInterval(beat, BEAT * 1000);
  document.addEventListener("visibilitychange", beat);
  window.addEventListener("pagehide", leave);
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
}
