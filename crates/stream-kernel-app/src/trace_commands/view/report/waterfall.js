// One input's way through the steps: when each began, how long it took, what it changed, how it failed.

function drawWaterfall(run, input) {
  const steps = stepsOf(input);
  const failures = input.errors;
  const end = Math.max(1, steps.at(-1).end);
  const rows = steps.map((step, record) => stepItem(step, end, failures.filter((failure) => failure.record === record)));
  const parts = [heading(run, input), summary(input, end), html("ol", { class: "steps" }, ...rows)];
  const further = input.record_count - steps.length;
  if (further) parts.push(html("p", { class: "note" }, `${count(further)} further steps are not kept on this page.`));
  parts.push(...failures.filter((failure) => failure.record >= steps.length).map(failureText));
  if (!run.has_changes) parts.push(settingNote("The trace does not show what the steps changed. To see it, trace with ", "tags,metrics"));
  return parts;
}

function stepsOf(input) {
  let ready = 0;
  return input.records.map((record) => {
    // Beginnings are known to the microsecond only, but no step begins before the one before it has ended.
    const begin = Math.max(record.offset_us * 1000, ready);
    ready = begin + record.duration_ns;
    const kinds = `${record.kind_in} → ${record.kinds_out.join(", ") || "–"}`;
    return { name: record.step, kinds, begin, end: ready, changes: record.changes };
  });
}

function heading(run, input) {
  const outcome = outcomeOf(run, input);
  const parts = [`Line ${count(input.line_no)}`, input.id && `id ${input.id}`].filter(Boolean);
  return html("h3", {}, `${parts.join(", ")} `, html("span", { class: `outcome ${outcome.kind}` }, outcome.label));
}

function summary(input, end) {
  return html("p", {}, `${duration(input.duration_ns)} in steps, ${duration(end)} from first to last. ` +
    `Began ${input.start_us ? `${duration(input.start_us * 1000)} into` : "at the start of"} the run.`);
}

function stepItem(step, end, failures) {
  const [left, width] = [100 * step.begin / end, 100 * (step.end - step.begin) / end];
  const bar = html("i", { style: `left:min(${left.toFixed(2)}%, 100% - 3px);width:${width.toFixed(2)}%` });
  const times = `begins at ${duration(step.begin)}, takes ${duration(step.end - step.begin)}`;
  const item = html("li", { class: failures.length ? "failed" : null },
    html("div", { class: "head" }, html("span", {}, step.name, html("span", { class: "kinds" }, step.kinds)),
      html("span", { class: "number" }, duration(step.end - step.begin))),
    html("div", { class: "lane", role: "img", "aria-label": times, title: times }, bar), ...failures.map(failureText));
  if (step.changes.length) item.append(html("dl", { class: "changes" }, ...step.changes.map(changeText)));
  return item;
}

const changeText = ([path, before, after]) =>
  html("div", {}, html("dt", {}, path), html("dd", {}, html("span", { class: "soft" }, `${before ?? "–"} → `), after ?? "–"));

const failureText = ({ kind, message }) => html("p", { class: "failure" }, [kind, message].filter(Boolean).join(": ") || "failed");
