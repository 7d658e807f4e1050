// Runs before the first paint: light or dark as chosen (cookie "theme") or as the computer says.
"use strict";
(() => {
  const root = document.documentElement;
  const dark = window.matchMedia ? window.matchMedia("(prefers-color-scheme: dark)") : { matches: false };
  const chosen = () => (document.cookie.match(/(?:^|; )theme=(light|dark)/) || [])[1] || "";
  const apply = () => root.setAttribute("data-bs-theme", chosen() || (dark.matches ? "dark" : "light"));
  apply();
  if (dark.addEventListener) dark.addEventListener("change", apply);

  const show = () => {
    for (const area of document.querySelectorAll("[data-theme-switch]")) area.hidden = false;
    for (const button of document.querySelectorAll("[data-theme-choice]")) {
      button.setAttribute("aria-pressed", String(button.dataset.themeChoice === chosen()));
    }
  };
  document.addEventListener("DOMContentLoaded", show);
  document.addEventListener("click", (event) => {
    const button = event.target.closest ? event.target.closest("[data-theme-choice]") : null;
    if (!button) return;
    const choice = button.dataset.themeChoice;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${choice}; Path=/; SameSite=Lax; Max-Age=${choice ? 31536000 : 0}${secure}`;
    apply();
    show();
  });
})();
