//! One input on the page of `trace view`: its steps, its notes, its errors, its link, its ruler.

use serde_json::json;

use super::folder::Folder;
use super::trace_view::{LINES, OK, SHOW_TAGS, record, run, view, view_one_run};

#[test]
fn an_inputs_steps_show_their_notes_on_demand() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_one_run(&folder) else { return };
    page.press("/");
    page.write("777");
    let answer = page.text("#waterfall .answer");
    assert_eq!(
        answer,
        "DECLINED: DAILY_AMOUNT_LIMIT. $3,318.47 accepted earlier that day + $4,000.00 = $7,318.47, over $5,000.00"
    );
    let step = |step: usize| format!("#waterfall .steps > li:nth-child({step})");
    let notes = |at: usize| step(at) + " .changes";
    assert_eq!(page.text(&notes(2)), "", "closed at first");
    page.eval(&format!("document.querySelector('{} .head').click()", step(2)));
    assert_eq!(page.text(&notes(2)), "tags.day\n2000-01-01\ntags.week\n1999-12-27");
    assert_eq!(page.text(&notes(1)), "", "the others stay closed");
    page.eval(&format!("document.querySelector('{} .head').click()", step(2)));
    assert_eq!(page.text(&notes(2)), "");
    page.eval("document.activeElement.blur()");
    page.press("e");
    assert!(page.text(&notes(1)).contains("metrics.amount_cents\n$4,000.00"));
    assert_eq!(page.text(&notes(8)), "", "writing notes nothing");
    page.press("j");
    page.press("e");
    assert_eq!(page.text(&notes(1)), "");
}

#[test]
fn a_link_opens_an_input() {
    let folder = Folder::with_input(LINES);
    run(&folder, &SHOW_TAGS);
    let Some(mut page) = view_one_run(&folder) else { return };
    let heading = "#waterfall h3";
    let mut go = |hash: &str| {
        page.eval(&format!("new Promise(done => {{ addEventListener('hashchange', () => done(), {{ once: true }}); location.hash = '{hash}' }})"));
        (page.text(heading), page.eval("$('run').selectedIndex"), page.text("#found"))
    };
    let all = "4 inputs, slowest first";
    assert_eq!(go("line=3"), ("Line 3, id 777 DAILY_AMOUNT_LIMIT".into(), 0.into(), all.into()));
    assert_eq!(go("run=2&line=4"), ("Line 4, id 7770 accepted".into(), 1.into(), all.into()));
    assert_eq!(go("line=9"), (String::new(), 1.into(), "No such input.".into()));
    // What is chosen is in the address, to be sent to somebody.
    page.press("Escape");
    page.press("/");
    page.write("15887");
    page.press("ArrowDown");
    assert_eq!(page.eval("location.hash"), "#run=2&line=1");
    let again = page.eval("location.href");
    page.eval("location.hash = ''");
    page.open_again(again.as_str().unwrap());
    assert_eq!(
        (page.text(heading), page.eval("$('run').selectedIndex")),
        ("Line 1, id 15887 accepted".into(), 1.into())
    );
}

#[test]
fn errors_are_shown_in_full_at_their_step() {
    let folder = Folder::new();
    let error = r#""ctx_after":null,"ctx_diff":null,"status":"error","error":{"type":"StepError","message":"no <i>luck</i>","where":"b","stack":null}"#;
    let trace = [record("r", 1, (0, "a"), OK), record("r", 1, (1, "b"), error), record("r", 2, (0, "a"), OK)];
    folder.write("trace.jsonl", trace.concat());
    let Some(mut page) = view(&folder) else { return };
    assert_eq!(page.text("#totals .bad"), "Errors\n1");
    assert_eq!(page.text("#latency .failure"), ", 1 failed");
    let failures = "[...document.querySelectorAll('#failures tr')].map(row => [...row.cells].map(cell => cell.innerText))";
    assert_eq!(
        page.eval(failures),
        json!([["b", "StepError: no <i>luck</i>", "1×", "line 1"]]),
        "which step, and why"
    );
    page.eval("document.querySelector('#failures button').click()");
    assert_eq!(page.text("#waterfall h3"), "Line 1, id id-1 failed in b");
    page.eval("document.querySelector('#decisions button').click()");
    assert_eq!(page.text("#found"), "1 input, slowest first");
    assert_eq!(page.text("#waterfall li:nth-child(2).failed .failure"), "StepError: no <i>luck</i>");
    assert_eq!(page.text("#waterfall li:nth-child(1) .failure"), "");
}

/// Returns the records of an input of five steps of 1 µs, of which one takes `stalls_for_ns`.
fn stalled(position: usize, stalls_for_ns: usize) -> String {
    let (mut at_us, mut trace) = (0, String::new());
    for index in 0..5 {
        let nanos = if index == position { stalls_for_ns } else { 1_000 };
        let at = format!("2026-01-21T01:23:{:02}.{:06}Z", at_us / 1_000_000, at_us % 1_000_000);
        let step = record("r", 1, (index, &format!("step_{index}")), OK);
        let begin = step.find(r#""t_enter""#).unwrap();
        let end = step.find(r#","duration_ms""#).unwrap();
        trace += &format!(r#"{}"t_enter":"{at}","t_exit":"{at}"{}"#, &step[..begin], &step[end..]).replace(
            r#""duration_ms":0.001"#,
            &format!(r#""duration_ms":{}.{:06}"#, nanos / 1_000_000, nanos % 1_000_000),
        );
        at_us += nanos / 1_000;
    }
    trace
}

#[test]
fn a_stall_leaves_the_other_steps_to_be_seen() {
    let folder = Folder::new();
    let bars = "[...document.querySelectorAll('#waterfall .bar')].map(bar => bar.offsetWidth / bar.parentElement.offsetWidth)";
    let pressed = "document.querySelector('.choice [aria-pressed=true]').innerText";
    for position in 0..5 {
        folder.write("trace.jsonl", stalled(position, 3_000_000_000));
        let Some(mut page) = view(&folder) else { return };
        assert_eq!(page.eval(pressed), "log", "it suits the input");
        let widths = page.eval(bars);
        let widths: Vec<f64> =
            widths.as_array().unwrap().iter().map(|width| width.as_f64().unwrap()).collect();
        assert!(widths.iter().all(|width| *width > 0.02), "{widths:?}");
        let longest = widths.iter().copied().fold(0.0, f64::max);
        assert!((widths[position] - longest).abs() < 1e-9, "the longest looks longest: {widths:?}");
        assert!(page.text("#waterfall .ruler").contains("3 s"), "the ruler tells how long");
        page.press("l");
        assert_eq!(page.eval(pressed), "linear");
        let linear = page.eval(bars);
        assert!(linear[position].as_f64() > Some(0.99), "{linear}");
    }
    // Without a stall nothing is bent.
    folder.write("trace.jsonl", stalled(2, 4_000));
    let Some(mut page) = view(&folder) else { return };
    assert_eq!(page.eval(pressed), "linear");
}
