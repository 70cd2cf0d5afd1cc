//! fund-load on real files, in processes of its own that kill themselves (`kill -9`) before and after every operation on files.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use rustix::process::Signal;
use stream_kernel_disk::random_number;
use tempfile::TempDir;

use super::input::lines;
use super::masked::masked;

const CONFIGURATION: &str = "\
version: 1
scenario: {name: killed}
runtime:
  checkpoint: {dir: run.ckpt, every_lines: 3}
  tracing:
    enabled: true
    context_diff: {mode: whitelist, whitelist: [tags, metrics]}
    sink: {kind: jsonl, jsonl: {path: trace.jsonl, write_mode: batch, flush_every_n: 40}}
";

const MOMENTS: [&str; 2] = ["before", "after"];

/// With about so many operations a resumed run begins, until it takes in the next line. Half of the kills of such runs come among them.
const OPERATIONS_TO_RESUME: u64 = 40;

/// A folder in which one process after another runs, until one is not killed.
struct Scene {
    folder: TempDir,
}

/// What became of a process.
enum Outcome {
    /// It has killed itself there.
    Killed(String),
    /// The run is complete, after so many operations.
    Complete(u64),
}

impl Scene {
    fn new(input: &[u8]) -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("input.txt"), input).unwrap();
        fs::write(folder.path().join("killed.yaml"), CONFIGURATION).unwrap();
        Self { folder }
    }

    /// Has the next processes run on so many threads.
    fn set_workers(&self, workers: u64) {
        let settings = format!("\n  workers: {workers}\n  epoch_bytes: 700\n  checkpoint:");
        let configuration = CONFIGURATION.replacen("\n  checkpoint:", &settings, 1);
        fs::write(self.folder.path().join("killed.yaml"), configuration).unwrap();
    }

    /// Lets a process run, which kills itself at a point if it comes there.
    fn process(&self, point: Option<(&str, u64)>) -> Outcome {
        let mut command = Command::new(env!("CARGO_BIN_EXE_killed-run"));
        command.arg("killed.yaml").current_dir(self.folder.path());
        if let Some((moment, operation)) = point {
            command.args([moment, &operation.to_string()]);
        }
        let output = command.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        if output.status.signal() == Some(Signal::KILL.as_raw()) {
            let point = told.strip_prefix("killed ").unwrap().trim_end();
            return Outcome::Killed(point.to_owned());
        }
        assert!(output.status.success(), "{point:?}: {told}");
        Outcome::Complete(String::from_utf8(output.stdout).unwrap().trim_end().parse().unwrap())
    }

    /// Returns the output and the trace without its times.
    fn results(&self) -> (String, String) {
        let read = |name| fs::read(self.folder.path().join(name)).unwrap_or_default();
        (String::from_utf8(read("output.txt")).unwrap(), masked(&read("trace.jsonl")))
    }
}

#[test]
fn a_run_that_is_killed_around_every_operation_and_again_while_it_resumes() {
    // Of few ids, so that snapshots are worth it.
    let input = lines(41, 3).repeat(8);
    let undisturbed = Scene::new(&input);
    let Outcome::Complete(operations) = undisturbed.process(None) else { panic!("nobody was to kill it") };
    let expected = undisturbed.results();
    assert_eq!(expected.0.lines().count(), 24);

    let kill = |scene: &Scene, moment: usize, operation: u64| {
        let Outcome::Killed(point) = scene.process(Some((MOMENTS[moment], operation))) else { return None };
        let point = point.strip_prefix(MOMENTS[moment]).unwrap().trim_start();
        // One snapshot is like the other.
        Some(point.trim_end_matches(|byte: char| byte.is_ascii_digit()).to_owned())
    };
    let [mut points, mut points_of_recovery] = [BTreeSet::new(), BTreeSet::new()];
    let mut kills = 0;
    for operation in 0..operations {
        for moment in [0, 1] {
            let scene = Scene::new(&input);
            points.insert(kill(&scene, moment, operation).expect("the operation is reached"));
            kills += 1;
            let random = random_number(operation * 2 + moment as u64);
            // As often as it is killed: a resumed run takes more or fewer operations, and may be complete before.
            for again in 1..=2 {
                // About as many operations as the run that is killed has left.
                let left = OPERATIONS_TO_RESUME + operations - operation;
                let among = if again == 1 { left } else { OPERATIONS_TO_RESUME };
                if let Some(point) = kill(&scene, (random & 1) as usize, (random >> (8 * again)) % among) {
                    points_of_recovery.insert(point);
                    kills += 1;
                }
            }
            assert!(matches!(scene.process(None), Outcome::Complete(_)));
            assert_eq!(
                scene.results(),
                expected,
                "killed {} operation {operation}, then {random}",
                MOMENTS[moment]
            );
        }
    }
    assert!(kills >= 500, "only {kills} kills around {operations} operations");
    for point in [
        "cut output.txt.partial",
        "cut trace.jsonl",
        "read manifest",
        "remove snapshot-",
        "rename output.txt.partial",
    ] {
        assert!(points_of_recovery.contains(point), "no recovery was killed around `{point}`");
    }
    assert_every_operation_is_among(points);
}

/// As above, but for what cannot be told: threads do not come to the same operations each time.
#[test]
fn several_workers_that_are_killed_go_on_as_others() {
    let input = lines(41, 3).repeat(20);
    let undisturbed = Scene::new(&input);
    assert!(matches!(undisturbed.process(None), Outcome::Complete(_)));
    let expected = undisturbed.results();
    let (mut kills, mut points) = (0, BTreeSet::new());
    for operation in (0..120).step_by(3) {
        let scene = Scene::new(&input);
        for again in 0..3 {
            let random = random_number(operation * 3 + again);
            scene.set_workers(1 + (random >> 20) % 4);
            let (moment, among) = (MOMENTS[(random & 1) as usize], 2 * OPERATIONS_TO_RESUME);
            let at = if again == 0 { operation } else { (random >> 8) % among };
            if let Outcome::Killed(point) = scene.process(Some((moment, at))) {
                let point = point.strip_prefix(moment).unwrap().trim_start();
                points.insert(point.trim_end_matches(|byte: char| byte.is_ascii_digit()).to_owned());
                kills += 1;
            }
        }
        scene.set_workers(1 + operation % 3);
        assert!(matches!(scene.process(None), Outcome::Complete(_)));
        assert_eq!(scene.results(), expected, "killed around operation {operation}");
    }
    assert!(kills >= 60, "only {kills} kills");
    for file in ["snapshot-", "manifest", "output.txt.partial", "trace.jsonl"] {
        assert!(
            points.iter().any(|point| point.ends_with(file)),
            "none was killed around `{file}`: {points:?}"
        );
    }
}

/// Whatever a run does to a file, it was killed around that.
fn assert_every_operation_is_among(points: BTreeSet<String>) {
    let points: Vec<_> = points.into_iter().collect();
    insta::assert_snapshot!(points.join("\n"), @"
    create configuration
    create directory run.ckpt
    create output.txt.partial
    create snapshot-
    cut manifest
    list run.ckpt
    lock lock
    lock output.txt.partial
    lock trace.jsonl
    measure configuration
    measure input.txt
    measure manifest
    measure output.txt.partial
    measure snapshot-
    measure trace.jsonl
    open for reading input.txt
    open for reading output.txt.partial
    open or create lock
    open or create manifest
    open or create trace.jsonl
    open output.txt.partial
    read input.txt
    read output.txt.partial
    read trace.jsonl
    remove configuration
    remove snapshot-
    rename output.txt.partial
    sync configuration
    sync directory .
    sync directory run.ckpt
    sync manifest
    sync output.txt.partial
    sync snapshot-
    sync trace.jsonl
    tell apart output.txt.partial
    write configuration
    write manifest
    write output.txt.partial
    write snapshot-
    write trace.jsonl
    ");
}
