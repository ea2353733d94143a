"use strict";
(() => {
  document.documentElement.classList.add("scripted");

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
  for (const button of document.querySelectorAll("button.copy")) {
    button.setAttribute("aria-live", "polite");
    button.addEventListener("click", async () => {
      const done = await copied(button.closest(".code").querySelector("code").textContent);
      button.textContent = done ? "Copied" : "Select and copy by hand";
      setTimeout(() => (button.textContent = "Copy"), 2000);
    });
  }
})();
