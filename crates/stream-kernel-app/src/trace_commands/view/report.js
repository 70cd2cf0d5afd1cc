"use strict";
// Draws the page from the JSON in it. Text from data reaches the document as text nodes and attributes only.

const data = JSON.parse(document.getElementById("data").textContent);
const $ = (id) => document.getElementById(id);
const MAX_RESULTS = 200;
const SVG = "http://www.w3.org/2000/svg";
let run, found, current;

// What would reorder or hide the text around it is shown as an escape.
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const shown = (text) => String(text).replace(UNSAFE, (c) => `\\u{${c.charCodeAt(0).toString(16)}}`);

function build(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  for (const child of children) element.append(child instanceof Node ? child : shown(child));
  return element;
}
const html = (tag, attributes = {}, ...children) => build(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) => build(document.createElementNS(SVG, tag), attributes, children);

const count = (number) => number.toLocaleString("en-US");
function time(ns) {
  const units = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]];
  const [size, unit] = units.find(([size]) => ns >= size) ?? [1, "ns"];
  return `${Number((ns / size).toPrecision(3))} ${unit}`;
}
// To the millisecond: `2026-01-21 01:23:45.123 UTC`.
const moment = (text) => text.replace(/T(.{12})\d*Z$/, " $1 UTC");
const percent = (part, whole) => (whole ? `${(100 * part / whole).toFixed(1)} %` : "");
const decisionOf = (input) => {
  const number = run.sample.decision[input];
  return number === null ? null : run.decisions[number];
};

function drawFacts() {
  const facts = [["Scenario", run.scenario], ["Run id", run.run_id], ["Inputs", count(run.inputs)],
    ["Records", count(run.records)], ["Errors", count(run.errors)], ["Span", time(run.span_us * 1000)],
    ["Started", moment(run.started)], ["Ended", moment(run.ended)]];
  $("facts").replaceChildren(...facts.map(([name, value]) => html("div", {}, html("dt", {}, name), html("dd", {}, value))));
  const notes = [];
  const sampled = run.sample.line_no.length;
  if (sampled < run.inputs) {
    notes.push(`Totals count every input; search and waterfalls know a sample of ${count(sampled)} of ${count(run.inputs)}: ` +
      `one in ${count(data.stride)}, the 200 slowest and the first 200 with errors.`);
  }
  if (data.runs_left_out) notes.push(`${count(data.runs_left_out)} more runs are not shown: choose one with --run N.`);
  if (run.steps_left_out) notes.push(`${count(run.steps_left_out)} records of further steps are not drawn.`);
  $("sampling").textContent = notes.join(" ");
  $("sampling").hidden = !notes.length;
}

function drawDecisions() {
  const parts = [];
  const order = run.decisions.map((_, number) => number)
    .sort((a, b) => run.decisions[b].accepted - run.decisions[a].accepted || run.decisions[b].count - run.decisions[a].count);
  if (order.length) {
    const most = Math.max(...run.decisions.map((decision) => decision.count));
    const rows = order.map((number) => {
      const { label, count: inputs, accepted } = run.decisions[number];
      const fill = html("div", { class: accepted ? "fill accepted" : "fill", style: `width:${100 * inputs / most}%` });
      return html("div", { class: "row" },
        html("button", { type: "button", title: "Show these inputs", onclick: () => choose(number) }, label),
        html("div", { class: "track" }, fill),
        html("span", { class: "number" }, `${count(inputs)}  ·  ${percent(inputs, run.inputs)}`));
    });
    parts.push(html("div", { class: "bars" }, ...rows));
  }
  if (run.undecided) {
    const why = "The trace shows no tag `accepted` of " + (run.undecided === run.inputs ? "any input" : `${count(run.undecided)} inputs`) +
      ". To see decisions, trace with runtime.tracing.context_diff: {mode: whitelist, whitelist: [tags]}.";
    parts.push(html("p", { class: "note" }, why));
  }
  $("decisions").replaceChildren(...parts);
}

function choose(number) {
  $("filter").value = String(number);
  $("search").value = "";
  search();
  $("inputs-section").scrollIntoView();
}

// One row a step: how its durations are spread over a logarithmic axis, with median, p90, p99 and maximum.
function drawSteps() {
  const [left, row, top] = [180, 34, 22];
  const width = Math.max(320, Math.min(1010, $("steps").clientWidth || 1010));
  const wide = width > 560;
  const x0 = wide ? left : 6;
  const height = wide ? row : row + 14;
  const low = Math.max(1, Math.min(...run.steps.map((step) => step.buckets[0].from_ns)));
  const high = Math.max(low * 10, ...run.steps.map((step) => step.max_ns));
  const [from, to] = [Math.floor(Math.log10(low)), Math.log10(high * 1.15)];
  const x = (ns) => x0 + (width - x0 - 16) * Math.max(0, (Math.log10(Math.max(1, ns)) - from) / (to - from));
  const bottom = top + run.steps.length * height;
  const chart = svg("svg", { viewBox: `0 0 ${width} ${bottom + 6}`, role: "img", "aria-label": "Durations of each step on a logarithmic axis" });
  for (let power = from; power <= to; power += 1) {
    const at = x(10 ** power);
    chart.append(svg("line", { class: "grid", x1: at, x2: at, y1: top, y2: bottom }),
      svg("text", { x: at, y: 13, "text-anchor": power === from ? "start" : "middle" }, time(10 ** power)));
  }
  run.steps.forEach((step, position) => {
    const base = top + (position + 1) * height - 4;
    const name = svg("text", wide ? { class: "name", x: left - 12, y: base - 6, "text-anchor": "end" } : { class: "name", x: x0, y: base - 28 },
      step.name.length > 26 ? `${step.name.slice(0, 25)}…` : step.name);
    const spread = svg("path", { class: "density", d: densityPath(step, x, base, 24) });
    const mark = (ns, kind) => svg("line", { class: kind, x1: x(ns), x2: x(ns), y1: base - 24, y2: base });
    const title = svg("title", {}, `${step.name}: p50 ${time(step.p50_ns)}, p90 ${time(step.p90_ns)}, p99 ${time(step.p99_ns)}, max ${time(step.max_ns)}`);
    chart.append(svg("g", {}, title, name, spread, mark(step.p90_ns, "tail"), mark(step.p99_ns, "tail"), mark(step.p50_ns, "median"),
      svg("circle", { class: "max", cx: x(step.max_ns), cy: base - 3, r: 3 })));
  });
  const total = run.steps.reduce((sum, step) => sum + step.total_ns, 0);
  const cells = (tag, values) => html("tr", {}, ...values.map((value) => html(tag, {}, value)));
  const table = html("table", {}, cells("th", ["step", "in", "out", "errors", "p50", "p90", "p99", "max", "total", "share"]),
    ...run.steps.map((step) => cells("td", [step.name, count(step.records), count(step.messages_out), count(step.errors), time(step.p50_ns),
      time(step.p90_ns), time(step.p99_ns), time(step.max_ns), time(step.total_ns), percent(step.total_ns, total)])));
  const legend = html("p", { class: "note" }, "Shape: how many took that long. Line: median; dashed: p90 and p99; dot: maximum.");
  $("steps").replaceChildren(chart, legend, html("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Latency table" }, table));
}

// Buckets are gathered into bins of a quarter octave, so that narrow and wide buckets weigh alike.
function densityPath(step, x, base, tallest) {
  const bins = new Map();
  for (const { from_ns: from, to_ns: to, count: inputs } of step.buckets) {
    const bin = Math.floor(4 * Math.log2(Math.max(1, (from + to - 1) / 2)));
    bins.set(bin, (bins.get(bin) ?? 0) + inputs);
  }
  const most = Math.max(...bins.values());
  return [...bins].sort((a, b) => a[0] - b[0]).map(([bin, inputs]) => {
    const [left, right, up] = [x(2 ** (bin / 4)), x(2 ** ((bin + 1) / 4)), Math.max(1, tallest * inputs / most)];
    return `M${left.toFixed(1)} ${base}V${(base - up).toFixed(1)}H${right.toFixed(1)}V${base}Z`;
  }).join("");
}

function drawThroughput() {
  const { span_us: span, inputs } = run.throughput;
  const width = Math.max(320, Math.min(1010, $("throughput").clientWidth || 1010));
  const [height, left, top, bottom] = [170, 64, 10, 22];
  const most = Math.max(...inputs);
  const rate = (value) => `${(value / span * 1e6).toLocaleString("en-US", { notation: "compact" })}/s`;
  const x = (position) => left + (width - left - 10) * position / inputs.length;
  const y = (value) => height - bottom - (height - top - bottom) * value / most;
  const chart = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Inputs over time, at most ${rate(most)}` });
  for (const part of [0, 0.5, 1]) {
    chart.append(svg("line", { class: "grid", x1: left, x2: width - 10, y1: y(most * part), y2: y(most * part) }),
      svg("text", { x: left - 8, y: y(most * part) + 4, "text-anchor": "end" }, part ? rate(most * part) : "0"));
  }
  const outline = inputs.map((value, position) => `L${x(position).toFixed(1)} ${y(value).toFixed(1)}H${x(position + 1).toFixed(1)}`).join("");
  chart.append(svg("path", { class: "area", d: `M${left} ${y(0)}${outline}V${y(0)}Z` }));
  const end = inputs.length * span * 1000;
  for (const [part, anchor] of [[0, "start"], [0.5, "middle"], [1, "end"]]) {
    chart.append(svg("text", { x: x(inputs.length * part), y: height - 5, "text-anchor": anchor }, part ? time(end * part) : "0"));
  }
  const mean = run.span_us ? `On average ${rate(run.inputs / run.span_us * span)}, counted in spans of ${time(span * 1000)}.` : "";
  $("throughput").replaceChildren(chart, html("p", { class: "note" }, mean));
}

function search() {
  const text = $("search").value.trim();
  const filter = $("filter").value;
  const { line_no: lines, id: ids, duration_ns: durations } = run.sample;
  const fits = (input) => filter === "" || (filter === "errors" ? run.errorOf.has(input) : String(run.sample.decision[input]) === filter);
  const all = lines.map((_, input) => input).filter(fits);
  const rank = (input) => (String(lines[input]) === text || ids[input] === text ? 0 : ids[input].startsWith(text) ? 1 : 2);
  found = text ? all.filter((input) => String(lines[input]) === text || ids[input].includes(text)) : all;
  if (text) found.sort((a, b) => rank(a) - rank(b) || a - b);
  else found.sort((a, b) => durations[b] - durations[a] || a - b);
  const matches = found.length;
  found = found.slice(0, MAX_RESULTS);
  const sampled = lines.length < run.inputs ? " of the sample" : "";
  const first = matches > MAX_RESULTS ? `, the first ${MAX_RESULTS} shown` : "";
  $("found").textContent = matches ? `${count(matches)} ${matches === 1 ? "input" : "inputs"}${sampled}${text ? "" : ", slowest first"}${first}`
    : sampled ? "Not in the sample. Use `trace show FILE --line N` or `--id ID` to read it from the trace." : "No such input.";
  $("results").replaceChildren(...found.map((input, position) => html("li", {}, resultButton(input, position))));
  show(found.length ? 0 : null);
}

function resultButton(input, position) {
  const decision = decisionOf(input);
  const state = run.errorOf.has(input) ? "error" : decision?.label ?? "";
  return html("button", { type: "button", onclick: () => show(position) },
    html("span", { class: "id" }, run.sample.id[input] ? `id ${run.sample.id[input]}` : "no id"),
    html("span", { class: "number" }, time(run.sample.duration_ns[input])),
    html("small", { class: state === "error" ? "failure" : null }, `line ${count(run.sample.line_no[input])}${state && `  ·  ${state}`}`));
}

function show(position) {
  const buttons = $("results").querySelectorAll("button");
  buttons[current]?.removeAttribute("aria-current");
  current = position;
  if (position === null) return $("waterfall").replaceChildren();
  buttons[position].setAttribute("aria-current", "true");
  const list = $("results").getBoundingClientRect();
  const button = buttons[position].getBoundingClientRect();
  if (button.top < list.top) $("results").scrollTop -= list.top - button.top;
  if (button.bottom > list.bottom) $("results").scrollTop += button.bottom - list.bottom;
  $("waterfall").replaceChildren(...waterfall(found[position]));
}

function waterfall(input) {
  const { line_no: lines, id: ids, duration_ns: durations, start_us: starts, times, shape, record_count: counts } = run.sample;
  const stepName = new Map(run.steps.map((step) => [step.index, step.name]));
  let ready = 0;
  const bars = run.shapes[shape[input]].map(([step, kindIn, kindsOut], record) => {
    // Beginnings are known to the microsecond only, but no step begins before the one before it has ended.
    const begin = Math.max(times[input][2 * record] * 1000, ready);
    ready = begin + times[input][2 * record + 1];
    return { name: stepName.get(step) ?? `step ${step}`, kindIn, kindsOut, begin, end: ready };
  });
  const width = Math.max(300, $("waterfall").clientWidth || 640);
  const [row, failure, x0] = [40, run.errorOf.get(input), 4];
  const x = (ns) => x0 + (width - 2 * x0) * ns / Math.max(1, ready);
  const chart = svg("svg", { viewBox: `0 0 ${width} ${bars.length * row + 4}`, role: "img", "aria-label": "Waterfall of the steps" });
  bars.forEach((bar, position) => {
    const y = position * row;
    const kinds = `${run.names[bar.kindIn]} → ${bar.kindsOut.map((kind) => run.names[kind]).join(", ") || "–"}`;
    const room = Math.floor((width - 70) / 6.6);
    const text = `${bar.name}   ${kinds}`;
    chart.append(svg("g", {}, svg("title", {}, `${bar.name}: ${kinds}, begins at ${time(bar.begin)}, takes ${time(bar.end - bar.begin)}`),
      svg("text", { class: "name", x: x0, y: y + 14 }, bar.name, svg("tspan", { dx: 8, style: "fill: var(--soft)" },
        text.length > room ? `${kinds.slice(0, Math.max(0, room - bar.name.length - 4))}…` : kinds)),
      svg("text", { x: width - x0, y: y + 14, "text-anchor": "end" }, time(bar.end - bar.begin)),
      svg("line", { class: "grid", x1: x0, x2: width - x0, y1: y + 26, y2: y + 26 }),
      svg("rect", { class: failure?.record === position ? "bar error" : "bar", x: x(bar.begin), y: y + 20, height: 12, rx: 1.5,
        width: Math.max(2, x(bar.end) - x(bar.begin)) })));
  });
  const decision = decisionOf(input);
  const parts = [html("h2", {}, `Line ${count(lines[input])}${ids[input] && `, id ${ids[input]}`}${decision ? `: ${decision.label}` : ""}`),
    html("p", { class: "note", style: "margin: 0 0 10px" },
      `${time(durations[input])} in steps, ${time(ready)} from first to last; began ${time(starts[input] * 1000)} into the run.`)];
  if (failure) parts.push(html("p", { class: "failure" }, failure.message));
  parts.push(chart);
  if (counts[input] > bars.length) parts.push(html("p", { class: "note" }, `${count(counts[input] - bars.length)} further steps are not drawn.`));
  return parts;
}

function showRun(position) {
  run = data.runs[position];
  run.errorOf = new Map(run.sample.errors.map(([input, record, message]) => [input, { record, message }]));
  const choices = [["", "all decisions"], ...run.decisions.map((decision, number) => [String(number), decision.label])];
  if (run.errors) choices.push(["errors", "with errors"]);
  $("filter").replaceChildren(...choices.map(([value, label]) => html("option", { value }, label)));
  document.title = shown(`Trace of ${run.scenario}, ${run.run_id}`);
  $("title").textContent = document.title;
  $("search").value = "";
  drawFacts();
  drawDecisions();
  drawSteps();
  drawThroughput();
  search();
}

function move(by) {
  if (current !== null) show(Math.min(found.length - 1, Math.max(0, current + by)));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.matches("input, select");
  if (event.key === "Escape") {
    $("search").value = "";
    $("search").blur();
    search();
  } else if (event.key === "/" && !isTyping) {
    event.preventDefault();
    $("search").focus();
  } else if ((event.key === "j" && !isTyping) || (event.key === "ArrowDown" && event.target.id === "search")) {
    event.preventDefault();
    move(1);
  } else if ((event.key === "k" && !isTyping) || (event.key === "ArrowUp" && event.target.id === "search")) {
    event.preventDefault();
    move(-1);
  }
});
$("search").addEventListener("input", search);
$("filter").addEventListener("change", search);
$("search-form").addEventListener("submit", (event) => event.preventDefault());
$("run").addEventListener("change", () => showRun($("run").selectedIndex));
let drawnWidth = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === drawnWidth) return;
  drawnWidth = innerWidth;
  drawSteps();
  drawThroughput();
  show(current);
});

$("source").textContent = shown(data.file);
$("run").replaceChildren(...data.runs.map((each) => html("option", {}, `${each.run}: ${each.run_id}, ${count(each.inputs)} inputs`)));
$("run-choice").hidden = data.runs.length < 2;
showRun(0);
// A link may lead to an input: report.html#search=ID.
const link = /^#search=(.*)$/.exec(location.hash);
if (link) {
  try {
    $("search").value = decodeURIComponent(link[1]);
    search();
  } catch {
    // Not a link of ours: the page stays as it is.
  }
}
