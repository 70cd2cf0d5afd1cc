//! What fund-load is held against: a plain loop that makes the same decisions, the floors below it, and what tracing
//! libraries need to record its steps.
//!
//! The programs in `src/bin` are run by `cargo xtask bench` and `cargo xtask scale`, the parts of the kernel are measured by `benches/parts`;
//! `docs/performance.md` shows what came out.

pub mod attempt;
pub mod moments;
pub mod plain_loop;
pub mod program;
pub mod steps;
