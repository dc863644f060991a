//! The rules for naming lines, whatever is said about them.

use super::{commands::LINES_MAX, error::ReturnError};

/// The lines in the order of their keys, so that events and comparisons do not depend on the sender's order. No two may
/// have the same key; there may be `per_number` keys for each line.
pub(super) fn in_order<T: Clone, K: Ord>(
    lines: &[T],
    per_number: usize,
    number: fn(&T) -> u32,
    key: fn(&T) -> K,
) -> Result<Vec<T>, ReturnError> {
    let max = LINES_MAX * per_number;
    match lines.len() {
        0 => return Err(ReturnError::NoLines),
        given if given > max => return Err(ReturnError::TooManyLines { given, max }),
        _ => {}
    }
    let mut lines = lines.to_vec();
    lines.sort_by_key(key);
    match lines.windows(2).find(|pair| key(&pair[0]) == key(&pair[1])) {
        Some(pair) => Err(ReturnError::LineRepeated { line: number(&pair[0]) }),
        None => Ok(lines),
    }
}
