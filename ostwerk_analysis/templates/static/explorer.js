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
    const choices = find(".ow-choices");
    const classes = find("[name=classes]");
    const number = find("[name=number]");
    const compare = find("[name=compare]");
    const typed = find("[name=breaks]");
    const usual = [classes, number, compare, typed].map((field) => field.value);
    const body = find("tbody[data-districts]");
    const rows = [...body.rows].sort((a, b) => a.dataset.i - b.dataset.i);
    const compared = [...find("tbody.ow-compare").rows];
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
    const say = (sentence, values) => sentence.replace(/{(\w+)}/g, (_, name) => values[name]);
    const signed = (value, digits) => (value > 0 ? "+" : "") + format(value, digits);
    const tidy = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits + 0;
    function title(cell, series) {
      const value = words(cell, series);
      if (!series.isDifference || !isNumber(cell)) return value;
      const difference = signed(tidy(bare(cell) - series.city, series.digits), series.digits);
      return say(data.words.toCity, { value, difference });
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
      if (series.circles) return data.land;
      const value = bare(cell) - (series.isDifference ? series.city : 0);
      const place = series.bounds.findIndex((bound) => value <= bound + 1e-9);
      return series.colours[place < 0 ? series.bounds.length - 1 : place];
    }

    // An indicator with the scale for its quarters or for its years, and the colours chosen.
    function current() {
      const series = data.series[indicator.value];
      const kept = series.scales[period.value.includes("-Q") ? "quarter" : "year"];
      const look = { ...series, ...kept };
      if (look.circles) return look;
      const city = bare(cells()[data.city]);
      look.city = city;
      look.isDifference = compare.value === "city" && isNumber(city);
      look.isAlone = compare.value === "city" && !isNumber(city);
      const { bounds, ends } = look.isDifference ? kept.differences : kept;
      const [low, high] = ends;
      const step = look.isDifference ? (number.value - 3) / 2 : number.value - 3;
      const isOwn = classes.value === "own" && !look.isAlone;
      const size = look.isDifference ? Math.max(Math.abs(low), Math.abs(high)) : high;
      let upper = (bounds[isOwn || look.isAlone ? "quantiles" : classes.value] ?? [])[Math.floor(step)];
      upper ??= [];
      look.isOpenAbove = false;
      if (isOwn && upper.length) {
        const down = (bound) => Math.floor(bound * 10 ** look.digits + 1e-6) / 10 ** look.digits;
        const given = breaks(look);
        upper = [...new Set(given.map(down))];
        look.isOpenAbove = size > given.at(-1);
        if (look.isOpenAbove) upper.push(size);
      }
      look.isOpenBelow = isOwn && (!look.isDifference || look.isOpenAbove);
      if (look.isDifference) {
        if (upper.length === 1 && upper[0] > 0) upper = [0, ...upper];
        const below = upper.slice(0, -1).reverse();
        upper = [...below.map((bound) => tidy(-bound - 10 ** -look.digits, look.digits)), ...upper];
      }
      const ramps = look.isDifference ? data.diverging : data.colours;
      return { ...look, bounds: upper, low, high, colours: ramps[upper.length] };
    }

    // The breaks that are typed, if they can be used; else the last ones that could.
    let usable = [];
    function breaks(look) {
      const parts = Object.fromEntries(
        new Intl.NumberFormat(data.locale).formatToParts(12345.6).map((part) => [part.type, part.value]),
      );
      const given = typed.value.split(";").filter((part) => part.trim()).map((part) =>
        Number(part.replaceAll(parts.group, "").replace(parts.decimal, ".").replace(MINUS, "-")),
      );
      const most = look.isDifference ? 3 : 6;
      const isRising = given.every((value, i) => i === 0 || value > given[i - 1]);
      const isGood = given.length && given.length <= most && isRising && given.every(Number.isFinite)
        && (!look.isDifference || given[0] > 0);
      const sentence = look.isDifference ? data.words.sizes : data.words.breaks;
      const example = look.isDifference ? proposal([1, 2.5]) : proposal([5, 7.5, 10]);
      find(".ow-wrong").textContent = isGood ? "" : say(sentence, { most, example });
      typed.setAttribute("aria-invalid", String(!isGood));
      if (isGood) usable = given;
      return usable;
    }
    const proposal = (values) =>
      values.map((value) => new Intl.NumberFormat(data.locale, {
        useGrouping: false, maximumFractionDigits: 9,
      }).format(value)).join("; ");

    // Breaks of one's own begin as those that were seen before.
    function propose() {
      const own = classes.value;
      classes.value = "quantiles";
      const { circles, bounds, isDifference, isAlone } = current();
      classes.value = own;
      if (circles || isAlone) return;
      const upper = isDifference ? bounds.filter((bound) => bound > 0) : bounds;
      usable = upper.length > 1 ? upper.slice(0, -1) : upper;
      typed.value = proposal(usable);
    }

    // Only choices that do something are offered: one class lies about the city, so they are odd.
    function offerChoices() {
      choices.hidden = data.series[indicator.value].circles;
      for (const option of number.options) option.disabled = compare.value && option.value % 2 === 0;
      if (number.selectedOptions[0].disabled) number.value = Number(number.value) + 1;
      const isOwn = classes.value === "own";
      number.closest("label").hidden = isOwn;
      typed.closest("label").hidden = !isOwn;
      if (!isOwn) find(".ow-wrong").textContent = "";
    }

    // The spans of the classes: each begins where the one before ends.
    function spans(series) {
      const { bounds, digits, isDifference, low, high } = series;
      const last = bounds.length - 1;
      const plain = (value) => (isDifference ? signed(value, digits) : format(value, digits));
      const full = (value) => (isDifference ? plain(value) : words(value, series));
      const said = [];
      let next = low;
      bounds.forEach((upper, i) => {
        const isMiddle = isDifference && 2 * i === last;
        let first = next;
        let bound = upper;
        next = tidy(upper + 10 ** -digits, digits);
        if (isDifference && !isMiddle) {
          if (upper < low || first > high) return;
          first = Math.max(first, low);
          bound = Math.min(bound, high);
        }
        let span = say(data.words.span, { first: plain(first), last: full(bound) });
        if (series.isOpenBelow && i === 0) span = say(data.words.upTo, { value: full(bound) });
        else if (series.isOpenAbove && i === last) span = say(data.words.from, { value: full(first) });
        else if (first >= bound) span = full(bound);
        said.push([series.colours[i], isMiddle ? say(data.words.middle, { span }) : span]);
      });
      return said;
    }

    function explain(series) {
      const list = find(".ow-legend");
      list.innerHTML = series.circles ? series.legend : "";
      if (!series.circles) {
        for (const [colour, span] of spans(series)) {
          const item = document.createElement("li");
          item.innerHTML = '<svg viewBox="0 0 36 28" aria-hidden="true"><rect x="1" y="1" '
            + 'width="34" height="26" stroke="#8a959e"/></svg> <span></span>';
          item.querySelector("rect").setAttribute("fill", colour);
          item.querySelector("span").textContent = span;
          list.append(item);
        }
      }
      list.insertAdjacentHTML("beforeend", data.common);
      let heading = series.isAlone ? data.words.noCity : "";
      if (series.isDifference) {
        const value = words(series.city, series);
        heading = say(data.words.difference, { value }) + (series.sign === "%" ? data.words.points : "");
      }
      find(".ow-scale").textContent = heading;
    }

    const cells = () => data.series[indicator.value].values[period.value];

    function drawCircles(series, values) {
      circles.replaceChildren();
      if (!series.circles || !series.largest) return;
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
      offerChoices();
      const series = current();
      const values = cells();
      shapes.forEach((shape, i) => {
        shape.setAttribute("fill", fill(values[i], series));
        titles[i].textContent = `${names[i]}: ${title(values[i], series)}`;
      });
      drawCircles(series, values);
      rows.forEach((row, i) => write(row.cells[1], values[i], series));
      compared.forEach((row, i) => write(row.cells[1], values[shapes.length + i], series));
      explain(series);
      const when = data.periods[period.value];
      find("figcaption :is(h2, h3)").textContent = series.label;
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
      for (const [i, field] of [classes, number, compare, typed].entries()) {
        const isShown = !field.closest("label").hidden && !choices.hidden;
        if (isShown && field.value !== usual[i]) state.set(field.name, field.value);
      }
      history.replaceState(null, "", "#" + state);
      for (const link of document.querySelectorAll("[data-ow-keep-state]")) link.hash = state;
    }

    function recall() {
      const state = isPage ? new URLSearchParams(location.hash.slice(1)) : new URLSearchParams();
      if (state.get("indicator") in data.series) indicator.value = state.get("indicator");
      offerPeriods(state.get("quarter") || root.dataset.period);
      for (const [i, field] of [classes, number, compare].entries()) {
        const wanted = state.get(field.name) ?? usual[i];
        const isOffered = [...field.options].some((option) => option.value === wanted);
        field.value = isOffered ? wanted : usual[i];
        if (field.value !== usual[i]) choices.open = true;
      }
      typed.value = state.get("breaks") ?? usual[3];
      if (classes.value === "own" && !typed.value) propose();
      choose(data.ids.indexOf(state.get("district")));
      redraw();
    }

    indicator.addEventListener("change", () => {
      offerPeriods(period.value);
      if (classes.value === "own") propose();
      redraw();
      keep();
    });
    for (const field of [classes, number, compare]) {
      field.addEventListener("change", () => {
        if (classes.value === "own") propose();
        redraw();
        keep();
      });
    }
    typed.addEventListener("input", () => {
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
