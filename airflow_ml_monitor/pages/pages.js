"use strict";
(() => {
  const root = document.documentElement;
  // Airflow keeps the colours that its user has chosen here; who chose none has those of the system.
  const follow = () => {
    let chosen = null;
    try { chosen = localStorage.getItem("theme"); } catch { /* a frame that may not look there */ }
    if (chosen === "light" || chosen === "dark") root.dataset.theme = chosen;
    else delete root.dataset.theme;
  };
  follow();
  addEventListener("storage", follow);
  // The latest windows are what is looked for first.
  addEventListener("DOMContentLoaded", () => document.querySelectorAll(".wide:has(> .heat)").forEach((one) => { one.scrollLeft = one.scrollWidth; }));
  // A frame has no sign of its own that the next page is on its way.
  const waits = (yes) => {
    const sign = document.getElementById("waits");
    if (sign) sign.textContent = yes ? "Loading ..." : "";
  };
  let soon;
  addEventListener("beforeunload", () => { soon = setTimeout(waits, 300, true); });
  addEventListener("pageshow", () => { clearTimeout(soon); waits(false); });
})();
