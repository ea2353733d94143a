"use strict";
(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];

  // Search and filter: rows of the matrix, its columns (one a target), findings, and targets of which nothing is left.
  const form = document.querySelector("form.tools");
  const rows = (table) => all("tr.row", table);
  function filter() {
    const words = form.elements.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const kinds = form.elements.show.value.split(" ").filter(Boolean);
    const found = (text) => words.every((word) => text.includes(word));
    const shown = (kind) => kinds.length === 0 || kinds.includes(kind);
    for (const item of all("[data-search]")) item.hidden = !(shown(item.dataset.kind) && found(item.dataset.search));
    const across = document.querySelector("table[data-targets]");
    const said = [];
    if (across) {
      const heads = all("thead th[data-name]", across);
      const left = heads.map((head) => rows(across).some((row) => found(`${row.dataset.search} ${head.dataset.name}`)));
      for (const row of rows(across)) {
        const cells = [...row.cells].slice(1);
        row.hidden = !heads.some(
          (head, at) => found(`${row.dataset.search} ${head.dataset.name}`) && shown(words.length ? cells[at].className : row.dataset.kind),
        );
        for (const [at, cell] of cells.entries()) cell.hidden = !left[at];
      }
      for (const [at, head] of heads.entries()) head.hidden = !left[at];
      const number = left.filter(Boolean).length;
      for (const cell of all("tr.family th", across)) cell.colSpan = number + 1;
      if (number < heads.length) said.push(`${number} of ${heads.length} targets`);
    }
    for (const body of all("table.matrix tbody")) body.hidden = !body.querySelector("tr.row:not([hidden])");
    for (const target of all("details.target")) {
      target.hidden = !found(target.dataset.name) && !target.querySelector(".finding:not([hidden])");
    }
    for (const group of all("[data-group]")) group.hidden = !group.querySelector(".finding:not([hidden])");
    const counted = document.querySelector("table.matrix") ? rows(document.querySelector("table.matrix")) : all(".finding");
    const visible = counted.filter((item) => !item.hidden).length;
    if (visible < counted.length) said.unshift(`${visible} of ${counted.length} clauses`);
    form.querySelector("output").textContent = said.join(", ");
  }
  if (form) {
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    filter(); // a browser that restores the form restores the filter
  }
})();
