// Sets every explorer on the page going. A file joins in by being named in EXPLORER of
// templates/__init__.py, before this one, and its function in PARTS below:
//
//   function sites(view) {
//     const layer = view.find(".ow-sites");            // what this explorer's HTML has
//     view.sitesOf = (i) => …;                         // what other files may call
//     view.onRedraw((look, values) => …);              // another indicator, quarter or colours
//     view.onChoose((i) => …);                         // a district, -1 for none
//     view.onKeep((state) => state.set("sites", 1));   // into the address: URLSearchParams …
//     view.onRecall((state) => …);                     // … and back, before what is drawn
//   }
//
// `look` is how the series is drawn now: label, digits, bounds, colours, …; `values` has its cells,
// districts first, in the order of data.ids. Words come from data.words, written by Python.

const PARTS = [formats, classes, drawing, table, choosing, controls, address];

function explorer(root) {
  const find = (selector) => root.querySelector(selector);
  const svg = find(".ow-map");
  const shapes = [...svg.querySelectorAll(".ow-districts path")];
  const rows = [...find("tbody[data-districts]").rows].sort((a, b) => a.dataset.i - b.dataset.i);
  const fieldNames = ["indicator", "period", "classes", "number", "compare", "breaks"];
  const hooks = { redraw: [], choose: [], keep: [], recall: [] };
  const view = {
    root,
    find,
    svg,
    shapes, // the districts on the map, …
    rows, // … in the table, …
    names: rows.map((row) => row.cells[0].textContent), // … and their names, in the same order
    titles: shapes.map((shape) => shape.querySelector("title")),
    data: JSON.parse(find("script[type='application/json']").textContent),
    fields: Object.fromEntries(fieldNames.map((name) => [name, find(`[name=${name}]`)])),
    chosen: -1,
    series: () => view.data.series[view.fields.indicator.value],
    cells: () => view.series().values[view.fields.period.value],
    run: (hook, ...given) => hooks[hook].forEach((joined) => joined(...given)),
    onRedraw: (joined) => hooks.redraw.push(joined),
    onChoose: (joined) => hooks.choose.push(joined),
    onKeep: (joined) => hooks.keep.push(joined),
    onRecall: (joined) => hooks.recall.push(joined),
    redraw() {
      view.offerChoices();
      view.run("redraw", view.look(), view.cells());
    },
  };
  for (const part of PARTS) part(view);
  view.recall();
}

// A notebook has the script with every output: the first copy sets all of them going.
window.owExplorerReady ??= () => {
  for (const root of document.querySelectorAll(".ow-explorer:not([data-ready])")) {
    root.dataset.ready = "";
    explorer(root);
  }
};
if (document.readyState === "loading") {
  document.addEventListener("DOMContentLoaded", window.owExplorerReady);
} else window.owExplorerReady();
