// Draws the page from the data in it, and answers the reader.

let page;
// For each position, the run that names it.
const firstRuns = Array.from({ length: runCount }, (_, position) => firstOf(runsAt(position)));

function showRun(position) {
  page = pageAt(position);
  $("run").selectedIndex = position;
  $("filter").replaceChildren(...filters(page).map(({ value, label }) => html("option", { value }, label)));
  $("search").value = "";
  $("search").placeholder = searchExample(page);
  drawOverview(page);
  drawChanges(page, showOutcome, goToLine);
  drawDecisions(page, showOutcome);
  drawTimeline(page);
  drawFailures(page, goToLine);
  drawLatency(page);
  search(page);
}

function showOutcome(value) {
  $("filter").value = value;
  $("search").value = "";
  search(page);
  $("inputs-section").scrollIntoView();
}

// Shows the input on this line; if the page does not have it, where to find it.
function goToLine(line) {
  $("filter").value = "";
  $("search").value = "";
  search(page);
  const entry = page.entries.find((entry) => entry.line === line);
  if (entry) {
    choose(page, entry);
  } else {
    $("search").value = String(line);
    search(page);
  }
  $("inputs-section").scrollIntoView();
}

// Follows the page's address: `#line=7`, `#run=2&line=7`.
function followAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  const line = Number(wanted.get("line"));
  const position = firstRuns.findIndex((run) => String(run.run) === wanted.get("run"));
  if (position >= 0 && position !== page.position) showRun(position);
  if (line) goToLine(line);
}

function showAll() {
  $("search").value = "";
  $("filter").value = "";
  document.activeElement.blur();
  search(page);
}

function showClicked(event) {
  const item = event.target.closest("li");
  if (!item) return;
  choose(page, found[[...$("results").children].indexOf(item)]);
  // Where the steps stand below the list, they may be out of sight.
  if (matchMedia("(max-width: 860px)").matches) $("waterfall").scrollIntoView();
}

function turnRuler() {
  rulerChoice = document.querySelector(".choice [aria-pressed=true]").textContent === "log" ? "linear" : "log";
  show(page, current);
}

function turnNotes() {
  showsAllNotes = !showsAllNotes;
  show(page, current);
}

// What a key does, by what has the focus; undefined if that is not for this page to say.
function actionOf({ key, target }) {
  if (key === "Escape") return showAll;
  const isList = target.id === "results";
  if (target.id === "search" || isList) {
    if (key === "ArrowDown") return () => move(page, 1);
    if (key === "ArrowUp") return () => move(page, -1);
    if (key === "Enter") return () => $("waterfall").focus();
  }
  if (isList && key === "Home") return () => move(page, -Infinity);
  if (isList && key === "End") return () => move(page, Infinity);
  if (target.matches("input, select")) return undefined;
  const others = { "/": () => $("search").focus(), j: () => move(page, 1), k: () => move(page, -1) };
  return current ? { ...others, e: turnNotes, l: turnRuler }[key] : others[key];
}

function begin() {
  document.addEventListener("keydown", (event) => {
    const action = event.ctrlKey || event.metaKey || event.altKey ? undefined : actionOf(event);
    if (!action) return;
    event.preventDefault();
    action();
  });
  $("search").addEventListener("input", () => search(page));
  $("filter").addEventListener("change", () => search(page));
  $("sort").addEventListener("change", () => search(page));
  $("results").addEventListener("click", showClicked);
  $("search-form").addEventListener("submit", (event) => event.preventDefault());
  $("run").addEventListener("change", () => showRun($("run").selectedIndex));
  addEventListener("hashchange", followAddress);

  $("sort").replaceChildren(...Object.entries(SORTS).map(([value, [label]]) => html("option", { value }, label)));
  $("run").replaceChildren(
    ...firstRuns.map((run) => html("option", {}, `${run.run}: ${run.run_id}, ${inputs(run.inputs)}`)),
  );
  $("inputs").classList.toggle("of-pair", isPair);
  $("run-choice").hidden = runCount < 2;
  showRun(0);
  followAddress();
}

// Without records there is nothing to draw or to ask for.
function showNoRecords() {
  document.title = "No records – trace";
  $("title").textContent = "No records";
  $("origin").replaceChildren(...views.map((view) => html("dl", {}, definition("File", view.file))));
  document
    .querySelector("main")
    .replaceChildren(html("p", {}, "The trace holds no records, as that of an empty input does."));
}

if (runCount > 0) begin();
else showNoRecords();
