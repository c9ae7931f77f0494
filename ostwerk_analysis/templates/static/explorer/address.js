// The state in the page's address, so that a view can be sent. In a notebook it is not ours.

function address(view) {
  const { data, find, root } = view;
  const { period, classes, number, compare, against, breaks } = view.fields;
  const colours = [classes, number, compare, breaks];
  const usual = colours.map((field) => field.value);
  const choices = find(".ow-choices");
  const own = find(".ow-classes");
  const isPage = document.documentElement.hasAttribute("data-ow-page");

  const shows = (field) => !field.closest("label").hidden;

  view.keep = () => {
    if (!isPage) return;
    const state = new URLSearchParams({ indicator: view.code });
    if (view.part) state.set("breakdown", view.part);
    state.set("quarter", period.value);
    if (view.chosen >= 0) state.set("district", view.ids[view.chosen]);
    for (const [i, field] of colours.entries()) {
      const isOffered = shows(field) && (field === compare || !own.hidden);
      if (isOffered && field.value !== usual[i]) state.set(field.name, field.value);
    }
    if (shows(against)) state.set("against", against.value);
    view.run("keep", state);
    history.replaceState(null, "", "#" + state);
    for (const link of document.querySelectorAll("[data-ow-keep-state]")) link.hash = state;
  };

  // What the address says and the page does not have is ignored.
  view.recall = () => {
    const state = new URLSearchParams(isPage ? location.hash.slice(1) : "");
    const code = state.get("indicator");
    view.turnTo(Object.hasOwn(data.indicators, code) ? code : view.code, (shown) => {
      view.wantLevel(state.get("areas"));
      view.show(shown, state.get("breakdown"), state.get("quarter") || root.dataset.period);
      for (const [i, field] of [classes, number, compare].entries()) {
        const wanted = state.get(field.name) ?? usual[i];
        const isOffered = [...field.options].some((option) => option.value === wanted);
        field.value = isOffered ? wanted : usual[i];
        if (field !== compare && field.value !== usual[i]) choices.open = true;
      }
      view.offerPeriods(period.value, state.get("against"));
      breaks.value = state.get("breaks") ?? usual[3];
      if (classes.value === "own" && !breaks.value) view.proposeBreaks();
      view.run("recall", state);
      view.choose(view.ids.indexOf(state.get("district")));
      view.redraw();
      if (isPage && location.hash) view.keep();
    });
  };

  window.addEventListener("hashchange", view.recall);
}
