// The map: fills, titles and circles of the districts, the legend, and the words around it.

function drawing(view) {
  const { data, find, svg, shapes } = view;
  const circles = svg.querySelector(".ow-circles");

  function fill(cell, look) {
    if (cell === SECRET) return `url(#${data.key}-suppressed)`;
    if (!isNumber(cell)) return `url(#${data.key}-missing)`;
    if (look.circles) return data.land;
    const value = bare(cell) - (look.isDifference ? look.city : 0);
    const place = look.bounds.findIndex((bound) => value <= bound + 1e-9);
    return look.colours[place < 0 ? look.bounds.length - 1 : place];
  }

  function drawCircles(look, values) {
    circles.replaceChildren();
    if (!look.circles || !look.largest) return;
    const size = (i) => Math.abs(bare(values[i]));
    const known = shapes.map((_, i) => i).filter((i) => isNumber(values[i]) && size(i) > 0);
    for (const i of known.sort((a, b) => size(b) - size(a))) {
      const circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      circle.setAttribute("cx", data.points[i][0]);
      circle.setAttribute("cy", data.points[i][1]);
      circle.setAttribute("r", (data.radius * Math.sqrt(size(i) / look.largest)).toFixed(1));
      if (bare(values[i]) < 0) {
        circle.setAttribute("fill", "#fff");
        circle.setAttribute("stroke", data.circle);
      }
      circles.append(circle);
    }
  }

  function explain(look) {
    const list = find(".ow-legend");
    list.innerHTML = look.circles ? look.legend : "";
    for (const [colour, span] of look.circles ? [] : view.spans(look)) {
      const item = document.createElement("li");
      item.innerHTML = '<svg viewBox="0 0 36 28" aria-hidden="true"><rect x="1" y="1" '
        + 'width="34" height="26" stroke="#8a959e"/></svg> <span></span>';
      item.querySelector("rect").setAttribute("fill", colour);
      item.querySelector("span").textContent = span;
      list.append(item);
    }
    list.insertAdjacentHTML("beforeend", data.common);
    let heading = look.isAlone ? data.words.noCity : "";
    if (look.isDifference) {
      const value = view.words(look.city, look);
      heading = say(data.words.difference, { value }) + (look.sign === "%" ? data.words.points : "");
    }
    find(".ow-scale").textContent = heading;
  }

  view.onRedraw((look, values) => {
    shapes.forEach((shape, i) => {
      shape.setAttribute("fill", fill(values[i], look));
      view.titles[i].textContent = `${view.names[i]}: ${view.title(values[i], look)}`;
    });
    drawCircles(look, values);
    explain(look);
    const when = data.periods[view.fields.period.value];
    find("figcaption :is(h2, h3)").textContent = look.label;
    find(".ow-when").textContent = [when, look.subtitle].filter(Boolean).join(", ");
    find(".ow-source").textContent = look.source;
    find(".ow-definition").textContent = look.definition;
    const name = `${look.label}, ${when}`;
    svg.setAttribute("aria-label", name);
    svg.querySelector(".ow-districts").setAttribute("aria-label", name);
  });
}
