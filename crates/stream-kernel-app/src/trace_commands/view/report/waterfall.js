// One input's way through the steps: when each began, how long it took, what it noted, how it failed. Of two traces,
// side by side on one ruler.

let showsAllNotes = false;

function drawEntry(page, entry) {
  const ways = entry.inputs.map((input) => input && stepsOf(input));
  markDifferences(ways);
  const ruler = rulerFor(ways.flatMap((way) => way ?? []));
  const parts = entry.inputs.map((input, side) =>
    html(
      "article",
      {},
      ...(input
        ? drawInput(page, entry, side, ways[side], ruler)
        : [
            html(
              "p",
              { class: "note" },
              html("span", { class: "side" }, SIDES[side]),
              ` Line ${count(entry.line)} is ${missing(page, entry)}.`,
            ),
          ]),
    ),
  );
  return [controls(page, entry, ruler), html("div", { class: isPair ? "pair" : null }, ...parts)];
}

function controls(page, entry, { isLog }) {
  const again = (change) => () => {
    change();
    show(page, entry);
  };
  const ruler = (name, label) =>
    html(
      "button",
      {
        type: "button",
        "aria-pressed": String(isLog === (name === "log")),
        onclick: again(() => {
          rulerChoice = name;
        }),
      },
      label,
    );
  return html(
    "div",
    { class: "controls" },
    html(
      "span",
      { class: "choice", role: "group", "aria-label": "Time ruler" },
      ruler("linear", "linear"),
      ruler("log", "log"),
    ),
    html(
      "button",
      {
        type: "button",
        id: "all-notes",
        "aria-pressed": String(showsAllNotes),
        onclick: again(() => {
          showsAllNotes = !showsAllNotes;
        }),
      },
      "all notes",
    ),
    html("a", { href: linkTo(page, entry.line), title: "The address of this input" }, "link"),
  );
}

function drawInput(page, entry, side, steps, ruler) {
  const [run, input] = [page.runs[side], entry.inputs[side]];
  const rows = steps.map((step, record) =>
    stepItem(
      step,
      ruler,
      input.errors.filter((error) => error.record === record),
    ),
  );
  const parts = [rulerRow(ruler), html("ol", { class: "steps" }, ...rows)];
  const further = input.record_count - steps.length;
  if (further) parts.push(html("p", { class: "note" }, `${count(further)} further steps are not kept on this page.`));
  parts.push(...input.errors.filter((error) => error.record >= steps.length).map(failureText));
  if (!run.has_changes)
    parts.push(settingNote("The trace does not show what the steps noted. To see it, trace with ", "tags,metrics"));
  return [
    html("div", {}, heading(run, input, SIDES[side]), ...explanation(input), summary(input)),
    html("div", {}, ...parts),
  ];
}

function stepsOf(input) {
  let ready = 0;
  const turns = new Map();
  return input.records.map((record) => {
    // Beginnings are known to the microsecond only, but no step begins before the one before it has ended.
    const begin = Math.max(record.offset_us * 1000, ready);
    ready = begin + record.duration_ns;
    turns.set(record.step, (turns.get(record.step) ?? 0) + 1);
    const kinds = `${record.kind_in} → ${record.kinds_out.join(", ") || "–"}`;
    return {
      name: record.step,
      turn: `${turns.get(record.step)} ${record.step}`,
      kinds,
      begin,
      end: ready,
      changes: record.changes,
      differing: new Set(),
    };
  });
}

// Marks what a step noted otherwise than the same turn of the same step in the other trace.
function markDifferences([a, b]) {
  if (!a || !b) return;
  for (const [own, others] of [
    [a, b],
    [b, a],
  ]) {
    const byTurn = new Map(others.map((step) => [step.turn, step]));
    for (const step of own) {
      const noted = new Map(byTurn.get(step.turn)?.changes.map(([path, , after]) => [path, after]));
      step.differing = new Set(
        step.changes.filter(([path, , after]) => noted.get(path) !== after).map(([path]) => path),
      );
    }
  }
}

function heading(run, input, side) {
  const outcome = outcomeOf(run, input);
  const parts = [`Line ${count(input.line_no)}`, input.id && `id ${input.id}`].filter(Boolean);
  return html(
    "h3",
    {},
    ...(side ? [html("span", { class: "side" }, side), " "] : []),
    `${parts.join(", ")} `,
    html("span", { class: `outcome ${outcome.kind}` }, labelOf(input, outcome)),
  );
}

const explanation = ({ explanation: sentences }) =>
  sentences.length
    ? [
        html(
          "div",
          { class: "explanation" },
          ...sentences.map((sentence, position) => html("p", { class: position ? null : "answer" }, sentence)),
        ),
      ]
    : [];

const summary = (input) =>
  html(
    "p",
    { class: "summary" },
    `${duration(input.elapsed_ns)} from first to last, ${duration(input.duration_ns)} in steps. ` +
      `Began ${input.start_us ? `${duration(input.start_us * 1000)} into` : "at the start of"} the run.`,
  );

function stepItem(step, { at, marks }, failures) {
  const [left, right] = [at(step.begin), at(step.end)];
  const bar = html("i", {
    class: "bar",
    style: `left:min(${left.toFixed(2)}%, 100% - 3px);width:${(right - left).toFixed(2)}%`,
  });
  const times = `begins at ${duration(step.begin)}, takes ${duration(step.end - step.begin)}`;
  const notes = step.differing.size
    ? html("small", { class: "differs" }, `≠ ${step.differing.size}`)
    : html("small", {}, step.changes.length ? String(step.changes.length) : "");
  const head = html(
    "button",
    {
      type: "button",
      class: "head",
      "aria-expanded": String(showsAllNotes),
      onclick: toggle,
      title: shown(`${step.name}: ${step.kinds}`),
    },
    html("span", { class: "name" }, html("span", {}, step.name), notes),
    html(
      "span",
      { class: "lane", role: "img", "aria-label": times, title: times },
      ...marks.map((ns) => html("i", { class: "mark", style: `left:${at(ns).toFixed(2)}%` })),
      bar,
    ),
    html("span", { class: "number" }, duration(step.end - step.begin)),
  );
  const detail = html("div", { class: "detail" }, html("p", { class: "kinds" }, step.kinds));
  if (step.changes.length)
    detail.append(
      html("dl", { class: "changes" }, ...step.changes.map((change) => changeText(change, step.differing))),
    );
  detail.hidden = !showsAllNotes;
  return html(
    "li",
    { class: failures.length ? "failed" : null, "data-turn": step.turn },
    head,
    ...failures.map(failureText),
    detail,
  );
}

// Opens or closes the notes of a step, and of the same turn in the other trace.
function toggle({ currentTarget: head }) {
  const isOpen = head.getAttribute("aria-expanded") === "true";
  const { turn } = head.parentElement.dataset;
  for (const item of document.querySelectorAll(".steps > li")) {
    if (item.dataset.turn !== turn) continue;
    item.querySelector(".head").setAttribute("aria-expanded", String(!isOpen));
    item.querySelector(".detail").hidden = isOpen;
  }
}

const changeText = ([path, before, after], differing) =>
  html(
    "div",
    { class: differing.has(path) ? "differs" : null },
    html("dt", {}, path),
    html(
      "dd",
      {},
      ...(before === null ? [] : [html("span", { class: "soft" }, `${plain(before)} → `)]),
      after === null ? "–" : plain(after),
    ),
  );

const failureText = (error) => html("p", { class: "failure" }, reasonOf(error));
