// Starts what the page uses, before the page counts as loaded: whoever types at once is heard. Each part can fail
// alone, and the page works without any of them.
import * as arrange from "./arrange.js";
import * as autosave from "./autosave.js";
import * as chooser from "./chooser.js";
import * as closing from "./closing.js";
import * as dialog from "./dialog.js";
import * as filter from "./filter.js";
import * as grant from "./grant.js";
import * as keepFile from "./keep-file.js";
import * as menu from "./menu.js";
import * as passkeys from "./passkeys.js";
import * as pieces from "./pieces.js";
import * as poll from "./poll.js";
import * as print from "./print.js";
import * as session from "./session.js";
import * as stack from "./stack.js";
import * as suggest from "./suggest.js";
import * as upload from "./upload.js";
import * as valueKeys from "./value-keys.js";
import * as viewer from "./viewer.js";

const parts = [
  ["[data-arrange]", arrange],
  ["form[data-autosave]", autosave],
  ["[data-menu], [data-menu-open], [data-shortcut], [data-focus]", menu],
  ["[data-closes]", closing],
  ["[data-dialog]", dialog],
  ["[data-filter], [data-choices]", filter],
  ["select", chooser],
  [".table-scroll, [data-poll]", stack],
  ["[data-passkey]", passkeys],
  ["canvas[data-image]", pieces],
  ["[data-poll], [data-refresh]", poll],
  ["[data-grant]", grant],
  ["form[data-keep-file]", keepFile],
  ["[data-print]", print],
  ["[data-session]", session],
  ["[data-suggest]", suggest],
  ["form[data-upload]", upload],
  ["[data-value-keys]", valueKeys],
  ["[data-viewer]", viewer],
];

for (const [selector, part] of parts) {
  if (!document.querySelector(selector)) continue;
  try {
    part.start(document);
  } catch (error) {
    console.error(`A script of this page (${selector}) did not start`, error);
  }
}
