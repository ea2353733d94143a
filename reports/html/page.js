"use strict";
(() => {
  const root = document.documentElement;
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  root.classList.add("scripted");

  // Search and filter: rows of the matrix and findings.
  const form = document.querySelector("form.tools");
  const shows = {
    all: () => true,
    problems: (kind) => ["must", "should", "may", "known", "lost"].includes(kind),
    must: (kind) => kind === "must",
    idle: (kind) => ["idle", "unsup", "lost"].includes(kind),
  };
  function filter() {
    const words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const show = shows[form.elements.show.value];
    const kept = (item) => show(item.dataset.kind) && words.every((word) => item.dataset.search.includes(word));
    for (const item of all("[data-search]")) item.hidden = !kept(item);
    for (const body of all("table.matrix tbody")) body.hidden = !body.querySelector("tr.row:not([hidden])");
    const rows = all("table.matrix")[0] ? all("tr.row", all("table.matrix")[0]) : [];
    const left = rows.filter((row) => !row.hidden).length;
    form.querySelector("output").textContent = left === rows.length ? "" : `${left} of ${rows.length} clauses`;
  }
  if (form) {
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    filter(); // a browser that restores the form restores the filter
  }

  // A link into something folded unfolds it.
  function reveal() {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    for (let at = place; at; at = at.parentElement) {
      if (at.localName === "details") at.open = true;
      at.hidden = false;
    }
    place.scrollIntoView();
  }
  addEventListener("hashchange", reveal);
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#']");
    if (link && link.getAttribute("href") === location.hash) reveal();
  });
  reveal();

  // Copying.
  async function copied(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const area = document.createElement("textarea");
      area.value = text;
      area.className = "away";
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }
  for (const button of all("button.copy")) {
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      const done = await copied(button.closest(".code").querySelector("code").textContent);
      button.textContent = done ? "Copied" : "Select and copy by hand";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  }

  // On paper everything that fails is unfolded.
  let folded = [];
  addEventListener("beforeprint", () => {
    const closed = all("details:not([open])");
    folded.push(...closed);
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of folded) one.open = false;
    folded = [];
  });
})();
