"""Write the dashboard as one page with an SVG map and a short script, and serve the folder."""

import functools
import http.server
import json
import os
import tempfile
from pathlib import Path

import content
import numpy as np

SCRIPT = """
const data = JSON.parse(document.querySelector("script[type]").textContent);
const paths = document.querySelectorAll("#map path");
function show() {
  const chosen = (name) => document.querySelector(`[name=${name}]:checked`).value;
  const key = chosen("year") + chosen("indicator");
  data.fills[key].forEach((fill, i) => paths[i].setAttribute("fill", data.colours[fill]));
  document.querySelector("#figures").textContent = data.figures[key];
  data.values[key].forEach((value, i) => (document.querySelectorAll("td")[i].textContent = value));
}
document.addEventListener("change", show);
show();
"""


def radios(name: str, options: dict[str, str]) -> str:
    return "".join(
        f'<label><input type="radio" name="{name}" value="{code}"{" checked" * (i == 0)}>'
        f"{label}</label>"
        for i, (code, label) in enumerate(options.items())
    )


def page() -> str:
    shapes = content.districts().geometry.simplify_coverage(60)
    west, south, east, north = shapes.total_bounds
    paths = []
    for rings in content.lines().values():
        points = (rings[~np.isnan(rings[:, 0])] - (west, north)) * (1, -1)
        line = " ".join(f"{x:.0f} {y:.0f}" for x, y in points)
        paths.append(f'<path d="M{line}z" stroke="#fff" stroke-width="60"/>')
    fills, figures, values = {}, {}, {}
    for year in content.years():
        for code in content.INDICATORS:
            shown = content.values().loc[(year, code)]
            fills[year + code] = content.classes(shown).tolist()
            values[year + code] = shown.round(1).tolist()
            pairs = content.key_figures(code, year).items()
            figures[year + code] = ", ".join(f"{name} {value}" for name, value in pairs)
    data = {"colours": content.COLOURS, "fills": fills, "figures": figures, "values": values}
    years = {year: year for year in content.years()}
    rows = "".join(f"<tr><th>{name}</th><td></td></tr>" for name in content.districts()["name"])
    return (
        f'<!DOCTYPE html><meta charset="utf-8"><title>Static</title>'
        f"{radios('indicator', content.INDICATORS)}{radios('year', years)}"
        f'<p id="figures"></p><svg id="map" width="640" height="560" '
        f'viewBox="0 0 {east - west:.0f} {north - south:.0f}">{"".join(paths)}</svg>'
        f'<table>{rows}</table><script type="application/json">{json.dumps(data)}</script>'
        f"<script>{SCRIPT}</script>"
    )


with tempfile.TemporaryDirectory() as folder:
    (Path(folder) / "index.html").write_text(page(), encoding="utf-8")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), handler).serve_forever()
