// The slider of quarters beside their list, and the button that plays them one after the other.

const STEP_MS = 900;

function time(view) {
  const { data, find, fields } = view;
  const { period } = fields;
  const slider = find("[name=step]");
  const button = find(".ow-play");
  const readout = find(".ow-readout");
  let playing = 0;

  // Quarters have one slider and years another: a year holds more than a quarter.
  const offered = () =>
    Object.keys(view.series().values).filter((code) => spanOf(code) === spanOf(period.value)).sort();

  function go(code) {
    period.value = code;
    view.offerPeriods(code);
    view.redraw();
  }

  function halt() {
    clearInterval(playing);
    playing = 0;
    label();
  }

  function stop() {
    if (!playing) return;
    halt();
    view.keep("time");
  }

  function label() {
    button.querySelector("span").textContent = playing ? data.words.stop : data.words.play;
    button.classList.toggle("ow-playing", Boolean(playing));
    readout.setAttribute("aria-live", playing ? "off" : "polite");
  }

  function play() {
    if (period.value === offered().at(-1)) go(offered()[0]);
    playing = setInterval(() => {
      const periods = offered();
      const next = periods[periods.indexOf(period.value) + 1];
      if (next) go(next);
      if (!next || next === periods.at(-1)) stop();
    }, STEP_MS);
    label();
  }

  button.addEventListener("click", () => (playing ? stop() : play()));
  slider.addEventListener("input", () => {
    stop();
    go(offered()[slider.value]);
  });
  slider.addEventListener("change", () => view.keep("time"));
  // Any other choice of the reader ends it.
  view.root.addEventListener("change", stop);
  view.svg.addEventListener("pointerdown", stop);
  view.svg.addEventListener("keydown", stop);

  view.onRecall(halt);
  view.onRedraw(() => {
    const periods = offered();
    slider.max = periods.length - 1;
    slider.value = periods.indexOf(period.value);
    slider.setAttribute("aria-valuetext", data.periods[period.value]);
    find(".ow-time").hidden = periods.length < 2;
  });
}
