// Sites with their catchments on the map, and a list that says what lies around each.

const MARK = { half: 24, least: 9, letters: 4 / 3, room: 1.15 }; // units of the whole map, pixels

function sites(view) {
  const { data, find, root, svg } = view;
  const toggle = find("[name=sites]");
  if (!toggle) return; // a programme without sites
  const near = find("[name=near]");
  const counted = find("[name=counted]");
  const list = find(".ow-sites-list");
  const told = find(".ow-sites-told");
  const whole = svg.getAttribute("viewBox");
  let known = null;
  let chosen = "";

  async function load() {
    known ??= await view.read(data.sites);
    if (counted.options.length) return;
    counted.append(...Object.entries(known.counted).map(([code, one]) => new Option(one.label, code)));
  }

  function make(name, attributes = {}, content = "") {
    const made = document.createElementNS(SVG, name);
    for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
    made.textContent = content;
    return made;
  }
  function cellOf(name, content, className = "") {
    const made = document.createElement(name);
    made.append(content);
    if (className) made.className = className;
    return made;
  }

  // Of a year, what was open at its end.
  const end = () => {
    const period = view.fields.period.value;
    return period.includes("Q") ? period : `${period}-Q4`;
  };
  const isOpen = (site) => site.from <= end() && end() < site.until;
  const stateOf = (site) =>
    isOpen(site) ? site.since : end() < site.from ? site.before : site.after;
  const valuesOf = (within) => within.values[view.fields.period.value] ?? within.values[end()] ?? [];
  const reachOf = (metres) =>
    metres in known.distances
      ? say(data.words.within, { distance: known.distances[metres] })
      : data.words.nearest;
  const isDrawn = () => toggle.checked && known && view.level !== "hexagon";

  // The part of the map around the open sites and their catchments, in the map's own proportions.
  function box() {
    const [left, top, width, height] = whole.split(" ").map(Number);
    const open = known.sites.filter(isOpen);
    if (!near.checked || !open.length) return { shown: whole, scale: 1 };
    const reach = Math.max(0, ...known.radii) / known.unit;
    const span = (axis) => {
      const at = open.map((site) => site.at[axis]);
      const [low, high] = [Math.min(...at) - reach, Math.max(...at) + reach];
      return { middle: (low + high) / 2, length: MARK.room * (high - low) };
    };
    const [across, down] = [span(0), span(1)];
    const scale = Math.min(1, Math.max(across.length / width, down.length / height, 0.05));
    const within = (middle, length, start, all) =>
      Math.min(Math.max(middle - length / 2, start), start + all - length);
    const x = within(across.middle, scale * width, left, width);
    const y = within(down.middle, scale * height, top, height);
    return { shown: [x, y, scale * width, scale * height].map(Math.round).join(" "), scale };
  }

  function mark(site, place, scale) {
    const [x, y] = site.at;
    const pixel = svg.viewBox.baseVal.width / (svg.clientWidth || 600);
    const half = Math.max(MARK.half * scale, MARK.least * pixel);
    const group = make("g", { class: "ow-site", "data-site": site.id });
    group.append(
      make("title", {}, `${place + 1}. ${site.name}`),
      site.square
        ? make("rect", { x: x - half, y: y - half, width: 2 * half, height: 2 * half })
        : make("circle", { cx: x, cy: y, r: half }),
      make("text", { x, y, dy: ".35em", "font-size": MARK.letters * half }, place + 1),
    );
    group.addEventListener("click", () => buttonOf(site.id)?.focus());
    return group;
  }

  function draw() {
    svg.querySelector(".ow-sites")?.remove();
    root.toggleAttribute("data-near", Boolean(isDrawn() && near.checked));
    const { shown, scale } = isDrawn() ? box() : { shown: whole, scale: 1 };
    if (view.level !== "hexagon") {
      for (const map of root.querySelectorAll(".ow-map")) map.setAttribute("viewBox", shown);
    }
    root.style.setProperty("--ow-shrink", scale); // circles keep the size that the legend says
    if (!isDrawn()) return;
    const layer = make("g", { class: "ow-sites", "aria-hidden": "true" }); // the list says all
    const open = known.sites.map((site, place) => [site, place]).filter(([site]) => isOpen(site));
    for (const [far, metres] of known.radii.toReversed().entries()) {
      for (const [site] of open) {
        const [cx, cy] = site.at;
        const ring = { cx, cy, r: metres / known.unit, class: "ow-reach", "data-site": site.id };
        layer.append(make("circle", { ...ring, class: "ow-reach-casing" }));
        layer.append(make("circle", far === known.radii.length - 1 ? ring : { ...ring, "data-far": "" }));
      }
    }
    layer.append(...open.map(([site, place]) => mark(site, place, scale)));
    svg.append(layer);
  }

  function explain() {
    if (!isDrawn()) return;
    const kinds = new Map(known.sites.filter(isOpen).map((site) => [site.kind, site.square]));
    const items = [...kinds].filter(([kind]) => kind).map(([kind, isSquare]) => [
      isSquare ? '<rect x="8" y="4" width="20" height="20"/>' : '<circle cx="18" cy="14" r="11"/>',
      kind,
      "ow-site",
    ]);
    known.radii.forEach((metres, i) => {
      const far = i ? " data-far" : "";
      const at = `cx="18" cy="14" r="${i ? 11 : 8}"`;
      const distance = known.distances[metres];
      items.push([
        `<circle class="ow-reach-casing" ${at}/><circle class="ow-reach" ${at}${far}/>`,
        say(data.words.catchment, { distance }),
        "",
      ]);
    });
    for (const [drawing, words, look] of items) {
      const item = document.createElement("li");
      item.innerHTML = `<svg viewBox="0 0 36 28" aria-hidden="true" class="${look}">${drawing}</svg> `;
      item.append(cellOf("span", words));
      find(".ow-legend").append(item);
    }
  }

  const buttonOf = (id) => list.querySelector(`button[data-site="${CSS.escape(id)}"]`);

  // The table of the sites: all of them, and of those that are open what lies around.
  function writeList() {
    list.hidden = !isDrawn();
    if (list.hidden) return;
    const one = known.counted[counted.value];
    const columns = Object.entries(one.within);
    const heads = columns.map(([metres]) => reachOf(metres));
    const kept = document.activeElement?.dataset?.site;
    list.querySelector("thead tr").replaceChildren(
      ...[data.words.site, ...heads].map((words) => {
        const head = cellOf("th", words);
        head.scope = "col";
        return head;
      }),
    );
    const rows = known.sites.map((site, place) => {
      const row = document.createElement("tr");
      const head = cellOf("th", button(site, place));
      head.scope = "row";
      head.append(cellOf("span", [site.kind, stateOf(site)].filter(Boolean).join(", "), "ow-site-state"));
      row.append(head);
      for (const [, within] of columns) {
        const cell = row.insertCell();
        if (isOpen(site)) view.write(cell, valuesOf(within)[place] ?? null, within);
        else cell.textContent = "–";
      }
      return row;
    });
    list.querySelector("tbody").replaceChildren(...rows);
    if (kept) buttonOf(kept)?.focus({ preventScroll: true });
    const cells = columns.flatMap(([, within]) =>
      valuesOf(within).filter((_, place) => isOpen(known.sites[place])));
    const nearest = "nearest" in one.within ? data.words.nearestNote : "";
    const parts = [view.notes(cells), one.measured].filter(Boolean);
    list.querySelector(".ow-sites-note").textContent = [parts.join(". "), nearest].join(" ").trim();
    highlight();
  }

  function button(site, place) {
    const made = cellOf("button", `${place + 1}. ${site.name}`);
    made.type = "button";
    made.dataset.site = site.id;
    made.addEventListener("click", () => choose(chosen === site.id ? "" : site.id));
    made.addEventListener("focus", () => choose(site.id));
    made.addEventListener("pointerenter", () => highlight(site.id));
    made.addEventListener("pointerleave", () => highlight());
    return made;
  }

  function choose(id) {
    chosen = id;
    highlight();
    tell();
    view.keep("site");
  }

  function highlight(id = chosen) {
    for (const each of root.querySelectorAll("[data-site]")) {
      each.toggleAttribute("data-marked", each.dataset.site === id);
    }
    for (const each of list.querySelectorAll("button")) {
      each.setAttribute("aria-pressed", String(each.dataset.site === chosen));
    }
  }

  function tell() {
    const place = known.sites.findIndex((site) => site.id === chosen);
    const site = known.sites[place];
    if (!site) return;
    find(".ow-readout").toggleAttribute("data-district", true);
    find(".ow-readout").textContent = isOpen(site) ? around(site, place) : `${site.name}: ${stateOf(site)}`;
  }

  function around(site, place) {
    const one = known.counted[counted.value];
    const values = Object.entries(one.within).map(([metres, within]) => {
      const value = view.words(valuesOf(within)[place] ?? null, within);
      return `${reachOf(metres)}: ${value}`;
    });
    return `${site.name}: ${one.label} ${values.join("; ")}`;
  }

  function update() {
    told.textContent = toggle.checked && view.level === "hexagon" ? data.words.notOnTiles : "";
    draw();
    explain();
    writeList();
  }

  async function showOrHide() {
    try {
      if (toggle.checked) await load();
    } catch {
      return fail();
    }
    view.redraw();
    view.keep();
  }

  function fail() {
    toggle.checked = false;
    view.report(data.words.sitesFailed, () => {
      view.report("");
      toggle.checked = true;
      showOrHide();
    });
  }

  view.onRedraw(update);
  toggle.addEventListener("change", showOrHide);
  near.addEventListener("change", showOrHide);
  counted.addEventListener("change", () => {
    writeList();
    if (chosen) tell();
    view.keep();
  });
  view.onKeep((state) => {
    if (!toggle.checked) return;
    state.set("sites", near.checked ? "near" : "city");
    if (counted.selectedIndex > 0) state.set("counted", counted.value);
    if (chosen) state.set("site", chosen);
  });
  view.onRecall((state) => {
    toggle.checked = ["near", "city"].includes(state.get("sites"));
    near.checked = state.get("sites") !== "city";
    if (!toggle.checked) return;
    load().then(() => {
      const asked = state.get("counted");
      counted.value = Object.hasOwn(known.counted, asked) ? asked : counted.options[0].value;
      chosen = known.sites.some((site) => site.id === state.get("site")) ? state.get("site") : "";
      view.redraw();
      if (chosen) tell();
      view.keep("recall");
    }, fail);
  });
}
