//! Lines: any input is decided line by line like by the model, by the fast reader and by the one for lines of every
//! form.

use super::decisions::decisions;

/// The most bytes that are tried at once: the model looks through all earlier lines for each.
const MAX_INPUT_BYTES: usize = 16 * 1024;

/// Decides the lines of `input`, once unchanged and once in a form that the fast reader skips.
///
/// # Panics
///
/// If one of them is decided otherwise than by the model.
pub fn line(input: &[u8]) {
    if input.len() > MAX_INPUT_BYTES {
        return;
    }
    decisions(input);
    // It skips lines that begin with white space, which JSON ignores.
    let spaced: Vec<_> = input.split_inclusive(|byte| *byte == b'\n').flat_map(|line| [b" ", line]).collect();
    decisions(&spaced.concat());
}
