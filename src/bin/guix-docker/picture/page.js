// SPDX-License-Identifier: GPL-3.0-or-later
(() => {
  "use strict";
  const table = document.querySelector(".items table");
  const body = table.tBodies[0];
  const headers = [...table.tHead.rows[0].cells];
  const shown = document.getElementById("shown");
  const search = document.getElementById("search");
  const compare = new Intl.Collator(undefined, { numeric: true }).compare;
  const rows = [...body.rows].map((row) => ({
    row,
    text: row.textContent.toLowerCase(),
    values: [...row.cells].map((cell) =>
      "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent),
  }));
  const total = shown.textContent;

  function sort(column, direction) {
    headers.forEach((header, index) => {
      if (index === column) header.setAttribute("aria-sort", direction);
      else header.removeAttribute("aria-sort");
    });
    const sign = direction === "ascending" ? 1 : -1;
    rows.sort(({ values: one }, { values: other }) => sign * (
      typeof one[column] === "number"
        ? one[column] - other[column]
        : compare(one[column], other[column])));
    body.append(...rows.map(({ row }) => row));
  }

  function filter() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const { row, text } of rows) {
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) count++;
    }
    shown.textContent = words.length
      ? `${count.toLocaleString("en")} of ${total} shown`
      : total;
  }

  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...header.childNodes);
    header.append(button);
    // What is a number is looked at from its largest, text from its beginning.
    const first = header.classList.contains("number") ? "descending" : "ascending";
    const other = first === "ascending" ? "descending" : "ascending";
    button.addEventListener("click", () =>
      sort(column, header.getAttribute("aria-sort") === first ? other : first));
  });
  search.addEventListener("input", filter);
  search.parentElement.hidden = false;
  // A browser may have kept what was written when the page is loaded again.
  filter();
})();
