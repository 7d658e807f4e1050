// A form with data-autosave saves itself a little after the last key, and says so in [data-autosave-told]. Its answer is
// {version, message}: the next save says which state it goes on from. Whoever sends the form while it is being saved
// sends it right after: a save that overtakes would meet a version it does not know.
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
    let saving = null;
    const begin = () => {
      if (saving) {
        timer = setTimeout(begin, WAIT);
        return;
      }
      saving = save(form, told).finally(() => {
        saving = null;
      });
    };
    form.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(begin, WAIT);
    });
    form.addEventListener("submit", (event) => {
      clearTimeout(timer);
      if (!saving) return;
      event.preventDefault();
      const button = event.submitter;
      // A timer, because a form may not be sent from within the event of its being sent.
      saving.then(() => setTimeout(() => form.requestSubmit(button)));
    });
  }
}
