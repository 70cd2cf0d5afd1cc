//! What is remembered from line to line, behind ports: the steps hold no other state.

mod ids;
mod windows;

pub use ids::{FirstAttempt, IdStore, MemoryIdStore};
pub use windows::{DayWindow, MemoryWindowStore, WindowEntry, WindowStore};
