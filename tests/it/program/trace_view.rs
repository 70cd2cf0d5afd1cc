//! The page of `trace view` in a real browser, without a window and without a network.

use std::io::{self, Write};
use std::process::{Command, Output};

use super::folder::Folder;
use super::harness::Program;

const LINES: &str = concat!(
    r#"{"id":"15887","customer_id":"528","load_amount":"$3318.47","time":"2000-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"id":"</script><b id=\"broken\">","customer_id":"528","load_amount":"$1.00","time":"2000-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"id":"777","customer_id":"528","load_amount":"$4000.00","time":"2000-01-01T01:00:00Z"}"#,
    "\n",
);

/// Returns a folder with `report.html`, the page of a run of [`LINES`].
fn folder_with_page() -> Folder {
    let folder = Folder::with_input(LINES);
    let tracing = [
        "runtime.tracing.context_diff.mode=whitelist",
        "runtime.tracing.context_diff.whitelist=[tags]",
        "runtime.tracing.signature.mode=type_and_identity",
    ];
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).set(tracing).exits_with(0);
    let view = ["trace", "view", "trace.jsonl", "--output", "report.html"];
    Program::new(&folder).args(view).exits_with(0);
    folder
}

/// Opens `page` and returns its elements as they are once its script has run; `None`, and says so, without a browser.
fn open(folder: &Folder, page: &str) -> Option<String> {
    let profile = folder.path_of("profile");
    let started = Command::new("chromium")
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("file://{}/{page}", folder.path().display()))
        .output();
    let Output { stdout, stderr, .. } = match started {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let _ = writeln!(io::stderr(), "skipped: `chromium` is not installed (apt-get install chromium)");
            return None;
        }
        started => started.unwrap(),
    };
    let stderr = String::from_utf8_lossy(&stderr);
    let complaints: Vec<&str> = stderr.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(complaints.is_empty(), "the page complains: {complaints:#?}");
    let elements = String::from_utf8(stdout).unwrap();
    assert!(elements.contains("</html>"), "the browser shows nothing: {stderr}");
    Some(elements)
}

/// Returns the text between `before` and the next tag.
fn text_after<'a>(elements: &'a str, before: &str) -> &'a str {
    let (_, rest) = elements.split_once(before).unwrap_or_else(|| panic!("no {before} in {elements}"));
    rest.split('<').next().unwrap()
}

#[test]
fn the_page_shows_the_run_and_hostile_ids_stay_text() {
    let folder = folder_with_page();
    let Some(elements) = open(&folder, "report.html") else { return };
    assert_eq!(text_after(&elements, r#"<h1 id="title">"#), "Trace of baseline, run");
    assert_eq!(text_after(&elements, "<dt>Inputs</dt><dd>"), "3");
    assert_eq!(text_after(&elements, r#"role="status">"#), "3 inputs, slowest first");
    for expected in ["INVALID_ID_FORMAT", "DAILY_AMOUNT_LIMIT", "parse_load_attempt", "<path class=\"area\""]
    {
        assert!(elements.contains(expected), "{expected}");
    }
    assert!(elements.contains(r#"id &lt;/script&gt;&lt;b id="broken"&gt;"#), "the id is shown as it is");
    assert!(!elements.contains("<b "), "and makes no element");
}

#[test]
fn search_finds_by_id_and_by_line() {
    let folder = folder_with_page();
    for (search, found, heading) in [
        ("777", "1 input", "Line 3, id 777: DAILY_AMOUNT_LIMIT"),
        ("3", "1 input", "Line 3, id 777: DAILY_AMOUNT_LIMIT"),
        ("1588", "1 input", "Line 1, id 15887: accepted"),
        ("nothing", "No such input.", ""),
    ] {
        let Some(elements) = open(&folder, &format!("report.html#search={search}")) else { return };
        assert_eq!(text_after(&elements, r#"role="status">"#), found, "{search}");
        let (_, waterfall) = elements.split_once(r#"<div id="waterfall""#).unwrap();
        assert!(waterfall.contains(heading), "{search}: {heading}");
        assert_eq!(waterfall.contains("<rect"), !heading.is_empty(), "{search}: a bar a step");
    }
}
