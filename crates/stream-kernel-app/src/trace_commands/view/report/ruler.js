// The time ruler of a waterfall: where on it a moment is.

// The reader's choice, or null: what suits the input.
let rulerChoice = null;

// Returns `at`, which gives the place of a moment in percent, and the moments to mark. `steps` have `begin` and `end`.
function rulerFor(steps) {
  const end = Math.max(1, ...steps.map((step) => step.end));
  const isLog = (rulerChoice ?? suited(steps, end)) === "log";
  return { isLog, ...(isLog ? logarithmic(steps, end) : linear(end)) };
}

// One long step or pause would leave nothing of the others to see.
function suited(steps, end) {
  const narrow = steps.filter((step) => step.end - step.begin < end / 150);
  return narrow.length * 2 > steps.length ? "log" : "linear";
}

function linear(end) {
  const at = (ns) => (100 * ns) / end;
  return { at, marks: spaced(timeScale(end), at) };
}

// Every stretch between beginnings and ends is as wide as the logarithm of its length, so a stall has a width that
// can be compared with, and no short step is lost beside it, wherever it stands.
function logarithmic(steps, end) {
  const moments = [...new Set([0, end, ...steps.flatMap((step) => [step.begin, step.end])])].sort((a, b) => a - b);
  const lengths = moments.slice(1).map((ns, position) => ns - moments[position]);
  const unit = Math.max(1, Math.min(...lengths));
  const widths = lengths.map((length) => Math.log2(1 + length / unit));
  const sum = widths.reduce((sum, width) => sum + width, 0);
  const places = [0];
  for (const width of widths) places.push(places.at(-1) + (100 * width) / sum);
  const at = (ns) => places[moments.indexOf(ns)];
  return { at, marks: [...spaced(moments.slice(0, -1), at, 2 * labelWidth()), end] };
}

// The part of the ruler that a label takes, in percent.
const labelWidth = () => (matchMedia("(max-width: 860px)").matches ? 17 : isPair ? 20 : 11);

// Those whose labels have room beside each other and before what is left free at the end.
function spaced(moments, at, free = labelWidth()) {
  const marks = [];
  for (const ns of moments) {
    const hasRoom = at(ns) - at(marks.at(-1) ?? 0) >= labelWidth() && 100 - at(ns) >= free;
    // After a stall, moments close to each other read the same.
    const isNew = scaleDuration(ns) !== scaleDuration(marks.at(-1) ?? 0);
    if (!marks.length || (hasRoom && isNew)) marks.push(ns);
  }
  return marks;
}

const rulerRow = ({ at, marks }) =>
  html(
    "div",
    { class: "ruler", "aria-hidden": "true" },
    html("span", { class: "name" }),
    html(
      "div",
      { class: "axis" },
      ...marks.map((ns) =>
        html(
          "span",
          { class: at(ns) > 99.9 ? "last" : null, style: `left:${at(ns).toFixed(2)}%` },
          ns ? scaleDuration(ns) : "0",
        ),
      ),
    ),
    html("span", { class: "number" }),
  );
