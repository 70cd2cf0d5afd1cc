//! Small inputs with every kind of line.

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use stream_kernel_tests::streams::hostile_input;

/// Returns `count` lines, each with its LF, a third of them hostile; the same for the same seed.
pub(super) fn lines(seed: u8, count: usize) -> Vec<u8> {
    let random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), random);
    let mut lines = Vec::new();
    while lines.len() < count {
        let drawn = hostile_input().new_tree(&mut runner).unwrap().current();
        // Lines of many KiB make every case slow and none better.
        let short = drawn.split_inclusive(|byte| *byte == b'\n').filter(|line| line.len() < 512);
        lines.extend(short.map(|line| [line.trim_ascii_end(), b"\n"].concat()));
    }
    lines.truncate(count);
    lines.concat()
}
