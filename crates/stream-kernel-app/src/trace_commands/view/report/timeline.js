// Over the time of the run: inputs per second by outcome, and how long they took.

// From the bottom up.
const FATES = [
  ["accepted", "accepted"],
  ["declined", "declined"],
  ["failed", "failed"],
  ["undecided", "no decision"],
];

function drawTimeline(page) {
  $("timeline").replaceChildren(...page.runs.flatMap((run, side) => (run ? chartsOf(run, SIDES[side]) : [])));
}

function chartsOf(run, side) {
  const { span_us: span, max_ns: slowest } = run.timeline;
  const title = side ? [html("h3", {}, html("span", { class: "side" }, side))] : [];
  if (slowest.length < 2) {
    const why = `All began within ${scaleDuration(span * 1000)}: too short a time to draw.`;
    return [...title, html("p", { class: "note" }, why)];
  }
  const fates = FATES.filter(([fate]) => run.timeline[fate].some(Boolean));
  const keys = fates.length > 1 || fates[0][0] !== "undecided" ? [legend(fates)] : [];
  return [
    ...title,
    ...keys,
    ratesOf(run.timeline, fates),
    legend([
      ["median", "half took no longer"],
      ["slowest", "slowest, from first step to last"],
    ]),
    latenciesOf(run.timeline),
    html("p", { class: "note" }, `Inputs by when they began, in spans of ${scaleDuration(span * 1000)}.`),
  ];
}

const legend = (keys) =>
  html("ul", { class: "legend" }, ...keys.map(([kind, text]) => html("li", {}, html("i", { class: kind }), text)));

function ratesOf(timeline, fates) {
  const spans = timeline.max_ns.length;
  const end = spans * timeline.span_us * 1000;
  let below = new Array(spans).fill(0);
  const layers = fates.map(([fate]) => {
    const above = below.map((sum, position) => sum + (timeline[fate][position] / timeline.span_us) * 1e6);
    const layer = { fate, below, above };
    below = above;
    return layer;
  });
  const most = Math.max(...below);
  const highest = scale(most);
  const up = (value) => (100 * value) / Math.max(most, highest.at(-1));
  const shapes = layers.map(({ fate, below, above }) =>
    svg("path", { class: `area ${fate}`, d: band(below, above, up) }),
  );
  return chart(
    `Inputs over time, at most ${rate(most)}`,
    highest.map((value) => ({ up: up(value), text: value ? rate(value) : "0" })),
    timeScale(end),
    end,
    shapes,
  );
}

// What is between two stepped lines.
function band(below, above, up) {
  const along = (position) => ((100 * position) / above.length).toFixed(2);
  const line = above.map((value, position) => `V${(100 - up(value)).toFixed(1)}H${along(position + 1)}`).join("");
  const back = below
    .map((value, position) => `V${(100 - up(value)).toFixed(1)}H${along(position)}`)
    .reverse()
    .join("");
  return `M0 ${(100 - up(below[0])).toFixed(1)}${line}${back}Z`;
}

function latenciesOf(timeline) {
  const { max_ns: slowest, median_ns: medians } = timeline;
  const end = slowest.length * timeline.span_us * 1000;
  const known = medians.filter(Boolean);
  const from = known.length ? Math.floor(Math.log10(Math.min(...known))) : 0;
  const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(...slowest, 1))));
  const every = Math.ceil((to - from) / 4);
  const up = (ns) => (100 * (Math.log10(Math.max(ns, 10 ** from)) - from)) / (to - from);
  const ys = [];
  for (let power = from; power <= to; power += every)
    ys.push({ up: up(10 ** power), text: scaleDuration(10 ** power) });
  const shapes = [
    svg("path", { class: "slowest", d: dots(slowest, up) }),
    svg("path", { class: "median", d: dots(medians, up) }),
  ];
  return chart(
    `How long inputs took over time, at most ${duration(Math.max(...slowest))}`,
    ys,
    timeScale(end),
    end,
    shapes,
  );
}

// A short line at the height of each span that has inputs.
function dots(values, up) {
  const along = (position) => ((100 * position) / values.length).toFixed(2);
  const dot = (ns, position) => `M${along(position)} ${(100 - up(ns)).toFixed(1)}H${along(position + 1)}`;
  return values.map((ns, position) => (ns ? dot(ns, position) : "")).join("");
}

function chart(label, ys, moments, end, shapes) {
  const along = (ns) => (100 * ns) / end;
  const grid = [...ys.map(({ up }) => `M0 ${100 - up}H100`), ...moments.map((ns) => `M${along(ns)} 0V100`)];
  return html(
    "div",
    { class: "chart" },
    drawing(label, svg("path", { class: "grid", d: grid.join("") }), ...shapes),
    ...ys.map(({ up, text }) => html("span", { class: "y", style: `bottom:${up}%` }, text)),
    ...moments.map((ns) => html("span", { class: "x", style: `left:${along(ns)}%` }, ns ? scaleDuration(ns) : "0")),
  );
}

// Round in the unit in which the end is told.
function timeScale(end) {
  const [size] = UNITS.find(([size]) => end >= size);
  return scale(end / size).map((value) => value * size);
}
