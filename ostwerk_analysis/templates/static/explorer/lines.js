// The series of up to five areas as lines, told apart by letters and dashes, and as a table; the same
// colour, letter and dashes mark the areas on the map, in its legend, and in the table beside it.
// A value that is kept secret or missing is a gap; marks below the lines say which of the two.

const LETTERS = "ABCDE";
const BADGE = { radius: 9, letter: 13, lift: 17 }; // in pixels
const MARGIN = { top: 12, left: 56, bottom: 26, strip: 9 };

// Round values from at most `low` to at least `high`, four or so.
function roundValues(low, high) {
  const rough = (high - low || Math.abs(high) || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * power).find((n) => n >= rough);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

function lines(view) {
  const { data, find } = view;
  const add = find("[name=add]");
  const list = find(".ow-pins");
  const figure = find(".ow-lines figure");
  const table = find(".ow-lines table");
  let places = view.ids;
  let pins = []; // places among the cells: districts or boroughs, then the compared areas

  const comparedRows = [...find("tbody.ow-compare").rows];
  const compared = comparedRows.map((row) => row.cells[0].textContent);
  const name = (i) => view.names[i] ?? compared[i - view.names.length];
  const code = (i) => view.ids[i] ?? "~" + data.compared[i - view.ids.length];
  const last = () => view.ids.length + compared.length;

  function svg(tag, given, parent, words) {
    const element = document.createElementNS(SVG, tag);
    for (const [key, value] of Object.entries(given)) element.setAttribute(key, value);
    if (words) element.textContent = words;
    parent.append(element);
    return element;
  }

  view.pin = (i) => {
    if (pins.includes(i)) pins = pins.filter((other) => other !== i);
    else if (i >= 0 && pins.length < LETTERS.length) pins = [...pins, i];
    draw();
    view.keep();
  };

  function offer() {
    const full = pins.length >= LETTERS.length;
    const rest = Array.from({ length: last() }, (_, i) => i).filter((i) => !pins.includes(i));
    const areas = rest.filter((i) => i >= view.ids.length);
    const byName = rest.filter((i) => i < view.ids.length)
      .sort((a, b) => name(a).localeCompare(name(b), data.locale));
    const options = [...areas, ...byName].map((i) => new Option(name(i), i));
    add.replaceChildren(new Option(full ? data.words.full : data.words.choose, ""), ...options);
    add.disabled = full;
    list.replaceChildren(...pins.map((i, place) => {
      const item = document.createElement("li");
      item.innerHTML = '<svg viewBox="0 0 30 8" aria-hidden="true"><path class="ow-course" d="M0 4H30"/>'
        + '</svg><b></b><span></span><button type="button">×</button>';
      item.dataset.course = LETTERS[place];
      item.querySelector("b").textContent = LETTERS[place];
      item.querySelector("span").textContent = name(i);
      const button = item.querySelector("button");
      button.setAttribute("aria-label", say(data.words.unpin, { name: name(i) }));
      button.addEventListener("click", () => {
        view.pin(i);
        add.focus();
      });
      return item;
    }));
  }

  // Marks the areas on every map, in its legend, and in the table of values.
  function mark() {
    for (const map of view.root.querySelectorAll(".ow-map")) {
      const legend = map.closest("figure").querySelector(".ow-legend");
      map.querySelector(".ow-marked")?.remove();
      legend.querySelectorAll("li:has([data-course])").forEach((item) => item.remove());
      const layer = svg("g", { class: "ow-marked", "aria-hidden": "true" }, map);
      map.querySelector(".ow-focus").before(layer);
      pins.forEach((i, place) => view.shapes[i] && outline(map, layer, legend, i, LETTERS[place]));
    }
    [...view.rows, ...comparedRows].forEach(({ cells: [{ dataset }] }, i) => {
      if (pins.includes(i)) dataset.course = LETTERS[pins.indexOf(i)];
      else delete dataset.course;
    });
  }

  function outline(map, layer, legend, i, letter) {
    const group = svg("g", { "data-course": letter }, layer);
    const d = view.shapes[i].getAttribute("d");
    svg("path", { class: "ow-course-casing", d }, group);
    svg("path", { class: "ow-course", d }, group);
    // The letter is as large on any screen, and leaves a circle or a short name free to be read.
    const pixel = map.viewBox.baseVal.width / (map.clientWidth || 600);
    const isTaken = view.level === "hexagon" || map.querySelector(".ow-circles").hasChildNodes();
    const [x, middle] = view.points[i];
    const y = middle - (isTaken ? BADGE.lift * pixel : 0);
    svg("circle", { cx: x, cy: y, r: BADGE.radius * pixel }, group);
    svg("text", { x, y, dy: ".35em", "font-size": BADGE.letter * pixel }, group, letter);
    const item = document.createElement("li");
    const frame = 'd="M4 5H32V23H4z"';
    item.innerHTML = `<svg viewBox="0 0 36 28" aria-hidden="true" data-course="${letter}">`
      + `<path class="ow-course-casing" ${frame}/><path class="ow-course" ${frame}/></svg> <span></span>`;
    item.querySelector("span").textContent = `${letter}: ${name(i)}`;
    legend.append(item);
  }

  function draw() {
    offer();
    mark();
    figure.hidden = !pins.length;
    if (!pins.length) return;
    const { values } = view.series();
    const now = view.fields.period.value;
    const periods = Object.keys(values).filter((one) => spanOf(one) === spanOf(now)).sort();
    const look = view.look();
    chart(periods, values, look, now);
    tabulate(periods, values, look);
  }

  function chart(periods, values, look, now) {
    const known = pins.flatMap((i) => periods.map((one) => values[one][i])).filter(isNumber).map(bare);
    const ticks = roundValues(Math.min(0, ...known), Math.max(...known, look.digits ? 0.1 : 1));
    const width = Math.max(figure.clientWidth, 240);
    const isWide = width > 520;
    const right = isWide ? 190 : 22;
    const height = 240;
    const below = MARGIN.bottom + pins.length * MARGIN.strip;
    const x = (p) => MARGIN.left + (periods.length < 2 ? 0 : p / (periods.length - 1))
      * (width - MARGIN.left - right);
    const y = (value) => MARGIN.top + (1 - (value - ticks[0]) / (ticks.at(-1) - ticks[0])) * height;
    const picture = figure.querySelector("svg");
    picture.setAttribute("viewBox", `0 0 ${width} ${MARGIN.top + height + below + 8}`);
    picture.replaceChildren();
    for (const tick of ticks) {
      svg("path", { class: "ow-grid", d: `M${MARGIN.left} ${y(tick)}H${width - right}` }, picture);
      const digits = Number.isInteger(tick) && Number.isInteger(ticks[1]) ? 0 : Math.max(look.digits, 1);
      svg("text", { x: MARGIN.left - 8, y: y(tick) + 4, "text-anchor": "end" }, picture, view.format(tick, digits));
    }
    const at = periods.indexOf(now);
    svg("path", { class: "ow-now", d: `M${x(at)} ${MARGIN.top}v${height}` }, picture);
    const bottom = MARGIN.top + height;
    svg("text", { x: MARGIN.left, y: bottom + 18 }, picture, data.periods[periods[0]]);
    svg("text", { x: width - right, y: bottom + 18, "text-anchor": "end" }, picture,
      data.periods[periods.at(-1)]);
    const named = [];
    pins.forEach((i, place) => {
      const group = svg("g", { "data-course": LETTERS[place] }, picture);
      let path = "";
      let end = null;
      periods.forEach((one, p) => {
        const cell = values[one][i];
        if (isNumber(cell)) {
          const isNew = p === 0 || !isNumber(values[periods[p - 1]][i]);
          const isLone = isNew && !isNumber(values[periods[p + 1]]?.[i]);
          path += `${isNew ? "M" : "L"}${x(p).toFixed(1)} ${y(bare(cell)).toFixed(1)}${isLone ? "h.1" : ""}`;
          end = y(bare(cell));
          return;
        }
        const strip = bottom + MARGIN.bottom + place * MARGIN.strip;
        if (cell === SECRET) svg("circle", { class: "ow-dot", cx: x(p), cy: strip, r: 2.5 }, group);
        else svg("path", { class: "ow-dash", d: `M${x(p) - 2.5} ${strip}h5` }, group);
      });
      svg("path", { class: "ow-course", d: path }, group);
      if (end !== null) named.push({ place, end });
    });
    // Names stand at the ends of their lines, moved apart where lines end close together.
    named.sort((a, b) => a.end - b.end);
    let free = MARGIN.top;
    for (const { place, end } of named) {
      free = Math.max(free, end + 4);
      const letter = LETTERS[place];
      const words = isWide ? `${letter} ${name(pins[place])}` : letter;
      svg("text", { x: width - right + 8, y: free, class: "ow-named", "data-course": letter }, picture, words);
      free += 16;
    }
    picture.setAttribute("aria-label", say(data.words.linesOf, { indicator: look.label }));
    figure.querySelector("figcaption").textContent = [look.label, look.heading].join(", ");
  }

  function tabulate(periods, values, look) {
    const head = document.createElement("tr");
    head.append(...[data.words.facts.period, ...pins.map(name)].map((words, place) => {
      const cell = document.createElement("th");
      cell.scope = "col";
      if (place) cell.dataset.course = LETTERS[place - 1];
      cell.textContent = words;
      return cell;
    }));
    table.tHead.replaceChildren(head);
    table.tBodies[0].replaceChildren(...periods.toReversed().map((one) => {
      const row = document.createElement("tr");
      const period = document.createElement("th");
      period.scope = "row";
      period.textContent = data.periods[one];
      row.append(period);
      for (const i of pins) view.write(row.insertCell(), values[one][i], look);
      return row;
    }));
  }

  add.addEventListener("change", (event) => {
    event.stopPropagation();
    if (add.value) view.pin(Number(add.value));
  });
  view.svg.addEventListener("keydown", (event) => {
    if (event.key !== " ") return;
    event.preventDefault();
    view.pin(view.chosen);
  });
  view.onRedraw(draw);
  view.onLevel(() => {
    if (view.ids !== places) pins = [];
    places = view.ids;
  });
  view.onKeep((state) => pins.length && state.set("lines", pins.map(code).join(" ")));
  view.onRecall((state) => {
    const codes = Array.from({ length: last() }, (_, i) => code(i));
    const asked = (state.get("lines") ?? "").split(" ").map((one) => codes.indexOf(one));
    pins = [...new Set(asked)].filter((i) => i >= 0).slice(0, LETTERS.length);
  });
  new ResizeObserver(() => pins.length && draw()).observe(find(".ow-lines"));
}
