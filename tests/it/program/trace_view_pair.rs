//! Two traces on one page of `trace view`.

use serde_json::json;

use super::browser::Page;
use super::folder::Folder;
use super::harness::Program;
use super::trace_view::{LINES, SHOW_TAGS};

/// Opens the page of two traces of the input under two limits of a day.
fn view_pair(folder: &Folder) -> Option<Page> {
    for (trace, limit) in [("a.jsonl", "5000.00"), ("b.jsonl", "3000.00")] {
        let limit = format!("nodes.evaluate_policies.limits.daily_amount={limit}");
        let settings: Vec<&str> = SHOW_TAGS.into_iter().chain([&*limit]).collect();
        Program::new(folder).args(["run", "--trace-path", trace]).set(&settings).exits_with(0);
    }
    Program::new(folder)
        .args(["trace", "view", "a.jsonl", "b.jsonl", "--output", "report.html"])
        .exits_with(0);
    Page::open(folder, "report.html")
}

#[test]
fn what_flipped_comes_first_and_both_sides_are_shown() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_pair(&folder) else { return };
    assert_eq!(page.text("#changes .figures"), "1 decision flipped\n0 declined for another reason");
    assert_eq!(page.text("#changes th"), "accepted → declined: DAILY_AMOUNT_LIMIT");
    assert_eq!(page.text("#found"), "4 inputs, changed first");
    let sides = "[...document.querySelectorAll('#waterfall h3')].map(heading => heading.innerText)";
    assert_eq!(
        page.eval(sides),
        json!(["A Line 1, id 15887 accepted", "B Line 1, id 15887 DAILY_AMOUNT_LIMIT"])
    );
    let answers =
        "[...document.querySelectorAll('#waterfall .answer')].map(answer => answer.innerText.split('.')[0])";
    assert_eq!(page.eval(answers), json!(["ACCEPTED: $3,318", "DECLINED: DAILY_AMOUNT_LIMIT"]));
    // A step opens on both sides, and marks what it noted otherwise.
    page.eval("document.querySelectorAll('.steps .head')[4].click()");
    let marked =
        "[...document.querySelectorAll('.detail:not([hidden]) .differs dt')].map(name => name.innerText)";
    let marked = page.eval(marked);
    assert!(marked.as_array().unwrap().contains(&json!("tags.accepted")), "{marked}");
    assert_eq!(page.eval("document.querySelectorAll('.detail:not([hidden])').length"), 2);
    let tops = "[...document.querySelectorAll('.steps')].map(steps => steps.getBoundingClientRect().top)";
    let tops = page.eval(tops);
    assert_eq!(tops[0], tops[1], "the waterfalls stand beside each other");
    // The changes lead to their inputs.
    page.eval("document.querySelector('#changes tbody button').click()");
    assert_eq!(page.text("#found"), "1 input, changed first");
    page.eval("$('filter').value = 'only A'; $('filter').dispatchEvent(new Event('change'))");
    assert_eq!(page.text("#found"), "No such input under this filter.");
}

#[test]
fn two_traces_fit_on_every_screen_in_light_and_dark() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_pair(&folder) else { return };
    page.press("e");
    for scheme in ["light", "dark"] {
        page.prefer(scheme);
        let found = page.eval(super::trace_view::TOO_PALE);
        assert_eq!(found["pale"], json!([]), "{scheme}");
    }
    for width in [360, 768, 1280, 1400] {
        page.resize(width, 740);
        let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(page.eval(overflow), 0, "the page does not scroll sideways at {width}");
        let cut = "[...document.querySelectorAll('section *')].filter(each => each.getBoundingClientRect().right > innerWidth).map(each => each.outerHTML.slice(0, 200))";
        assert_eq!(page.eval(cut), json!([]), "at {width}");
    }
}

#[test]
fn a_line_that_one_trace_lacks_is_said_to_be_lacking() {
    let folder = Folder::with_input(LINES);
    let Some(page) = view_pair(&folder) else { return };
    drop(page);
    let b = std::fs::read_to_string(folder.path_of("b.jsonl")).unwrap();
    let b: String = b.split_inclusive('\n').filter(|line| !line.contains(r#""line_no":3,"#)).collect();
    folder.write("b.jsonl", b);
    let same = ["trace", "view", "a.jsonl", "a.jsonl", "--output", "same.html"];
    Program::new(&folder)
        .args(["trace", "view", "a.jsonl", "b.jsonl", "--output", "report.html"])
        .exits_with(0);
    Program::new(&folder).args(same).exits_with(0);
    let Some(mut page) = Page::open(&folder, "report.html") else { return };
    page.eval("goToLine(3)");
    assert_eq!(page.text("#waterfall article:last-child"), "B Line 3 is only in A.");
    page.eval("$('filter').value = 'only A'; $('filter').dispatchEvent(new Event('change'))");
    assert_eq!(page.text("#found"), "1 input, changed first");
    drop(page);
    let Some(mut page) = Page::open(&folder, "same.html") else { return };
    assert!(page.text("#changes").starts_with("Nothing: "));
}

#[test]
fn a_trace_without_records_is_shown_beside_another() {
    let folder = Folder::with_input(LINES);
    let Some(page) = view_pair(&folder) else { return };
    drop(page);
    folder.write("b.jsonl", "");
    for (files, heading, of_b) in [
        (["a.jsonl", "b.jsonl"], "baseline", "B Line 1 is only in A."),
        (["b.jsonl", "a.jsonl"], "baseline", "B Line 1, id 15887 accepted"),
        (["b.jsonl", "b.jsonl"], "No records", ""),
    ] {
        let [a, b] = files;
        Program::new(&folder).args(["trace", "view", a, b, "--output", "report.html"]).exits_with(0);
        let mut page = Page::open(&folder, "report.html").unwrap();
        assert_eq!(page.text("h1"), heading);
        if !of_b.is_empty() {
            page.eval("goToLine(1)");
        }
        assert!(page.text("#waterfall article:last-child").starts_with(of_b), "{files:?}");
    }
}

#[test]
fn hostile_text_stays_text_on_both_sides() {
    let folder = Folder::with_input(LINES);
    let Some(mut page) = view_pair(&folder) else { return };
    page.eval("goToLine(2)");
    page.press("e");
    let told = page.text("#waterfall");
    assert_eq!(
        told.matches(
            r#"tags.id
</script><b id="broken">"#
        )
        .count(),
        2,
        "{told}"
    );
    assert_eq!(page.eval("document.querySelectorAll('b, #broken').length"), 0, "it makes no element");
}
