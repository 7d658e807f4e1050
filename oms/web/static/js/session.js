// Says a minute before the session ends that it ends, and covers the page when it has ended. The server decides: it is
// asked first, because another tab may have kept the session alive.
const WARNING = 60; // seconds before the end
const ASK_AGAIN = 10; // seconds between questions while the warning is shown

async function ask(url, form) {
  const method = form ? "POST" : "GET";
  // "poll" says that nobody did anything: the question itself does not keep the session alive.
  const headers = { "X-Requested-With": form ? "fetch" : "poll" };
  const answer = await fetch(url, { method, headers, body: form ? new FormData(form) : null });
  if (answer.status >= 500) throw new Error(`no answer from ${url}`);
  return answer.ok && !answer.redirected ? (await answer.json()).seconds : 0;
}

export function start(root) {
  const dialog = root.querySelector("dialog[data-session]");
  if (!dialog?.showModal) return;
  const url = dialog.dataset.session;
  const form = dialog.querySelector("[data-session-warning]");
  const over = dialog.querySelector("[data-session-over]");
  const shown = dialog.querySelector("[data-session-seconds]");
  let ends = Date.now() + Number(dialog.dataset.sessionEnds) * 1000;
  let asked = 0;
  let busy = false;

  function know(seconds) {
    ends = Date.now() + seconds * 1000;
    if (seconds <= 0) {
      form.hidden = true;
      over.hidden = false;
      dialog.classList.add("session-over");
      clearInterval(clock);
    }
    if (seconds > WARNING) dialog.close();
    else if (!dialog.open) dialog.showModal();
    shown.textContent = Math.max(0, Math.round(seconds));
  }

  async function question(sent = null) {
    if (busy) return;
    busy = true;
    asked = Date.now();
    try { know(await ask(url, sent)); } catch { /* asked again in a moment */ } finally { busy = false; }
  }

  const clock = setInterval(() => {
    const left = (ends - Date.now()) / 1000;
    if (left > WARNING) return;
    if (left <= 0 || Date.now() - asked > ASK_AGAIN * 1000) question();
    shown.textContent = Math.max(0, Math.round(left));
  }, 1000);

  form.addEventListener("submit", (event) => { event.preventDefault(); question(form); });
  dialog.addEventListener("cancel", (event) => { event.preventDefault(); if (over.hidden) question(form); });
}
