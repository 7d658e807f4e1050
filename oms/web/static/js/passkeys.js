// Passkeys: asks the server what to sign, lets the browser ask the device, and sends the answer with the form around it.
// Where the browser has none, or the address is another one, nothing of it is shown.
function toBytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

function toText(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function unpack(options) {
  options.challenge = toBytes(options.challenge);
  if (options.user) options.user.id = toBytes(options.user.id);
  for (const one of [...(options.excludeCredentials ?? []), ...(options.allowCredentials ?? [])]) one.id = toBytes(one.id);
  return options;
}

function pack(credential) {
  const response = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[name]) response[name] = toText(credential.response[name]);
  }
  return JSON.stringify({ id: credential.id, rawId: toText(credential.rawId), type: credential.type, response });
}

async function askServer(part) {
  const body = new FormData();
  body.append("csrf_token", part.closest("form").elements.csrf_token.value);
  const answer = await fetch(part.dataset.passkeyOptions, { method: "POST", headers: { "X-Requested-With": "fetch" }, body });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.message);
  return unpack(said);
}

async function show(part) {
  const publicKey = await askServer(part).catch((error) => { throw new Error(error.message || part.dataset.textFailed); });
  try {
    return pack(await navigator.credentials[part.dataset.passkey]({ publicKey }));
  } catch (error) {
    // "InvalidStateError": this device has a passkey of the account already.
    throw new Error(error.name === "InvalidStateError" ? part.dataset.textKnown : part.dataset.textFailed);
  }
}

function listen(part) {
  const button = part.querySelector("button");
  const problem = part.querySelector("[data-passkey-problem]");
  const form = part.closest("form");
  // A name is asked for before the device is: what is missing is told by the browser as in any form.
  const first = part.dataset.passkeyOthers === undefined
    ? [...form.querySelectorAll("[data-passkey-first]")]
    : [...form.elements].filter((field) => field.willValidate && !field.closest("[data-passkey-instead]"));
  button.addEventListener("click", async () => {
    if (!first.every((field) => field.reportValidity())) return;
    button.disabled = true;
    problem.hidden = true;
    try {
      part.querySelector("input[type=hidden]").value = await show(part);
      form.submit(); // the password beside it may stay empty
    } catch (error) {
      problem.textContent = error.message;
      problem.hidden = false;
      button.disabled = false;
      button.focus();
    }
  });
  form.addEventListener("submit", (event) => {
    if (part.dataset.passkeyOnly === undefined) return;
    event.preventDefault(); // Enter in the field of the name
    button.click();
  });
}

export function start(root) {
  if (!window.PublicKeyCredential) return;
  for (const part of root.querySelectorAll("[data-passkey]")) {
    listen(part);
    part.hidden = false;
  }
  for (const missing of root.querySelectorAll("[data-passkey-missing]")) missing.hidden = true;
}
