"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

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
})();
