//! The words of `trace view`.

use stream_kernel_trace::ContextSnapshot;
use stream_kernel_trace_reader::reading::{Inputs, TraceLine, TraceReader};

use super::super::{sentences_of, text};
use super::*;

const SHOWN: &str = "runtime.tracing.context_diff={mode: whitelist, whitelist: [tags, metrics]}";

/// Returns the sentences for each input of `trace`, in turn.
fn sentences(trace: &[u8]) -> Vec<Vec<String>> {
    let (mut reader, mut inputs, mut told) = (TraceReader::new(trace), Inputs::default(), Vec::new());
    let mut explain = |snapshot: Option<&ContextSnapshot>| {
        told.push(snapshot.map(sentences_of).unwrap_or_default());
    };
    while let Some(TraceLine::Record(record)) = reader.next_line().unwrap() {
        if let Some(input) = inputs.push(1, *record) {
            explain(input.records.last().unwrap().ctx_after.as_ref());
        }
    }
    if let Some(input) = inputs.take() {
        explain(input.records.last().unwrap().ctx_after.as_ref());
    }
    told
}

#[test]
fn the_sentences_are_those_of_explain_but_for_other_lines() {
    let trace = traced(EXP_MP, &[SHOWN], REASONS);
    let told = sentences(&trace);
    assert_eq!(told.len(), 30);
    for (line_no, sentences) in (1..).zip(&told) {
        let explained = answer(&trace, Asked::Line(line_no));
        for sentence in sentences {
            // The fate of another line is known to those who have read it.
            let mine = sentence.replace("used this id before.", "used this id before and was accepted.");
            // The values of that line are left out, too.
            let has_it = explained.contains(&mine) || sentence.contains("ID_DUPLICATE_CONFLICT");
            assert!(has_it, "line {line_no}: {sentence}\n{explained}");
        }
    }
    assert_eq!(
        told[29],
        [
            "DECLINED: WEEKLY_AMOUNT_LIMIT. $20,000.00 accepted earlier that week + $0.01 = $20,000.01, over $20,000.00",
            "Nothing above $0.00 would have passed: the limit was used up.",
        ]
    );
    assert_eq!(
        told[8],
        [
            "DECLINED: ID_DUPLICATE_REPLAY. Line 8 used this id before. It has the same customer, amount and time. A replay does not count as an attempt"
        ]
    );
}

#[test]
fn a_trace_that_shows_too_little_has_no_sentences() {
    for settings in [
        &["runtime.tracing.context_diff.mode=none"][..],
        &["runtime.tracing.context_diff={mode: whitelist, whitelist: [tags]}"],
    ] {
        let told = sentences(&traced(EXP_MP, settings, REASONS));
        assert!(told.iter().all(Vec::is_empty), "{settings:?}: {told:?}");
    }
}

#[test]
fn cents_are_money_and_nothing_else_is() {
    for (path, json, shown) in [
        ("metrics.amount_cents", "123456789", Some("$1,234,567.89")),
        ("metrics.day_amount_limit_cents", "0", Some("$0.00")),
        ("metrics.attempts_before", "3", None),
        ("metrics.amount_multiplier_millionths", "2000000", None),
        // A tag is a text, whatever its name; a masked metric no number.
        ("tags.amount_cents", "5", None),
        ("metrics.amount_cents", "\"***\"", None),
    ] {
        assert_eq!(text::value(path, json).as_deref(), shown, "{path}");
    }
}
