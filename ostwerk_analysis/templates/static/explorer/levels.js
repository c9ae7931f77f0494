// What the map is made of: districts, boroughs, or a hexagon of one size for each district.

function levels(view) {
  const { data, find, svg, fields } = view;
  const map = svg.querySelector(".ow-districts");
  const body = find("tbody[data-districts]");
  const lines = { borders: [".ow-borders"], around: [".ow-casing", ".ow-outline"] };
  const at = (selector) => svg.querySelector(selector).getAttribute("d");
  const { ids, names, points, shapes, titles, rows } = view;
  const paths = shapes.map((shape) => shape.getAttribute("d"));
  const districts = { ids, names, points, shapes, titles, rows, paths };
  const built = {
    district: {
      ...districts,
      box: svg.getAttribute("viewBox"),
      borders: at(".ow-borders"),
      around: at(".ow-outline"),
    },
  };
  let wanted = "district";

  function build(level) {
    const given = data.levels[level];
    if (level === "hexagon") return { ...districts, ...given };
    const made = { ...given, shapes: [], titles: [], rows: [] };
    given.names.forEach((name) => {
      const shape = document.createElementNS(SVG, "path");
      const title = document.createElementNS(SVG, "title");
      shape.setAttribute("role", "option");
      shape.append(title);
      made.shapes.push(shape);
      made.titles.push(title);
      const row = document.createElement("tr");
      const head = document.createElement("th");
      head.scope = "row";
      head.textContent = name;
      row.append(head, document.createElement("td"));
      made.rows.push(row);
    });
    return made;
  }

  // Short names on hexagons, which nobody knows by their shape; the reader's program has the whole.
  function lettersOn({ letters, letterSize, points }) {
    const layer = document.createElementNS(SVG, "g");
    layer.setAttribute("class", "ow-letters");
    layer.setAttribute("aria-hidden", "true");
    layer.setAttribute("font-size", letterSize);
    letters.forEach((short, i) => {
      const written = document.createElementNS(SVG, "text");
      written.setAttribute("x", points[i][0]);
      written.setAttribute("y", points[i][1]);
      written.setAttribute("dy", ".35em");
      written.textContent = short;
      layer.append(written);
    });
    return layer;
  }

  // Puts the places of a level on the map and into the table. Values are drawn afterwards.
  function put(level) {
    if (level === view.level) return;
    const to = (built[level] ??= build(level));
    const kept = to.ids === view.ids ? view.chosen : -1;
    view.choose(-1);
    view.level = level;
    view.area = level === "borough" ? "borough" : "district";
    for (const what of ["ids", "names", "points", "shapes", "titles", "rows"]) view[what] = to[what];
    to.shapes.forEach((shape, i) => shape.setAttribute("d", to.paths[i]));
    map.replaceChildren(...to.shapes);
    body.replaceChildren(...to.rows);
    svg.setAttribute("viewBox", to.box);
    for (const [what, selectors] of Object.entries(lines)) {
      for (const selector of selectors) svg.querySelector(selector).setAttribute("d", to[what]);
    }
    svg.querySelector(".ow-letters")?.remove();
    if (to.letters) svg.querySelector(".ow-circles").after(lettersOn(to));
    find("[data-place]").textContent = data.words.places[view.area];
    view.choose(kept);
    view.run("level", level);
  }

  // The level that was asked for, if the series is published for it; else the one that is.
  view.offerLevels = () => {
    const published = view.indicator().series[view.part].levels;
    const areaOf = (level) => (level === "borough" ? "borough" : "district");
    for (const option of fields.level.options) option.disabled = !(areaOf(option.value) in published);
    const isThere = areaOf(wanted) in published;
    put(isThere ? wanted : Object.keys(published)[0]);
    fields.level.value = view.level;
  };

  fields.level.addEventListener("change", () => {
    wanted = fields.level.value;
    view.show(view.code);
    view.redraw();
    view.keep();
  });
  view.onKeep((state) => wanted !== "district" && state.set("areas", wanted));
  view.wantLevel = (asked) => {
    wanted = Object.hasOwn(data.levels, asked) ? asked : "district";
  };
}
