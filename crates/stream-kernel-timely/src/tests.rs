//! Several workers against one: the same bytes, whatever the lines, the configuration, the epochs and the order of deliveries.

mod loads;

use loads::{Loads, Random, config, lines};
use stream_kernel_run::Job;

use crate::testing::{Setting, alone, together};

/// Returns a job of the configuration that a seed draws.
fn job(seed: u64) -> Job<Loads> {
    let loader = config(seed).iter().fold(Job::<Loads>::loader(), |loader, value| loader.set(value));
    Job::prepare(loader).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// Runs what a seed draws on one worker and on several, and compares.
fn check(seed: u64) {
    let mut random = Random::new(seed);
    let job = job(seed);
    let input = lines(seed);
    let workers = 1 + random.below(5) as usize;
    let longest = input.len() as u64 + 1;
    // From two lines or less to all of them.
    let epoch_bytes = 1 + [20, 60, 200, 1000, longest][random.below(5) as usize];
    let setting = Setting { workers, epoch_bytes, seed };
    let expected = alone(job.again().unwrap(), &input);
    let found = together(&job, &input, setting);
    let configured = config(seed);
    let context = || {
        let input = String::from_utf8_lossy(&input);
        format!("seed {seed}, {setting:?}, {configured:#?}, lines:\n{input}")
    };
    let found = found.unwrap_or_else(|error| panic!("{error}; {}", context()));
    let is_refused = found.told.last().is_some_and(|told| told.contains("several workers cannot share that"));
    if is_refused {
        // What was decided before is right.
        assert!(input.contains(&b'+'), "{}", context());
        assert!(expected.output.starts_with(&found.output), "output before a refusal; {}", context());
        assert!(expected.trace.starts_with(&found.trace), "trace before a refusal; {}", context());
        return;
    }
    assert_eq!(found.told, expected.told, "told; {}", context());
    assert_eq!(found.output, expected.output, "output; {}", context());
    assert_eq!(found, expected, "{}", context());
}

#[test]
fn several_workers_do_what_one_does() {
    let cases = std::env::var("CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(3000);
    let from = std::env::var("FROM").ok().and_then(|from| from.parse().ok()).unwrap_or(0);
    (from..from + cases).for_each(check);
}
