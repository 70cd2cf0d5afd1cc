// Latency per step: a row each, with its figures and how its durations are spread over a logarithmic axis.

function drawLatency(page) {
  const runs = page.runs.map((run) => run?.steps ?? []);
  const axis = logarithmicAxis(runs.flat());
  const labels = axis.powers.map((ns) => html("span", { style: `left:${axis.at(ns)}%` }, scaleDuration(ns)));
  const heads = ["p50", "p90", "p99", "max", "total", "share"].map((name) => html("th", { scope: "col" }, name));
  const head = html(
    "tr",
    {},
    html("th", { scope: "col" }, "step"),
    html("th", { class: "plot", scope: "col", "aria-label": "spread" }, html("div", { class: "axis" }, ...labels)),
    ...heads,
  );
  const totals = runs.map((steps) => steps.reduce((sum, step) => sum + step.total_ns, 0));
  const names = [...new Set(runs.flat().map((step) => step.step_name))];
  const rows = names.flatMap((name) =>
    runs.flatMap((steps, side) =>
      steps.filter((step) => step.step_name === name).map((step) => stepRow(step, axis, totals[side], SIDES[side])),
    ),
  );
  const keys = [
    ["density", "how many took that long"],
    ["median", "p50"],
    ["tail", "p90 and p99"],
    ["max", "max"],
  ];
  $("latency").replaceChildren(legend(keys), html("table", {}, html("thead", {}, head), html("tbody", {}, ...rows)));
}

// Powers of ten, about four so that their labels have room, and where on the axis a duration is, in percent.
function logarithmicAxis(steps) {
  const shortest = Math.min(...steps.map((step) => 2 ** (step.classes[0][0] / 4)));
  const longest = Math.max(...steps.map((step) => step.max_ns));
  const from = Math.floor(Math.log10(shortest));
  const to = Math.max(from + 1, Math.log10(longest * 1.15));
  const every = Math.ceil((to - from) / 4);
  const powers = [];
  for (let power = from; power <= to; power += every) powers.push(10 ** power);
  const at = (ns) => (100 * Math.max(0, (Math.log10(Math.max(1, ns)) - from) / (to - from))).toFixed(2);
  return { powers, at };
}

function stepRow(step, axis, total, side) {
  const messages = html("small", {}, `${count(step.msgs_in)} in, ${count(step.msgs_out)} out`);
  if (step.errors) messages.append(html("span", { class: "failure" }, `, ${count(step.errors)} failed`));
  const figures = [
    ["p50", duration(step.p50_ns)],
    ["p90", duration(step.p90_ns)],
    ["p99", duration(step.p99_ns)],
    ["max", duration(step.max_ns)],
    ["total", duration(step.total_ns)],
    ["share", percent(step.total_ns, total)],
  ];
  const name = html(
    "span",
    { title: shown(step.step_name) },
    ...(side ? [html("span", { class: "side" }, side), " "] : []),
    step.step_name,
  );
  return html(
    "tr",
    { class: side === "B" ? "second" : null },
    html("th", { scope: "row" }, name, messages),
    html("td", { class: "plot" }, spread(step, axis)),
    ...figures.map(([name, value]) => html("td", { "data-label": name }, value)),
  );
}

function spread(step, axis) {
  const upright = (kind, ns, top) => svg("path", { class: kind, d: `M${axis.at(ns)} ${top}V90` });
  return drawing(
    `${step.step_name}: half within ${duration(step.p50_ns)}, 99 % within ${duration(step.p99_ns)}`,
    ...axis.powers.map((ns) => svg("path", { class: "grid", d: `M${axis.at(ns)} 0V100` })),
    svg("path", { class: "density", d: outline(step, axis) }),
    upright("tail", step.p90_ns, 30),
    upright("tail", step.p99_ns, 30),
    upright("median", step.p50_ns, 12),
    svg("path", { class: "max", d: `M${axis.at(step.max_ns)} 84h0` }),
  );
}

// A column for each class `k` of durations: from 2^(k/4) to 2^((k+1)/4) ns.
function outline(step, axis) {
  const most = Math.max(...step.classes.map(([, times]) => times));
  return step.classes
    .map(([k, times]) => {
      const [left, right] = [axis.at(2 ** (k / 4)), axis.at(2 ** ((k + 1) / 4))];
      return `M${left} 90V${(90 - Math.max(2, (78 * times) / most)).toFixed(1)}H${right}V90Z`;
    })
    .join("");
}
