// What was run, and what became of the inputs.

function drawOverview(data, run) {
  document.title = shown(`${run.scenario}, ${run.run_id} – trace`);
  $("title").textContent = shown(run.scenario);
  const origin = [["Run", run.run_id], ["File", data.file], ["Started", moment(run.started)], ["Ended", moment(run.ended)]];
  $("origin").replaceChildren(...origin.map(([name, value]) => definition(name, value)));
  const totals = [["Inputs", count(run.inputs)], ["Records", count(run.records)], ["Errors", count(run.errors)],
    ["Time span", run.span_us ? duration(run.span_us * 1000) : "–"],
    ["On average", run.span_us ? `${rate(run.inputs / run.span_us * 1e6)}` : "–"]];
  $("totals").replaceChildren(...totals.map(([name, value]) =>
    definition(name, value, { class: name === "Errors" && run.errors ? "bad" : null })));
  drawSampling(data, run);
}

function drawSampling(data, run) {
  const notes = [];
  const sampled = run.sample.length;
  if (sampled < run.inputs) {
    const every = data.stride > 1 ? `one in ${count(data.stride)}, ` : "";
    notes.push(`Sampled: totals and plots count every input; search and steps know ${count(sampled)} of ${count(run.inputs)}: ` +
      `${every}the 200 slowest and the first 200 with errors.`);
  }
  if (data.runs_left_out) notes.push(`${count(data.runs_left_out)} more runs are in the file: choose one with --run N.`);
  $("sampling").textContent = notes.join(" ");
  $("sampling").hidden = !notes.length;
}

// What may have become of an input: accepted first, then by number. `value` is what the filter knows it by.
function outcomes(run) {
  const decided = run.decisions.map(({ label, accepted, count }, number) =>
    ({ value: String(number), label, count, kind: accepted ? "accepted" : "declined" }));
  decided.sort((a, b) => (b.kind === "accepted") - (a.kind === "accepted") || b.count - a.count);
  const others = [{ value: "failed", label: "failed with an error", count: run.failed, kind: "failed" },
    { value: "undecided", label: "no decision in the trace", count: run.undecided, kind: "undecided" }];
  return [...decided, ...others.filter((outcome) => outcome.count)];
}

function drawDecisions(run, choose) {
  const all = outcomes(run);
  const most = Math.max(...all.map((outcome) => outcome.count));
  const rows = all.map((outcome) => html("div", { class: "row" },
    html("button", { type: "button", title: "Show these inputs", onclick: () => choose(outcome.value) }, outcome.label),
    html("div", { class: "track" }, html("div", { class: `fill ${outcome.kind}`, style: `width:${100 * outcome.count / most}%` })),
    html("span", { class: "number" }, count(outcome.count)),
    html("span", { class: "number soft" }, percent(outcome.count, run.inputs))));
  const parts = [html("div", { class: "bars" }, ...rows)];
  if (run.undecided) parts.push(whyUndecided(run));
  $("decisions").replaceChildren(...parts);
  // Steps that decide nothing are no lack of the trace.
  $("decisions-section").hidden = run.has_tags && run.undecided === run.inputs;
}

const whyUndecided = (run) => run.has_tags
  ? html("p", { class: "note" }, "Of some inputs the trace shows no tag accepted, which tells a decision.")
  : settingNote("The trace shows no tags. To see decisions, trace with ", "tags");

const settingNote = (why, fields) => html("p", { class: "note" }, why,
  html("code", {}, "--set runtime.tracing.context_diff.mode=whitelist"), " ",
  html("code", {}, `--set 'runtime.tracing.context_diff.whitelist=[${fields}]'`));
