//! The pipeline's decisions on an input, held against the model's.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use fund_load::FundLoad;
use stream_kernel_run::{Job, LineOutput, LineReader, SummaryRow};

use crate::model::{Settings, adjudicate, exp_mp, render};

/// Long enough for any usable line that a fuzzer makes, and short enough for one that is too long.
const MAX_LINE_BYTES: usize = 1_024;

/// Takes `input` through the pipeline and returns by line why it was declined, `None` if it was accepted.
///
/// # Panics
///
/// If the model decides otherwise, the output has other bytes, or a step fails.
pub(super) fn decisions(input: &[u8]) -> Vec<Option<&'static str>> {
    let output = Memory::default();
    let mut run = job().start("run", None, output.clone());
    let mut lines = LineReader::new(input, MAX_LINE_BYTES);
    let verdicts = adjudicate(input, &Settings { max_line_bytes: MAX_LINE_BYTES, ..exp_mp() });
    let mut reasons = Vec::new();
    while let Ok(Some(line)) = lines.next_line() {
        run.look_ahead(&lines.lines_ahead());
        let before = run.summary();
        if let Err(failure) = run.process(line) {
            panic!("{failure}");
        }
        let reason = verdicts.get(reasons.len()).and_then(|verdict| verdict.reason);
        let after = run.summary();
        let expected = reason.unwrap_or("accepted");
        assert_eq!(
            count(&after, expected),
            count(&before, expected) + 1,
            "line {} is {expected} to the model: {after:?}",
            reasons.len() + 1
        );
        reasons.push(reason);
    }
    assert_eq!(reasons.len(), verdicts.len(), "the model sees other lines");
    let expected = render(&verdicts);
    assert_eq!(
        output.0.borrow().escape_ascii().to_string(),
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

/// An output that is looked at afterwards.
#[derive(Clone, Default)]
struct Memory(Rc<RefCell<Vec<u8>>>);

impl LineOutput for Memory {
    fn write_line(&mut self, line: &[u8]) -> io::Result<()> {
        self.0.borrow_mut().extend_from_slice(line);
        Ok(())
    }
}
