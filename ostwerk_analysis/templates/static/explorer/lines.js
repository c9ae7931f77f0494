// The series of up to five areas as lines: told apart by dashes, named at their ends, and a table.
// A value that is kept secret or missing is a gap; marks below the lines say which of the two.

const LINES_AT_MOST = 5;
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

  const compared = [...find("tbody.ow-compare").rows].map((row) => row.cells[0].textContent);
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
    else if (i >= 0 && pins.length < LINES_AT_MOST) pins = [...pins, i];
    draw();
    view.keep();
  };

  function offer() {
    const full = pins.length >= LINES_AT_MOST;
    const rest = Array.from({ length: last() }, (_, i) => i).filter((i) => !pins.includes(i));
    const areas = rest.filter((i) => i >= view.ids.length);
    const byName = rest.filter((i) => i < view.ids.length)
      .sort((a, b) => name(a).localeCompare(name(b), data.locale));
    const options = [...areas, ...byName].map((i) => new Option(name(i), i));
    add.replaceChildren(new Option(full ? data.words.full : data.words.choose, ""), ...options);
    add.disabled = full;
    list.replaceChildren(...pins.map((i, place) => {
      const item = document.createElement("li");
      item.innerHTML = '<svg viewBox="0 0 30 8" aria-hidden="true"><path d="M0 4H30"/></svg>'
        + '<span></span><button type="button">×</button>';
      item.querySelector("path").setAttribute("class", `ow-course ow-course-${place + 1}`);
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

  function draw() {
    offer();
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
    const ends = [];
    pins.forEach((i, place) => {
      const group = svg("g", { class: `ow-course-${place + 1}` }, picture);
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
      svg("path", { class: `ow-course ow-course-${place + 1}`, d: path }, group);
      if (end !== null) ends.push({ place, end });
    });
    // Names stand at the ends of their lines, moved apart where lines end close together.
    ends.sort((a, b) => a.end - b.end);
    let free = MARGIN.top;
    for (const { place, end } of ends) {
      free = Math.max(free, end + 4);
      const words = isWide ? name(pins[place]) : String(place + 1);
      svg("text", { x: width - right + 8, y: free, class: `ow-named ow-course-${place + 1}` }, picture, words);
      free += 16;
    }
    picture.setAttribute("aria-label", say(data.words.linesOf, { indicator: look.label }));
    figure.querySelector("figcaption").textContent = [look.label, look.heading].join(", ");
  }

  function tabulate(periods, values, look) {
    const head = document.createElement("tr");
    head.append(...[data.words.facts.period, ...pins.map(name)].map((words) => {
      const cell = document.createElement("th");
      cell.scope = "col";
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
    pins = [...new Set(asked)].filter((i) => i >= 0).slice(0, LINES_AT_MOST);
  });
  new ResizeObserver(() => pins.length && draw()).observe(find(".ow-lines"));
}
