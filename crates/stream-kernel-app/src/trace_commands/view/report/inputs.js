// The inputs: search, filter, the list of those found, and the one of them whose steps are shown.

const MAX_RESULTS = 200;
let found = [];
let current = null;

function outcomeOf(run, input) {
  if (input.errors.length) return { kind: "failed", label: "failed" };
  if (input.decision === null) return { kind: "undecided", label: "" };
  const { label, accepted } = run.decisions[input.decision];
  return { kind: accepted ? "accepted" : "declined", label };
}

// How well an input answers a search: 0 best, null not at all.
function rankOf({ id, line_no: line }, text) {
  if (id === text || String(line) === text) return 0;
  if (id.startsWith(text)) return 1;
  return id.includes(text) ? 2 : null;
}

function isOutcome(run, input, wanted) {
  const { kind } = outcomeOf(run, input);
  if (wanted === "failed" || wanted === "undecided") return kind === wanted;
  return wanted === "" || String(input.decision) === wanted;
}

// Those found, the best or the slowest first, and whether any of the sample, filtered out or not, is exactly the one searched for.
function find(run, text, wanted) {
  const all = run.sample.filter((input) => isOutcome(run, input, wanted));
  if (!text) return { matches: all.sort((a, b) => b.duration_ns - a.duration_ns), isExact: true };
  const matches = all.filter((input) => rankOf(input, text) !== null);
  matches.sort((a, b) => rankOf(a, text) - rankOf(b, text));
  return { matches, isExact: run.sample.some((input) => rankOf(input, text) === 0) };
}

function search(run) {
  // A line number may be typed as it is shown: `1,234`.
  const typed = $("search").value.trim();
  const text = /^\d{1,3}(,\d{3})+$/.test(typed) ? typed.replaceAll(",", "") : typed;
  const { matches, isExact } = find(run, text, $("filter").value);
  found = matches.slice(0, MAX_RESULTS);
  const isSampled = run.sample.length < run.inputs;
  $("found").textContent = tally(matches.length, isSampled, text);
  $("hint").hidden = isExact || !isSampled;
  if (!$("hint").hidden) $("hint").replaceChildren(...whereElse(run, text));
  $("results").replaceChildren(...found.map((input, position) => option(run, input, position)));
  show(run, found.length ? 0 : null);
}

function tally(matches, isSampled, text) {
  if (!matches) return `No such input${isSampled ? " in the sample" : ""}${$("filter").value && " with this decision"}.`;
  const order = text ? "" : ", slowest first";
  const part = matches > MAX_RESULTS ? `, the first ${MAX_RESULTS} shown` : "";
  return `${inputs(matches)}${isSampled ? " of the sample" : ""}${order}${part}`;
}

// What is not in the sample may be in the trace all the same.
function whereElse(run, text) {
  const file = data.file === "-" ? "FILE" : quoted(data.file);
  const runs = data.runs.length + data.runs_left_out > 1 ? ` --run ${run.run}` : "";
  const command = (option) => html("code", {}, `trace show ${file}${runs} ${option} ${quoted(text)}`);
  const commands = /^[1-9]\d*$/.test(text) ? [command("--line"), " or ", command("--id")] : [command("--id")];
  return [`The sample of ${count(run.sample.length)} of ${inputs(run.inputs)} has none with exactly this line or id. `,
    "Whether the trace has, tells ", ...commands, "."];
}

function option(run, input, position) {
  const outcome = outcomeOf(run, input);
  const { id } = input;
  const state = `line ${count(input.line_no)}${outcome.label && `, ${outcome.label}`}`;
  return html("li", { role: "option", id: `result-${position}`, "aria-selected": "false" },
    html("span", { class: "id" }, id ? `id ${id}` : "no id"),
    html("span", { class: "number" }, duration(input.duration_ns)),
    html("small", { class: outcome.kind === "failed" ? "failure" : null }, state));
}

function show(run, position) {
  if (current !== null) $(`result-${current}`)?.setAttribute("aria-selected", "false");
  current = position;
  if (position === null) {
    $("results").removeAttribute("aria-activedescendant");
    return $("waterfall").replaceChildren();
  }
  $(`result-${position}`).setAttribute("aria-selected", "true");
  $("results").setAttribute("aria-activedescendant", `result-${position}`);
  reveal($(`result-${position}`));
  $("waterfall").replaceChildren(...drawWaterfall(run, found[position]));
}

// Scrolls the list alone, where `scrollIntoView` would scroll the page too.
function reveal(element) {
  const list = $("results").getBoundingClientRect();
  const { top, bottom } = element.getBoundingClientRect();
  if (top < list.top) $("results").scrollTop -= list.top - top;
  if (bottom > list.bottom) $("results").scrollTop += bottom - list.bottom;
}

function move(run, by) {
  if (current !== null) show(run, Math.min(found.length - 1, Math.max(0, current + by)));
}
