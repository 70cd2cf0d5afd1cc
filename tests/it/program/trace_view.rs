//! The page of `trace view` in a real browser: its promises to a reader, one per test.

use std::fmt::Write;

use serde_json::json;

use super::browser::Page;
use super::folder::Folder;
use super::harness::Program;

pub(super) const LINES: &str = concat!(
    r#"{"id":"15887","customer_id":"528","load_amount":"$3318.47","time":"2000-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"id":"</script><b id=\"broken\">","customer_id":"528","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"id":"777","customer_id":"528","load_amount":"$4000.00","time":"2000-01-01T01:00:00Z"}"#,
    "\n",
    r#"{"id":"7770","customer_id":"529","load_amount":"$40.00","time":"2000-01-01T02:00:00Z"}"#,
    "\n",
);

pub(super) const SHOW_TAGS: [&str; 3] = [
    "runtime.tracing.context_diff.mode=whitelist",
    "runtime.tracing.context_diff.whitelist=[tags,metrics]",
    "runtime.tracing.signature.mode=type_and_identity",
];

/// Appends a run of [`LINES`] to `trace.jsonl`.
pub(super) fn run(folder: &Folder, settings: &[&str]) {
    Program::new(folder).args(["run", "--trace-path", "trace.jsonl"]).set(settings).exits_with(0);
}

/// Opens the page of `trace.jsonl`.
pub(super) fn view(folder: &Folder) -> Option<Page> {
    Program::new(folder).args(["trace", "view", "trace.jsonl", "--output", "report.html"]).exits_with(0);
    Page::open(folder, "report.html")
}

/// Opens the page of one run of [`LINES`] that shows tags and metrics.
pub(super) fn view_one_run(folder: &Folder) -> Option<Page> {
    run(folder, &SHOW_TAGS);
    view(folder)
}

/// Returns a record of the step `step` of input `line_no`.
pub(super) fn record(run_id: &str, line_no: usize, step: (usize, &str), rest: &str) -> String {
    let (index, name) = step;
    let at = format!("2026-01-21T01:23:{:02}.{:06}Z", line_no / 100_000, line_no * 10 % 1_000_000);
    format!(
        r#"{{"trace_id":"{run_id}:{line_no}","scenario":"s","line_no":{line_no},"step_index":{index},"step_name":"{name}","work_index":0,"t_enter":"{at}","t_exit":"{at}","duration_ms":0.001,"msg_in":{{"type_name":"In","identity":"id-{line_no}","hash":null}},"msg_out":[],"msg_out_count":0,"ctx_before":null,{rest}}}
"#
    )
}

pub(super) const OK: &str = r#""ctx_after":null,"ctx_diff":null,"status":"ok","error":null"#;

#[test]
fn the_page_tells_of_the_run_and_hostile_text_stays_text() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_one_run(&folder) else { return };
    assert_eq!(page.text("h1"), "baseline");
    assert_eq!(page.text("#totals div:first-child"), "Inputs\n4");
    assert_eq!(page.text("#found"), "4 inputs, slowest first");
    assert_eq!(page.text("#sampling"), "", "all inputs are there");
    assert_eq!(page.text("#failures"), "", "no step failed");
    let fates = "[...document.querySelectorAll('#timeline path.area')].map(area => area.classList[1])";
    assert_eq!(page.eval(fates), json!(["accepted", "declined"]), "outcomes over time");
    let lines =
        "[...document.querySelectorAll('#origin dd')].map(place => Math.round(place.offsetHeight / 21))";
    assert_eq!(page.eval(lines), json!([1, 1, 1, 1]), "names and times stand on a line each");
    let labels = "[...document.querySelectorAll('#decisions button')].map(button => button.innerText).sort()";
    assert_eq!(page.eval(labels), json!(["DAILY_AMOUNT_LIMIT", "INVALID_ID_FORMAT", "accepted"]));
    let steps =
        "[...document.querySelectorAll('#latency tbody th span:first-child')].map(step => step.innerText)";
    assert_eq!(page.eval(steps)[0], "parse_load_attempt");
    assert_eq!(page.eval(steps).as_array().map(Vec::len), Some(8));
    assert_eq!(page.eval("document.querySelectorAll('#latency path.density').length"), 8, "a plot a step");
    page.press("/");
    page.write("</script>");
    assert!(page.text("#results").starts_with(r#"id </script><b id="broken">"#), "the id is shown as it is");
    assert_eq!(page.eval("document.querySelectorAll('b, #broken').length"), 0, "and makes no element");
}

#[test]
fn missing_parts_are_named_with_their_setting() {
    let folder = Folder::with_input(LINES);
    run(&folder, &[]);
    let Some(mut page) = view(&folder) else { return };
    assert_eq!(page.text("#decisions button"), "no decision in the trace");
    let told = "[...document.querySelectorAll('#waterfall .note code')].map(code => code.innerText.replaceAll(\"'\", '').slice(6))";
    let settings = page.eval(told);
    let settings: Vec<&str> = settings.as_array().unwrap().iter().map(|set| set.as_str().unwrap()).collect();
    assert_eq!(settings.len(), 2, "{settings:?}");
    drop(page);
    std::fs::remove_file(folder.path_of("trace.jsonl")).unwrap();
    run(&folder, &settings);
    let Some(mut page) = view(&folder) else { return };
    assert!(page.text("#decisions").contains("DAILY_AMOUNT_LIMIT"));
    // The page opens with the slowest input, which varies, and not every line has a day.
    page.press("/");
    page.write("777");
    page.eval("turnNotes()");
    assert!(page.text("#waterfall").contains("tags.day"));
    assert_eq!((page.text("#decisions .note"), page.text("#waterfall .note")), Default::default());
}

#[test]
fn steps_without_decisions_are_not_missing_parts() {
    let folder = Folder::new();
    let tagged =
        |tag: &str| format!(r#""ctx_after":{{"tags":{{{tag}}}}},"ctx_diff":{{}},"status":"ok","error":null"#);
    let hit = |line_no| record("r", line_no, (0, "a"), &tagged(r#""client":"c""#));
    folder.write("trace.jsonl", hit(1) + &hit(2));
    let Some(mut page) = view(&folder) else { return };
    assert_eq!(page.text("#found"), "2 inputs, slowest first");
    assert_eq!(page.eval("document.querySelector('#decisions-section').hidden"), true);
    drop(page);
    folder.write("trace.jsonl", hit(1) + &record("r", 2, (0, "a"), &tagged(r#""accepted":"true""#)));
    let Some(mut page) = view(&folder) else { return };
    let note = page.text("#decisions .note");
    assert!(note.contains("no tag accepted") && !note.contains("--set"), "{note}");
}

#[test]
fn everything_is_reached_by_keyboard() {
    let folder = Folder::with_input(LINES);
    run(&folder, &SHOW_TAGS);
    let Some(mut page) = view_one_run(&folder) else { return };
    let mut focused = Vec::new();
    for _ in 0..8 {
        page.press("Tab");
        let name = page.eval("document.activeElement.id || document.activeElement.innerText");
        focused.push(name.as_str().unwrap().to_owned());
    }
    assert_eq!(focused[0], "run", "the run is chosen first");
    assert_eq!(focused[4..], ["search", "filter", "sort", "results"], "the list is one stop: {focused:?}");
    let selected =
        "[...document.querySelectorAll('#results li')].findIndex(item => item.ariaSelected === 'true')";
    let active = "document.querySelector('#results').getAttribute('aria-activedescendant')";
    for (key, position) in [
        ("ArrowDown", 1),
        ("j", 2),
        ("k", 1),
        ("ArrowUp", 0),
        ("ArrowUp", 0),
        ("End", 3),
        ("j", 3),
        ("Home", 0),
    ] {
        page.press(key);
        assert_eq!(page.eval(selected), position, "{key}");
        assert_eq!(page.eval(active), format!("result-{position}"), "{key}");
    }
    page.press("Enter");
    assert_eq!(page.eval("document.activeElement.id"), "waterfall", "to the steps");
    let head = "document.activeElement.classList.contains('head') && document.activeElement.ariaExpanded";
    for _ in 0..5 {
        page.press("Tab");
    }
    assert_eq!(page.eval(head), "false", "a step");
    page.press("Enter");
    assert_eq!(page.eval(head), "true", "which Enter opens");
    page.press("/");
    page.write("j");
    assert_eq!(page.eval("document.activeElement.value"), "j", "a letter in the search is a letter");
    assert_eq!(page.text("#found"), "No such input.");
    page.press("ArrowDown");
    page.press("Escape");
    assert_eq!(page.eval("document.activeElement.tagName + $('search').value"), "BODY");
    assert_eq!(page.text("#found"), "4 inputs, slowest first", "all are there again");
}

#[test]
fn runs_and_decisions_are_chosen() {
    let folder = Folder::with_input(LINES);
    run(&folder, &SHOW_TAGS);
    folder.write("input.txt", LINES.split_inclusive('\n').take(3).collect::<String>());
    let Some(mut page) = view_one_run(&folder) else { return };
    let choices = "[...$('run').options].map(option => option.text)";
    assert_eq!(page.eval(choices), json!(["1: run, 4 inputs", "2: run, 3 inputs"]));
    page.eval("$('run').selectedIndex = 1; $('run').dispatchEvent(new Event('change'))");
    assert_eq!(page.text("#found"), "3 inputs, slowest first");
    for (decision, found) in [("accepted", 1), ("DAILY_AMOUNT_LIMIT", 1), ("INVALID_ID_FORMAT", 1)] {
        let click =
            "[...document.querySelectorAll('#decisions button')].find(button => button.innerText === ";
        page.eval(&format!("{click}'{decision}').click()"));
        assert_eq!(page.eval("$('results').children.length"), found);
        assert!(page.text("#waterfall h3").ends_with(decision), "{decision}");
        assert_eq!(page.eval("$('filter').selectedOptions[0].text"), decision);
    }
    page.press("/");
    page.write("15887");
    assert_eq!(page.text("#found"), "No such input with this decision.");
}

/// Returns a trace whose names are all as long and as unbreakable as possible.
fn trace_of_long_names() -> String {
    let (name, word) = ("a_step_with_a_long_name_".repeat(8), "W".repeat(250));
    let after = format!(r#""ctx_after":{{"tags":{{"accepted":"false","reason":"{word}"}}}}"#);
    let rest = format!(
        r#"{after},"ctx_diff":{{"tags":{{"before":{{}},"after":{{"{word}":"{word}"}}}}}},"status":"ok","error":null"#
    );
    let error = format!(
        r#"{after},"ctx_diff":null,"status":"error","error":{{"type":"E","message":"{word}","where":"b","stack":null}}"#
    );
    let mut trace = String::new();
    for line_no in 1..30 {
        for (rest, step) in [(&rest, 0), (if line_no % 7 == 0 { &error } else { &rest }, 1)] {
            let _ = write!(trace, "{}", record(&word, line_no * 1_000, (step, &name), rest));
        }
    }
    trace
}

#[test]
fn on_a_phone_nothing_is_wider_than_the_screen() {
    let folder = Folder::with_input(LINES);
    run(&folder, &SHOW_TAGS);
    for _ in 0..2 {
        let Some(mut page) = view(&folder) else { return };
        for width in [360, 768, 1280, 360] {
            page.resize(width, 740);
            let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
            assert_eq!(page.eval(overflow), 0, "the page does not scroll sideways at {width}");
            // Content that overflows its box without widening the page would be cut.
            let cut = "[...document.querySelectorAll('section *')].filter(each => each.getBoundingClientRect().right > innerWidth).map(each => each.outerHTML.slice(0, 200))";
            assert_eq!(page.eval(cut), json!([]), "at {width}");
        }
        folder.write("trace.jsonl", trace_of_long_names());
    }
}

/// Lists the texts whose contrast to their background is below 4.5, the bound of WCAG at level AA.
pub(super) const TOO_PALE: &str = r"(() => {
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const light = (color) => {
    const [r, g, b] = parts(color).map((part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    const color = getComputedStyle(element).backgroundColor;
    return parts(color)[3] === 0 ? behind(element.parentElement) : color;
  };
  const texts = [...document.body.querySelectorAll('*')].filter((element) => element.offsetParent &&
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
  const pale = texts.filter((element) => {
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  });
  return { texts: texts.length, pale: pale.map((element) => element.outerHTML.slice(0, 200)) };
})()";

#[test]
fn text_can_be_read_in_light_and_dark() {
    let folder = Folder::with_input(LINES);
    folder.write("trace.jsonl", trace_of_long_names());
    run(&folder, &[]);
    let Some(mut page) = view_one_run(&folder) else { return };
    let paper = "getComputedStyle(document.body).backgroundColor";
    let mut papers = Vec::new();
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        papers.push(page.eval(paper));
        for run in 0..3 {
            page.eval(&format!("showRun({run})"));
            let found = page.eval(TOO_PALE);
            assert!(found["texts"].as_u64() > Some(50), "{found}");
            assert_eq!(found["pale"], json!([]), "{scheme}, run {run}");
        }
    }
    assert_ne!(papers[0], papers[1], "dark is dark");
}

#[test]
fn the_page_could_not_reach_the_network_if_it_tried() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_one_run(&folder) else { return };
    assert_eq!(page.eval("fetch('http://127.0.0.1:9/').then(() => 'reached', () => 'refused')"), "refused");
    let complaints = page.take_complaints().concat();
    assert!(complaints.contains("Content Security Policy"), "{complaints}");
}
