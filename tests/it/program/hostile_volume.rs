//! Senseless input in any amount: the program reads it in constant memory and ends well.

use std::iter;

use super::folder::Folder;
use super::harness::Program;

/// The memory that the program may use: its code, 256 KiB of input and of output each, and a line of 1 MiB with the
/// data made from it.
const MEMORY_MAX_BYTES: u64 = 48 * 1024 * 1024;

/// Without optimisations, a sixteenth of the volume is tried: still several times the allowed memory.
const SHARE: usize = if cfg!(debug_assertions) { 16 } else { 1 };

const GIB: usize = 1024 * 1024 * 1024;

/// Feeds generated lines to the program; it must count this many lines, all declined.
#[track_caller]
fn check<'a>(pieces: impl Iterator<Item = &'a [u8]>, lines: usize) {
    let folder = Folder::new();
    let mut running = Program::new(&folder).args(["run", "--input", "-", "--output", "/dev/null"]).start();
    for piece in pieces {
        running.send(piece);
    }
    let peak = running.peak_memory_bytes();
    drop(running.take_stdin());
    let outcome = running.wait();
    assert_eq!(outcome.exit, 0, "{}", outcome.stderr);
    assert!(peak < MEMORY_MAX_BYTES, "{peak} bytes of memory");
    let told: String = outcome.stderr.chars().filter(|character| *character != ',').collect();
    assert!(told.starts_with(&format!("fund-load: {lines} line")), "{}", outcome.stderr);
    let declined = told.lines().find_map(|row| row.trim().strip_prefix("declined"));
    assert_eq!(declined.map(str::trim), Some(&*lines.to_string()), "{}", outcome.stderr);
}

#[test]
fn a_line_of_a_gibibyte_is_skipped_in_constant_memory() {
    let piece = vec![b'x'; 1024 * 1024];
    let pieces = iter::repeat_n(&piece[..], GIB / SHARE / piece.len());
    check(pieces.chain([&b"\nafter it\n"[..]]), 2);
}

#[test]
fn ten_million_bad_lines_are_declined_in_constant_memory() {
    let lines: Vec<_> =
        (0..10_000).map(|number| format!("{{\"id\":\"{number}\",\"customer_id\":[]}}\n")).collect();
    let piece = lines.concat();
    let times = 1_000 / SHARE;
    check(iter::repeat_n(piece.as_bytes(), times), times * lines.len());
}

#[test]
fn random_bytes_are_declined_in_constant_memory() {
    // Any bytes will do, but a failure must be repeatable: Marsaglia's xorshift.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    let piece = words.take(1024 * 1024 / 8).flatten().collect::<Vec<_>>();
    let times = 256 / SHARE;
    let lines = (piece.split(|byte| *byte == b'\n').count() - 1) * times;
    check(iter::repeat_n(&piece[..], times).chain([&b"\n"[..]]), lines + 1);
}
