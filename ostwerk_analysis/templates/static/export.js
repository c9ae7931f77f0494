(() => {
  "use strict";
  // Lets a reader take along what is seen: a map or chart as SVG and PNG, a table as CSV, and the
  // explorer as a frame for another page. A file says what it shows, of when, and by what licence.

  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 920; // of a picture, in pixels of its SVG
  const EDGE = 40;
  const INK = "#1b2730"; // a picture is a sheet of its own: the same by day and by night
  const QUIET = "#56636d";
  const PLAIN = '"Segoe UI", Roboto, "Liberation Sans", Arial, sans-serif';
  const FONT = `"Source Sans 3", "Source Sans Pro", ${PLAIN}`;

  // What is said of a release, and how: by the page, or by the explorer's own output in a notebook.
  function givenTo(element) {
    const own = element.closest(".ow-explorer")?.parentElement.querySelector(":scope > [data-ow-facts]");
    const said = own ?? document.querySelector("body > [data-ow-facts]");
    return said && JSON.parse(said.textContent);
  }

  // ---- What is seen ----

  const say = (element) => (element ? element.textContent.replace(/\s+/g, " ").trim() : "");
  const first = (root, selector) => [...root.querySelectorAll(selector)].find(isSeen);
  const isSeen = (element) => element.getClientRects().length > 0;

  function described(figure) {
    const heading = ["figcaption :is(h2, h3, h4)", "figcaption", "caption"]
      .map((place) => say(figure.querySelector(place))).find(Boolean);
    return {
      title: heading ?? say(document.querySelector("h1")),
      when: say(figure.querySelector(".ow-when")),
      scale: say(first(figure, ".ow-scale")),
      source: say(figure.querySelector(".ow-source")),
      definition: say(figure.querySelector(".ow-definition")),
    };
  }

  function fileName({ title, when }, ending) {
    const plain = `${title} ${when.split(",")[0]}`.toLowerCase().replaceAll("ß", "ss").replaceAll("ä", "ae")
      .replaceAll("ö", "oe").replaceAll("ü", "ue").normalize("NFKD").replace(/[^a-z0-9]+/g, "-");
    return `${plain.replace(/^-|-$/g, "").slice(0, 80) || "ostwerk"}.${ending}`;
  }

  function save(content, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(content);
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  // ---- Pictures ----

  function add(parent, name, attributes = {}, content = "") {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.textContent = content;
    parent.append(element);
    return element;
  }

  // A picture may be opened where the page's typeface is not: there is room for the wider one.
  const ruler = document.createElement("canvas").getContext("2d");
  function widthOf(line, size, weight) {
    return Math.max(...[FONT, PLAIN].map((font) => {
      ruler.font = `${weight} ${size}px ${font}`;
      return ruler.measureText(line).width;
    }));
  }

  // The typeface as part of a picture that is drawn here; none where the page has none of its own.
  async function typeface() {
    const rules = [...document.styleSheets].filter((sheet) => !sheet.href).flatMap((sheet) => [...sheet.cssRules]);
    const face = rules.find((rule) => rule instanceof CSSFontFaceRule && rule.style.src.includes("woff2"));
    const address = face?.style.src.match(/url\("?([^")]+)"?\)/)?.[1];
    const packed = address && await packedFrom(address);
    if (!packed) return "";
    const family = face.style.fontFamily;
    return `@font-face { font-family: ${family}; font-weight: 200 900; src: url(${packed}) format("woff2"); }`;
  }

  // A file as an address that holds it; nothing where it cannot be had.
  async function packedFrom(address) {
    if (address.startsWith("data:")) return address; // as in a report, whose server lets none be fetched
    const file = await fetch(address).then((answer) => (answer.ok ? answer.blob() : null), () => null);
    if (!file) return "";
    const reader = new FileReader();
    return new Promise((resolve) => {
      reader.onload = () => resolve(reader.result);
      reader.readAsDataURL(file);
    });
  }

  // Writes a paragraph and gives the place below it.
  function write(parent, paragraph, { x = EDGE, y, size, weight = 400, fill = INK, width }) {
    const room = width ?? WIDTH - EDGE - x;
    const lines = [];
    for (const word of paragraph.split(" ")) {
      const longer = lines.length ? `${lines.at(-1)} ${word}` : word;
      if (lines.length && widthOf(longer, size, weight) <= room) lines[lines.length - 1] = longer;
      else lines.push(word);
    }
    const look = { "font-size": size, "font-weight": weight, fill };
    lines.forEach((line, i) => add(parent, "text", { x, y: y + size * (0.95 + 1.35 * i), ...look }, line));
    return y + lines.length * size * 1.35;
  }

  // A drawing out of the page, its looks written into it: no style sheet goes along. Lines that the
  // page keeps as thin at any size get the width that they have at this one.
  const USUAL = {
    fill: "",
    "fill-opacity": "1",
    stroke: "none",
    "stroke-opacity": "1",
    "stroke-linejoin": "miter",
    "stroke-linecap": "butt",
    opacity: "1",
    "text-anchor": "start",
    "font-weight": "400",
    "paint-order": "normal",
  };
  const LOOKS = Object.keys(USUAL);
  // A mixed colour as every program knows it.
  function plain(value) {
    if (!value.startsWith("color(")) return value;
    ruler.fillStyle = value;
    ruler.fillRect(0, 0, 1, 1);
    return `rgb(${[...ruler.getImageData(0, 0, 1, 1).data.slice(0, 3)].join(", ")})`;
  }

  function copied(svg, { x, y, width, height }) {
    const copy = svg.cloneNode(true);
    const box = svg.viewBox.baseVal;
    // One that is stretched is drawn stretched, so that its lines keep their width and their dashes.
    const isStretched = svg.getAttribute("preserveAspectRatio") === "none";
    const [across, down] = isStretched ? [width / box.width, height / box.height] : [1, 1];
    const scale = box?.width && !isStretched ? box.width / width : 1;
    const both = [...svg.querySelectorAll("*")].map((one, i) => [one, copy.querySelectorAll("*")[i]]);
    for (const [seen, taken] of both) {
      const style = getComputedStyle(seen);
      const isThin = style.vectorEffect === "non-scaling-stroke";
      if (seen instanceof SVGGeometryElement || seen.tagName === "text") {
        // A browser writes url("#id"): other programs want it without the marks.
        for (const look of LOOKS) {
          const value = style.getPropertyValue(look);
          if (value !== USUAL[look]) taken.setAttribute(look, plain(value.replaceAll('"', "")));
        }
        const grow = isThin ? scale : 1;
        const thickness = parseFloat(style.strokeWidth) * grow;
        const dashes = style.strokeDasharray.split(",").map((dash) => +(parseFloat(dash) * grow).toFixed(2));
        if (style.strokeDasharray !== "none") taken.setAttribute("stroke-dasharray", dashes.join(" "));
        if (style.stroke !== "none") taken.setAttribute("stroke-width", +thickness.toFixed(2));
        if (isStretched) stretch(taken, across, down);
        if (style.display === "none" || style.visibility === "hidden") taken.setAttribute("display", "none");
      }
      for (const name of ["class", "style", "tabindex", "role", "aria-selected"]) taken.removeAttribute(name);
    }
    copy.querySelectorAll(".ow-focus, path[d='']").forEach((one) => one.remove());
    for (const name of ["class", "style", "role"]) copy.removeAttribute(name);
    if (isStretched) copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const [name, value] of Object.entries({ x, y, width, height })) copy.setAttribute(name, value);
    return copy;
  }

  // Of the commands of a path one takes a distance across, one a distance down, the others take pairs.
  function stretch(shape, across, down) {
    for (const [name, factor] of Object.entries({ x: across, width: across, y: down, height: down })) {
      if (shape.hasAttribute(name)) shape.setAttribute(name, shape.getAttribute(name) * factor);
    }
    let [command, count] = ["", 0];
    const d = shape.getAttribute("d")?.replace(/([a-z])|-?[\d.]+/gi, (found, letter) => {
      if (letter) {
        [command, count] = [letter.toUpperCase(), 0];
        return letter;
      }
      const isAcross = command === "H" || (command !== "V" && count % 2 === 0);
      count += 1;
      return +(found * (isAcross ? across : down)).toFixed(2);
    });
    if (d) shape.setAttribute("d", d);
  }

  const ratioOf = (svg) => svg.getBoundingClientRect().height / svg.getBoundingClientRect().width;

  // Maps side by side as the page has them, each with its own words.
  function drawMaps(picture, maps, y) {
    const columns = Math.min(maps.length, 4);
    const gap = 24;
    const width = (WIDTH - 2 * EDGE - gap * (columns - 1)) / columns;
    let below = y;
    maps.forEach((map, i) => {
      const x = EDGE + (i % columns) * (width + gap);
      if (i % columns === 0) y = below;
      const label = maps.length > 1 ? say(map.closest("li")?.querySelector("p")) : "";
      const top = label ? write(picture, label, { x, y, width, size: 14, weight: 600 }) + 4 : y;
      const height = width * ratioOf(map);
      picture.append(copied(map, { x, y: top, width, height }));
      below = Math.max(below, top + height + 18);
    });
    return below;
  }

  // Items in rows as wide as the picture, those of a row on one line.
  function drawLegend(picture, figure, map, y) {
    const [size, gap] = [15, 24];
    const scale = (WIDTH - 2 * EDGE) / map.getBoundingClientRect().width;
    const rows = [];
    for (const item of figure.querySelectorAll(".ow-legend > li")) {
      const icon = item.querySelector("svg");
      const seen = icon?.getBoundingClientRect() ?? { width: 0, height: 0 }; // words alone
      const grows = icon?.classList.contains("ow-size") ? scale : 1.3; // as the circles on the map
      const [width, height] = [seen.width * grows, seen.height * grows];
      const label = say(item);
      const room = width + 8 + widthOf(label, size, 400);
      const before = rows.at(-1)?.at(-1);
      const x = before ? before.x + before.room + gap : EDGE;
      const one = { icon, width, height, label, room, x };
      if (before && x + room <= WIDTH - EDGE) rows.at(-1).push(one);
      else rows.push([{ ...one, x: EDGE }]);
    }
    for (const row of rows) {
      const tallest = Math.max(size * 1.35, ...row.map(({ height }) => height));
      for (const { icon, width, height, label, x } of row) {
        if (icon) picture.append(copied(icon, { x, y: y + (tallest - height) / 2, width, height }));
        write(picture, label, { x: x + width + 8, y: y + (tallest - size * 1.3) / 2, size, width: Infinity });
      }
      y += tallest + 8;
    }
    return y + 4;
  }

  // The colours of two indicators at once stand in a table: a field for each pair of classes.
  function drawSquare(picture, table, y) {
    const [cell, size] = [{ width: 120, height: 44 }, 13];
    if (table.caption) y = write(picture, say(table.caption), { y, size: 15, weight: 600 }) + 6;
    for (const row of table.rows) {
      let x = EDGE;
      for (const field of row.cells) {
        const width = cell.width * field.colSpan;
        const fill = getComputedStyle(field).backgroundColor;
        const isColour = field.tagName === "TD";
        if (isColour) add(picture, "rect", { x, y, width: width - 2, height: cell.height - 2, fill });
        const ink = isColour ? getComputedStyle(field).color : INK;
        write(picture, say(field), { x: x + 6, y: y + 6, size, width: width - 12, fill: ink });
        x += width;
      }
      y += cell.height;
    }
    return y + 12;
  }

  async function drawChart(picture, chart, y) {
    const width = WIDTH - 2 * EDGE;
    const height = Math.round(width * Math.max(0.42, Math.min(0.75, ratioOf(chart))));
    const figure = chart.closest(".ow-figure");
    figure.style.colorScheme = "light";
    await chart.owDraw?.();
    const address = await window.Plotly.toImage(chart, { format: "svg", width, height });
    const written = decodeURIComponent(address.slice(address.indexOf(",") + 1));
    const drawn = new DOMParser().parseFromString(written, "image/svg+xml").documentElement;
    for (const [name, value] of Object.entries({ x: EDGE, y, width, height })) drawn.setAttribute(name, value);
    picture.append(document.importNode(drawn, true));
    figure.style.colorScheme = "";
    await chart.owDraw?.();
    return y + height + 12;
  }

  // Patterns that several maps share stand in the first of them, or beside them all.
  function addPatterns(picture) {
    const written = picture.innerHTML;
    for (const [, id] of written.matchAll(/url\(#([^)]+)\)/g)) {
      if (!picture.querySelector(`[id="${id}"]`)) picture.prepend(document.getElementById(id).cloneNode(true));
    }
  }

  // ---- Pictures of what is drawn with HTML: bars, steps, flows, a timeline ----

  // It is laid out once more as wide as the picture and in the light. Then each drawing, field and
  // line of text is put into the picture where it stands there. Nothing of this is ever painted.
  const LAID_OUT = ".ow-bars, .ow-whole, .ow-flow, .ow-timeline";
  const LEFT_OUT = "figcaption, .ow-foot, .ow-take, .ow-scroll, .ow-hidden, details, script";

  function drawLayout(picture, figure, y) {
    const sheet = document.body.appendChild(figure.cloneNode(true));
    sheet.querySelectorAll(LEFT_OUT).forEach((one) => one.remove());
    sheet.querySelectorAll("ol > li").forEach((item) => {
      const count = document.createElement("span"); // a list's number is no text of the page
      count.textContent = `${[...item.parentElement.children].indexOf(item) + 1}. `;
      item.prepend(count);
    });
    sheet.style.cssText = `position:absolute;top:0;left:0;width:${WIDTH - 2 * EDGE}px;margin:0;hyphens:manual;color-scheme:light`;
    const { left, top, height } = sheet.getBoundingClientRect();
    const placed = (box) =>
      ({ x: EDGE + box.left - left, y: y + box.top - top, width: box.width, height: box.height });
    const seen = [...sheet.querySelectorAll("*")].filter(isSeen);
    for (const one of seen) {
      if (one.tagName === "svg") picture.append(copied(one, placed(one.getBoundingClientRect())));
    }
    for (const one of seen) {
      if (one instanceof HTMLElement) drawField(picture, one, placed(one.getBoundingClientRect()));
    }
    const texts = document.createTreeWalker(sheet, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      if (texts.currentNode.parentElement instanceof HTMLElement) drawText(picture, texts.currentNode, placed);
    }
    sheet.remove();
    return y + height + 12;
  }

  // The ground of an element and its border: around it, or a line on its left.
  function drawField(picture, element, { x, y, width, height }) {
    const style = getComputedStyle(element);
    const edge = parseFloat(style.borderLeftWidth);
    const isFilled = !/^(transparent|rgba\(.*, 0\))$/.test(style.backgroundColor);
    if (!isFilled && !edge) return;
    const stroke = edge ? plain(style.borderLeftColor) : "none";
    const dashes = style.borderLeftStyle === "dashed" ? { "stroke-dasharray": "4 3" } : {};
    const line = { stroke, "stroke-width": edge, ...dashes };
    const isLine = edge && !parseFloat(style.borderRightWidth);
    if (isLine) add(picture, "path", { d: `M${x + edge / 2} ${y}v${height}`, fill: "none", ...line });
    else {
      const fill = isFilled ? plain(style.backgroundColor) : "none";
      const rx = Math.min(parseFloat(style.borderTopLeftRadius) || 0, height / 2);
      add(picture, "rect", { x, y, width, height, rx, fill, ...line });
    }
  }

  // A text, line by line as it is broken on the page.
  function drawText(picture, node, placed) {
    const style = getComputedStyle(node.parentElement);
    const lines = [];
    const range = document.createRange();
    [...node.data].forEach((letter, i) => {
      range.setStart(node, i);
      range.setEnd(node, i + 1);
      const box = range.getBoundingClientRect();
      if (!box.width) return; // a blank that the page does not show
      const line = lines.at(-1);
      if (!line || box.top > line.top + box.height / 2) {
        lines.push({ words: letter, left: box.left, right: box.right, top: box.top, bottom: box.bottom });
      } else {
        line.words += letter;
        line.right = box.right;
      }
    });
    const size = parseFloat(style.fontSize);
    ruler.font = `${style.fontWeight} ${size}px ${FONT}`;
    const { fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = ruler.measureText("x");
    const [anchor, share] = { right: ["end", 1], end: ["end", 1], center: ["middle", 0.5] }[style.textAlign] ?? ["start", 0];
    for (const { words, left, right, top, bottom } of lines.filter((line) => line.words.trim())) {
      const { x, y, width, height } = placed({ left, top, width: right - left, height: bottom - top });
      const look = { "font-size": size, "font-weight": style.fontWeight, fill: plain(style.color), "text-anchor": anchor };
      const baseline = y + (height - above - below) / 2 + above;
      add(picture, "text", { x: x + share * width, y: baseline.toFixed(2), ...look }, words.replace(/[ \n\t]+/g, " ").trim());
    }
  }

  async function pictureOf(figure) {
    const about = described(figure);
    const maps = [...figure.querySelectorAll(".ow-map")].filter(isSeen);
    const chart = figure.querySelector(".ow-chart");
    const picture = document.createElementNS(SVG, "svg");
    picture.setAttribute("font-family", FONT);
    const ground = add(picture, "rect", { width: WIDTH, fill: "#fff" });
    let y = write(picture, about.title, { y: EDGE - 8, size: 26, weight: 600 });
    if (about.when) y = write(picture, about.when, { y: y + 2, size: 16, fill: QUIET });
    y += 18;
    if (maps.length) {
      y = drawMaps(picture, maps, y);
      if (about.scale) y = write(picture, about.scale, { y, size: 15, weight: 600 }) + 8;
      if (figure.querySelector(".ow-legend")) y = drawLegend(picture, figure, maps[0], y);
      const square = figure.querySelector(".ow-square");
      if (square) y = drawSquare(picture, square, y);
      const sites = [...maps[0].querySelectorAll(".ow-site title")]
        .map((site) => say(site).replace(" ", "\u00a0")).join(" · ");
      if (sites) y = write(picture, sites, { y, size: 15 }) + 8;
      addPatterns(picture);
    } else if (chart) y = await drawChart(picture, chart, y);
    else {
      add(picture, "style", {}, await typeface()); // in which its lines are broken and its words placed
      y = drawLayout(picture, figure, y);
    }
    for (const line of [about.definition, about.source, ...givenTo(figure).facts].filter(Boolean)) {
      y = write(picture, line, { y: y + 2, size: 13, fill: QUIET });
    }
    const height = Math.ceil(y + EDGE - 16);
    ground.setAttribute("height", height);
    for (const [name, value] of Object.entries({ width: WIDTH, height, viewBox: `0 0 ${WIDTH} ${height}` })) {
      picture.setAttribute(name, value);
    }
    picture.prepend(add(picture, "title", {}, [about.title, about.when].filter(Boolean).join(", ")));
    return { about, height, written: new XMLSerializer().serializeToString(picture) };
  }

  async function saveSvg(figure) {
    const { about, written } = await pictureOf(figure);
    save(new Blob([written], { type: "image/svg+xml" }), fileName(about, "svg"));
  }

  async function savePng(figure) {
    const { about, height, written } = await pictureOf(figure);
    const style = written.includes("@font-face") ? "" : `<style>${await typeface()}</style>`;
    const image = new Image();
    const drawn = written.replace("</title>", `</title>${style}`);
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(drawn)}`;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [2 * WIDTH, 2 * height]; // sharp on paper and on good screens
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((content) => save(content, fileName(about, "png")), "image/png");
  }

  // ---- Tables ----

  const NUMBER = /^[+\u2212-]?[\d.,\u202f]+$/;

  // A number as a spreadsheet of the language reads it; what could be a formula gets a mark before.
  function field(cell, delimiter) {
    const plain = cell.replaceAll("\u2212", "-");
    const group = delimiter === ";" ? "." : ",";
    const isNumber = NUMBER.test(cell);
    if (isNumber) return plain.replaceAll(group, "").replaceAll("\u202f", "").replace(/^\+/, "");
    const harmless = /^[=+\-@\t\r\n]/.test(plain) ? `'${cell}` : cell;
    return /["\r\n]/.test(harmless) || harmless.includes(delimiter)
      ? `"${harmless.replaceAll('"', '""')}"`
      : harmless;
  }

  // A value, what follows it as a unit, and its status: kept secret, missing, or a letter's meaning.
  function parts(cell, { marks, untold }) {
    const taken = cell.cloneNode(true);
    const hidden = taken.querySelector(".ow-hidden");
    if (hidden && taken.querySelector("[aria-hidden]")) return ["", "", say(hidden)];
    const mark = taken.querySelector("sup");
    mark?.remove();
    const shown = taken.textContent.replace(/[ \n\t]+/g, " ").trim();
    if (untold.includes(shown)) return ["", "", shown];
    const [, value, unit] = shown.match(/^(\S+)\u00a0(\D*)$/) ?? [];
    const status = mark ? (marks[say(mark)] ?? say(mark)) : "";
    return value && NUMBER.test(value) ? [value, unit, status] : [shown.replaceAll("\u00a0", " "), "", status];
  }

  function tableOf(table, about) {
    const given = givenTo(table);
    const { words } = given;
    const seen = [...table.rows].filter((row) => isOffered(row, table));
    const head = seen.filter((row) => row.closest("thead")).at(-1);
    const rows = seen.filter((row) => !row.closest("thead"))
      .map((row) => [...row.cells].filter((cell) => !cell.hidden).map((cell) => parts(cell, given)));
    const heads = [...(head?.cells ?? [])].filter((cell) => !cell.hidden).map((cell) => {
      const isUnit = cell.querySelector("[data-unit]"); // which says nothing without the title
      return isUnit ? [about.title, about.when.split(",")[0], say(cell)].join(", ") : say(cell);
    });
    const columns = Math.max(heads.length, ...rows.map((row) => row.length));
    const lines = [[], ...rows.map(() => [])];
    for (let i = 0; i < columns; i += 1) {
      const units = new Set(rows.filter((row) => row[i]?.[0] && row[i][1]).map((row) => row[i][1]));
      const unit = units.size === 1 ? [...units][0] : "";
      const name = unit && !heads[i]?.includes(unit) ? `${heads[i] ?? ""} (${unit})` : heads[i] ?? "";
      lines[0].push(name);
      rows.forEach((row, r) => {
        const [value = "", own = ""] = row[i] ?? [];
        lines[r + 1].push(own && !unit ? `${value} ${own}` : value);
      });
      if (rows.some((row) => row[i]?.[2])) {
        lines[0].push(`${words.status}: ${name}`);
        rows.forEach((row, r) => lines[r + 1].push(row[i]?.[2] ?? ""));
      }
    }
    if (words.demonstration) {
      lines.forEach((line, r) => line.push(r ? words.demonstration : words.note));
    }
    return lines;
  }
  const isOffered = (row, table) => !row.hidden && row.closest("table") === table;

  function saveCsv(table, about) {
    const delimiter = givenTo(table).language === "de" ? ";" : ",";
    const lines = tableOf(table, about).map((line) => line.map((cell) => field(cell, delimiter)));
    const written = lines.map((line) => line.join(delimiter)).join("\r\n");
    save(new Blob([`\ufeff${written}\r\n`], { type: "text/csv;charset=utf-8" }), fileName(about, "csv"));
  }

  // ---- Frames ----

  function embedding(figure) {
    const { words } = givenTo(figure);
    const place = document.createElement("details");
    place.className = "ow-embed";
    place.innerHTML = '<summary></summary><p></p><textarea readonly rows="4" spellcheck="false"></textarea>'
      + '<button type="button"></button> <span role="status"></span>';
    const code = place.querySelector("textarea");
    const said = place.querySelector("[role=status]");
    place.querySelector("summary").textContent = words.embed;
    place.querySelector("p").textContent = words.embedding;
    place.querySelector("button").textContent = words.copy;
    code.setAttribute("aria-label", words.embed);
    const renew = () => {
      const address = new URL(location.href);
      address.searchParams.set("embed", "1");
      const { title, when } = described(figure);
      const frame = document.createElement("iframe");
      frame.src = address.href;
      frame.title = [title, when].filter(Boolean).join(", ");
      frame.setAttribute("style", "border:0;width:100%;height:52rem");
      frame.setAttribute("loading", "lazy");
      code.value = frame.outerHTML;
      said.textContent = "";
    };
    place.addEventListener("toggle", renew);
    code.addEventListener("focus", () => {
      renew();
      code.select();
    });
    place.querySelector("button").addEventListener("click", async () => {
      renew();
      code.select();
      await navigator.clipboard?.writeText(code.value).then(() => (said.textContent = words.copied), () => {});
    });
    return place;
  }

  // In a frame of another page stand the map, its legend and its source, and the way to the whole.
  function enframe(figure) {
    const { words, facts } = givenTo(figure);
    document.documentElement.toggleAttribute("data-ow-embedded", true);
    figure.closest("main > *").toggleAttribute("data-ow-embedded", true);
    const line = document.createElement("p");
    const link = document.createElement("a");
    link.textContent = words.whole;
    link.target = "_blank";
    const aim = () => {
      const address = new URL(location.href);
      address.searchParams.delete("embed");
      link.href = address.href;
    };
    aim();
    link.addEventListener("pointerdown", aim);
    link.addEventListener("focus", aim);
    const said = facts.slice(0, words.demonstration ? -1 : facts.length); // the banner stays
    line.append(said.join(" · "), " · ", link);
    line.className = "ow-source";
    figure.append(line);
  }

  // ---- The row of buttons under a figure or table ----

  function button(name, title, act) {
    const one = document.createElement("button");
    one.type = "button";
    one.textContent = name;
    one.setAttribute("aria-label", `${name}: ${title}`);
    one.addEventListener("click", async () => {
      one.disabled = true;
      await act().finally(() => (one.disabled = false));
      one.focus();
    });
    return one;
  }

  function offer(place, table, figure) {
    const { words } = givenTo(place);
    const row = document.createElement("div");
    row.className = "ow-take";
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", words.take);
    row.append(`${words.take}: `);
    const about = () => described(figure ?? place);
    if (figure) {
      row.append(button("SVG", words.picture, () => saveSvg(figure)));
      row.append(button("PNG", words.picture, () => savePng(figure)));
    }
    if (table) row.append(button("CSV", words.table, async () => saveCsv(table, about())));
    return row;
  }

  function start() {
    const isPage = document.documentElement.hasAttribute("data-ow-page");
    const isEmbedded = isPage && new URLSearchParams(location.search).has("embed");
    const explorer = document.querySelector(".ow-explorer");
    if (isEmbedded && explorer) enframe(explorer.querySelector(".ow-figure"));
    const equip = (figure) => {
      const root = figure.closest(".ow-explorer") ?? figure;
      const values = root.querySelector(".ow-values") ?? root; // an explorer has other tables too
      const table = values.querySelector("table:not(.ow-square)");
      const isPicture = figure.querySelector(`.ow-map, .ow-chart, ${LAID_OUT}`);
      const isEquipped = figure.querySelector(".ow-take");
      if (isEquipped || (!isPicture && !table) || !givenTo(figure)) return;
      if (table) table.dataset.taken = "";
      const foot = root === figure && figure.querySelector(".ow-foot");
      (foot || figure).append(offer(figure, table, isPicture && figure));
      const isServed = isPage && location.protocol.startsWith("http");
      if (root !== figure && isServed && !isEmbedded) figure.append(embedding(figure));
    };
    document.querySelectorAll(".ow-figure").forEach(equip);
    document.addEventListener("ow-figure", (event) => equip(event.target)); // a second map
    for (const table of document.querySelectorAll(".ow table:not(.ow-square, [data-taken])")) {
      const box = table.closest(".ow-scroll");
      if (!box || !givenTo(table)) continue;
      table.dataset.taken = "";
      const foot = box.parentElement.querySelector(":scope > .ow-foot:not(:has(> .ow-take))");
      if (foot) foot.append(offer(box, table));
      else box.after(offer(box, table));
    }
  }
  start();
})();
