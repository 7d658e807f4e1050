// A form with data-keep-file="ID": its answer takes the place of the element of that id, so that the chosen file stays
// chosen and can be sent again. An answer that is another page (signed out) is gone to.
function send(form, button) {
  return new Promise((resolve, reject) => {
    const body = new FormData(form);
    if (button?.name) body.append(button.name, button.value);
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.responseType = "document";
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Error(`no answer from ${form.action}`));
    request.send(body);
  });
}

async function answer(form, button) {
  const place = document.getElementById(form.dataset.keepFile);
  const buttons = form.querySelectorAll("button");
  for (const other of buttons) other.disabled = true;
  form.setAttribute("aria-busy", "true");
  try {
    const request = await send(form, button);
    const fresh = request.response?.getElementById(place.id);
    if (!fresh) return location.assign(request.responseURL || location.href);
    place.replaceChildren(...document.adoptNode(fresh).childNodes);
    place.dispatchEvent(new CustomEvent("oms:replaced", { bubbles: true }));
    place.scrollIntoView({ block: "nearest" });
  } catch {
    place.textContent = form.dataset.textLost;
  }
  form.removeAttribute("aria-busy");
  for (const other of buttons) other.disabled = false;
}

export function start(root) {
  for (const form of root.querySelectorAll("form[data-keep-file]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      answer(form, event.submitter);
    });
  }
}
