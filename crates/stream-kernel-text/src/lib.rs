#![doc = include_str!("../README.md")]

mod causes;
mod escape;
mod figures;
mod hex;
mod table;

pub use causes::with_causes;
pub use escape::{escaped, escaped_json, needs_escape};
pub use figures::{counted, duration, grouped};
pub use hex::{hex, hex_digits, push_hex};
pub use table::{Column, aligned};
