//! Decisions of the pipeline on an input, compared with the model's.

use fund_load::FundLoad;
use stream_kernel_run::{Job, LineReader, MAX_LINES_AHEAD, SummaryRow};

use crate::model::{Settings, adjudicate, exp_mp, render};

/// Long enough for any usable line of a fuzzer, and short enough for one that is too long.
const MAX_LINE_BYTES: usize = 1_024;

/// Takes `input` through the pipeline and returns the reason by line, `None` if it was accepted.
///
/// # Panics
///
/// If the model decides otherwise, the output has other bytes, or a step fails.
pub(super) fn decisions(input: &[u8]) -> Vec<Option<&'static str>> {
    let mut session = job().start("run", None);
    let mut lines = LineReader::new(input, MAX_LINE_BYTES);
    let verdicts = adjudicate(input, &Settings { max_line_bytes: MAX_LINE_BYTES, ..exp_mp() });
    let (mut output, mut reasons) = (Vec::new(), Vec::new());
    while let Ok(Some(line)) = lines.next_line() {
        session.prepare(line, lines.bytes_read());
        while session.prepared() < MAX_LINES_AHEAD
            && let Some(line) = lines.buffered_line()
        {
            session.prepare(line, lines.bytes_read());
        }
        session.prefetch();
        while session.prepared() > 0 {
            let before = session.summary();
            if let Err(failure) = session.take_prepared() {
                panic!("{failure}");
            }
            output.extend_from_slice(session.written());
            let reason = verdicts.get(reasons.len()).and_then(|verdict| verdict.reason);
            let after = session.summary();
            let expected = reason.unwrap_or("accepted");
            assert_eq!(
                count(&after, expected),
                count(&before, expected) + 1,
                "line {} is {expected} to the model: {after:?}",
                reasons.len() + 1
            );
            reasons.push(reason);
        }
    }
    assert_eq!(reasons.len(), verdicts.len(), "the model sees other lines");
    let expected = render(&verdicts);
    assert_eq!(
        output.escape_ascii().to_string(),
        expected.escape_ascii().to_string(),
        "left: pipeline, right: model"
    );
    reasons
}

/// Returns a job of the scenario `exp_mp`, in which every rule is on.
fn job() -> Job<FundLoad> {
    let bound = format!("adapters.input_source.settings.max_line_bytes={MAX_LINE_BYTES}");
    let loader = Job::<FundLoad>::loader().built_in("exp_mp", include_str!("../../../fixtures/exp_mp.yaml"));
    Job::prepare(loader.set(bound)).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn count(summary: &[SummaryRow], label: &str) -> u64 {
    summary.iter().find(|row| row.label == label).map_or(0, |row| row.count)
}
