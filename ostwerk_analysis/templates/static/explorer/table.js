// The table beside the map: the same values, sorted as the reader likes.

function table(view) {
  const { data, find, root, rows, names } = view;
  const body = find("tbody[data-districts]");
  const compared = [...find("tbody.ow-compare").rows];
  const heads = [...root.querySelectorAll("th[aria-sort]")];

  function write(place, cell, look) {
    place.replaceChildren();
    if (isNumber(cell)) {
      place.append(view.format(bare(cell), look.digits));
      if (Array.isArray(cell)) {
        const mark = document.createElement("sup");
        mark.textContent = cell[1];
        place.append(mark);
      }
      return;
    }
    const sign = document.createElement("span");
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = data.words.signs[cell === SECRET ? "suppressed" : "missing"];
    const said = document.createElement("span");
    said.className = "ow-hidden";
    said.textContent = view.words(cell, look);
    place.append(sign, said);
  }

  function notes(values) {
    const marks = new Set(values.filter(Array.isArray).map((cell) => cell[1]));
    if (values.includes(SECRET)) marks.add("suppressed");
    if (values.includes(null)) marks.add("missing");
    const { notes } = data.words;
    return Object.keys(notes).filter((code) => marks.has(code)).map((code) => notes[code]).join("; ");
  }

  function sort() {
    const head = heads.find((th) => th.getAttribute("aria-sort") !== "none") || heads[0];
    const sign = head.getAttribute("aria-sort") === "descending" ? -1 : 1;
    const values = view.cells();
    const order = rows.map((_, i) => i);
    const byName = (a, b) => names[a].localeCompare(names[b], data.locale);
    if (head === heads[0]) order.sort((a, b) => sign * byName(a, b));
    else {
      // What has no value comes last in both directions.
      order.sort((a, b) => {
        const known = isNumber(values[b]) - isNumber(values[a]);
        if (known || !isNumber(values[a])) return known || byName(a, b);
        return sign * (bare(values[a]) - bare(values[b])) || byName(a, b);
      });
    }
    body.append(...order.map((i) => rows[i]));
  }

  heads.forEach((head, place) =>
    head.querySelector("button").addEventListener("click", () => {
      const first = place === 0 ? "ascending" : "descending";
      const other = place === 0 ? "descending" : "ascending";
      const is = head.getAttribute("aria-sort");
      heads.forEach((th) => th.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", is === first ? other : first);
      sort();
    }),
  );

  view.onRedraw((look, values) => {
    rows.forEach((row, i) => write(row.cells[1], values[i], look));
    compared.forEach((row, i) => write(row.cells[1], values[rows.length + i], look));
    find("[data-unit]").textContent = look.heading;
    find(".ow-note").textContent = notes(values);
    find(".ow-scroll").setAttribute("aria-label", view.svg.getAttribute("aria-label"));
    sort();
  });
}
