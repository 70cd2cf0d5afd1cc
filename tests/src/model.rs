//! A naive model of fund-load: input bytes and settings in, decisions out.
//!
//! It is written to be held beside the contract, rule by rule, and to be right at first sight, not fast: it keeps
//! every canonical attempt and looks through all of them for each question.
//!
//! | part | what of the contract it says |
//! |---|---|
//! | [`adjudicate`] | every line gets one decision, in order |
//! | `lines` | what a physical line is |
//! | `attempt` | the table of what makes a line unusable, row by row |
//! | `json`, `utc`, `money`, `prime` | the texts and numbers that the rules speak of |
//! | `policies` | canonical attempts, and the limits that apply to them |
//! | `output` | how a decision is written |

mod attempt;
mod json;
mod lines;
mod money;
mod output;
mod policies;
mod prime;
mod settings;
mod utc;

pub use money::{Cents, cents_of};
pub use output::render;
pub use policies::{Figures, Kept};
pub use settings::{ApplyTo, Monday, Settings, Weekday, baseline, exp_mp};

use policies::History;

/// The decision on one physical line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The trimmed text of `id`, `""` where it is not readable.
    pub id: String,
    /// The trimmed text of `customer_id`, `""` where it is not readable.
    pub customer_id: String,
    /// The reason code of a declined line, `None` for an accepted one.
    pub reason: Option<&'static str>,
    /// Its figures, `None` for a line to which no limit applies: a bad one, a replay, a conflict.
    pub figures: Option<Figures>,
    /// The size of memory after the line.
    pub kept: Kept,
}

/// Returns one verdict for each physical line of `input`, in order.
///
/// ```
/// use stream_kernel_tests::model::{adjudicate, baseline, render};
///
/// let input = br#"{"id":"1","customer_id":"2","load_amount":"$3.00","time":"2000-01-01T00:00:00Z"}"#;
/// let verdicts = adjudicate(input, &baseline());
/// assert_eq!(verdicts[0].reason, None);
/// assert_eq!(render(&verdicts), b"{\"id\":\"1\",\"customer_id\":\"2\",\"accepted\":true}\n");
/// ```
pub fn adjudicate(input: &[u8], settings: &Settings) -> Vec<Verdict> {
    let mut history = History::default();
    let mut verdicts = Vec::new();
    for line in lines::physical_lines(input) {
        verdicts.push(match attempt::read(line, settings.max_line_bytes) {
            Err(unusable) => Verdict {
                id: unusable.id,
                customer_id: unusable.customer_id,
                reason: Some(unusable.reason),
                figures: None,
                kept: history.kept(settings),
            },
            Ok(attempt) => {
                let (reason, figures) = policies::adjudicate(&attempt, &mut history, settings);
                let kept = history.kept(settings);
                Verdict { id: attempt.id, customer_id: attempt.customer_id, reason, figures, kept }
            }
        });
    }
    verdicts
}
