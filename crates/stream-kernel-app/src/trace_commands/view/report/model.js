// What is shown: one trace, or two side by side, run by run and input by input.

const data = JSON.parse($("data").textContent);
const isPair = Boolean(data.changes);
const views = isPair ? [data.a, data.b] : [data];
const SIDES = isPair ? ["A", "B"] : [""];
const runCount = Math.max(...views.map((view) => view.runs.length));

// The runs at this position, null where a trace lacks it.
const runsAt = (position) => views.map((view) => view.runs[position] ?? null);

// What is shown of them: their inputs, and of two traces what changed.
function pageAt(position) {
  const runs = runsAt(position);
  return { runs, position, entries: entriesOf(runs), changes: isPair ? (data.changes[position] ?? null) : null };
}

// An entry for each line, with the inputs on it, one of each trace. Without a second trace, a line may come twice.
function entriesOf(runs) {
  if (!isPair) return runs[0].sample.map((input) => ({ line: input.line_no, inputs: [input] }));
  const entries = new Map();
  runs.forEach((run, side) =>
    run?.sample.forEach((input) => {
      if (!entries.has(input.line_no)) entries.set(input.line_no, { line: input.line_no, inputs: [null, null] });
      entries.get(input.line_no).inputs[side] = input;
    }),
  );
  return [...entries.values()];
}

const firstOf = (runs) => runs.find(Boolean);
const isSampled = (run) => run !== null && run.sample.length < run.inputs;

const idOf = (entry) => entry.inputs.find((input) => input?.id)?.id ?? "";
const most = (entry, figure) => Math.max(...entry.inputs.map((input) => input?.[figure] ?? 0));

function outcomeOf(run, input) {
  if (input.errors.length) return { kind: "failed", label: "failed" };
  if (input.decision === null) return { kind: "undecided", label: "" };
  const { label, accepted } = run.decisions[input.decision];
  return { kind: accepted ? "accepted" : "declined", label };
}

// The outcome of an entry in each trace, null where it has no input.
const outcomesOf = (page, entry) => entry.inputs.map((input, side) => input && outcomeOf(page.runs[side], input));

// `flipped` and `reason` where two decisions differ, else empty.
function changeOf(page, entry) {
  const [a, b] = outcomesOf(page, entry);
  if (!a || !b || (a.kind === b.kind && a.label === b.label)) return "";
  return a.kind === b.kind ? "reason" : "flipped";
}

const keyOf = ({ kind, label }) => `${kind} ${label}`;

// What may have become of inputs, with the number of each trace: accepted first, then by number.
function outcomes(page) {
  const all = new Map();
  const add = (side, kind, label, key, count) => {
    if (!count) return;
    if (!all.has(key)) all.set(key, { value: key, kind, label, counts: SIDES.map(() => 0) });
    all.get(key).counts[side] += count;
  };
  page.runs.forEach((run, side) =>
    run?.decisions.forEach(({ label, accepted, count }) => {
      const kind = accepted ? "accepted" : "declined";
      add(side, kind, label, keyOf({ kind, label }), count);
    }),
  );
  const sum = ({ counts }) => counts.reduce((sum, count) => sum + count);
  const decided = [...all.values()].sort(
    (x, y) => (y.kind === "accepted") - (x.kind === "accepted") || sum(y) - sum(x),
  );
  all.clear();
  page.runs.forEach((run, side) => {
    if (!run) return;
    add(side, "failed", "failed with an error", "failed failed", run.failed);
    add(side, "undecided", "no decision in the trace", "undecided ", run.undecided);
  });
  return [...decided, ...all.values()];
}

// The choices of the filter: each with a test of an entry.
function filters(page) {
  const has = (key) => (entry) => outcomesOf(page, entry).some((outcome) => outcome && keyOf(outcome) === key);
  const choices = [{ value: "", label: isPair ? "all inputs" : "all decisions", test: () => true }];
  if (isPair) {
    choices.push(
      { value: "flipped", label: "decision flipped", test: (entry) => changeOf(page, entry) === "flipped" },
      { value: "reason", label: "another reason", test: (entry) => changeOf(page, entry) === "reason" },
      { value: "only A", label: "only in A", test: (entry) => entry.inputs[1] === null },
      { value: "only B", label: "only in B", test: (entry) => entry.inputs[0] === null },
    );
    for (const { a, b } of page.changes?.decisions ?? []) {
      choices.push({ value: `${a} → ${b}`, label: `${a} → ${b}`, test: (entry) => isChange(page, entry, a, b) });
    }
  }
  return [...choices, ...outcomes(page).map(({ value, label }) => ({ value, label, test: has(value) }))];
}

// The comparison writes `declined: LIMIT` where a trace by itself has `LIMIT`.
function isChange(page, entry, a, b) {
  const found = outcomesOf(page, entry);
  return [a, b].every((decision, side) => found[side]?.label === decision.replace(/^declined: /, ""));
}
