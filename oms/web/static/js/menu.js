// Menus: the side navigation on a phone, the fold-out of the account, the "/" key for the search box.

function openSidebar(sidebar, opener) {
  const close = () => {
    sidebar.classList.remove("is-open");
    opener.setAttribute("aria-expanded", "false");
  };
  opener.setAttribute("role", "button");
  opener.setAttribute("aria-expanded", "false");
  opener.setAttribute("aria-controls", sidebar.id);
  opener.addEventListener("keydown", (event) => {
    if (event.key === " ") { event.preventDefault(); opener.click(); }
  });
  opener.addEventListener("click", (event) => {
    event.preventDefault();
    sidebar.classList.add("is-open");
    opener.setAttribute("aria-expanded", "true");
    sidebar.querySelector("a").focus();
  });
  sidebar.querySelector("[data-menu-close]")?.addEventListener("click", (event) => {
    event.preventDefault();
    close();
    opener.focus();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && sidebar.classList.contains("is-open")) { close(); opener.focus(); }
  });
  document.addEventListener("click", (event) => {
    if (!sidebar.contains(event.target) && !opener.contains(event.target)) close();
  });
}

function foldMenu(menu) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && menu.open) { menu.open = false; menu.querySelector("summary").focus(); }
  });
  menu.addEventListener("focusout", (event) => {
    if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
}

export function start(root) {
  const sidebar = root.getElementById("navigation");
  const opener = root.querySelector("[data-menu-open]");
  if (sidebar && opener) openSidebar(sidebar, opener);
  for (const menu of root.querySelectorAll("details[data-menu]")) foldMenu(menu);
  const shortcut = root.querySelector("[data-shortcut]");
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (!shortcut || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === shortcut.dataset.shortcut) { event.preventDefault(); shortcut.focus(); shortcut.select(); }
  });
  root.querySelector("[data-focus]")?.focus();
}
