//! References for fund-load: a plain loop that makes the same decisions, the floors below it, and the needs of tracing
//! libraries to record its steps.
//!
//! `cargo xtask bench` and `cargo xtask scale` run the programs in `src/bin`, and `benches/parts` measures the parts of
//! the kernel; `docs/performance.md` shows the results.

pub mod attempt;
pub mod moments;
pub mod plain_loop;
pub mod program;
pub mod steps;
