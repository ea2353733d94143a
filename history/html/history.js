"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const form = document.querySelector("form.tools");
  if (!form) return;

  // Search and filter: rows of the timeline.
  function filter() {
    const words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const show = form.elements.show.value;
    const kept = (row) =>
      (show === "all" || row.dataset.tags.split(" ").includes(show)) &&
      words.every((word) => row.dataset.search.includes(word));
    for (const row of all(".timeline tr.row")) row.hidden = !kept(row);
    for (const body of all(".timeline tbody.some")) {
      body.hidden = !all("tr.row", body).some((row) => getComputedStyle(row).display !== "none");
    }
    const chosen = document.querySelector(".rules input:checked");
    const rows = all(`.timeline tr.r${chosen ? chosen.id.slice("rule-".length) : 0}`);
    const left = rows.filter((row) => !row.hidden).length;
    form.querySelector("output").textContent = left === rows.length ? "" : `${left} of ${rows.length} clauses`;
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  document.addEventListener("input", (event) => {
    if (event.target.closest("form.tools, .rules")) filter();
  });
  filter(); // a browser that restores the form restores the filter
})();
