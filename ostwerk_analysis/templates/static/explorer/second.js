// A second indicator or period: on a map of its own beside the first, or both on one map.

function second(view) {
  const { data, find, root } = view;
  const layout = find("[name=view]");
  const fields = {
    indicator: find("[name=second]"),
    breakdown: find("[name=second-breakdown]"),
    period: find("[name=second-period]"),
  };
  const controls = find(".ow-second-choices");
  const figure = find("template.ow-second-map").content.firstElementChild.cloneNode(true);
  const svg = figure.querySelector(".ow-map");
  const explained = find(".ow-both");
  const heads = { first: find("[data-unit]"), second: find("th.ow-other") };
  let turn = 0;
  let isAsked = false; // whether the reader has asked for a second indicator
  let copied = null; // level of the places on the second map
  let drawSecond = [];
  let awaited = null; // what was asked for and is not there yet

  fields.indicator.append(...[...view.fields.indicator.children].map((group) => group.cloneNode(true)));

  // The second map is read and drawn as the first is: from what is said here, and else from `view`.
  const other = Object.assign(Object.create(view), {
    code: view.code,
    part: view.part,
    svg,
    indicator: () => view.known(other.code),
    label: () => [other.indicator().label, data.indicators[other.code].series[other.part]]
      .filter(Boolean).join(" – "),
    series: () => other.indicator()?.series[other.part]?.levels[view.area ?? "district"],
    cells: (period = fields.period.value) => other.series().values[period],
    onRedraw: (joined) => drawSecond.push(joined),
    fields: {
      ...view.fields,
      ...fields,
      // Breaks of one's own are for the first indicator.
      classes: {
        get value() {
          const { value } = view.fields.classes;
          return value === "own" && !isSameSeries() ? "quantiles" : value;
        },
      },
    },
  });
  const isSameSeries = () => other.code === view.code && other.part === view.part;
  classes(other);
  other.find = (selector) => figure.querySelector(selector);

  const isRate = () => !view.indicator().circles;
  const isShown = (kind) =>
    layout.value === kind && Boolean(other.series()?.values[fields.period.value])
    && (kind === "beside" || isRate());
  const endOf = (period) => (period.includes("Q") ? period : `${period}-Q4`);

  function fillList(list, offered, words, wanted) {
    list.replaceChildren(...offered.map((code) => new Option(words(code), code)));
    list.value = offered.includes(wanted) ? wanted : offered[0];
  }

  // The indicator asked for, if there is one; on one map another rate than the first.
  function offered(asked = view.code) {
    const codes = Object.keys(data.indicators);
    if (layout.value !== "both") return codes.includes(asked) ? asked : view.code;
    const rates = codes.filter((code) => !data.indicators[code].circles && code !== view.code);
    const field = (code) => fields.indicator.querySelector(`[value="${code}"]`).parentNode;
    const akin = rates.find((code) => field(code) === field(view.code));
    return rates.includes(asked) ? asked : akin ?? rates[0] ?? view.code;
  }

  // Shows a series beside the first: that asked for, or else one that tells something new.
  function show(code, part, period) {
    other.code = code;
    const { series } = data.indicators[code];
    fillList(fields.breakdown, Object.keys(series), (one) => series[one] || data.words.total, part);
    other.part = fields.breakdown.value;
    fields.indicator.value = code;
    const periods = Object.keys(other.series()?.values ?? {}).sort();
    const shown = view.fields.period.value;
    // On one map it is what was known of the second when the first was observed.
    const past = periods.filter((one) => endOf(one) <= endOf(shown));
    const latest = past.includes(shown) ? shown : past.at(-1) ?? periods.at(-1);
    const usual = isSameSeries() ? view.usualAgainst(shown, periods) : latest;
    const wanted = periods.includes(period) ? period : usual;
    fillList(
      fields.period,
      periods.toReversed(),
      (one) => data.periods[one],
      layout.value === "both" ? latest : wanted,
    );
  }

  // Fetches an indicator if need be; what is shown stays until it is there.
  async function turnTo(code, part, period, movement) {
    const mine = ++turn;
    awaited = { code, part, period };
    try {
      if (!view.known(code)) await view.load(code);
    } catch {
      if (mine !== turn) return;
      fields.indicator.value = other.code;
      view.report(view.nameIn(data.words.failed, code), () =>
        turnTo(code, part, period, movement));
      return;
    }
    if (mine !== turn) return;
    awaited = null;
    view.report("");
    show(code, part, period);
    redrawAndKeep(movement);
  }

  function tell(sentence) {
    find(".ow-second-told").textContent = sentence;
  }

  function redrawAndKeep(movement) {
    view.redraw();
    view.keep(movement);
  }

  // What may be chosen, and why something may not.
  function offer() {
    const isBoth = layout.value === "both";
    controls.toggleAttribute("data-open", Boolean(layout.value));
    for (const label of controls.querySelectorAll("[data-second]")) label.hidden = !layout.value;
    fields.period.closest("label").hidden = layout.value !== "beside";
    fields.breakdown.closest("label").hidden = !layout.value || fields.breakdown.options.length < 2;
    for (const option of fields.indicator.options) {
      option.disabled = isBoth && data.indicators[option.value].circles;
    }
    let told = "";
    if (isBoth && !isRate()) told = data.words.ratesOnly;
    else if (layout.value && !other.series()) {
      told = say(data.words.notHere, { indicator: other.label() });
    }
    tell(told);
  }

  // The second map has the places of the first, whatever they are; its patterns are the first's.
  function copyMap() {
    if (copied === (view.level ?? "")) return;
    copied = view.level ?? "";
    const copy = view.svg.cloneNode(true);
    copy.querySelector("defs").remove();
    copy.querySelectorAll(".ow-sites, .ow-marked").forEach((layer) => layer.remove());
    copy.querySelector(".ow-circles").replaceChildren();
    svg.setAttribute("viewBox", copy.getAttribute("viewBox"));
    svg.replaceChildren(...copy.childNodes);
    other.shapes = [...svg.querySelectorAll(".ow-districts path")];
    other.titles = other.shapes.map((shape) => shape.querySelector("title"));
    drawSecond = [];
    drawing(other);
    view.listen(svg.querySelector(".ow-districts"), () => other.shapes);
    mark(view.chosen);
  }

  function mark(i) {
    other.shapes.forEach((shape, place) => {
      shape.setAttribute("tabindex", place === Math.max(i, 0) ? "0" : "-1");
      shape.toggleAttribute("aria-selected", place === i);
      if (place === i) shape.setAttribute("aria-selected", "true");
    });
    svg.querySelector(".ow-focus").setAttribute("d", i < 0 ? "" : other.shapes[i].getAttribute("d"));
  }

  // The name of a column or map: what differs between the two.
  const nameOf = (one) => (isSameSeries() ? data.periods[one.fields.period.value] : one.label());

  function addColumn(look, values) {
    heads.first.textContent = axisOf({ label: nameOf(view), heading: heads.first.textContent });
    heads.second.textContent = axisOf({ label: nameOf(other), heading: look.heading });
    heads.second.hidden = false;
    [...view.rows, ...find("tbody.ow-compare").rows].forEach((row, i) => {
      const cell = row.insertCell();
      cell.className = "ow-other";
      view.write(cell, values[i], look);
    });
    find(".ow-note").textContent = view.notes([...view.cells(), ...values]);
  }

  // A label that ends with its unit does not need it again: "Unemployed per 1,000 residents".
  function axisOf({ label, heading }) {
    const plain = (words) => words.replaceAll("\u00a0", " ");
    if (plain(label).endsWith(plain(heading))) return label;
    return `${label}, ${heading.length < 6 ? heading.replace(" ", "\u00a0") : heading}`;
  }

  // One of two indicators in three classes of as many places each, those of all its periods.
  function side(one) {
    const scale = one.series().scales[spanOf(one.fields.period.value)];
    const look = { ...one.indicator(), ...one.series(), ...scale, label: one.label() };
    const bounds = scale.bounds.quantiles?.[0] ?? [];
    const places = [[], [1], [0, 2], [0, 1, 2]][bounds.length];
    const [low, high] = scale.ends;
    const sign = look.sign.length === 1 ? look.sign : "";
    const spans = one.spans({ ...look, bounds, low, high, sign, colours: bounds });
    return {
      look,
      cells: one.cells(),
      when: data.periods[one.fields.period.value],
      axis: axisOf(look),
      spans: Object.fromEntries(spans.map(([, words], i) => [places[i], words])),
      third: (cell) => places[bounds.findIndex((bound) => bare(cell) <= bound + 1e-9)] ?? -1,
    };
  }

  function drawBoth() {
    const [one, two] = [side(view), side(other)];
    const pairs = view.shapes.map((shape, i) => {
      const cells = [one.cells[i], two.cells[i]];
      const lacking = cells.includes(SECRET) ? "suppressed" : cells.every(isNumber) ? "" : "missing";
      const pair = lacking ? null : [one.third(cells[0]), two.third(cells[1])];
      const fill = lacking ? `url(#${data.key}-${lacking})` : data.pairs[pair[1]]?.[pair[0]]?.[0];
      shape.setAttribute("fill", fill ?? data.land);
      const said = [one, two].map(({ look }, k) => `${look.label} ${view.words(cells[k], look)}`);
      view.titles[i].textContent = `${view.names[i]}: ${said.join(", ")}`;
      return pair ?? [lacking];
    });
    const title = say(data.words.both, { first: one.look.label, second: two.look.label });
    const when = [...new Set([one.when, two.when])].join(" / ");
    find("figcaption :is(h2, h3)").textContent = title;
    find(".ow-when").textContent = when;
    find(".ow-source").textContent = [...new Set([one.look.source, two.look.source])].join(". ");
    find(".ow-definition").textContent = [one, two]
      .map(({ look }) => `${look.label}: ${look.definition}`).join(" ");
    for (const element of [view.svg, view.svg.querySelector(".ow-districts"), find(".ow-scroll")]) {
      element.setAttribute("aria-label", `${title}, ${when}`);
    }
    find(".ow-scale").textContent = "";
    find(".ow-legend").innerHTML = data.common;
    explained.replaceChildren(square(one, two, pairs), paragraph(sentences(one, two, pairs)));
    addColumn(two.look, two.cells);
  }

  function element(name, content = "", attributes = {}) {
    const made = document.createElement(name);
    made.textContent = content;
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    return made;
  }
  const place = () => view.area ?? "district"; // what the areas are called
  const paragraph = (words) => element("p", words, { class: "ow-words" });

  function rowOf(...cells) {
    const row = document.createElement("tr");
    row.append(...cells);
    return row;
  }

  // The nine colours as a table: the first indicator to the right, the second upwards.
  function square(one, two, pairs) {
    const table = element("table", "", { class: "ow-square" });
    table.append(element("caption", data.words.square[place()]));
    const body = table.appendChild(document.createElement("tbody"));
    body.append(rowOf(element("th", `${two.axis}\u00a0↑`, { colspan: 4, scope: "colgroup" })));
    for (const y of [2, 1, 0]) {
      const colours = [0, 1, 2].map((x) => {
        const [colour, ink] = data.pairs[y][x];
        const cell = element("td", pairs.filter(([a, b]) => a === x && b === y).length);
        cell.style.background = colour;
        cell.style.color = ink;
        return cell;
      });
      body.append(rowOf(element("th", two.spans[y] ?? "–", { scope: "row" }), ...colours));
    }
    const across = [0, 1, 2].map((x) => element("th", one.spans[x] ?? "–", { scope: "col" }));
    body.append(rowOf(element("td"), ...across));
    const axis = element("th", `${one.axis}\u00a0→`, { colspan: 3, scope: "colgroup" });
    body.append(rowOf(element("td"), axis));
    return table;
  }

  // Names the places at the corners of the square, and counts those of which nothing can be said.
  function sentences(one, two, pairs) {
    const titles = [one.look.label, two.look.label];
    const said = data.corners.map(([[x, y], [first, second]], at) => {
      const found = view.names.filter((_, i) => pairs[i][0] === x && pairs[i][1] === y);
      if (!found.length) return "";
      const named = found.slice(0, found.length > data.named + 1 ? data.named : found.length);
      const names = named.join(", ");
      const count = found.length - named.length;
      const places = count ? say(data.words.andMore, { names, count }) : names;
      return say(data.words.corners[at], { one: titles[first], other: titles[second], districts: places });
    });
    for (const [state, sentence] of Object.entries(data.words.lacking[place()])) {
      const count = pairs.filter(([lacking]) => lacking === state).length;
      if (count) said.push(say(sentence, { count, all: pairs.length }));
    }
    return said.filter(Boolean).join(" ");
  }

  view.onRedraw(() => {
    if (layout.value === "both" && other.series()) show(other.code, other.part);
    offer();
    const [isBeside, isBoth] = [isShown("beside"), isShown("both")];
    root.querySelectorAll("td.ow-other").forEach((cell) => cell.remove());
    heads.second.hidden = true;
    if (!isBeside) figure.remove();
    else if (!figure.isConnected) {
      find(".ow-values").before(figure);
      figure.dispatchEvent(new Event("ow-figure", { bubbles: true }));
    }
    explained.hidden = !isBoth;
    root.querySelector(".ow-split").toggleAttribute("data-two", isBeside);
    view.fields.compare.closest("label").hidden = layout.value === "both" && isBoth;
    if (isBoth) {
      find(".ow-classes").hidden = true;
      drawBoth();
    }
    if (!isBeside) return;
    copyMap();
    const look = other.look();
    const values = other.cells();
    drawSecond.forEach((joined) => joined(look, values));
    addColumn(look, values);
  });

  // What both maps say of a place, each with its own name.
  view.said = (i) => {
    const first = view.titles[i].textContent;
    if (!isShown("beside") || !other.titles) return first;
    const rest = (one) => one.titles[i].textContent.slice(view.names[i].length + 2);
    return `${view.names[i]}: ${nameOf(view)} ${rest(view)}; ${nameOf(other)} ${rest(other)}`;
  };
  view.onChoose((i) => isShown("beside") && copied !== null && mark(i));
  view.onPoint((i) => {
    for (const one of isShown("beside") ? [view, other] : []) {
      const ring = one.svg.querySelector(".ow-pointed") ?? one.svg.appendChild(pointer());
      const isMarked = i < 0 || i === view.chosen || !one.shapes;
      ring.setAttribute("d", isMarked ? "" : one.shapes[i].getAttribute("d"));
    }
  });
  function pointer() {
    const ring = document.createElementNS(SVG, "path");
    ring.setAttribute("class", "ow-pointed");
    return ring;
  }

  layout.addEventListener("change", () => {
    if (layout.value === "both") view.fields.compare.value = "";
    const from = isAsked ? other : view;
    turnTo(offered(from.code), from.part);
  });
  fields.indicator.addEventListener("change", () => {
    isAsked = true;
    turnTo(fields.indicator.value);
  });
  fields.breakdown.addEventListener("change", () => turnTo(other.code, fields.breakdown.value));
  fields.period.addEventListener("change", () => redrawAndKeep());
  controls.querySelector("button").addEventListener("click", () => {
    layout.value = "";
    isAsked = false;
    redrawAndKeep();
    layout.focus();
  });

  view.onKeep((state) => {
    if (!layout.value) return;
    const { code, part, period } = awaited ?? { ...other, period: fields.period.value };
    state.set("view", layout.value);
    state.set("second", code);
    if (part) state.set("second-breakdown", part);
    if (layout.value === "beside" && period) state.set("second-quarter", period);
  });
  view.onRecall((state) => {
    const asked = state.get("view") ?? "";
    layout.value = [...layout.options].some((option) => option.value === asked) ? asked : "";
    awaited = null;
    if (!layout.value) return;
    find(".ow-choices").open = true;
    isAsked = state.has("second");
    const code = offered(state.get("second") ?? undefined);
    const part = state.get("second-breakdown") ?? "";
    const period = state.get("second-quarter") ?? undefined;
    if (view.known(code)) show(code, part, period);
    else turnTo(code, part, period, "recall");
  });
}
