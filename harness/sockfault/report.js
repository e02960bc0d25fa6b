"use strict";
{
  const rows = Array.from(document.querySelectorAll("ol.chart li"));
  const search = document.querySelector("#search"), count = document.querySelector("#count");
  const only = document.querySelector("#only");
  let texts = null, at = -1;

  // Texts of rows are put together when first looked for: opening the page stays quick.
  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    texts = texts || rows.map((row) => row.textContent.toLowerCase());
    rows.forEach((row, i) => {
      const fits = words.every((word) => texts[i].includes(word)) && (!only.checked || row.matches(".fault, .found, .stuck"));
      row.hidden = !fits;
      shown += fits;
    });
    count.textContent = shown === rows.length ? "" : `${shown} of ${rows.length}`;
  }
  function next() {
    const wanted = rows.filter((row) => !row.hidden && row.matches(".fault, .found, .stuck"));
    if (!wanted.length) return;
    at = (at + 1) % wanted.length;
    wanted[at].scrollIntoView({ block: "center" });
  }
  search.addEventListener("input", filter);
  only.addEventListener("change", filter);
  document.querySelector("#next").addEventListener("click", next);
}
