// Classes of differences to another quarter: there are too many pairs to have them from Python.

const LEVELS_AT_MOST = 1000;

function quantileBounds(sorted, count) {
  const bounds = Array.from({ length: count }, (_, i) => {
    const at = ((i + 1) / count) * (sorted.length - 1);
    const [below, above] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
    const bound = below + (above - below) * (at % 1) + 1e-9;
    return sorted.findLast((value) => value <= bound); // a value that occurs: no class is empty
  });
  return [...new Set(bounds)];
}

function equalBounds(sorted, count, digits) {
  const [low, high] = [sorted[0], sorted.at(-1)];
  const bounds = Array.from({ length: count }, (_, i) => low + ((i + 1) / count) * (high - low));
  const factor = 10 ** digits;
  return [...new Set(bounds.map((bound) => tidy(Math.floor(bound * factor + 1e-6) / factor, digits)))];
}

// Fisher's classes: the least sum of squared distances to their means, by dynamic programming.
function naturalBounds(sorted, count) {
  const values = [...new Set(sorted)].slice(0, LEVELS_AT_MOST);
  const weights = values.map((value) => sorted.filter((other) => other === value).length);
  const spread = (from, to) => {
    let [weight, sum, squares] = [0, 0, 0];
    for (let i = from; i <= to; i += 1) {
      weight += weights[i];
      sum += weights[i] * values[i];
      squares += weights[i] * values[i] ** 2;
    }
    return squares - sum ** 2 / weight;
  };
  let best = values.map((_, last) => ({ cost: spread(0, last), ends: [last] }));
  for (let n = 2; n <= Math.min(count, values.length); n += 1) {
    best = values.map((_, last) => {
      let least = { cost: Infinity, ends: [last] };
      for (let first = n - 1; first <= last; first += 1) {
        const cost = best[first - 1].cost + spread(first, last);
        if (cost < least.cost) least = { cost, ends: [...best[first - 1].ends, last] };
      }
      return least;
    });
  }
  return best.at(-1).ends.map((last) => values[last]);
}

function differences(view) {
  // The same period a year before, or else the nearest earlier one, or a later one.
  view.usualAgainst = (period, offered) => {
    const before = period.replace(/^\d+/, (year) => year - 1);
    if (offered.includes(before)) return before;
    return offered.filter((other) => other < period).at(-1) ?? offered.find((other) => other !== period);
  };

  // Scales of the differences between two quarters, in the form in which Python gives those to
  // the city: bounds of the sizes for 2, 3 and 4 classes by every scheme, lowest and highest.
  view.differencesTo = (before, values, digits) => {
    const known = values
      .slice(0, view.shapes.length)
      .map((cell, i) => (isNumber(cell) && isNumber(before[i]) ? bare(cell) - bare(before[i]) : null))
      .filter((difference) => difference !== null)
      .map((difference) => tidy(difference, digits));
    if (!known.length) return { bounds: {}, ends: [] };
    const sizes = known.map(Math.abs).sort((a, b) => a - b);
    const by = (bounds) => [2, 3, 4].map((count) => bounds(sizes, count, digits));
    return {
      bounds: {
        quantiles: by(quantileBounds),
        equal: by(equalBounds),
        fisher_jenks: by(naturalBounds),
      },
      ends: [Math.min(...known), Math.max(...known)],
    };
  };
}
