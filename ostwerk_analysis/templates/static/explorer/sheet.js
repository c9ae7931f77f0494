// The district's own sheet: all of its figures on one page, to read and to print.

const MOST_POINTS = 24; // of a small curve

function sheet(view) {
  const { data, root } = view;
  const { words, fields, boroughs, inside } = data.sheet;
  const count = data.ids.length;
  const city = count + data.compared.indexOf(data.city);
  const page = document.createElement("section");
  const opener = document.createElement("button");
  let isWanted = false; // by the address, before a district is chosen
  let shown = -1; // the district on the sheet

  page.className = "ow-sheet";
  page.hidden = true;
  opener.type = "button";
  opener.className = "ow-open-sheet";
  opener.hidden = true;
  view.find(".ow-readout").after(opener);
  root.append(page);

  const names = [...view.names]; // of the districts, whatever the map shows later
  const element = (name, content = "", attributes = {}) => {
    const made = document.createElement(name);
    made.append(...[content].flat());
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };

  // ---- Figures ----

  // The last quarter of a series, or the last year of one that has no quarters.
  function lastOf(periods) {
    const sorted = periods.toSorted();
    return sorted.filter((period) => spanOf(period) === "quarter").at(-1) ?? sorted.at(-1);
  }

  const yearBefore = (period) => String(Number(period.slice(0, 4)) - 1) + period.slice(4);

  function middle(numbers) {
    const sorted = numbers.toSorted((a, b) => a - b);
    const half = sorted.length / 2;
    return half % 1 ? sorted[Math.floor(half)] : (sorted[half - 1] + sorted[half]) / 2;
  }

  // One line: null if the district has no value, with the reason why.
  function figure(described, part, i) {
    const series = described.series[part];
    const level = series.levels.district;
    if (!level) return {};
    const { values, scales } = level;
    const period = lastOf(Object.keys(values));
    const cells = values[period];
    if (!isNumber(cells[i])) return { isHidden: cells[i] === SECRET, isMissing: cells[i] !== SECRET };
    const { digits } = scales[spanOf(period)];
    const own = bare(cells[i]);
    const published = cells.slice(0, count).filter(isNumber).map(bare);
    const near = cells.slice(0, count)
      .filter((cell, j) => j !== i && boroughs[j] === boroughs[i] && isNumber(cell)).map(bare);
    const earlier = values[yearBefore(period)]?.[i];
    const course = Object.keys(values).filter((one) => spanOf(one) === spanOf(period)).toSorted();
    return {
      label: [described.label, series.label].filter(Boolean).join(" – "),
      look: { ...described, digits },
      period,
      cell: cells[i],
      change: isNumber(earlier) ? tidy(own - bare(earlier), digits) : null,
      rank: 1 + published.filter((value) => value > own).length,
      isShared: published.filter((value) => value === own).length > 1,
      ranked: published.length,
      peers: near.length ? tidy(middle(near), digits) : null,
      city: cells[city],
      course: course.slice(-MOST_POINTS).map((one) => values[one][i]),
    };
  }

  // The total of an indicator, or all of its parts where there is no total.
  function figures(i) {
    const byField = {};
    const left = { hidden: 0, missing: 0 };
    for (const code of Object.keys(data.indicators)) {
      const described = view.known(code);
      const parts = "" in described.series ? [""] : Object.keys(described.series);
      for (const part of parts) {
        const one = figure(described, part, i);
        if (one.look) (byField[described.field] ??= []).push(one);
        left.hidden += Number(one.isHidden ?? false);
        left.missing += Number(one.isMissing ?? false);
      }
    }
    return { byField, left };
  }

  // ---- The page ----

  // A gap stays a gap: the curve is broken where a value is not known.
  function curve(cells) {
    const numbers = cells.filter(isNumber).map(bare);
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)];
    const x = (i) => 2 + (i * 76) / Math.max(cells.length - 1, 1);
    const y = (cell) => (high > low ? 16 - (14 * (bare(cell) - low)) / (high - low) : 9);
    let path = "";
    cells.forEach((cell, i) => {
      if (!isNumber(cell)) return;
      const isJoined = i > 0 && isNumber(cells[i - 1]);
      path += `${isJoined ? "L" : "M"}${x(i).toFixed(1)} ${y(cell).toFixed(1)}`;
      if (!isJoined && !isNumber(cells[i + 1])) path += "h.01";
    });
    const last = cells.length - 1;
    return `<svg class="ow-spark" viewBox="0 0 82 18" aria-hidden="true"><path d="${path}"/>`
      + `<circle cx="${x(last)}" cy="${y(cells[last])}" r="2"/></svg>`;
  }

  function line(one) {
    const { look } = one;
    const unit = look.sign === "%" ? words.points : look.sign;
    const cell = (value) => element("td", value);
    const known = (value) => (value === null ? "–" : view.format(value, look.digits));
    const label = element("th", one.label, { scope: "row" });
    if (one.period !== words.quarter) {
      label.append(element("span", ` (${data.periods[one.period]})`, { class: "ow-when" }));
    }
    const value = element("td");
    value.append(view.words(one.cell, look));
    if (Array.isArray(one.cell)) value.append(element("sup", one.cell[1]));
    const change = one.change === null ? "–" : `${view.signed(one.change, look.digits)}\u00a0${unit}`;
    const rank = say(words.of, { rank: one.rank + (one.isShared ? "\u202f=" : ""), count: one.ranked });
    const course = cell("");
    course.innerHTML = curve(one.course);
    const whole = cell("");
    view.write(whole, one.city ?? null, look);
    return element("tr", [label, value, cell(change.trim()), cell(rank), cell(known(one.peers)), whole, course]);
  }

  function draw(i) {
    const { byField, left } = figures(i);
    const title = element("h2", names[i], { tabindex: "-1" });
    const where = [say(words.borough, { borough: boroughs[i] }), inside[i] ? words.inside : "", words.asOf];
    const heads = ["indicator", "value", "change", "rank", "peers", "city", "course"];
    const top = element("tr", heads.map((head) => element("th", words[head], { scope: "col" })));
    const table = element("table", element("thead", top));
    let lines = 1;
    for (const [field, found] of Object.entries(byField)) {
      const head = element("th", fields[field], { scope: "rowgroup", colspan: heads.length });
      table.append(element("tbody", [element("tr", head, { class: "ow-field" }), ...found.map(line)]));
      lines += found.length + 1;
    }
    const marks = Object.values(byField).flat().map((one) => one.cell).filter(Array.isArray);
    const signs = [...new Set(marks.map((cell) => cell[1]))].map((mark) => data.words.notes[mark]);
    const rest = left.hidden + left.missing ? say(words.left, left) : "";
    const box = element("div", table, {
      class: "ow-scroll", role: "region", tabindex: "0", "aria-label": names[i],
    });
    const back = element("button", words.back, { type: "button" });
    const print = element("button", words.print, { type: "button" });
    back.addEventListener("click", closeAndKeep);
    print.addEventListener("click", () => window.print());
    page.replaceChildren(
      element("p", [back, " ", print], { class: "ow-take" }),
      title,
      element("p", where.filter(Boolean).join(" · "), { class: "ow-when" }),
      box,
      element("p", [words.note, rest, signs.join("; ")].filter(Boolean).join(" "), { class: "ow-note" }),
      element("p", factsOf().join(" · "), { class: "ow-source" }),
    );
    page.style.setProperty("--ow-lines", lines);
    return title;
  }

  // Programme, licence and the like, as the page says them in everything that is taken along.
  function factsOf() {
    const own = root.parentElement.querySelector(":scope > [data-ow-facts]"); // of a notebook
    const given = own ?? document.querySelector("body > [data-ow-facts]");
    return given ? JSON.parse(given.textContent).facts : [];
  }

  // All parts are fetched: what cannot be had is not left out in silence.
  async function open(i) {
    shown = i;
    page.hidden = false;
    root.dataset.sheet = "";
    page.replaceChildren(element("p", words.loading, { role: "status" }));
    try {
      await Promise.all(Object.keys(data.indicators).map((code) => view.load(code)));
      if (shown !== i) return;
      draw(i).focus({ preventScroll: false });
    } catch {
      if (shown !== i) return;
      const again = element("button", words.again, { type: "button" });
      const back = element("button", words.back, { type: "button" });
      again.addEventListener("click", () => open(i));
      back.addEventListener("click", closeAndKeep);
      page.replaceChildren(
        element("p", words.failed, { role: "status" }),
        element("p", [again, " ", back], { class: "ow-take" }),
      );
    }
  }

  function close() {
    shown = -1;
    page.hidden = true;
    delete root.dataset.sheet;
    if (!opener.hidden) opener.focus();
  }
  function closeAndKeep() {
    close();
    view.keep();
  }

  opener.addEventListener("click", () => {
    open(districtOf(view.chosen)).then(() => view.keep());
  });
  const districtOf = (chosen) => (chosen < 0 ? -1 : data.ids.indexOf(view.ids[chosen]));

  view.onChoose((chosen) => {
    const i = districtOf(chosen);
    opener.hidden = i < 0;
    if (i >= 0) opener.textContent = say(words.open, { district: names[i] });
    if (isWanted && i >= 0) {
      isWanted = false;
      if (shown !== i) open(i);
    }
  });
  view.onKeep((state) => {
    if (shown >= 0) state.set("sheet", "1");
  });
  view.onRecall((state) => {
    isWanted = state.get("sheet") === "1";
    if (!isWanted && shown >= 0) close();
  });
}
