// The lists to choose from: indicator, quarter, and how the colours are made.

function controls(view) {
  const { data } = view;
  const { indicator, period, classes, number, compare, breaks } = view.fields;

  // Quarters are those for which the indicator has values; the one shown is kept if it can be.
  view.offerPeriods = (wanted) => {
    const offered = Object.keys(view.series().values).sort().reverse();
    period.replaceChildren(...offered.map((code) => new Option(data.periods[code], code)));
    period.value = offered.includes(wanted) ? wanted : offered[0];
  };

  function redrawAndKeep() {
    view.redraw();
    view.keep();
  }

  indicator.addEventListener("change", () => {
    view.offerPeriods(period.value);
    if (classes.value === "own") view.proposeBreaks();
    redrawAndKeep();
  });
  for (const field of [classes, number, compare]) {
    field.addEventListener("change", () => {
      if (classes.value === "own") view.proposeBreaks();
      redrawAndKeep();
    });
  }
  breaks.addEventListener("input", redrawAndKeep);
  period.addEventListener("change", redrawAndKeep);
}
