// How cells are written. A cell is a number, "." kept secret, null missing, or [number, mark].

const MINUS = "\u2212";
const SECRET = ".";
const bare = (cell) => (Array.isArray(cell) ? cell[0] : cell);
const isNumber = (cell) => typeof bare(cell) === "number";
const tidy = (value, digits) => Math.round(value * 10 ** digits) / 10 ** digits + 0;
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

  // What a district's title says: the value, and its difference if colours show that.
  view.title = (cell, look) => {
    const value = view.words(cell, look);
    if (!look.isDifference || !isNumber(cell)) return value;
    const difference = view.signed(tidy(bare(cell) - look.city, look.digits), look.digits);
    return say(data.words.toCity, { value, difference });
  };
}
