// The inputs: those that the search and the filter find, and the one of them whose steps are shown.

const MAX_RESULTS = 200;
let found = [];
let current = null;

function search(page) {
  // A line number may be typed as it is shown: `1,234`.
  const typed = $("search").value.trim();
  const text = /^\d{1,3}(,\d{3})+$/.test(typed) ? typed.replaceAll(",", "") : typed;
  const filter = filters(page)[$("filter").selectedIndex];
  const { matches, isExact } = find(page, text, filter.test, $("sort").value);
  found = matches.slice(0, MAX_RESULTS).map(({ entry }) => entry);
  const hasMore = page.runs.some(isSampled);
  $("found").textContent = tally(page, matches.length, hasMore, text);
  $("hint").hidden = isExact || !hasMore;
  if (!$("hint").hidden) $("hint").replaceChildren(...whereElse(page, text));
  $("results").replaceChildren(
    ...matches.slice(0, MAX_RESULTS).map(({ entry, answer }, position) => option(page, entry, answer, position)),
  );
  show(page, found[0] ?? null);
}

function tally(page, matches, hasMore, text) {
  const which = $("filter").value ? (isPair ? " under this filter" : " with this decision") : "";
  if (!matches) return `No such input${hasMore ? " in the sample" : ""}${which}.`;
  const order = text ? "" : `, ${SORTS[$("sort").value][0]}`;
  const part = matches > MAX_RESULTS ? `, the first ${MAX_RESULTS} shown` : "";
  return `${inputs(matches)}${hasMore ? " of the sample" : ""}${order}${part}`;
}

// The outcome for people; of a failed input with the step that failed.
function labelOf(input, { kind, label }) {
  const step = kind === "failed" && input.records[input.errors[0].record]?.step;
  return step ? `failed in ${step}` : label;
}

// What is not in the sample may be in the trace all the same.
function whereElse(page, text) {
  const side = Math.max(0, page.runs.findIndex(isSampled));
  const [view, run] = [views[side], page.runs[side]];
  const file = view.file === "-" ? "FILE" : quoted(view.file);
  const runs = view.runs.length + view.runs_left_out > 1 ? ` --run ${run.run}` : "";
  if (/[\s=]/.test(text)) {
    return [
      `The sample of ${count(run.sample.length)} of ${inputs(run.inputs)} is searched. What all of them noted, lists `,
      html("code", {}, `trace export ${file}${runs} --format csv`),
      ".",
    ];
  }
  const command = (option) => html("code", {}, `trace show ${file}${runs} ${option} ${quoted(text)}`);
  const commands = /^[1-9]\d*$/.test(text) ? [command("--line"), " or ", command("--id")] : [command("--id")];
  return [
    `The sample of ${count(run.sample.length)} of ${inputs(run.inputs)} has none with exactly this line or id. `,
    "Whether the trace has, tells ",
    ...commands,
    ".",
  ];
}

function option(page, entry, { notes }, position) {
  const id = idOf(entry);
  const told = outcomesOf(page, entry);
  const change = isPair ? changeOf(page, entry) : "";
  const labels = told.map((outcome, side) => outcome && labelOf(entry.inputs[side], outcome));
  const parts = [
    `line ${count(entry.line)}`,
    change ? labels.map((label) => label || "no decision").join(" → ") : labels.find(Boolean),
    ...(isPair ? [missing(page, entry)] : []),
  ].filter(Boolean);
  const isBad = change === "flipped" || told.some((outcome) => outcome?.kind === "failed");
  return html(
    "li",
    { role: "option", id: `result-${position}`, "aria-selected": "false" },
    html("span", { class: "id" }, id ? `id ${id}` : "no id"),
    html("span", { class: "number" }, duration(most(entry, "elapsed_ns"))),
    html("small", { class: isBad ? "failure" : null, title: shown(parts.join(", ")) }, parts.join(", ")),
    ...(notes.length ? [html("small", { class: "match" }, notes.join(", "))] : []),
  );
}

// Where a line is not in both traces.
function missing(page, entry) {
  const side = entry.inputs.indexOf(null);
  if (side < 0) return "";
  return isSampled(page.runs[side]) ? `not in the sample of ${SIDES[side]}` : `only in ${SIDES[1 - side]}`;
}

function show(page, entry) {
  if (current !== null) optionOf(current)?.setAttribute("aria-selected", "false");
  current = entry;
  if (entry === null) {
    $("results").removeAttribute("aria-activedescendant");
    return $("waterfall").replaceChildren();
  }
  const selected = optionOf(entry);
  if (selected) {
    selected.setAttribute("aria-selected", "true");
    $("results").setAttribute("aria-activedescendant", selected.id);
    reveal(selected);
  }
  $("waterfall").replaceChildren(...drawEntry(page, entry));
}

const optionOf = (entry) => $(`result-${found.indexOf(entry)}`);

// Scrolls the list alone, where `scrollIntoView` would scroll the page too.
function reveal(element) {
  const list = $("results").getBoundingClientRect();
  const { top, bottom } = element.getBoundingClientRect();
  if (top < list.top) $("results").scrollTop -= list.top - top;
  if (bottom > list.bottom) $("results").scrollTop += bottom - list.bottom;
}

// What a reader chooses is in the page's address, for a link to it.
function choose(page, entry) {
  show(page, entry);
  if (entry) history.replaceState(null, "", linkTo(page, entry.line));
}

const linkTo = (page, line) => `#${runCount > 1 ? `run=${firstOf(page.runs).run}&` : ""}line=${line}`;

function move(page, by) {
  if (current === null) return;
  const position = Math.max(0, found.indexOf(current)) + by;
  choose(page, found[Math.min(found.length - 1, Math.max(0, position))]);
}
