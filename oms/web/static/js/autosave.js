// A form with data-autosave saves itself a little after the last key, and says so in [data-autosave-told]. Its answer is
// {version, message}: the next save says which state it goes on from. A form that is being sent is left alone.
const WAIT = 3000;

async function save(form, told) {
  told.textContent = form.dataset.textSaving;
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      body: new URLSearchParams(new FormData(form)),
      headers: { "X-Requested-With": "fetch", Accept: "application/json" },
    });
    const said = await answer.json();
    if (answer.ok) form.elements.version.value = said.version;
    told.textContent = said.message ?? form.dataset.textLost;
  } catch {
    told.textContent = form.dataset.textLost;
  }
}

export function start(root) {
  for (const form of root.querySelectorAll("form[data-autosave]")) {
    const told = form.querySelector("[data-autosave-told]");
    let timer = 0;
    // One after the other: a save that overtakes another would meet a version it does not know.
    let last = Promise.resolve();
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        last = last.then(() => save(form, told));
      }, WAIT);
    });
    form.addEventListener("submit", async (event) => {
      clearTimeout(timer);
      if (form.dataset.sent) return;
      event.preventDefault();
      form.dataset.sent = "1";
      await last;
      form.requestSubmit(event.submitter);
    });
  }
}
