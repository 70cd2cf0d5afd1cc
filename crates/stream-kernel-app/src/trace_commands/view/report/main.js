// Draws the page from the data in it, and answers the reader.

const data = JSON.parse($("data").textContent);
let run;

function showRun(position) {
  run = data.runs[position];
  const choices = [{ value: "", label: "all decisions" }, ...outcomes(run)];
  $("filter").replaceChildren(...choices.map(({ value, label }) => html("option", { value }, label)));
  $("search").value = "";
  drawOverview(data, run);
  drawDecisions(run, showOutcome);
  drawLatency(run);
  drawThroughput(run);
  search(run);
}

function showOutcome(value) {
  $("filter").value = value;
  $("search").value = "";
  search(run);
  $("inputs-section").scrollIntoView();
}

function showAll() {
  $("search").value = "";
  $("filter").value = "";
  document.activeElement.blur();
  search(run);
}

function showClicked(event) {
  const item = event.target.closest("li");
  if (!item) return;
  show(run, [...$("results").children].indexOf(item));
  // Where the steps stand below the list, they may be out of sight.
  if (matchMedia("(max-width: 860px)").matches) $("waterfall").scrollIntoView();
}

// What a key does, by what has the focus; undefined if that is not for this page to say.
function actionOf({ key, target }) {
  if (key === "Escape") return showAll;
  const isList = target.id === "results";
  if (target.id === "search" || isList) {
    if (key === "ArrowDown") return () => move(run, 1);
    if (key === "ArrowUp") return () => move(run, -1);
    if (key === "Enter") return () => $("waterfall").focus();
  }
  if (isList && key === "Home") return () => move(run, -Infinity);
  if (isList && key === "End") return () => move(run, Infinity);
  if (target.matches("input, select")) return undefined;
  return { "/": () => $("search").focus(), j: () => move(run, 1), k: () => move(run, -1) }[key];
}

function begin() {
  document.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  });
  $("search").addEventListener("input", () => search(run));
  $("filter").addEventListener("change", () => search(run));
  $("results").addEventListener("click", showClicked);
  $("search-form").addEventListener("submit", (event) => event.preventDefault());
  $("run").addEventListener("change", () => showRun($("run").selectedIndex));

  $("run").replaceChildren(...data.runs.map((each) => html("option", {}, `${each.run}: ${each.run_id}, ${inputs(each.inputs)}`)));
  $("run-choice").hidden = data.runs.length < 2;
  showRun(0);
}

// Without records there is nothing to draw or to ask for.
function showNoRecords() {
  document.title = "No records – trace";
  $("title").textContent = "No records";
  $("origin").replaceChildren(definition("File", data.file));
  document.querySelector("main").replaceChildren(html("p", {}, "The trace holds no records, as that of an empty input does."));
}

if (data.runs.length) begin();
else showNoRecords();
