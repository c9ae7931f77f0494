// Choosing a district, on the map by pointer or arrow keys, or in the table.

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

function choosing(view) {
  const { data, find, svg } = view;
  const ring = svg.querySelector(".ow-focus");

  function tell(pointed = view.chosen) {
    const where = find(".ow-readout");
    where.toggleAttribute("data-district", pointed >= 0);
    where.textContent = pointed < 0 ? data.words.hints[view.level] : view.said(pointed);
    view.run("point", pointed);
  }

  // Scrolls the table, and never the page, until a row is seen.
  function reveal(row) {
    const box = find(".ow-scroll");
    const top = row.offsetTop - box.scrollTop;
    if (top < 80 || top > box.clientHeight - 40) box.scrollTop = row.offsetTop - box.clientHeight / 2;
  }

  view.choose = (i) => {
    const { shapes, rows } = view;
    if (view.chosen >= 0) {
      shapes[view.chosen].removeAttribute("aria-selected");
      rows[view.chosen].classList.remove("ow-chosen");
    }
    shapes.forEach((shape) => shape.setAttribute("tabindex", "-1"));
    view.chosen = i;
    if (i >= 0) {
      shapes[i].setAttribute("aria-selected", "true");
      rows[i].classList.add("ow-chosen");
      reveal(rows[i]);
    }
    shapes[Math.max(i, 0)].setAttribute("tabindex", "0");
    ring.setAttribute("d", i < 0 ? "" : shapes[i].getAttribute("d"));
    tell();
    view.run("choose", i);
  };

  // The nearest district in the arrow's direction; what lies off to the side counts as farther.
  function neighbour(from, dx, dy) {
    let best = from;
    let least = Infinity;
    view.points.forEach(([x, y], i) => {
      const along = (x - view.points[from][0]) * dx + (y - view.points[from][1]) * dy;
      const across = Math.abs((x - view.points[from][0]) * dy + (y - view.points[from][1]) * dx);
      if (i === from || along <= 0 || across > 2 * along) return;
      if (along + 2 * across < least) [least, best] = [along + 2 * across, i];
    });
    return best;
  }

  function chooseAndKeep(i, movement) {
    view.choose(i);
    view.keep(movement);
  }

  // Lets the places of a map be pointed at and chosen: of the first, or of another beside it.
  view.listen = (map, shapes) => {
    const at = (event) => shapes().indexOf(event.target.closest("[role=option]"));
    map.addEventListener("focusin", (event) => {
      const isByKeys = event.target.matches(":focus-visible");
      if (at(event) !== view.chosen) chooseAndKeep(at(event), isByKeys ? "walk" : "");
    });
    map.addEventListener("pointerover", (event) => tell(at(event)));
    map.addEventListener("pointerleave", () => tell());
    map.addEventListener("click", (event) => shapes()[at(event)]?.focus());
    map.addEventListener("keydown", (event) => {
      const i = at(event);
      let next = -1;
      if (event.key in ARROWS) next = neighbour(i, ...ARROWS[event.key]);
      if (event.key === "Home") next = 0;
      if (event.key === "End") next = shapes().length - 1;
      if (event.key === "Escape") chooseAndKeep(-1);
      if (next < 0) return;
      event.preventDefault();
      shapes()[next].focus();
    });
  };
  view.listen(svg.querySelector(".ow-districts"), () => view.shapes);
  find("tbody[data-districts]").addEventListener("click", (event) =>
    chooseAndKeep(view.rows.indexOf(event.target.closest("tr"))));
  view.onRedraw(() => tell());
  view.onLevel((level) => (find(".ow-tiles").hidden = level !== "hexagon"));
}
