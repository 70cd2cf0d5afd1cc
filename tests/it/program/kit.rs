//! The analyst's kit in `docs/kit`, each piece in the tool that it is for, with a trace whose only error comes last.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::folder::Folder;
use super::harness::Program;
use super::tools::{program, python_packages, python_packages_if_any};

const REASONS: &[u8] = include_bytes!("../../../fixtures/reasons.ndjson");

fn kit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/kit").canonicalize().unwrap()
}

/// Returns a folder with `trace.jsonl`, whose last record alone has failed, and `decisions.csv`, made of it.
fn traced() -> Folder {
    let folder = Folder::with_input(REASONS);
    Program::new(&folder)
        .args(["run", "--trace-path", "trace.jsonl"])
        .set(["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}"])
        .set(["runtime.tracing.signature.mode=type_and_identity"])
        .exits_with(0);
    let trace = folder.read("trace.jsonl");
    let (most, last) = trace.rsplit_once(r#""status":"ok","error":null"#).unwrap();
    let error =
        r#""status":"error","error":{"type":"Disk","message":"full","where":"write_output","stack":null}"#;
    folder.write("trace.jsonl", [most, error, last].concat());
    let export = ["trace", "export", "trace.jsonl", "--format", "csv", "--output", "decisions.csv"];
    Program::new(&folder).args(export).exits_with(0);
    folder
}

/// Runs a command of a tool in the folder and returns its standard output.
#[track_caller]
fn run(command: &mut Command, folder: &Folder) -> String {
    let output = command.current_dir(folder.path()).output().unwrap();
    let [stdout, stderr] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{stdout}{stderr}");
    stdout
}

#[test]
fn csv_has_a_row_for_each_line_of_output() {
    let folder = traced();
    let csv = folder.read("decisions.csv");
    let (header, rows) = csv.split_once("\r\n").unwrap();
    let columns: Vec<&str> = header.split(',').collect();
    let at = |name: &str| columns.iter().position(|column| *column == name).unwrap();
    let output = folder.read("output.txt");
    let decisions: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let rows: Vec<Vec<&str>> = rows.split_terminator("\r\n").map(|row| row.split(',').collect()).collect();
    assert_eq!(rows.len(), decisions.len());
    let [rows @ .., last] = &*rows else { panic!("{csv}") };
    for (row, decision) in rows.iter().zip(&decisions) {
        let outcome = if decision["accepted"] == true { "accepted" } else { "declined" };
        assert_eq!(row[at("outcome")], outcome, "{row:?}");
        assert_eq!(row[at("reason")].is_empty(), decision["accepted"] == true, "{row:?}");
        assert_eq!(row[at("tags_id")].trim_matches('"'), decision["id"], "{row:?}");
    }
    let shown = ["outcome", "status", "error_step", "error"].map(|name| last[at(name)]);
    assert_eq!(shown, ["error", "error", "write_output", "full"], "whatever its steps noted before");
}

#[test]
fn csv_needs_a_trace_that_can_be_read_twice() {
    let folder = traced();
    let command = ["trace", "export", "-", "--format", "csv"];
    let outcome = Program::new(&folder).args(command).stdin(folder.read("trace.jsonl")).exits_with(2);
    assert!(outcome.stderr.contains("csv reads it twice"), "{}", outcome.stderr);
    assert_eq!(outcome.stdout, "");
}

#[test]
fn csv_names_a_wrong_line_once() {
    let folder = traced();
    folder.write("trace.jsonl", "nonsense\n".to_owned() + &folder.read("trace.jsonl") + "{\"trace_id\"");
    let outcome =
        Program::new(&folder).args(["trace", "export", "trace.jsonl", "--format", "csv"]).exits_with(2);
    assert_eq!(outcome.stdout, folder.read("decisions.csv"));
    assert_eq!(outcome.stderr.matches("`trace.jsonl`, line 1").count(), 1, "{}", outcome.stderr);
    assert_eq!(outcome.stderr.matches("torn record").count(), 1, "{}", outcome.stderr);
}

#[test]
fn lnav_knows_the_format() {
    let Some(lnav) = program("lnav", "--version", "lnav") else { return };
    let folder = traced();
    let lnav = |arguments: &[&str]| {
        let mut command = Command::new(lnav);
        run(command.env("HOME", folder.path()).args(arguments), &folder)
    };
    let format = kit().join("lnav/stream_kernel_trace.json");
    lnav(&["-i", format.to_str().unwrap()]);
    let lines = lnav(&["-n", "trace.jsonl"]);
    let last = lines.lines().last().unwrap();
    assert!(last.contains("run:30") && last.ends_with("OutputLine 2108 Disk full"), "{last}");
    let failed =
        ";SELECT line_no, step_name, \"error/message\" FROM stream_kernel_trace WHERE log_level = 'error'";
    let failed = lnav(&["-n", "-c", failed, "-c", ":write-csv-to -", "trace.jsonl"]);
    assert_eq!(failed, "line_no,step_name,error/message\n30,write_output,full\n");
    let declined = ";SELECT count(*) AS n FROM stream_kernel_trace WHERE step_name = 'update_windows' \
                    AND jget(ctx_after, '/tags/reason') = 'DAILY_AMOUNT_LIMIT'";
    assert_eq!(lnav(&["-n", "-c", declined, "-c", ":write-csv-to -", "trace.jsonl"]), "n\n4\n");
}

const DUCKDB: &str = "
import duckdb, sys
base = duckdb.connect()
base.execute(open(sys.argv[1]).read())
def rows(query): return base.sql(query).fetchall()
failed = \"select line_no, step_name, error.message from trace('trace.jsonl') where status = 'error'\"
print(rows(failed))
daily = \"where reason = 'DAILY_AMOUNT_LIMIT'\"
noted = \"(select tags ->> 'reason' as reason from decisions('trace.jsonl'))\"
print(rows(f'select count(*) from {noted} {daily}'))
print(rows(f\"select count(*), max(line_no), min(time) is not null from decisions_csv('decisions.csv') {daily}\"))
";

#[test]
fn duckdb_keeps_a_late_error() {
    let Some(python) = python_packages(&["duckdb"]) else { return };
    let folder = traced();
    let said = run(Command::new(python).args(["-c", DUCKDB]).arg(kit().join("duckdb.sql")), &folder);
    let [failed, daily, csv] = said.lines().collect::<Vec<_>>()[..] else { panic!("{said}") };
    assert_eq!(failed, "[(30, 'write_output', 'full')]");
    assert_eq!(daily, "[(4,)]");
    assert!(csv.starts_with("[(4, ") && csv.ends_with(", True)]"), "{csv}");
}

const POLARS: &str = "
import polars as pl
from polars_trace import read_decisions, scan_trace
trace = scan_trace('trace.jsonl', tags=['reason'], metrics=['amount_cents']).collect()
failed = trace.filter(pl.col('status') == 'error')
print(failed.select('line_no', pl.col('error').struct.field('message')).rows())
reason = pl.col('ctx_after').struct.field('tags').struct.field('reason')
decided = trace.filter(pl.col('step_name') == 'update_windows')
print(decided.filter(reason == 'DAILY_AMOUNT_LIMIT').height, trace.schema['t_enter'])
print(read_decisions('decisions.csv').filter(pl.col('reason') == 'DAILY_AMOUNT_LIMIT').height)
";

#[test]
fn polars_keeps_a_late_error() {
    let Some(python) = python_packages(&["polars"]) else { return };
    let folder = traced();
    let said = run(Command::new(python).args(["-c", POLARS]).env("PYTHONPATH", kit()), &folder);
    assert_eq!(said, "[(30, 'full')]\n4 Datetime(time_unit='us', time_zone='UTC')\n4\n");
}

const CLICKHOUSE: &str = "
import sys
from chdb import session
base = session.Session()
base.query(open(sys.argv[1]).read())
print(base.query(\"SELECT line_no, step_name, error.message FROM trace WHERE status = 'error'\"))
print(base.query(\"SELECT count() FROM trace WHERE step_name = 'update_windows' \"
                 \"AND JSONExtractString(ctx_after, 'tags', 'reason') = 'DAILY_AMOUNT_LIMIT'\"))
";

#[test]
fn clickhouse_keeps_a_late_error() {
    let Some(python) = python_packages_if_any(&["chdb"]) else { return };
    let folder = traced();
    let said = run(Command::new(python).args(["-c", CLICKHOUSE]).arg(kit().join("clickhouse.sql")), &folder);
    assert_eq!(said.split_whitespace().collect::<Vec<_>>(), ["30,\"write_output\",\"full\"", "4"]);
}

#[test]
fn hl_shows_records_by_step() {
    let Ok(_) = Command::new("hl").arg("--version").output() else { return };
    let folder = traced();
    let mut hl = Command::new("hl");
    hl.arg("--config").arg(kit().join("hl.toml")).args(["-P", "--level", "error", "trace.jsonl"]);
    let shown = run(&mut hl, &folder);
    assert!(shown.contains("write_output") && shown.contains("full"), "{shown}");
    assert_eq!(shown.lines().count(), 1, "{shown}");
}

/// speedscope chooses how to read a file by these ends of its name.
const CLAIMED_BY_SPEEDSCOPE: [&str; 10] = [
    ".chrome.json",
    ".cpuprofile",
    ".heapprofile",
    ".heapsnapshot",
    ".stackprof.json",
    ".v8log.json",
    ".instruments.txt",
    ".linux-perf.txt",
    ".collapsedstack.txt",
    ".pmcstat.graph",
];

#[test]
fn names_in_the_guides_select_no_importer_of_speedscope() {
    let mut names = 0;
    for page in ["../reading-traces.md", "README.md", "../../README.md"] {
        let page = fs::read_to_string(kit().join(page)).unwrap();
        for name in
            page.split_whitespace().filter(|word| [".json", ".txt"].iter().any(|end| word.ends_with(end)))
        {
            names += 1;
            assert!(!CLAIMED_BY_SPEEDSCOPE.iter().any(|end| name.ends_with(end)), "{name}");
        }
    }
    assert!(names > 0, "there are names to look at");
}
