//! Lines: any input is decided line by line like by the model, by the fast reader and by the one for lines of every
//! form.

use super::decisions::decisions;

/// The most bytes that are tried at once: the model looks through all lines before for each.
const MAX_INPUT_BYTES: usize = 16 * 1024;

/// Decides the lines of `input`, once as they are and once so that the quick reader leaves each of them alone.
///
/// # Panics
///
/// If one of them is decided otherwise than by the model.
pub fn line(input: &[u8]) {
    if input.len() > MAX_INPUT_BYTES {
        return;
    }
    decisions(input);
    // It takes no line that begins with white space; to JSON that is all the same.
    let spaced: Vec<_> = input.split_inclusive(|byte| *byte == b'\n').flat_map(|line| [b" ", line]).collect();
    decisions(&spaced.concat());
}
