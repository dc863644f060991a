//! The cursor moves, and what lies before it is noted as checked.

use super::{
    CompletedImport, ImportState,
    error::ImportError,
    events::{ImportAdvanced, ImportCompleted, ImportEvent},
};
use crate::text::Reference;
use std::cmp::Ordering;

type Decision = Result<Vec<ImportEvent>, ImportError>;

pub(super) fn advance(state: &ImportState, documents: u64, digest: &Reference) -> Decision {
    let import = state.started()?;
    match documents.cmp(&import.cursor) {
        Ordering::Less => Err(ImportError::Backwards { cursor: import.cursor, given: documents }),
        Ordering::Equal => match &import.cursor_digest {
            Some(recorded) if recorded != digest => {
                Err(ImportError::DigestDiffers { documents, recorded: recorded.clone(), given: digest.clone() })
            }
            Some(_) | None => Ok(vec![]),
        },
        Ordering::Greater if documents > import.file_documents => {
            Err(ImportError::BeyondFile { file_documents: import.file_documents, given: documents })
        }
        Ordering::Greater => Ok(vec![ImportAdvanced { documents, digest: digest.clone() }.into()]),
    }
}

pub(super) fn complete(state: &ImportState, documents: u64, net_minor: i64) -> Decision {
    let import = state.started()?;
    if documents != import.cursor {
        return Err(ImportError::NotAtCursor { cursor: import.cursor, given: documents });
    }
    match import.completed {
        Some(CompletedImport { documents: noted, net_minor: recorded }) if noted == documents => {
            if recorded == net_minor {
                Ok(vec![])
            } else {
                Err(ImportError::AmountDiffers { documents, recorded, given: net_minor })
            }
        }
        Some(_) | None => Ok(vec![ImportCompleted { documents, net_minor }.into()]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{advance as go, at_ten, complete as check, start, started, text, unknown};
    use super::*;

    #[test]
    fn the_cursor_moves_forward() {
        started().when(go(10, "d10")).then([ImportAdvanced { documents: 10, digest: text("d10") }.into()]);
        at_ten().when(go(100, "d100")).then([ImportAdvanced { documents: 100, digest: text("d100") }.into()]);
    }

    #[test]
    fn the_cursor_stays_where_it_is() {
        at_ten().when(go(10, "d10")).then_nothing();
        started().when(go(0, "d0")).then_nothing();
    }

    #[test]
    fn the_cursor_never_goes_back() {
        at_ten().when(go(9, "d9")).then_refused(ImportError::Backwards { cursor: 10, given: 9 });
        at_ten().and(start("f2", 100)).when(go(0, "d0")).then_refused(ImportError::Backwards { cursor: 10, given: 0 });
    }

    #[test]
    fn the_documents_before_the_cursor_never_change() {
        let refusal = ImportError::DigestDiffers { documents: 10, recorded: text("d10"), given: text("other") };
        at_ten().when(go(10, "other")).then_refused(refusal);
    }

    #[test]
    fn the_cursor_stays_within_the_file() {
        started().when(go(101, "d")).then_refused(ImportError::BeyondFile { file_documents: 100, given: 101 });
        let grown = started().and(start("f2", 101)).when(go(101, "d"));
        grown.then([ImportAdvanced { documents: 101, digest: text("d") }.into()]);
    }

    #[test]
    fn a_check_of_what_has_entered_is_noted_once() {
        let noted = |documents, net_minor| ImportCompleted { documents, net_minor }.into();
        at_ten().when(check(10, 500)).then([noted(10, 500)]);
        at_ten().and(check(10, 500)).when(check(10, 500)).then_nothing();
        at_ten().and(check(10, 500)).and(start("f2", 100)).when(check(10, 500)).then_nothing();
        at_ten().and(check(10, 500)).and(go(20, "d20")).when(check(20, 400)).then([noted(20, 400)]);
    }

    #[test]
    fn a_check_of_anything_else_is_refused() {
        at_ten().when(check(9, 500)).then_refused(ImportError::NotAtCursor { cursor: 10, given: 9 });
        at_ten().when(check(11, 500)).then_refused(ImportError::NotAtCursor { cursor: 10, given: 11 });
        let refusal = ImportError::AmountDiffers { documents: 10, recorded: 500, given: 501 };
        at_ten().and(check(10, 500)).when(check(10, 501)).then_refused(refusal);
    }

    #[test]
    fn nothing_moves_before_the_start() {
        unknown().when(go(1, "d1")).then_refused(ImportError::NotStarted);
        unknown().when(check(0, 0)).then_refused(ImportError::NotStarted);
    }
}
