// The classes of the colours: those that Python computed, or breaks that the reader types.

function classes(view) {
  const { data, find } = view;
  const { period, compare, against, classes, number, breaks: typed } = view.fields;
  const choices = find(".ow-classes");
  let usable = []; // the last breaks of one's own that could be used

  // How the series is drawn: its words, the scale for its quarters or for its years, and the
  // colours chosen. `base` gives what a difference is to, cell by cell.
  view.look = () => {
    const series = view.series();
    const kept = series.scales[spanOf(period.value)];
    const look = { ...view.indicator(), ...series, ...kept, label: view.label() };
    const values = view.cells();
    const city = values[view.shapes.length + data.compared.indexOf(data.city)];
    const before = compare.value === "period" ? view.cells(against.value) : null;
    look.isToPeriod = Boolean(before);
    look.isToCity = compare.value === "city" && !look.circles && isNumber(city);
    look.isDifference = look.isToPeriod || look.isToCity;
    look.isAlone = compare.value === "city" && !look.circles && !isNumber(city);
    look.city = bare(city);
    look.base = (i) => (look.isToPeriod ? before[i] : city);
    if (look.circles) return look;
    let scale = kept;
    if (look.isToCity) scale = kept.differences;
    if (look.isToPeriod) scale = view.differencesTo(before, values, kept.digits);
    const { bounds, ends } = scale;
    [look.low, look.high] = ends;
    const step = look.isDifference ? (number.value - 3) / 2 : number.value - 3;
    const isOwn = classes.value === "own" && !look.isAlone;
    const scheme = isOwn || look.isAlone ? "quantiles" : classes.value;
    let upper = (bounds[scheme] ?? [])[Math.floor(step)] ?? [];
    if (isOwn && upper.length) upper = own(look);
    look.isOpenBelow = isOwn && (!look.isDifference || look.isOpenAbove);
    if (look.isDifference && upper.length) {
      if (upper.length === 1 && upper[0] > 0) upper = [0, ...upper];
      const below = upper.slice(0, -1).reverse();
      upper = [...below.map((bound) => tidy(-bound - 10 ** -look.digits, look.digits)), ...upper];
    }
    look.bounds = upper;
    look.colours = (look.isDifference ? data.diverging : data.colours)[upper.length];
    return look;
  };

  // Classes between breaks of one's own; values above the last make one more, open above.
  function own(look) {
    const size = look.isDifference ? Math.max(Math.abs(look.low), Math.abs(look.high)) : look.high;
    const down = (bound) => Math.floor(bound * 10 ** look.digits + 1e-6) / 10 ** look.digits;
    const given = breaks(look);
    const upper = [...new Set(given.map(down))];
    look.isOpenAbove = size > given.at(-1);
    if (look.isOpenAbove) upper.push(size);
    return upper;
  }

  // The breaks that are typed, if they can be used; else the last ones that could.
  function breaks(look) {
    const example = new Intl.NumberFormat(data.locale).formatToParts(12345.6);
    const parts = Object.fromEntries(example.map((part) => [part.type, part.value]));
    const read = (part) =>
      Number(part.replaceAll(parts.group, "").replace(parts.decimal, ".").replace(MINUS, "-"));
    const given = typed.value.split(";").filter((part) => part.trim()).map(read);
    const most = look.isDifference ? 3 : 6;
    const isRising = given.every((value, i) => i === 0 || value > given[i - 1]);
    const isGood = given.length && given.length <= most && isRising && given.every(Number.isFinite)
      && (!look.isDifference || given[0] > 0);
    const sentence = look.isDifference ? data.words.sizes : data.words.breaks;
    const proposed = proposal(look.isDifference ? [1, 2.5] : [5, 7.5, 10]);
    find(".ow-wrong").textContent = isGood ? "" : say(sentence, { most, example: proposed });
    typed.setAttribute("aria-invalid", String(!isGood));
    if (isGood) usable = given;
    return usable;
  }

  function proposal(values) {
    const plain = { useGrouping: false, maximumFractionDigits: 9 };
    const { format } = new Intl.NumberFormat(data.locale, plain);
    return values.map(format).join("; ");
  }

  // Breaks of one's own begin as those that were seen before.
  view.proposeBreaks = () => {
    classes.value = "quantiles";
    const { circles, bounds, isDifference, isAlone } = view.look();
    classes.value = "own";
    if (circles || isAlone) return;
    const upper = isDifference ? bounds.filter((bound) => bound > 0) : bounds;
    usable = upper.length > 1 ? upper.slice(0, -1) : upper;
    typed.value = proposal(usable);
  };

  // Only choices that do something are offered: one class lies about the city, so they are odd. A
  // count is not compared with the city's, which is larger than that of any of its districts.
  view.offerChoices = () => {
    const { circles } = view.indicator();
    const toCity = compare.querySelector("[value=city]");
    choices.hidden = circles;
    toCity.disabled = circles;
    toCity.text = circles ? data.words.notToTheCity : data.words.toTheCity;
    if (circles && compare.value === "city") compare.value = "";
    against.closest("label").hidden = compare.value !== "period";
    for (const option of number.options) option.disabled = compare.value && option.value % 2 === 0;
    if (number.selectedOptions[0].disabled) number.value = Number(number.value) + 1;
    const isOwn = classes.value === "own";
    number.closest("label").hidden = isOwn;
    typed.closest("label").hidden = !isOwn;
    if (!isOwn) find(".ow-wrong").textContent = "";
  };

  // The classes as pairs of colour and words: each begins where the one before ends.
  view.spans = ({ bounds, colours, digits, low, high, ...look }) => {
    const last = bounds.length - 1;
    const plain = (value) => (look.isDifference ? view.signed : view.format)(value, digits);
    const full = (value) => (look.isDifference ? plain(value) : view.words(value, { digits, ...look }));
    const said = [];
    let next = low;
    bounds.forEach((upper, i) => {
      const isMiddle = look.isDifference && 2 * i === last;
      let first = next;
      let bound = upper;
      next = tidy(upper + 10 ** -digits, digits);
      if (look.isDifference && !isMiddle) {
        if (upper < low || first > high) return;
        first = Math.max(first, low);
        bound = Math.min(bound, high);
      }
      let span = say(data.words.span, { first: plain(first), last: full(bound) });
      if (look.isOpenBelow && i === 0) span = say(data.words.upTo, { value: full(bound) });
      else if (look.isOpenAbove && i === last) span = say(data.words.from, { value: full(first) });
      else if (first >= bound) span = full(bound);
      const middle = look.isToPeriod ? data.words.middleThen : data.words.middle;
      said.push([colours[i], isMiddle ? say(middle, { span }) : span]);
    });
    return said;
  };
}
