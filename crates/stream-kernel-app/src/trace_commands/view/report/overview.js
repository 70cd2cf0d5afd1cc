// What was run, and what became of the inputs.

function drawOverview(page) {
  const scenarios = [...new Set(page.runs.filter(Boolean).map((run) => run.scenario))];
  document.title = shown(`${scenarios.join(" → ")}, ${firstOf(page.runs).run_id} – trace`);
  $("title").textContent = shown(scenarios.join(" → "));
  $("origin").replaceChildren(...page.runs.map((run, side) => originOf(views[side], run, SIDES[side])));
  $("totals").replaceChildren(...totals(page));
  drawSampling(page);
}

function originOf(view, run, side) {
  const parts = [["File", view.file]];
  if (run) parts.unshift(["Run", run.run_id]);
  if (run) parts.push(["Started", moment(run.started)], ["Ended", moment(run.ended)]);
  return html(
    "dl",
    {},
    ...(side ? [html("span", { class: "side" }, side)] : []),
    ...parts.map(([name, value]) => definition(name, value)),
  );
}

function totals(page) {
  const figures = [
    ["Inputs", (run) => count(run.inputs)],
    ["Records", (run) => count(run.records)],
    ["Errors", (run) => count(run.errors)],
    ["Time span", (run) => (run.span_us ? duration(run.span_us * 1000) : "–")],
    ["On average", (run) => (run.span_us ? rate((run.inputs / run.span_us) * 1e6) : "–")],
  ];
  return figures.map(([name, figure]) => {
    const values = page.runs.map((run) => (run ? figure(run) : "–"));
    const isBad = name === "Errors" && page.runs.some((run) => run?.errors);
    const value = isPair
      ? html(
          "span",
          { class: "both" },
          ...values.map((value, side) => html("span", {}, html("small", {}, SIDES[side]), ` ${value}`)),
        )
      : values[0];
    return definition(name, value, { class: isBad ? "bad" : null });
  });
}

function drawSampling(page) {
  const notes = [];
  page.runs.forEach((run, side) => {
    const of = isPair ? ` in ${SIDES[side]}` : "";
    const { stride, runs_left_out: runsLeftOut } = views[side];
    if (isSampled(run)) {
      const every = stride > 1 ? `one in ${count(stride)}, ` : "";
      const changed = isPair ? ", and the first 200 that flipped" : "";
      notes.push(
        `Sampled${of}: totals and plots count every input; search and steps know ` +
          `${count(run.sample.length)} of ${count(run.inputs)}: ` +
          `${every}the 200 slowest and the first 200 with errors${changed}.`,
      );
    }
    if (runsLeftOut) notes.push(`${count(runsLeftOut)} more runs are in the file${of}: choose one with --run N.`);
  });
  $("sampling").textContent = notes.join(" ");
  $("sampling").hidden = !notes.length;
}

function drawDecisions(page, choose) {
  const all = outcomes(page);
  const highest = Math.max(...all.flatMap((outcome) => outcome.counts));
  const rows = all.map((outcome) =>
    html(
      "div",
      { class: "row" },
      html(
        "button",
        { type: "button", title: "Show these inputs", onclick: () => choose(outcome.value) },
        outcome.label,
      ),
      html(
        "div",
        { class: "track" },
        ...outcome.counts.map((count, side) =>
          html("div", {
            class: `fill ${outcome.kind}${count ? "" : " none"}`,
            title: SIDES[side] || null,
            style: `width:${(100 * count) / highest}%`,
          }),
        ),
      ),
      ...counted(page, outcome.counts),
    ),
  );
  const parts = [html("div", { class: "bars" }, ...rows)];
  const run = page.runs.find((run) => run?.undecided);
  if (run) parts.push(whyUndecided(run));
  $("decisions").replaceChildren(...parts);
  // Steps that decide nothing are no lack of the trace.
  $("decisions-section").hidden = page.runs.every((run) => !run || (run.has_tags && run.undecided === run.inputs));
}

// The numbers of inputs with an outcome: of one trace with their part, of two beneath each other.
function counted(page, counts) {
  const lines = (texts, kind) =>
    html("span", { class: `number ${kind}` }, ...texts.map((text) => html("span", {}, text)));
  if (isPair)
    return [
      lines(
        counts.map((number, side) => `${SIDES[side]} ${count(number)}`),
        "",
      ),
      lines(
        counts.map((number, side) => percent(number, page.runs[side]?.inputs)),
        "soft",
      ),
    ];
  return [lines([count(counts[0])], ""), lines([percent(counts[0], page.runs[0].inputs)], "soft")];
}

const reasonOf = ({ kind, message }) => [kind, message].filter(Boolean).join(": ") || "failed";

function drawFailures(page, goTo) {
  const rows = page.runs.flatMap((run, side) =>
    (run?.failures.listed ?? []).map((failure) =>
      html(
        "tr",
        {},
        html(
          "th",
          { scope: "row" },
          ...(isPair ? [html("span", { class: "side" }, SIDES[side]), " "] : []),
          failure.step,
        ),
        html("td", { class: "failure" }, reasonOf(failure)),
        html("td", { class: "number" }, `${count(failure.count)}×`),
        html(
          "td",
          {},
          html(
            "button",
            { type: "button", class: "plain", onclick: () => goTo(failure.line_no) },
            `line ${count(failure.line_no)}`,
          ),
        ),
      ),
    ),
  );
  const leftOut = page.runs.reduce((sum, run) => sum + (run?.failures.left_out ?? 0), 0);
  const parts = [html("table", {}, html("tbody", {}, ...rows))];
  if (leftOut) parts.push(html("p", { class: "note" }, `and ${count(leftOut)} more failures of other kinds`));
  $("failures").replaceChildren(...parts);
  $("failures-section").hidden = !rows.length;
}

const whyUndecided = (run) =>
  run.has_tags
    ? html("p", { class: "note" }, "Of some inputs the trace shows no tag accepted, which tells a decision.")
    : settingNote("The trace shows no tags. To see decisions, trace with ", "tags");

const settingNote = (why, fields) =>
  html(
    "p",
    { class: "note" },
    why,
    html("code", {}, "--set runtime.tracing.context_diff.mode=whitelist"),
    " ",
    html("code", {}, `--set 'runtime.tracing.context_diff.whitelist=[${fields}]'`),
  );
