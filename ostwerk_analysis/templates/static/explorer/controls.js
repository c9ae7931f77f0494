// The lists to choose from: indicator, breakdown, period, and how the colours are made.

function controls(view) {
  const { data } = view;
  const { indicator, breakdown, period, classes, number, compare, against, breaks } = view.fields;
  const unfold = view.find(".ow-unfold");

  const fillList = (list, offered, words) =>
    list.replaceChildren(...offered.map((code) => new Option(words(code), code)));

  // Makes an indicator the one that is shown, in a breakdown that it has.
  view.show = (code, part = view.part, wanted = period.value) => {
    const series = data.indicators[code].series;
    const parts = Object.keys(series);
    view.code = code;
    view.part = parts.includes(part) ? part : parts[0];
    indicator.value = code;
    fillList(breakdown, parts, (one) => series[one] || data.words.total);
    breakdown.value = view.part;
    breakdown.closest("label").hidden = parts.length < 2;
    view.offerLevels();
    view.offerPeriods(wanted);
  };

  // Periods are those of which the series has values; the one shown is kept if it can be.
  view.offerPeriods = (wanted, other = against.value) => {
    const offered = Object.keys(view.series().values).sort();
    fillList(period, offered.toReversed(), (code) => data.periods[code]);
    period.value = offered.includes(wanted) ? wanted : offered.at(-1);
    const alike = offered.filter((code) => spanOf(code) === spanOf(period.value));
    const others = alike.filter((code) => code !== period.value);
    fillList(against, others.toReversed(), (code) => data.periods[code]);
    against.value = others.includes(other) ? other : view.usualAgainst(period.value, alike) ?? "";
    compare.querySelector("[value=period]").disabled = !others.length;
    if (compare.selectedOptions[0].disabled) compare.value = "";
  };

  function redrawAndKeep() {
    if (classes.value === "own") view.proposeBreaks();
    view.redraw();
    view.keep();
  }

  // Where there is little room, all but indicator and period is behind a key press.
  unfold.addEventListener("click", () => {
    const isOpen = view.root.toggleAttribute("data-unfolded");
    unfold.setAttribute("aria-expanded", String(isOpen));
  });
  indicator.addEventListener("change", () => {
    view.turnTo(indicator.value, (code) => {
      view.show(code);
      redrawAndKeep();
    });
  });
  breakdown.addEventListener("change", () => {
    view.show(view.code, breakdown.value);
    redrawAndKeep();
  });
  for (const field of [classes, number, compare, against]) {
    field.addEventListener("change", redrawAndKeep);
  }
  period.addEventListener("change", () => {
    view.offerPeriods(period.value);
    view.redraw();
    view.keep();
  });
  breaks.addEventListener("input", () => {
    view.redraw();
    view.keep("typing");
  });
}
