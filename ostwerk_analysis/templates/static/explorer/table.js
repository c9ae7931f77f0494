// The table beside the map: the same values, sorted as the reader likes.

function table(view) {
  const { data, find, root } = view;
  const body = find("tbody[data-districts]");
  const compared = [...find("tbody.ow-compare").rows];
  const change = find("th.ow-change");
  const heads = [...root.querySelectorAll("th[aria-sort]")];

  // A column with the difference to another quarter, while the colours show it.
  function writeDifference(row, i, values, look) {
    row.querySelector(".ow-change")?.remove();
    if (!look.isToPeriod) return;
    const cell = row.insertCell();
    cell.className = "ow-change";
    const difference = view.difference(values[i], look, i);
    if (difference !== null) cell.textContent = view.signed(difference, look.digits);
    else view.write(cell, isNumber(values[i]) ? look.base(i) : values[i], look);
  }

  view.notes = (values) => {
    const marks = new Set(values.filter(Array.isArray).map((cell) => cell[1]));
    if (values.includes(SECRET)) marks.add("suppressed");
    if (values.includes(null)) marks.add("missing");
    const { notes } = data.words;
    return Object.keys(notes).filter((code) => marks.has(code)).map((code) => notes[code]).join("; ");
  };

  function sort() {
    const head = heads.find((th) => th.getAttribute("aria-sort") !== "none") || heads[0];
    const sign = head.getAttribute("aria-sort") === "descending" ? -1 : 1;
    const values = view.cells();
    const { rows, names } = view;
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
    [...view.rows, ...compared].forEach((row, i) => {
      view.write(row.cells[1], values[i], look);
      writeDifference(row, i, values, look);
    });
    change.hidden = !look.isToPeriod;
    const period = data.periods[view.fields.against.value];
    change.textContent = look.isToPeriod ? say(data.words.change, { period }) : "";
    find("[data-unit]").textContent = look.heading;
    const others = look.isToPeriod ? view.cells(view.fields.against.value) : [];
    find(".ow-note").textContent = view.notes([...values, ...others]);
    find(".ow-scroll").setAttribute("aria-label", view.svg.getAttribute("aria-label"));
    sort();
  });
}
