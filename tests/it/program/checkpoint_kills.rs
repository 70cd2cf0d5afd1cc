//! `kill -9` of the program at random moments, until it is left alone: its results must be those of an undisturbed run.

use std::thread::sleep;
use std::time::Duration;

use rustix::process::Signal;

use super::attempts::attempts;
use super::folder::Folder;
use super::harness::Program;

const ARGS: [&str; 7] = [
    "run",
    "--trace-path",
    "trace.jsonl",
    "--set",
    "runtime.checkpoint={dir: run.ckpt, every_lines: 100}",
    "--set",
    "runtime.tracing={context_diff: {mode: whitelist, whitelist: [tags]}, sink: {jsonl: {write_mode: batch}}}",
];

/// The number of folders, and of kills in each.
const FOLDERS: u64 = 8;
const KILLS: u64 = 5;

/// The longest time before a kill, in microseconds: a part of the duration of a whole run.
const LONGEST_US: u64 = 80_000;

#[test]
fn a_run_killed_at_random_gives_the_same_results() {
    let input = attempts(1_500);
    let undisturbed = Folder::with_input(&input);
    Program::new(&undisturbed).args(ARGS).exits_with(0);
    for seed in 0..FOLDERS {
        let folder = Folder::with_input(&input);
        for number in 0..KILLS {
            let running = Program::new(&folder).args(ARGS).start();
            sleep(Duration::from_micros((seed * KILLS + number) * 1_000_003 % LONGEST_US));
            running.signal(Signal::KILL);
        }
        let told = Program::new(&folder).args(ARGS).exits_with(0).stderr;
        assert_eq!(folder.read("output.txt"), undisturbed.read("output.txt"), "seed {seed}: {told}");
        let same = ["trace", "diff", "trace.jsonl"];
        let trace = undisturbed.path_of("trace.jsonl");
        Program::new(&folder).args(same).args([trace]).exits_with(0);
        assert!(!folder.has("output.txt.partial"));
    }
}
