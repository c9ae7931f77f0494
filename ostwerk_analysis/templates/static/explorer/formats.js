// How cells are written. A cell is a number, "." kept secret, null missing, or [number, mark].

const MINUS = "\u2212";
const SECRET = ".";
const bare = (cell) => (Array.isArray(cell) ? cell[0] : cell);
const isNumber = (cell) => typeof bare(cell) === "number";
const tidy = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits + 0;
const spanOf = (period) => (period.includes("-Q") ? "quarter" : "year");
const say = (sentence, values) => sentence.replace(/{(\w+)}/g, (_, name) => values[name]);

function formats(view) {
  const { data } = view;
  const byDigits = {};

  view.format = (value, digits) => {
    byDigits[digits] ??= new Intl.NumberFormat(data.locale, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
    });
    return byDigits[digits].format(value).replace("-", MINUS);
  };

  view.signed = (value, digits) => (value > 0 ? "+" : "") + view.format(value, digits);

  view.words = (cell, look) => {
    if (cell === SECRET) return data.words.suppressed;
    if (!isNumber(cell)) return data.words.missing;
    return view.format(bare(cell), look.digits) + (look.sign ? "\u00a0" + look.sign : "");
  };

  // What a place's title says: the value, and its difference if colours show that.
  view.title = (cell, look, i) => {
    const value = view.words(cell, look);
    const difference = view.difference(cell, look, i);
    if (!look.isDifference || difference === null) return value;
    const sentence = look.isToPeriod ? data.words.toPeriod : data.words.toCity;
    const period = data.periods[view.fields.against.value];
    return say(sentence, { value, difference: view.signed(difference, look.digits), period });
  };

  // The difference that colours show; null where one of its two values is not known.
  view.difference = (cell, look, i) => {
    const base = look.base(i);
    if (!isNumber(cell) || !isNumber(base)) return null;
    return tidy(bare(cell) - bare(base), look.digits);
  };

  // A cell as the content of an element, with the mark behind it or the sign instead of it.
  view.write = (place, cell, look) => {
    place.replaceChildren();
    if (isNumber(cell)) {
      place.append(view.format(bare(cell), look.digits));
      if (Array.isArray(cell)) {
        const mark = document.createElement("sup");
        mark.textContent = cell[1];
        place.append(mark);
      }
      return;
    }
    const sign = document.createElement("span");
    sign.setAttribute("aria-hidden", "true");
    sign.textContent = data.words.signs[cell === SECRET ? "suppressed" : "missing"];
    const said = document.createElement("span");
    said.className = "ow-hidden";
    said.textContent = view.words(cell, look);
    place.append(sign, said);
  };
}
