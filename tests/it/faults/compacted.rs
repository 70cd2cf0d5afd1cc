//! A log of changes that is replaced by the whole state, which is smaller.

use std::fmt::Write as _;
use std::path::Path;

use stream_kernel_disk::{Fault, PlannedFault, SimulatedDisk};
use stream_kernel_run::checkpoint::inspect;

use super::input::lines;
use super::scene::{CHECKPOINT, Scene};
use super::sweep::sweep;

fn log_number(disk: &SimulatedDisk) -> u64 {
    inspect(disk, Path::new(CHECKPOINT)).unwrap().last.unwrap().log.number
}

/// Every commit notes a tally: after a few of one line each, the log is twice as large as what it says.
#[test]
fn a_log_that_is_compacted_again_and_again_whatever_happens() {
    let input = lines(41, 24);
    let every_line = ["runtime.checkpoint.every_lines=1", "runtime.tracing.enabled=false"];
    let scene = Scene::fresh("compacted", &every_line, &input).must_adjudicate(&input);
    let disk = scene.disk.after_kill(0);
    scene.process(&disk, 0).unwrap();
    assert!(log_number(&disk) > 3, "only {} logs", log_number(&disk));
    assert!(sweep(&scene, 11) >= 200);
}

/// Returns three accepted attempts of each of some customers, day by day: with a short memory, nearly all that is noted is soon forgotten.
fn day_by_day(count: u32) -> Vec<u8> {
    let mut lines = String::new();
    for number in 0..count {
        let (customer, day) = (number / 3 % 33, number / 99);
        let (month, day) = (1 + day / 28, 1 + day % 28);
        writeln!(
            lines,
            r#"{{"id":"1{number:018}","customer_id":"7{customer:018}","load_amount":"$1.00","time":"2026-{month:02}-{day:02}T00:00:00Z"}}"#,
        )
        .unwrap();
    }
    lines.into_bytes()
}

/// The line whose decision cannot be written comes again, to a run that must not know it yet: what is committed before the run ends is
/// what was noted of the lines before, even where it is time to write everything.
#[test]
fn a_line_that_is_taken_back_is_in_no_compacted_log() {
    let input = day_by_day(8_500);
    let settings = [
        "runtime.checkpoint.every_lines=4500",
        "nodes.idempotency_gate.remember_days=1",
        "runtime.tracing.enabled=false",
    ];
    // The log of the first 4,500 lines is large enough to be compacted. In so many lines, the output's buffer fills up once.
    let scene = Scene::fresh("taken back", &settings, &input).must_adjudicate(&input);
    let disk = scene.disk.after_kill(0);
    scene.process(&disk, 0).unwrap();
    let history = disk.history();
    let writes =
        history.lines().filter(|operation| operation.contains("write /fund-load/output.txt.partial"));
    let mut ended_at = Vec::new();
    for write in writes {
        let at = write.split_whitespace().next().unwrap().parse().unwrap();
        let disk = scene.disk.after_kill(at);
        disk.plan(PlannedFault { fault: Fault::Full, at, from_then_on: false });
        ended_at.push(scene.process(&disk, at).unwrap_err().to_string());
        scene.check_end(&disk, 7, false).unwrap_or_else(|what| panic!("after {ended_at:?}, {what}"));
    }
    assert!(ended_at.iter().any(|end| end.starts_with("line 7")), "in the middle of a line: {ended_at:?}");
}
