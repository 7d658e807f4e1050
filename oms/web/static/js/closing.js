// Leaves a page of an open protection file soon after one of the two closed the file: the other's screen is not forgotten.
// The server refuses everything from then on in any case; at its end the page closes without a script, too.
const EVERY = 10; // seconds between questions

async function open(url) {
  // "poll" says that nobody did anything: the question does not keep the session alive.
  const answer = await fetch(url, { headers: { "X-Requested-With": "poll" } });
  if (answer.status >= 500) throw new Error(`no answer from ${url}`);
  return answer.ok && !answer.redirected ? (await answer.json()).open : [];
}

export function start(root) {
  const { closes, closesAsk, closesTo } = root.querySelector("[data-closes]").dataset;
  const clock = setInterval(async () => {
    try {
      const still = await open(closesAsk);
      if (closes.split(" ").every((id) => still.includes(id))) return;
      clearInterval(clock);
      location.replace(closesTo);
    } catch { /* asked again in a moment */ }
  }, EVERY * 1000);
}
