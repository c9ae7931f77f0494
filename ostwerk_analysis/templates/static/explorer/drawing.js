// The map: fills, titles and circles of the districts, the legend, and the words around it.

const SVG = "http://www.w3.org/2000/svg";

function drawing(view) {
  const { data, find, svg } = view;
  const circles = svg.querySelector(".ow-circles");

  function fill(cell, look, i) {
    const base = look.isDifference ? look.base(i) : cell;
    for (const one of [cell, base]) {
      if (one === SECRET) return `url(#${data.key}-suppressed)`;
      if (!isNumber(one)) return `url(#${data.key}-missing)`;
    }
    if (look.circles) return data.land;
    const value = look.isDifference ? view.difference(cell, look, i) : bare(cell);
    const place = look.bounds.findIndex((bound) => value <= bound + 1e-9);
    return look.colours[place < 0 ? look.bounds.length - 1 : place];
  }

  // A circle's area is a value, or the difference to another quarter on the same scale.
  function drawCircles(look, values) {
    circles.replaceChildren();
    if (!look.circles || !look.largest) return;
    const shown = view.shapes.map((_, i) =>
      look.isToPeriod ? view.difference(values[i], look, i) : bare(values[i]));
    const size = (i) => Math.abs(shown[i]);
    const known = shown.map((_, i) => i).filter((i) => typeof shown[i] === "number" && shown[i]);
    for (const i of known.sort((a, b) => size(b) - size(a))) {
      const circle = document.createElementNS(SVG, "circle");
      circle.setAttribute("cx", view.points[i][0]);
      circle.setAttribute("cy", view.points[i][1]);
      circle.setAttribute("r", radius(size(i), look));
      circle.classList.toggle("ow-below", shown[i] < 0);
      circles.append(circle);
    }
  }

  const radius = (size, look) => (data.radius * Math.sqrt(size / look.largest)).toFixed(1);

  function item(drawing, words) {
    const line = document.createElement("li");
    line.innerHTML = `${drawing} <span></span>`;
    line.querySelector("span").textContent = words;
    return line;
  }
  const icon = (content) => `<svg viewBox="0 0 36 28" aria-hidden="true">${content}</svg>`;

  function circleItems(look) {
    const size = 2 * data.radius;
    const brief = look.sign.length === 1 ? look.sign : ""; // words stand in the heading
    const items = look.steps.map((step) => {
      const line = item(
        `<svg class="ow-size" aria-hidden="true" viewBox="0 0 ${size} ${size}">`
          + `<circle cx="${data.radius}" cy="${data.radius}" r="${radius(step, look)}" `
          + `fill="${data.circle}"/></svg>`,
        view.words(step, { ...look, sign: brief }),
      );
      line.firstChild.style.setProperty("--ow-share", (size / data.extent).toFixed(4));
      return line;
    });
    if (look.hollow || look.isToPeriod) {
      const hollow = '<circle class="ow-below" cx="18" cy="14" r="9"/>';
      items.push(item(icon(hollow), look.isToPeriod ? data.words.less : data.words.below));
    }
    return items;
  }

  const classItems = (look) =>
    view.spans(look).map(([colour, span]) =>
      item(icon(`<rect x="1" y="1" width="34" height="26" fill="${colour}" class="ow-swatch"/>`), span));

  function heading(look) {
    if (look.isAlone) return data.words.noCity;
    if (!look.isDifference) return "";
    const points = !look.circles && look.sign === "%" ? data.words.points : "";
    const period = data.periods[view.fields.against.value];
    if (look.isToPeriod && look.circles) return say(data.words.circlesThen, { period });
    if (look.isToPeriod) return say(data.words.differenceThen, { period }) + points;
    return say(data.words.difference, { value: view.words(look.city, look) }) + points;
  }

  // What is said of the place that is pointed at or chosen.
  view.said = (i) => view.titles[i].textContent;

  view.onRedraw((look, values) => {
    view.shapes.forEach((shape, i) => {
      shape.setAttribute("fill", fill(values[i], look, i));
      view.titles[i].textContent = `${view.names[i]}: ${view.title(values[i], look, i)}`;
    });
    drawCircles(look, values);
    find(".ow-legend").replaceChildren(...(look.circles ? circleItems : classItems)(look));
    find(".ow-legend").insertAdjacentHTML("beforeend", data.common);
    find(".ow-scale").textContent = heading(look);
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
