(() => {
  "use strict";
  // Charts are drawn after everything else of the page, and Plotly is loaded only if there is one.
  const address = document.currentScript && document.currentScript.dataset.plotly;
  const drawn = "owDrawn";
  const draw = () => {
    for (const place of document.querySelectorAll(".ow-chart")) {
      const source = place.querySelector("script[type='application/json']");
      if (!source || drawn in place.dataset) continue;
      place.dataset[drawn] = "";
      const { figure, config } = JSON.parse(source.textContent);
      window.Plotly.newPlot(place, figure.data, figure.layout, config);
    }
  };
  const start = () => {
    if (!document.querySelector(".ow-chart")) return;
    if (window.Plotly) return draw();
    if (!address) return;
    const script = document.createElement("script");
    script.src = address;
    script.onload = draw;
    document.head.append(script);
  };
  // A moment's rest lets the browser paint the map before it reads the large script.
  const later = () => (window.requestIdleCallback || setTimeout)(start);
  // A page that is opened to be printed at once is not loaded before its charts are there.
  if (location.hash === "#print") start();
  else if (document.readyState === "complete") later();
  else window.addEventListener("load", later);
})();
