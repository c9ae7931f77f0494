(() => {
  "use strict";
  // Tables that are marked for it can be sorted by a column and searched. Without this script they
  // are read as they stand; so what is pressed and typed into is made here, and not in the page.
  const done = "owMade";

  const value = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;

  function sortable(table, words) {
    const body = table.tBodies[0];
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent;
      head.replaceChildren(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
        const order = (a, b) => {
          const [left, right] = [value(a, column), value(b, column)];
          if (!left || !right) return !left - !right;  // what is not known comes last
          return sign * left.localeCompare(right, words.locale, { numeric: true });
        };
        body.append(...[...body.rows].sort(order));
      });
    });
  }

  function searchable(place, table, words) {
    const label = document.createElement("label");
    const field = document.createElement("input");
    const count = document.createElement("p");
    field.type = "search";
    label.className = "ow-search";
    label.append(words.search, field);
    count.className = "ow-note";
    count.setAttribute("role", "status");
    const rows = [...table.tBodies[0].rows];
    const texts = new Map(rows.map((row) => [row, row.textContent.toLocaleLowerCase(words.locale)]));
    field.addEventListener("input", () => {
      const wanted = field.value.trim().toLocaleLowerCase(words.locale).split(/\s+/);
      for (const row of rows) row.hidden = !wanted.every((word) => texts.get(row).includes(word));
      const shown = rows.filter((row) => !row.hidden).length;
      count.textContent = words.found.replace("{count}", shown).replace("{all}", rows.length);
    });
    place.before(label, count);
  }

  const make = () => {
    for (const place of document.querySelectorAll("[data-ow-table]")) {
      if (done in place.dataset) continue;
      place.dataset[done] = "";
      const words = JSON.parse(place.dataset.owTable);
      const table = place.querySelector("table");
      sortable(table, words);
      searchable(place, table, words);
    }
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", make);
  else make();
})();
