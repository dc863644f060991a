//! An import begins with a file, or goes on with another.

use super::{
    ImportState,
    error::ImportError,
    events::{ImportEvent, ImportStarted},
};
use crate::text::Reference;

/// Another file becomes the current one and the cursor stays, since the file may have grown at its end.
pub(super) fn start(
    state: &ImportState,
    file_digest: &Reference,
    documents: u64,
    time_zone: &Reference,
) -> Result<Vec<ImportEvent>, ImportError> {
    if let ImportState::Started(import) = state {
        if import.cursor > 0 && import.time_zone != *time_zone {
            let (current, given) = (import.time_zone.clone(), time_zone.clone());
            return Err(ImportError::TimeZoneChanged { current, given });
        }
        if import.file_digest == *file_digest {
            return Ok(vec![]);
        }
    }
    Ok(vec![ImportStarted { file_digest: file_digest.clone(), documents, time_zone: time_zone.clone() }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        ImportState,
        samples::{advance, at_ten, start as ask, start_in, started, text, unknown},
    };
    use super::*;

    fn event(file: &str, documents: u64) -> ImportEvent {
        ImportStarted { file_digest: text(file), documents, time_zone: text("Europe/London") }.into()
    }

    #[test]
    fn an_import_begins_with_a_file() {
        unknown().when(ask("f1", 100)).then([event("f1", 100)]);
    }

    #[test]
    fn the_same_file_again_is_nothing_new() {
        started().when(ask("f1", 100)).then_nothing();
        at_ten().when(ask("f1", 100)).then_nothing();
    }

    #[test]
    fn another_file_becomes_the_current_one_and_the_cursor_stays() {
        at_ten().when(ask("f2", 200)).then([event("f2", 200)]);
        let ImportState::Started(import) = at_ten().and(ask("f2", 200)).state() else { panic!("it was started") };
        assert_eq!((import.cursor, import.file_documents, import.file_digest), (10, 200, text("f2")));
        at_ten().and(ask("f2", 200)).when(ask("f1", 100)).then([event("f1", 100)]);
        at_ten().and(ask("f2", 200)).and(advance(150, "d150")).when(ask("f2", 200)).then_nothing();
    }

    #[test]
    fn the_time_zone_stays_once_documents_have_entered() {
        let refusal = || ImportError::TimeZoneChanged { current: text("Europe/London"), given: text("Asia/Tokyo") };
        at_ten().when(start_in("Asia/Tokyo", "f1", 100)).then_refused(refusal());
        at_ten().when(start_in("Asia/Tokyo", "f2", 100)).then_refused(refusal());
        started().and(start_in("Asia/Tokyo", "f2", 100)).when(start_in("Asia/Tokyo", "f2", 100)).then_nothing();
    }
}
