// Inputs per second over the time of the run.

function drawThroughput(run) {
  const { span_us: span, inputs: counts } = run.throughput;
  if (counts.length < 2) {
    const why = `All began within ${scaleDuration(span * 1000)}: too short a time to draw.`;
    return $("throughput").replaceChildren(html("p", { class: "note" }, why));
  }
  const rates = counts.map((inputs) => inputs / span * 1e6);
  const [most, end] = [Math.max(...rates), counts.length * span * 1000];
  const highest = scale(most);
  const moments = timeScale(end);
  const up = (value) => 100 * value / Math.max(most, highest.at(-1));
  const along = (ns) => 100 * ns / end;
  const grid = [...highest.map((value) => `M0 ${100 - up(value)}H100`), ...moments.map((ns) => `M${along(ns)} 0V100`)];
  const columns = rates.map((value, position) => `V${(100 - up(value)).toFixed(1)}H${(100 * (position + 1) / rates.length).toFixed(2)}`);
  const chart = html("div", { class: "chart" },
    drawing(`Inputs over time, at most ${rate(most)}`, svg("path", { class: "grid", d: grid.join("") }),
      svg("path", { class: "area", d: `M0 100${columns.join("")}V100Z` })),
    ...highest.map((value) => html("span", { class: "y", style: `bottom:${up(value)}%` }, value ? rate(value) : "0")),
    ...moments.map((ns) => html("span", { class: "x", style: `left:${along(ns)}%` }, ns ? scaleDuration(ns) : "0")));
  $("throughput").replaceChildren(chart,
    html("p", { class: "note" }, `Inputs by when they began, counted in spans of ${scaleDuration(span * 1000)}.`));
}

// Round in the unit in which the end is told.
function timeScale(end) {
  const [size] = UNITS.find(([size]) => end >= size);
  return scale(end / size).map((value) => value * size);
}
