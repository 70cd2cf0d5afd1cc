//! What is remembered from line to line, behind ports: the steps hold no other state.

mod customer_limit;
mod forgetting_ids;
mod horizon_notices;
mod ids;
mod memory_ids;
mod memory_windows;
mod position_table;
mod store_full;
mod windows;

pub use forgetting_ids::ForgettingIdStore;
pub use horizon_notices::{DayJump, HorizonNotices, MAX_TOLD, TooOld};
pub use ids::{FirstAttempt, IdEntry, IdStore};
pub use memory_ids::MemoryIdStore;
pub use memory_windows::MemoryWindowStore;
pub use position_table::MAX_ENTRIES;
pub use store_full::StoreFull;
pub use windows::{CustomerWindows, WindowEntry, WindowStore};
