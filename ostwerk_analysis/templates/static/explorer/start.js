// Sets every explorer on the page going. A file joins in by being named in EXPLORER of
// templates/__init__.py, before this one, and its function in PARTS below:
//
//   function sites(view) {
//     const layer = view.find(".ow-sites");            // what this explorer's HTML has
//     view.sitesOf = (i) => …;                         // what other files may call
//     view.onRedraw((look, values) => …);              // another indicator, quarter or colours
//     view.onPoint((i) => …);                          // a place under the pointer, -1 for none
//     view.onChoose((i) => …);                         // a place, -1 for none
//     view.onLevel((level) => …);                      // districts, boroughs or hexagons
//     view.onKeep((state) => state.set("sites", 1));   // into the address: URLSearchParams …
//     view.onRecall((state) => …);                     // … and back, before what is drawn
//   }
//
// `look` is how the series is drawn now: label, digits, bounds, colours, …; `values` has its cells,
// places first, in the order of view.ids, then those of data.compared. Words come from data.words,
// written by Python. Another indicator may have to be fetched: `await view.load(code)`. What view
// says of places (shapes, rows, ids, …) changes with the level: read it when it is needed.

const PARTS = [
  ...[parts, formats, differences, classes, drawing, table, second, choosing, sites],
  ...[levels, controls, time, facts, lines, sheet, address],
];

function explorer(root) {
  const find = (selector) => root.querySelector(selector);
  const svg = find(".ow-map");
  const data = JSON.parse(find("script[data-ow-first]").textContent);
  const shapes = [...svg.querySelectorAll(".ow-districts path")];
  const rows = [...find("tbody[data-districts]").rows].sort((a, b) => a.dataset.i - b.dataset.i);
  const fields = [
    ...["indicator", "breakdown", "period", "level", "compare", "against"],
    ...["classes", "number", "breaks"],
  ];
  const hooks = { redraw: [], choose: [], point: [], level: [], keep: [], recall: [] };
  const view = {
    root,
    find,
    svg,
    data,
    shapes, // the places on the map, …
    rows, // … in the table, …
    ids: data.ids, // … their codes, …
    names: rows.map((row) => row.cells[0].textContent), // … names …
    points: data.points, // … and middles, all in the same order
    titles: shapes.map((shape) => shape.querySelector("title")),
    fields: Object.fromEntries(fields.map((name) => [name, find(`[name=${name}]`)])),
    code: Object.keys(data.first)[0],
    part: find("[name=breakdown]").value,
    level: "district", // or hexagon, or borough
    area: "district", // whose values these are: a hexagon has those of its district
    chosen: -1,
    indicator: () => view.known(view.code),
    label: () => [view.indicator().label, data.indicators[view.code].series[view.part]]
      .filter(Boolean).join(" – "),
    series: () => view.indicator().series[view.part].levels[view.area],
    cells: (period = view.fields.period.value) => view.series().values[period],
    run: (hook, ...given) => hooks[hook].forEach((joined) => joined(...given)),
    onRedraw: (joined) => hooks.redraw.push(joined),
    onPoint: (joined) => hooks.point.push(joined),
    onChoose: (joined) => hooks.choose.push(joined),
    onLevel: (joined) => hooks.level.push(joined),
    onKeep: (joined) => hooks.keep.push(joined),
    onRecall: (joined) => hooks.recall.push(joined),
    redraw() {
      view.offerChoices();
      view.run("redraw", view.look(), view.cells());
    },
  };
  const turned = location.hash ? [] : Object.values(view.fields).filter(isTurned);
  const early = turned.map((field) => [field, field.value]);
  for (const part of PARTS) part(view);
  view.recall();
  for (const [field, value] of early) {
    field.value = value;
    field.dispatchEvent(new Event("change"));
  }
}

// Whether somebody was faster than this script.
function isTurned(field) {
  if (!field.options) return field.value !== field.defaultValue;
  const usual = [...field.options].find((option) => option.defaultSelected) ?? field.options[0];
  return Boolean(usual) && !usual.selected;
}

// A notebook has the script with every output: the first copy sets all of them going.
window.owExplorerReady ??= () => {
  for (const root of document.querySelectorAll(".ow-explorer:not([data-ready])")) {
    root.dataset.ready = "";
    explorer(root);
  }
};

// The map of a page stands before its script begins, which waits for the first frame; not where
// the address asks for another view, which shall be the first one that is seen.
const afterFrame = () => requestAnimationFrame(() => setTimeout(window.owExplorerReady));
const begin = location.hash ? window.owExplorerReady : afterFrame;
if (document.readyState === "complete") window.owExplorerReady();
else if (document.readyState === "interactive") begin();
else document.addEventListener("DOMContentLoaded", begin);
