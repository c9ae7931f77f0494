// The state in the page's address, so that a view can be sent, and that Back leads to the one before.
// In a notebook the address is not ours; in a frame, the way back is that of the page around it.

function address(view) {
  const { data, find, root } = view;
  const { period, classes, number, compare, against, breaks } = view.fields;
  const colours = [classes, number, compare, breaks];
  const usual = colours.map((field) => field.value);
  const first = { code: view.code, part: view.part };
  const choices = find(".ow-choices");
  const own = find(".ow-classes");
  const isPage = document.documentElement.hasAttribute("data-ow-page");
  const isFramed = window.parent !== window;
  let going = ""; // the movement that made the latest entry of the history

  const shows = (field) => !field.closest("label").hidden;

  function stateNow() {
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
    return state;
  }

  // The same page in the other language shows the same.
  function handOn(state) {
    for (const link of document.querySelectorAll("[data-ow-keep-state]")) link.hash = state;
  }

  // A choice is an entry of its own in the history. Whatever moves (the slider, playing, the arrow
  // keys on the map, typing, or "recall" while a state is set up) is one, however long it goes on.
  view.keep = (movement = "") => {
    if (!isPage) return;
    const state = stateNow();
    handOn(state);
    if (location.hash === `#${state}`) return;
    const isSame = isFramed || (movement && movement === going);
    history[isSame ? "replaceState" : "pushState"](null, "", `#${state}`);
    going = movement;
  };

  // What the address says and the page does not have is ignored.
  view.recall = () => {
    const state = new URLSearchParams(isPage ? location.hash.slice(1) : "");
    const code = state.get("indicator");
    going = "recall";
    view.turnTo(Object.hasOwn(data.indicators, code) ? code : first.code, (shown) => {
      view.wantLevel(state.get("areas"));
      const part = state.get("breakdown") ?? (code ? "" : first.part);
      view.show(shown, part, state.get("quarter") || root.dataset.period);
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
      if (location.hash) view.keep("recall");
      else handOn("");
    });
  };

  // Back and forward, or another address typed; "#content" and the like are not about the view.
  window.addEventListener("popstate", () => {
    if (!location.hash || location.hash.includes("=")) view.recall();
  });
}
