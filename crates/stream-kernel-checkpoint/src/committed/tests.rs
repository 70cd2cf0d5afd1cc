//! Bounds of a commit, and commits for other tests.

use super::{
    Committed, CommittedConfiguration, CommittedInput, CommittedOutput, CommittedTrace,
    MAX_CONFIGURATION_BYTES, MAX_PATH_BYTES, MAX_PROGRAM_BYTES, MAX_TOTAL_NAME_BYTES, MAX_TOTALS, Program,
    ReplayFrom, Total, json_bytes,
};
use crate::prefix::PrefixHash;

/// Returns a commit after some lines of a small run.
pub(crate) fn after_lines(lines: u64) -> Committed {
    Committed {
        program: Program { name: "sums".to_owned(), version: "1.0.0".to_owned() },
        configuration: CommittedConfiguration {
            digest: "c0ffee".to_owned(),
            bytes: 0,
            hash: PrefixHash::new().digest(),
        },
        input: CommittedInput {
            path: "/input".to_owned(),
            bytes: 0,
            prefix: PrefixHash::new().digest(),
            ends_in_lf: true,
        },
        lines,
        output: CommittedOutput {
            path: "/output".to_owned(),
            partial: "/output.partial".to_owned(),
            bytes: 0,
            since_snapshot: PrefixHash::new().digest(),
            is_named: false,
        },
        trace: None,
        totals: vec![Total { name: "lines".to_owned(), count: lines, level: 0 }],
        replay: ReplayFrom::default(),
        committed_at_ms: 946_684_800_000,
        complete: false,
    }
}

/// Returns a commit of the greatest size in every part.
pub(crate) fn greatest() -> Committed {
    let text = |bytes| "x".repeat(bytes);
    let path = || "\u{1}".repeat(MAX_PATH_BYTES / 6) + &text(MAX_PATH_BYTES % 6);
    Committed {
        program: Program { name: text(MAX_PROGRAM_BYTES), version: text(MAX_PROGRAM_BYTES) },
        configuration: CommittedConfiguration {
            digest: text(MAX_CONFIGURATION_BYTES),
            bytes: u64::MAX,
            hash: PrefixHash::new().digest(),
        },
        input: CommittedInput {
            path: path(),
            bytes: u64::MAX,
            prefix: PrefixHash::new().digest(),
            ends_in_lf: false,
        },
        lines: u64::MAX,
        output: CommittedOutput {
            path: path(),
            partial: path(),
            bytes: u64::MAX,
            since_snapshot: PrefixHash::new().digest(),
            is_named: false,
        },
        trace: Some(CommittedTrace {
            path: path(),
            bytes: u64::MAX,
            last_time_ns: u64::MAX,
            ends_after_line: Some(u64::MAX),
        }),
        totals: vec![
            Total { name: text(MAX_TOTAL_NAME_BYTES), count: u64::MAX, level: usize::MAX };
            MAX_TOTALS
        ],
        replay: ReplayFrom {
            lines: u64::MAX,
            input_bytes: u64::MAX,
            output_bytes: u64::MAX,
            abandoned: u64::MAX,
            undeliverable: u64::MAX,
        },
        committed_at_ms: u64::MAX,
        complete: false,
    }
}

#[test]
fn each_part_has_its_bound() {
    type Lengthen = fn(&mut Committed);
    assert_eq!(greatest().check_bounds(), Ok(()));
    let beyond: [(Lengthen, &str); 9] = [
        (|it| it.program.name.push('x'), "the program's name has 65 bytes"),
        (|it| it.program.version.push('x'), "the program's version has 65 bytes"),
        (|it| it.configuration.digest.push('x'), "the configuration's digest has 129 bytes"),
        (|it| it.input.path.push('x'), "the input's path has 1025 bytes"),
        (|it| it.output.path.push('\n'), "the output's path has 1026 bytes"),
        (|it| it.output.partial.push('x'), "the output's partial path has 1025 bytes"),
        (|it| it.trace.as_mut().unwrap().path.push('x'), "the trace's path has 1025 bytes"),
        (|it| it.totals[MAX_TOTALS - 1].name.push('x'), "the name of a total has 41 bytes"),
        (|it| it.totals.push(it.totals[0].clone()), "33 totals are more than the 32"),
    ];
    for (lengthen, expected) in beyond {
        let mut committed = greatest();
        lengthen(&mut committed);
        let error = committed.check_bounds().unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    }
}

#[test]
fn json_bytes_counts_the_written_text() {
    let text: String = (0..=0x2ff).filter_map(char::from_u32).collect();
    assert_eq!(json_bytes(&text), serde_json::to_string(&text).unwrap().len() - 2);
}
