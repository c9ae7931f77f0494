(() => {
  "use strict";
  // The map explorer: draws another indicator or quarter on the map and table already in the page.
  if (window.owExplorerReady) return window.owExplorerReady();

  const MINUS = "\u2212";

  function explorer(root) {
    const data = JSON.parse(root.querySelector("script[type='application/json']").textContent);
    const find = (selector) => root.querySelector(selector);
    const svg = find(".ow-map");
    const shapes = [...svg.querySelectorAll(".ow-districts path")];
    const titles = shapes.map((shape) => shape.querySelector("title"));
    const circles = svg.querySelector(".ow-circles");
    const ring = svg.querySelector(".ow-focus");
    const indicator = find("[name=indicator]");
    const period = find("[name=period]");
    const body = find("tbody[data-districts]");
    const rows = [...body.rows].sort((a, b) => a.dataset.i - b.dataset.i);
    const compare = [...find("tbody.ow-compare").rows];
    const heads = [...root.querySelectorAll("th[aria-sort]")];
    const names = rows.map((row) => row.cells[0].textContent);
    const isPage = document.documentElement.hasAttribute("data-ow-page");
    let chosen = -1;

    const formats = {};
    function format(value, digits) {
      formats[digits] ??= new Intl.NumberFormat(data.locale, {
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      });
      return formats[digits].format(value).replace("-", MINUS);
    }

    // A cell is a number, "." kept secret, null missing, or [number, mark].
    const SECRET = ".";
    const bare = (cell) => (Array.isArray(cell) ? cell[0] : cell);
    const isNumber = (cell) => typeof bare(cell) === "number";
    function words(cell, series) {
      if (cell === SECRET) return data.words.suppressed;
      if (!isNumber(cell)) return data.words.missing;
      const unit = series.sign ? "\u00a0" + series.sign : "";
      return format(bare(cell), series.digits) + unit;
    }
    function write(place, cell, series) {
      place.replaceChildren();
      if (isNumber(cell)) {
        place.append(format(bare(cell), series.digits));
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
      said.textContent = words(cell, series);
      place.append(sign, said);
    }

    function fill(cell, series) {
      if (cell === SECRET) return `url(#${data.key}-suppressed)`;
      if (!isNumber(cell)) return `url(#${data.key}-missing)`;
      if (series.symbols) return data.land;
      const place = series.bounds.findIndex((bound) => bare(cell) <= bound);
      return series.colours[place < 0 ? series.bounds.length - 1 : place];
    }

    // An indicator with the scale for its quarters or for its years.
    function current() {
      const series = data.series[indicator.value];
      return { ...series, ...series.scales[period.value.includes("-Q") ? "quarter" : "year"] };
    }
    const cells = () => data.series[indicator.value].values[period.value];

    function drawCircles(series, values) {
      circles.replaceChildren();
      if (!series.symbols || !series.largest) return;
      const order = shapes
        .map((_, i) => i)
        .filter((i) => isNumber(values[i]) && bare(values[i]) !== 0)
        .sort((a, b) => Math.abs(bare(values[b])) - Math.abs(bare(values[a])));
      for (const i of order) {
        const value = bare(values[i]);
        const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
        circle.setAttribute("cx", data.points[i][0]);
        circle.setAttribute("cy", data.points[i][1]);
        const size = data.radius * Math.sqrt(Math.abs(value) / series.largest);
        circle.setAttribute("r", size.toFixed(1));
        if (value < 0) {
          circle.setAttribute("fill", "#fff");
          circle.setAttribute("stroke", data.circle);
        }
        circles.append(circle);
      }
    }

    function redraw() {
      const series = current();
      const values = cells();
      shapes.forEach((shape, i) => {
        shape.setAttribute("fill", fill(values[i], series));
        titles[i].textContent = `${names[i]}: ${words(values[i], series)}`;
      });
      drawCircles(series, values);
      rows.forEach((row, i) => write(row.cells[1], values[i], series));
      compare.forEach((row, i) => write(row.cells[1], values[shapes.length + i], series));
      find(".ow-legend").outerHTML = series.legend;
      const when = data.periods[period.value];
      find("h2").textContent = series.label;
      find(".ow-when").textContent = [when, series.subtitle].filter(Boolean).join(", ");
      find(".ow-source").textContent = series.source;
      find(".ow-definition").textContent = series.definition;
      find("[data-unit]").textContent = series.heading;
      find(".ow-note").textContent = notes(values);
      const name = `${series.label}, ${when}`;
      svg.setAttribute("aria-label", name);
      svg.querySelector(".ow-districts").setAttribute("aria-label", name);
      find(".ow-scroll").setAttribute("aria-label", name);
      sort();
      tell();
    }

    function notes(values) {
      const marks = new Set(values.filter(Array.isArray).map((cell) => cell[1]));
      if (values.includes(SECRET)) marks.add("suppressed");
      if (values.includes(null)) marks.add("missing");
      const { notes } = data.words;
      return Object.keys(notes).filter((code) => marks.has(code)).map((code) => notes[code]).join("; ");
    }

    // Quarters are those for which the indicator has values; the one shown is kept if it can be.
    function offerPeriods(wanted) {
      const offered = Object.keys(data.series[indicator.value].values).sort().reverse();
      period.replaceChildren(...offered.map((code) => new Option(data.periods[code], code)));
      period.value = offered.includes(wanted) ? wanted : offered[0];
    }

    function sort() {
      const head = heads.find((th) => th.getAttribute("aria-sort") !== "none") || heads[0];
      const sign = head.getAttribute("aria-sort") === "descending" ? -1 : 1;
      const values = cells();
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

    function tell(pointed = chosen) {
      const where = find(".ow-readout");
      where.toggleAttribute("data-district", pointed >= 0);
      where.textContent = pointed < 0 ? data.words.hint : titles[pointed].textContent;
    }

    // Scrolls the table, and never the page, until a row is seen.
    function reveal(row) {
      const box = find(".ow-scroll");
      const top = row.offsetTop - box.scrollTop;
      if (top < 80 || top > box.clientHeight - 40) box.scrollTop = row.offsetTop - box.clientHeight / 2;
    }

    function choose(i) {
      if (chosen >= 0) {
        shapes[chosen].removeAttribute("aria-selected");
        rows[chosen].classList.remove("ow-chosen");
      }
      shapes.forEach((shape) => shape.setAttribute("tabindex", "-1"));
      chosen = i;
      if (i >= 0) {
        shapes[i].setAttribute("aria-selected", "true");
        rows[i].classList.add("ow-chosen");
        reveal(rows[i]);
      }
      shapes[Math.max(i, 0)].setAttribute("tabindex", "0");
      ring.setAttribute("d", i < 0 ? "" : shapes[i].getAttribute("d"));
      tell();
    }

    // The nearest district in the arrow's direction; what lies off to the side counts as farther.
    function neighbour(from, dx, dy) {
      let best = from;
      let least = Infinity;
      data.points.forEach(([x, y], i) => {
        const along = (x - data.points[from][0]) * dx + (y - data.points[from][1]) * dy;
        const across = Math.abs((x - data.points[from][0]) * dy + (y - data.points[from][1]) * dx);
        if (i === from || along <= 0 || across > 2 * along) return;
        if (along + 2 * across < least) [least, best] = [along + 2 * across, i];
      });
      return best;
    }

    function keep() {
      if (!isPage) return; // in a notebook the address is not ours
      const state = new URLSearchParams({ indicator: indicator.value, quarter: period.value });
      if (chosen >= 0) state.set("district", data.ids[chosen]);
      history.replaceState(null, "", "#" + state);
      for (const link of document.querySelectorAll("[data-ow-keep-state]")) link.hash = state;
    }

    function recall() {
      const state = isPage ? new URLSearchParams(location.hash.slice(1)) : new URLSearchParams();
      if (state.get("indicator") in data.series) indicator.value = state.get("indicator");
      offerPeriods(state.get("quarter") || root.dataset.period);
      choose(data.ids.indexOf(state.get("district")));
      redraw();
    }

    indicator.addEventListener("change", () => {
      offerPeriods(period.value);
      redraw();
      keep();
    });
    period.addEventListener("change", () => {
      redraw();
      keep();
    });
    const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    shapes.forEach((shape, i) => {
      shape.addEventListener("focus", () => {
        choose(i);
        keep();
      });
      shape.addEventListener("pointerenter", () => tell(i));
      shape.addEventListener("pointerleave", () => tell());
      shape.addEventListener("click", () => shape.focus());
      shape.addEventListener("keydown", (event) => {
        let next = -1;
        if (event.key in arrows) next = neighbour(i, ...arrows[event.key]);
        if (event.key === "Home") next = 0;
        if (event.key === "End") next = shapes.length - 1;
        if (event.key === "Escape") {
          choose(-1);
          keep();
          return;
        }
        if (next < 0) return;
        event.preventDefault();
        shapes[next].focus();
      });
    });
    rows.forEach((row, i) =>
      row.addEventListener("click", () => {
        choose(i);
        keep();
      }),
    );
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
    window.addEventListener("hashchange", recall);
    recall();
    if (isPage && location.hash) keep();
  }

  window.owExplorerReady = () => {
    for (const root of document.querySelectorAll(".ow-explorer:not([data-ready])")) {
      root.dataset.ready = "";
      explorer(root);
    }
  };
  if (document.readyState === "loading") {
    document.addEventListener("DOMContentLoaded", window.owExplorerReady);
  } else window.owExplorerReady();
})();
