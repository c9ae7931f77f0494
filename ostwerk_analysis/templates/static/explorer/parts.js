// Indicators that are not in the first view: they stand in the page, or the server sends them.

function parts(view) {
  const { data, find, root } = view;
  const known = new Map(Object.entries(data.first));
  const underway = new Map();
  const line = find(".ow-loading");
  const again = line.querySelector("button");
  let turn = 0;
  let retry = null; // what the reader may have tried again

  const add = (indicators) => Object.entries(indicators).forEach((entry) => known.set(...entry));

  // All that is known of an indicator; undefined as long as its part is not there.
  view.known = (code) => {
    if (!known.has(code) && Object.hasOwn(data.indicators, code)) {
      const { part } = data.indicators[code];
      const here = root.querySelector(`script[data-ow-part="${part}"]`);
      if (here) add(JSON.parse(here.textContent));
    }
    return known.get(code);
  };

  // The same as a promise, which is broken where the server cannot be reached.
  view.load = async (code) => {
    if (view.known(code)) return known.get(code);
    const { part } = data.indicators[code];
    if (!underway.has(part)) underway.set(part, fetched(part));
    await underway.get(part).finally(() => underway.delete(part));
    return known.get(code);
  };

  // A part that holds something else: from the page, or from the server.
  view.read = async (part) => {
    const here = root.querySelector(`script[data-ow-part="${part}"]`);
    if (here) return JSON.parse(here.textContent);
    const answer = await fetch(`parts/${part}.json`);
    if (!answer.ok) throw new Error(answer.status);
    return answer.json();
  };

  async function fetched(part) {
    add(await view.read(part));
  }

  // Says that something is loading, or could not be had and may be tried again.
  view.report = (words, tryAgain = null) => {
    line.querySelector("span").textContent = words;
    retry = tryAgain;
    again.hidden = !tryAgain;
    if (words && !tryAgain) root.setAttribute("aria-busy", "true");
    else root.removeAttribute("aria-busy");
  };
  view.nameIn = (sentence, code) => say(sentence, { indicator: data.indicators[code].label });

  // Goes on with `arrive` once an indicator is there: at once where it can be, and only if the
  // reader has not asked for another one in the meantime. What is shown stays until then.
  view.turnTo = async (code, arrive) => {
    const mine = ++turn;
    const tell = (words, tryAgain) => mine === turn && view.report(view.nameIn(words, code), tryAgain);
    if (!view.known(code)) {
      const late = setTimeout(() => tell(data.words.loading), 150);
      try {
        await view.load(code);
      } catch {
        tell(data.words.failed, () => view.turnTo(code, arrive));
        if (mine === turn) view.fields.indicator.value = view.code;
        return;
      } finally {
        clearTimeout(late);
      }
      if (mine !== turn) return;
    }
    view.report("");
    arrive(code);
  };
  again.addEventListener("click", () => retry());

  // What may be asked for next is fetched while there is nothing to do, one part after the other.
  const whenIdle = window.requestIdleCallback ?? ((run) => setTimeout(run, 1000));
  async function fetchRest() {
    const next = Object.keys(data.indicators).find((code) => !view.known(code));
    if (!next || document.hidden) return;
    await view.load(next).then(() => whenIdle(fetchRest), () => {});
  }
  const isServed = location.protocol.startsWith("http");
  if (isServed && !navigator.connection?.saveData) {
    const begin = () => whenIdle(fetchRest);
    if (document.readyState === "complete") begin();
    else window.addEventListener("load", begin);
  }
}
