// What is behind a value: source, period, definition, status and confidence, by "i" or Enter.

function facts(view) {
  const { data, find } = view;
  const dialog = find(".ow-behind");
  const button = find(".ow-ask");

  function status(cell, notes) {
    const { words } = data;
    if (cell === SECRET) return [words.secret, ...notes].join("; ");
    if (!isNumber(cell)) return [words.missing, ...notes].join("; ");
    const mark = Array.isArray(cell) ? words.marks[cell[1]] : words.normal;
    return [mark, ...notes].join("; ");
  }

  function open() {
    const i = view.chosen;
    if (i < 0) return;
    const look = view.look();
    const period = view.fields.period.value;
    const cell = view.cells()[i];
    const noted = Object.entries(view.series().notes[period] ?? {});
    const notes = noted.filter(([, places]) => places.includes(i)).map(([note]) => note);
    const lines = {
      indicator: look.label,
      value: view.title(cell, look, i),
      period: data.periods[period],
      source: look.source.replace(/^[^:]*: /, ""),
      definition: look.definition,
      status: status(cell, notes),
      sure: look.sure,
    };
    find(".ow-behind h3").textContent = view.names[i];
    const list = find(".ow-behind dl");
    list.replaceChildren();
    for (const [name, words] of Object.entries(lines)) {
      if (!words) continue;
      const term = document.createElement("dt");
      const said = document.createElement("dd");
      term.textContent = data.words.facts[name];
      said.textContent = words[0].toUpperCase() + words.slice(1);
      list.append(term, said);
    }
    dialog.showModal(); // Escape closes it, and the focus goes back to where it was
  }

  button.addEventListener("click", open);
  view.svg.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "i") return;
    event.preventDefault();
    open();
  });
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  view.onChoose((i) => (button.disabled = i < 0));
}
