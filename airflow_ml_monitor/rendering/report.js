"use strict";
(() => {
  const { specs = window.chartSpecs, charts } = JSON.parse(document.getElementById("charts").textContent);
  if (!window.vegaEmbed) { // what draws could not be loaded: the numbers are here all the same
    document.querySelectorAll("details.numbers").forEach((one) => { one.open = true; });
    document.querySelectorAll(".chart").forEach((one) => one.remove());
    return;
  }
  const prefers = matchMedia("(prefers-color-scheme: dark)");
  const root = document.documentElement;
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefers.matches);
  const still = matchMedia("(max-width: 30rem)");
  const drawn = new Set();
  const theme = () => {
    const [ink, line] = dark() ? ["#f0f3f7", "#354259"] : ["#161d2d", "#dee3ea"];
    const words = { labelColor: ink, titleColor: ink, labelFontSize: 11, titleFontSize: 11, titleFontWeight: "normal" };
    return {
      background: null, view: { stroke: null }, legend: words, font: "system-ui, sans-serif",
      axis: { ...words, gridColor: line, domainColor: line, tickColor: line, ...(still.matches ? { labelLimit: 90 } : {}) },
    };
  };
  const draw = (place) => {
    const { kind, height, domain, names, rows } = charts[place.dataset.chart];
    const records = rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
    const spec = { ...structuredClone(specs[kind]), height, datasets: { rows: records }, config: theme() };
    if (domain) spec.layer[0].encoding.x.scale.domain = domain;
    drawn.add(place);
    return vegaEmbed(place, spec, { actions: false, ast: true, renderer: "svg" });
  };
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && !drawn.has(entry.target)) draw(entry.target);
    }
  }, { rootMargin: "200px" });
  document.querySelectorAll("[data-chart]").forEach((place) => seen.observe(place));
  const again = () => drawn.forEach(draw);
  prefers.addEventListener("change", again);
  new MutationObserver(again).observe(root, { attributeFilter: ["data-theme"] });
  addEventListener("beforeprint", () => document.querySelectorAll("details.column").forEach((one) => { one.open = true; }));
})();
