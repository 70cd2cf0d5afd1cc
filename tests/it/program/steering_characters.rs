//! Characters that steer a terminal, or reorder or hide text: whatever the input, the configuration or a trace
//! contains, the program never prints one.

use std::path::Path;

use stream_kernel_text::needs_escape;

use super::attempts::attempt_of;
use super::folder::Folder;
use super::harness::Program;

/// All of them except NUL, which no argument can contain; names of files and scenarios can contain all these.
fn steering() -> String {
    let ranges = [
        0x01..=0x1f,
        0x7f..=0x9f,
        0x61c..=0x61c,
        0x200b..=0x200f,
        0x2028..=0x202e,
        0x2060..=0x206f,
        0xfeff..=0xfeff,
    ];
    ranges.into_iter().flatten().filter_map(char::from_u32).collect()
}

/// Asserts that `told` contains none of them except line ends.
#[track_caller]
fn assert_safe(what: &str, told: &str) {
    if let Some(at) = told.find(|character| character != '\n' && needs_escape(character)) {
        let around: String = told[at..].chars().take(40).collect();
        panic!("{what}: {around:?}");
    }
}

/// Returns a folder with an input full of them, and settings that show all of it.
fn folder() -> (Folder, [String; 4]) {
    // JSON has to escape those below U+0020.
    let text = serde_json::to_string(&format!("\0{}", steering())).unwrap();
    let text = text.trim_matches('"');
    let input = format!(
        "{}\n{}\n",
        attempt_of(text, text, text, text),
        attempt_of("1", "7", "1.00", "2000-01-01T00:00:00Z")
    );
    let settings = [
        format!("scenario.name={}", steering()),
        "runtime.tracing.context_diff.mode=full".to_owned(),
        "runtime.tracing.signature.mode=hash".to_owned(),
        "adapters.input_source.settings.path=input.txt".to_owned(),
    ];
    (Folder::with_input(input), settings)
}

/// Returns a name with all of them that a file name can contain.
fn name(stem: &str) -> String {
    format!("{stem}{}", steering())
}

#[test]
fn a_trace_escapes_them_and_keeps_their_meaning() {
    let (folder, settings) = folder();
    Program::new(&folder).args(["run", "--trace-path", "trace.jsonl"]).set(settings).exits_with(0);
    let trace = folder.read("trace.jsonl");
    // Merely invisible ones are the exception.
    let invisible = [
        "\u{200b}\u{200c}\u{200d}",
        "\u{2060}\u{2061}\u{2062}\u{2063}\u{2064}\u{2065}",
        "\u{206a}\u{206b}\u{206c}\u{206d}\u{206e}\u{206f}",
    ];
    assert!(invisible.iter().all(|raw| trace.contains(raw)));
    assert_safe("the trace", &invisible.iter().fold(trace.clone(), |trace, raw| trace.replace(raw, "")));
    let record: serde_json::Value = serde_json::from_str(trace.lines().next().unwrap()).unwrap();
    let trimmed = format!("\0{}", steering());
    assert_eq!(record["ctx_after"]["tags"]["id"], *trimmed, "escapes mean what was there");
    assert_eq!(record["scenario"], *steering());
}

#[test]
fn no_command_shows_one() {
    let (folder, settings) = folder();
    let (trace, output) = (&*name("trace"), &*name("output"));
    let files = ["--trace-path", trace, "--output", output];
    for args in [
        ["check"].as_slice(),
        &["config", "show"],
        &["config", "show", "--json"],
        &["config", "show", "--origin"],
        &["config", "show", "--origin", "--json"],
        &["run"],
    ] {
        let outcome = Program::new(&folder).args(args).args(files).set(&settings).exits_with(0);
        assert_safe(&format!("{args:?}"), &(outcome.stdout + &outcome.stderr));
    }
    for args in [
        ["trace", "show", trace].as_slice(),
        &["trace", "show", trace, "--json"],
        &["trace", "stats", trace],
        &["trace", "stats", trace, "--json"],
        &["trace", "check", trace],
        &["trace", "check", trace, "--json"],
        &["trace", "diff", trace, trace],
        &["trace", "diff", trace, trace, "--json"],
        &["trace", "export", trace, "--format", "otlp"],
        &["trace", "export", trace, "--format", "chrome"],
        &["explain", trace, "--line", "1"],
        &["explain", trace, "--line", "1", "--json"],
        &["explain", trace, "--id", trace],
        &["trace", "show", "no trace", "--id", trace],
        &["trace", "view", trace, "--output", "page.html"],
        &["trace", "view", trace, "--output", "page.json", "--json"],
    ] {
        let outcome = Program::new(&folder).args(args).run();
        assert_safe(&format!("{args:?}"), &(outcome.stdout + &outcome.stderr));
    }
    for page in ["page.html", "page.json"] {
        assert_safe(page, &folder.read(page));
    }
}

/// A trace may come from elsewhere: its texts may contain these characters unescaped.
#[test]
fn of_a_foreign_trace_none_is_shown_either() {
    let (folder, settings) = folder();
    Program::new(&folder).args(["run", "--trace-path", "own.jsonl"]).set(settings).exits_with(0);
    let raw: String = steering().chars().filter(|&character| character >= '\u{7f}').collect();
    let own = folder.read("own.jsonl");
    let foreign = own.lines().map(|line| {
        line.replacen("RawLine", &format!("RawLine{raw}"), 9).replace("\"1\"", &format!("\"{raw}\""))
    });
    folder.write("trace.jsonl", foreign.map(|line| line + "\n").collect::<String>() + &raw + "\n");
    for args in [
        ["trace", "show", "trace.jsonl"].as_slice(),
        &["trace", "show", "trace.jsonl", "--json"],
        &["trace", "stats", "trace.jsonl"],
        &["trace", "check", "trace.jsonl"],
        &["trace", "check", "trace.jsonl", "--json"],
        &["trace", "diff", "own.jsonl", "trace.jsonl"],
        &["trace", "diff", "own.jsonl", "trace.jsonl", "--json"],
        &["trace", "export", "trace.jsonl", "--format", "otlp"],
        &["trace", "export", "trace.jsonl", "--format", "chrome"],
        &["explain", "trace.jsonl", "--line", "2"],
        &["explain", "trace.jsonl", "--line", "2", "--json"],
        &["trace", "view", "trace.jsonl", "--output", "page.html"],
    ] {
        let outcome = Program::new(&folder).args(args).run();
        assert!(!(outcome.stdout.is_empty() && outcome.stderr.is_empty()) || args[1] == "view", "{args:?}");
        assert_safe(&format!("{args:?}"), &(outcome.stdout + &outcome.stderr));
    }
    assert_safe("page.html", &folder.read("page.html"));
}

#[test]
fn no_mistake_and_no_failure_shows_one() {
    let (folder, _) = folder();
    let unknown = format!("{}=1", name("runtime."));
    let missing = name("no such folder/");
    for args in [
        ["run", "--set", &unknown].as_slice(),
        &["run", "--config", &missing],
        &["run", "--set", &format!("runtime.pipeline=[{:?}]", name("step"))],
        &["run", "--input", &missing],
        &["run", "--output", &missing],
        &["run", "--trace-path", &missing],
        &["run", "--tracing", "enable", "--set", &format!("runtime.tracing.redact.key_file={missing}")],
        &["trace", "show", &missing],
        &["trace", "check", &missing, "--repair"],
        &["explain", &missing, "--line", "1"],
    ] {
        let outcome = Program::new(&folder).args(args).run();
        assert!(outcome.exit == 1 || outcome.exit == 2, "{args:?}");
        assert!(!Path::new(&missing).exists());
        assert_safe(&format!("{args:?}"), &(outcome.stdout + &outcome.stderr));
    }
}
