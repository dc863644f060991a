//! The Online Retail files: invoice lines of a shop as CSV, eight columns, one line per row.
//!
//! Reading (`reader`), assembling (`assemble`) and classifying (`classify`) end in source-independent documents;
//! nothing here knows a command.

mod assemble;
mod classify;
mod reader;
mod record;

use super::{
    ImportError,
    document::RejectedRow,
    input::Input,
    progress::Progress,
    source::{DocumentStream, HistorySource, SourceIdentity},
};
use assemble::Index;

/// The name of the import of such a file.
pub const NAME: &str = "online-retail";
/// The first line of such a file.
pub const HEADER: [&str; 8] = record::HEADER;

/// The most rows that may be rejected; a file with more of them is taken for something else.
pub const REJECTED_ROWS_MAX: usize = 100_000;

/// A file whose first pass is done.
#[derive(Debug)]
pub struct OnlineRetail {
    identity: SourceIdentity,
    input: Input,
    index: Index,
}

impl OnlineRetail {
    /// Reads the whole input once, to learn which rows belong together. With `strict`, the first malformed row ends it.
    ///
    /// Times are the wall clock of London, amounts are pounds sterling.
    ///
    /// # Errors
    /// Inputs that cannot be read or have another header, too many malformed rows, and with `strict` the first one.
    pub fn open(name: &str, input: Input, strict: bool, progress: &mut dyn Progress) -> Result<Self, ImportError> {
        let index = Index::read(&input, progress, |row, rejected| {
            if strict {
                return Err(ImportError::Malformed(Box::new(row.clone())));
            }
            if rejected > REJECTED_ROWS_MAX {
                return Err(ImportError::TooManyRejected { input: input.to_string(), limit: REJECTED_ROWS_MAX });
            }
            Ok(())
        })?;
        let identity = SourceIdentity {
            name: name.parse().map_err(|source| ImportError::Name { name: name.to_owned(), source })?,
            time_zone: chrono_tz::Europe::London,
            currency: "GBP".parse().expect("the pound sterling is listed"),
        };
        Ok(Self { identity, input, index })
    }
}

impl HistorySource for OnlineRetail {
    fn identity(&self) -> &SourceIdentity {
        &self.identity
    }

    fn size(&self) -> (u64, u64) {
        (self.index.rows, self.index.documents() as u64)
    }

    fn rejected(&self) -> &[RejectedRow] {
        &self.index.rejected
    }

    fn documents(&self) -> Result<DocumentStream<'_>, ImportError> {
        Ok(Box::new(self.index.documents_of(&self.input, self.identity.currency)?))
    }
}
