// Charts are drawn after everything else of the page, and Plotly is loaded only if there is one.
(() => {
  "use strict";
  const address = document.currentScript && document.currentScript.dataset.plotly;
  const night = window.matchMedia("(prefers-color-scheme: dark)");
  const NARROW = 540; // pixels, below which names stand in a legend and not at their lines
  const PAPER = 673; // pixels between the margins of an A4 sheet
  const charts = [];

  // Colours are properties of the style sheet, which Plotly cannot read: it is told what they are.
  const painted = (place, source) => {
    const probe = place.appendChild(document.createElement("i"));
    const payload = JSON.parse(source, (_, value) => {
      if (typeof value !== "string" || !value.startsWith("var(--ow-")) return value;
      probe.style.color = value;
      return getComputedStyle(probe).color;
    });
    probe.remove();
    return payload;
  };

  const draw = (chart) => {
    const { place, source } = chart;
    const { figure, config, names } = painted(place, source);
    chart.isNarrow = place.clientWidth < NARROW;
    if (names && !chart.isNarrow) {
      const { annotations = [], margin } = figure.layout;
      figure.layout.annotations = [...annotations, ...names.annotations];
      figure.layout.margin = { ...margin, r: names.margin };
      figure.layout.showlegend = false;
    }
    return window.Plotly.react(place, figure.data, figure.layout, config);
  };

  const start = () => {
    for (const place of document.querySelectorAll(".ow-chart")) {
      const source = place.querySelector("script[type='application/json']");
      if (!source || charts.some((chart) => chart.place === place)) continue;
      const chart = { place, source: source.textContent };
      charts.push(chart);
      place.owDraw = () => draw(chart); // for a picture of it, which is light
    }
    if (!charts.length) return;
    const drawAll = () => charts.forEach(draw);
    night.addEventListener("change", drawAll);
    window.addEventListener("resize", () => {
      for (const chart of charts) {
        if (chart.place.clientWidth < NARROW !== chart.isNarrow) draw(chart);
      }
    });
    // Paper is narrower than most screens; afterwards a chart is as wide as before.
    const fit = (width) => charts.forEach(({ place }) =>
      place.classList.contains("js-plotly-plot") && window.Plotly.relayout(place, width(place)));
    window.addEventListener("beforeprint", () =>
      fit((place) => ({ autosize: false, width: Math.min(place.clientWidth, PAPER) })));
    window.addEventListener("afterprint", () => fit(() => ({ autosize: true, width: undefined })));
    if (window.Plotly) return drawAll();
    if (!address) return;
    const script = document.createElement("script");
    script.src = address;
    script.onload = drawAll;
    script.onerror = () => {
      for (const { place } of charts) place.textContent = place.dataset.owFailed;
    };
    document.head.append(script);
  };

  // A moment's rest lets the browser paint the map before it reads the large script.
  const later = () => (window.requestIdleCallback || setTimeout)(start);
  // A page that is opened to be printed at once is not loaded before its charts are there.
  if (location.hash === "#print") start();
  else if (document.readyState === "complete") later();
  else window.addEventListener("load", later);
})();
