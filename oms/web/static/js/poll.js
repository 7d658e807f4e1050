// Fetches a part of the page again and again: an element with id, data-poll="URL" and data-every="ms" is replaced by
// the element of the same id in the answer, until that one has no data-poll. Waits while the tab is hidden.
// XMLHttpRequest parses the answer into a document by itself, so this needs no trusted-types policy.
const SLOWEST = 30000; // ms between tries while the server does not answer

// `mark` "poll" says that nobody did anything: it does not keep a forgotten session alive.
function fetchDocument(url, mark = "poll") {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    request.responseType = "document";
    request.timeout = 20000;
    request.setRequestHeader("X-Requested-With", mark);
    request.onload = () => resolve({ status: request.status, page: request.response });
    request.onerror = request.ontimeout = () => reject(new Error(`no answer from ${url}`));
    request.send();
  });
}

function replace(element, fresh) {
  const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
  const node = document.adoptNode(fresh);
  element.replaceWith(node);
  if (focused) document.getElementById(focused)?.focus();
  node.dispatchEvent(new CustomEvent("oms:replaced", { bubbles: true }));
  return node;
}

const visible = () => new Promise((resolve) => {
  if (!document.hidden) return resolve();
  document.addEventListener("visibilitychange", () => resolve(), { once: true });
});

async function poll(element) {
  const wished = () => Math.max(500, Number(element.dataset.every) || 2000);
  let pause = wished();
  while (element.dataset.poll && element.isConnected) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    await visible();
    try {
      const { status, page } = await fetchDocument(element.dataset.poll);
      const fresh = status === 200 ? page?.getElementById(element.id) : null;
      if (fresh) {
        element = replace(element, fresh);
        pause = wished();
      } else if (status === 200 || (status >= 400 && status < 500 && status !== 429)) {
        return; // signed out, gone or another page: stay with what is shown
      } else {
        pause = Math.min(pause * 2, SLOWEST);
      }
    } catch {
      pause = Math.min(pause * 2, SLOWEST);
    }
  }
}

// After an upload the list with data-refresh is fetched whole once, then polled like any other part.
async function refresh(element) {
  try {
    const { status, page } = await fetchDocument(element.dataset.refresh, "upload");
    const fresh = status === 200 ? page?.getElementById(element.id) : null;
    if (fresh && element.isConnected) poll(replace(element, fresh));
  } catch { /* the list shows the new scans when the page is opened again */ }
}

export function start(root) {
  document.addEventListener("oms:uploaded", () => { for (const element of document.querySelectorAll("[data-refresh][id]")) refresh(element); });
  for (const element of root.querySelectorAll("[data-poll][id]")) poll(element);
}
