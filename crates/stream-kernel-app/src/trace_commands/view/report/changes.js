// What changed between two traces: the decisions that flipped, the tags that ended otherwise, the first difference.

function drawChanges(page, choose, goTo) {
  const { changes } = page;
  $("changes-section").hidden = !changes;
  if (!changes) return;
  if (changes.same)
    return $("changes").replaceChildren(
      html("p", { class: "verdict" }, "Nothing: the records are the same, times and run ids left out."),
    );
  const number = (value, text, filter) =>
    html(
      "button",
      { type: "button", class: "figure", disabled: value ? null : "", onclick: () => choose(filter) },
      html("strong", {}, count(value)),
      ` ${text}`,
    );
  const figures = html(
    "p",
    { class: "figures" },
    number(changes.flipped, changes.flipped === 1 ? "decision flipped" : "decisions flipped", "flipped"),
    number(changes.other_reason, "declined for another reason", "reason"),
  );
  const rows = changes.decisions.map(({ a, b, inputs: number }) =>
    html(
      "tr",
      {},
      html(
        "th",
        { scope: "row" },
        html(
          "button",
          { type: "button", class: "plain", title: "Show these inputs", onclick: () => choose(`${a} → ${b}`) },
          html("span", { class: kindOf(a) }, a),
          " → ",
          html("span", { class: kindOf(b) }, b),
        ),
      ),
      html("td", { class: "number" }, inputs(number)),
    ),
  );
  const table = rows.length ? [html("table", {}, html("tbody", {}, ...rows))] : [];
  $("changes").replaceChildren(
    figures,
    html("div", { class: "columns" }, html("div", {}, ...table), html("div", {}, ...further(changes, goTo))),
  );
}

const kindOf = (decision) => `outcome ${decision === "accepted" ? "accepted" : "declined"}`;

function further({ first, moved, tags }, goTo) {
  const parts = [];
  if (tags.length)
    parts.push(
      html(
        "p",
        { class: "note" },
        "Tags that ended otherwise: ",
        tags.map(({ tag, inputs: number }) => `${tag} of ${inputs(number)}`).join(", "),
        ".",
      ),
    );
  if (first) {
    parts.push(
      html(
        "p",
        { class: "note" },
        "The first record that differs: ",
        html(
          "button",
          { type: "button", class: "plain", onclick: () => goTo(first.line_no) },
          `line ${count(first.line_no)}`,
        ),
        `, step ${first.step_name}.`,
      ),
    );
  }
  if (moved)
    parts.push(
      html(
        "p",
        { class: "note" },
        `The pipelines differ: step ${moved.step_name} is number ${moved.step_index.a + 1} in A ` +
          `and ${moved.step_index.b + 1} in B.`,
      ),
    );
  return parts;
}
