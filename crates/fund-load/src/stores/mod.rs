//! What is remembered from line to line, behind ports: the steps hold no other state.

mod ids;
mod memory_windows;
mod position_table;
mod windows;

pub use ids::{FirstAttempt, IdStore, MemoryIdStore};
pub use memory_windows::MemoryWindowStore;
pub use position_table::{MAX_ENTRIES, StoreFull};
pub use windows::{CustomerWindows, WindowEntry, WindowStore};
