//! Measured runs against one worker, with times that are known.

use std::fs::File;
use std::io::Write as _;

use stream_kernel_exec::trace::{ManualClock, Timestamp};
use stream_kernel_run::Job;

use super::loads::{Loads, config, lines};
use crate::measure::{Files, Measured, Network, Setting, WorkerTimes, apart};
use crate::run::WorkersError;
use crate::testing::alone;

const THREADS: Network = Network { latency_ns: 0, bytes_per_second: None, copy_ns_per_kib: 0 };

fn job(values: &[String]) -> Job<Loads> {
    let loader = values.iter().fold(Job::<Loads>::loader(), |loader, value| loader.set(value.as_str()));
    Job::prepare(loader).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Runs a job with a clock by which each piece of work takes 10 ns; returns what it measured, output and trace.
fn measured(
    job: &Job<Loads>,
    input: &[u8],
    setting: Setting,
) -> Result<(Measured, String, String), WorkersError> {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    File::create(path("input")).unwrap().write_all(input).unwrap();
    let input = File::open(path("input")).unwrap();
    let [output, trace] = ["output", "trace"].map(|name| File::create(path(name)).unwrap());
    let files = Files { input: &input, output: Some(&output), trace: Some(&trace) };
    let mut time_ns = 0;
    let mut now_ns = || {
        time_ns += 10;
        time_ns
    };
    let clock = || ManualClock::new(Timestamp::from_nanos(1_768_959_025_000_000_000), 0);
    let measured = apart(job, clock, files, setting, &mut now_ns)?;
    let [output, trace] = ["output", "trace"].map(|name| std::fs::read_to_string(path(name)).unwrap());
    Ok((measured, output, trace))
}

fn setting(workers: usize, network: Network) -> Setting {
    Setting { workers, epoch_bytes: 360, seed: 7, network }
}

#[test]
fn a_measured_run_comes_to_the_same_as_one_worker() {
    let slow = Network { latency_ns: 35, bytes_per_second: Some(1_000_000_000), copy_ns_per_kib: 90 };
    let (mut ended, mut traced) = (0, 0);
    for seed in 0..100 {
        let (job, input) = (job(&config(seed)), lines(seed));
        let expected = alone(job.again().unwrap(), &input);
        for (workers, network) in [(1, THREADS), (3, THREADS), (4, slow)] {
            // Runs that fail are no measurements.
            let Ok((measured, output, trace)) = measured(&job, &input, setting(workers, network)) else {
                continue;
            };
            assert_eq!(output, expected.output, "seed {seed}, {workers} workers");
            assert!(trace == expected.trace, "seed {seed}, {workers} workers: another trace");
            assert_eq!(measured.report, expected.report, "seed {seed}");
            assert_eq!(measured.output_bytes, output.len() as u64);
            ended += 1;
            traced += usize::from(!trace.is_empty());
        }
    }
    assert!(ended > 60 && traced > 20, "{ended} runs ended, {traced} with a trace");
}

/// Each time that a worker has is what it worked and what it waited.
fn is_accounted_for(times: &WorkerTimes) -> bool {
    times.busy_ns() + times.waited_ns == times.ended_ns
}

#[test]
fn times_are_worked_out() {
    let values = ["runtime.pipeline=[parse, first, judge, settle, write]".to_owned()];
    let job = job(&values);
    let input = b"1 1 p1 1\n2 1 p2 1\n3 2 p1 1\n4 2 p3 1\n5 3 p2 1\n6 3 p1 1\n".repeat(20);
    let run = |workers, network| measured(&job, &input, setting(workers, network)).unwrap().0;
    let one = run(1, THREADS);
    let [only] = one.workers.as_slice() else { panic!("{one:?}") };
    assert_eq!((one.epochs, only.waited_ns, only.received_bytes), (9, 0, 0), "nobody to wait for");
    assert!(only.sent.is_empty() && is_accounted_for(only) && one.wall_ns() == only.ended_ns, "{one:?}");
    // Nine epochs, each read, numbered, written, and taken through two stages: a piece of 10 ns each.
    let names = ["read", "write", "take through to the end", "take to the first stage, and ask"];
    for name in names {
        assert!(only.work.contains(&(name.to_owned(), 90)), "{name}: {one:?}");
    }

    let two = run(2, THREADS);
    assert!(two.workers.iter().all(is_accounted_for), "{two:?}");
    let sent: u64 = two.workers.iter().flat_map(|it| &it.sent).map(|(_, sent)| sent.bytes).sum();
    let received: u64 = two.workers.iter().map(|it| it.received_bytes).sum();
    assert!(sent > 0 && sent == received, "what is sent arrives: {two:?}");

    let far = run(2, Network { latency_ns: 1_000_000, ..THREADS });
    // At least one epoch in three waits for counts, questions, answers and results to come and go.
    assert!(far.wall_ns() > 3 * 4 * 1_000_000 && far.wall_ns() < 100 * 1_000_000, "{far:?}");
    assert!(far.workers.iter().all(is_accounted_for), "{far:?}");
    let slow = run(2, Network { bytes_per_second: Some(1_000_000), ..THREADS });
    let most = slow.workers.iter().map(|it| it.received_bytes).max().unwrap_or_default();
    assert!(slow.wall_ns() >= most * 1000, "a byte takes a microsecond: {slow:?}");
    let copied = run(2, Network { bytes_per_second: Some(u64::MAX), latency_ns: 0, copy_ns_per_kib: 1024 });
    let bytes: u64 = copied.workers.iter().map(|it| it.received_bytes).sum();
    let copying: u64 = copied
        .workers
        .iter()
        .flat_map(|it| &it.work)
        .filter(|(name, _)| name == "copy packets")
        .map(|(_, ns)| ns)
        .sum();
    assert_eq!(copying, 2 * bytes, "once at each end");
}
