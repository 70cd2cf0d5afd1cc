//! What moves through the pipeline.

use stream_kernel_run::RawLine;

use super::{
    AttemptWithKeys, Decision, EnrichedAttempt, IdempotencyClassifiedAttempt, LoadAttempt, OutputLine,
};

stream_kernel_exec::messages! {
    /// Everything that moves through the pipeline, from the line read to the line written.
    #[derive(Clone, Debug)]
    pub enum FundLoadMessage {
        RawLine,
        LoadAttempt,
        AttemptWithKeys,
        IdempotencyClassifiedAttempt,
        EnrichedAttempt,
        Decision,
        OutputLine,
    }
}

/// Handed on in two registers: while payloads of several words were in it, a line took a fifth more time.
const _: () = assert!(size_of::<FundLoadMessage>() == 16);
