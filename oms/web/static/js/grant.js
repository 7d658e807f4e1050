// Covers an open page of the reading room when its time is over. The server decides: it is asked every few seconds,
// because a grant can be ended at any moment, and at the last second.
const EVERY = 5000; // ms between questions
const FIRST_TRIES = 3; // questions without an answer before the page is covered: nobody vouches for it any more

export function start(root) {
  const dialog = root.querySelector("dialog[data-grant]");
  if (!dialog?.showModal) return;
  let ends = Date.now() + Number(dialog.dataset.grantEnds) * 1000;
  let silent = 0;
  let asked = Date.now();
  let busy = false;

  function cover() {
    clearInterval(clock);
    for (const image of root.querySelectorAll(".viewer img")) image.remove();
    dialog.classList.add("session-over");
    if (!dialog.open) dialog.showModal();
  }

  async function question() {
    busy = true;
    asked = Date.now();
    try {
      const answer = await fetch(dialog.dataset.grant, { headers: { "X-Requested-With": "poll" } });
      if (answer.status >= 500) throw new Error("no answer");
      silent = 0;
      const left = answer.ok && !answer.redirected ? (await answer.json()).seconds : 0;
      ends = Date.now() + left * 1000;
      if (left <= 0) cover();
    } catch {
      silent += 1;
      if (silent >= FIRST_TRIES || Date.now() > ends) cover();
    } finally {
      busy = false;
    }
  }

  const clock = setInterval(() => {
    if (!busy && (Date.now() >= ends || Date.now() - asked >= EVERY)) question();
  }, 1000);
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  // A page that was left and comes back from the browser's memory is asked for at once.
  window.addEventListener("pageshow", () => { if (!busy) question(); });
}
