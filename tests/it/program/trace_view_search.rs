//! Search and order on the page of `trace view`.

use serde_json::json;

use super::browser::Page;
use super::folder::Folder;
use super::harness::Program;
use super::trace_view::{LINES, OK, record, view_one_run};

#[test]
fn search_finds_by_id_and_by_line_the_exact_first() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_one_run(&folder) else { return };
    for (search, found, heading) in [
        ("777", "2 inputs", "Line 3, id 777 DAILY_AMOUNT_LIMIT"),
        ("3", "1 input", "Line 3, id 777 DAILY_AMOUNT_LIMIT"),
        ("1588", "1 input", "Line 1, id 15887 accepted"),
        ("nothing", "No such input.", ""),
    ] {
        page.press("Escape");
        page.press("/");
        page.write(search);
        assert_eq!(
            (page.text("#found"), page.text("#waterfall h3")),
            (found.into(), heading.into()),
            "{search}"
        );
        assert_eq!(page.text("#hint"), "", "nothing is left out that it could be among");
    }
}

#[test]
fn search_finds_whatever_was_noted() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_one_run(&folder) else { return };
    for (search, found, matched) in [
        ("528", "3 inputs", "customer_id 528"),
        ("customer_id=529", "1 input", "customer_id 529"),
        ("2000-01-01", "3 inputs", "day 2000-01-01"),
        ("daily_amount", "1 input", "reason DAILY_AMOUNT_LIMIT"),
        ("528 daily_amount", "1 input", "customer_id 528, reason DAILY_AMOUNT_LIMIT"),
        ("$40.00", "1 input", "amount_cents $40.00"),
        // A figure is found whole.
        ("52", "No such input.", ""),
        ("customer_id=52", "No such input.", ""),
    ] {
        page.press("Escape");
        page.press("/");
        page.write(search);
        let told = (page.text("#found"), page.text("#results .match"));
        assert_eq!(told, (found.into(), matched.into()), "{search}");
    }
}

#[test]
fn inputs_are_sorted_as_the_reader_chooses() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_one_run(&folder) else { return };
    let lines = "[...document.querySelectorAll('#results small')].map(told => Number(told.innerText.match(/line (\\d+)/)[1]))";
    let mut sorted = |by: &str| {
        page.eval(&format!("$('sort').value = '{by}'; $('sort').dispatchEvent(new Event('change'))"));
        page.eval(lines)
    };
    assert_eq!(sorted("line"), json!([1, 2, 3, 4]));
    assert_eq!(sorted("id"), json!([2, 3, 4, 1]), "numbers in ids by their values");
    let (slowest, most_in_steps) = (sorted("slowest"), sorted("steps"));
    let by = |figure: &str| {
        let lines = format!(
            "page.runs[0].sample.toSorted((a, b) => b.{figure} - a.{figure}).map(input => input.line_no)"
        );
        page.eval(&lines)
    };
    let [elapsed, duration] = ["elapsed_ns", "duration_ns"].map(by);
    assert_eq!((slowest, most_in_steps), (elapsed, duration));
}

#[test]
fn an_input_beyond_the_sample_is_said_to_be_beyond_it() {
    let folder = Folder::new();
    // The first 200 are the slowest of equals; the others take some 8.5 MB, and every second one is dropped.
    let trace: String = (1..=40_000).map(|line_no| record("r", line_no, (0, "only"), OK)).collect();
    folder.write("it's a trace.jsonl", trace);
    let view = ["trace", "view", "it's a trace.jsonl", "--output", "report.html"];
    Program::new(&folder).args(view).exits_with(0);
    let Some(mut page) = Page::open(&folder, "report.html") else { return };
    let sampling = page.text("#sampling");
    assert!(sampling.starts_with("Sampled: ") && sampling.contains("of 40,000: one in 2,"), "{sampling}");
    page.press("/");
    page.write("20,001");
    assert_eq!(page.text("#waterfall h3"), "Line 20,001, id id-20001", "as it is shown");
    assert_eq!(page.text("#hint"), "");
    page.press("Escape");
    page.press("/");
    page.write("20000");
    assert_eq!(page.text("#found"), "No such input in the sample.");
    let hint = page.text("#hint");
    assert!(hint.contains(r"trace show 'it'\''s a trace.jsonl' --line 20000"), "{hint}");
    assert!(hint.ends_with("--id 20000."), "{hint}");
    page.press("Escape");
    page.press("/");
    page.write("day=2000-01-01");
    assert!(page.text("#hint").contains(r"trace export 'it'\''s a trace.jsonl' --format csv"));
}
