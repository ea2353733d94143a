"use strict";
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];

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
