//! Why an import ended early.

use super::document::RejectedRow;
use chrono::NaiveDateTime;
use chrono_tz::Tz;
use std::{error::Error, io};
use thiserror::Error;
use tillroll_domain::{
    quantity::{Quantity, QuantityOutOfRange},
    text::{ParseTextError, Sku},
};
use tillroll_infra::{log::ReadError, stream::Position};
use tillroll_projections::read::ReadModelError;

/// An error of another layer, kept as a cause.
pub(super) type Cause = Box<dyn Error + Send + Sync + 'static>;

/// Why an import ended early. Documents that had entered stay, and running it again goes on behind them.
#[derive(Debug, Error)]
pub enum ImportError {
    /// The input cannot be opened.
    #[error("{input} cannot be opened")]
    Open {
        /// The input.
        input: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The input cannot be read to its end.
    #[error("{input} cannot be read at line {line}")]
    Read {
        /// The input.
        input: String,
        /// Where.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The input does not begin as it must.
    #[error("{input} is not a file of this kind: its first line must be {expected}")]
    Header {
        /// The input.
        input: String,
        /// The header.
        expected: String,
    },
    /// A malformed row, where none was to be passed over.
    #[error("the import is strict and stops at the first malformed row: {0}")]
    Malformed(Box<RejectedRow>),
    /// So many rows are malformed that this is hardly the right file.
    #[error("more than {limit} rows of {input} are malformed; is it the right file?")]
    TooManyRejected {
        /// The input.
        input: String,
        /// The bound.
        limit: usize,
    },
    /// The rows of documents stand too far apart to be put together in bounded memory.
    #[error("at line {line} of {input}, {limit} rows wait for the rest of earlier documents; sort the file by time")]
    TooScattered {
        /// The input.
        input: String,
        /// Where.
        line: u64,
        /// The bound.
        limit: usize,
    },
    /// The input is not the same any more as at the beginning of the import.
    #[error("{input} changed while it was read; run the import again")]
    InputChanged {
        /// The input.
        input: String,
    },
    /// The import's name cannot be one.
    #[error("{name:?} cannot name an import")]
    Name {
        /// The name.
        name: String,
        /// Why.
        #[source]
        source: ParseTextError,
    },
    /// A SKU would need more stock than can be counted.
    #[error(
        "the documents take {units} more units of {sku} than they bring, but only {} can be booked as its opening stock; \
         correct the quantities of {sku} in the file",
        Quantity::MAX
    )]
    OpeningStock {
        /// The SKU.
        sku: Sku,
        /// How many units.
        units: i64,
    },
    /// A time that is no instant.
    #[error("{local_time} is no time in {time_zone}")]
    Time {
        /// The wall clock.
        local_time: NaiveDateTime,
        /// Its zone.
        time_zone: Tz,
    },
    /// The units of a SKU in one document are more than can be counted.
    #[error("document {document} moves too many units of one SKU")]
    Quantity {
        /// The document.
        document: String,
        /// Why.
        #[source]
        source: QuantityOutOfRange,
    },
    /// A sum does not fit 64 bits.
    #[error("the documents' amounts or quantities are too large to be added up")]
    TooLarge,
    /// Documents that have entered have other content in the file now.
    #[error(
        "{} imported with other content{}; documents that have entered cannot change",
        named(.documents),
        and_more(*.more)
    )]
    ChangedDocuments {
        /// The numbers of the first of them.
        documents: Vec<String>,
        /// How many there are beside these.
        more: usize,
    },
    /// Documents are recorded that the file does not have.
    #[error(
        "{} imported before{}, but the file does not have {}; give the file that was imported before, with new documents \
         only behind the known ones",
        named(.documents),
        and_more(*.more),
        if .documents.len() + .more == 1 { "it" } else { "them" }
    )]
    MissingDocuments {
        /// The numbers of the first of them.
        documents: Vec<String>,
        /// How many there are beside these.
        more: usize,
    },
    /// The file does not begin with the documents that have entered.
    #[error(
        "{cursor} documents have entered, and the file does not begin with them in their order ({first} is the first that \
         differs); give the file that was imported before, with new documents only behind the known ones"
    )]
    OtherDocuments {
        /// How many have entered.
        cursor: u64,
        /// The first document of the file that is not known, or where the file ends.
        first: String,
    },
    /// The file ends before the documents that have entered.
    #[error(
        "{cursor} documents have entered, but the file has only {documents}; give the file that was imported before"
    )]
    FewerDocuments {
        /// How many have entered.
        cursor: u64,
        /// How many the file has.
        documents: u64,
    },
    /// Others in the same folder took or hold units that history needs.
    #[error(
        "document {document} takes {requested} units of {sku} at {location}, where only {available} are free, since others \
         took or hold some; receive {} units of {sku} at {location}, then run the import again",
        requested.saturating_sub(*available)
    )]
    InsufficientStock {
        /// The document.
        document: String,
        /// The SKU.
        sku: String,
        /// Where.
        location: String,
        /// How many units the document takes.
        requested: i64,
        /// How many of them are free.
        available: i64,
    },
    /// A command was not carried out.
    #[error("{what} of document {document} was not taken")]
    Command {
        /// What the command is about.
        what: &'static str,
        /// The document.
        document: String,
        /// Why.
        #[source]
        source: Cause,
    },
    /// The import's own stream could not be read or written.
    #[error("the cursor of the import could not be read or moved")]
    Cursor(#[source] Cause),
    /// The thread that reads and maps the documents ended by itself.
    #[error("the reader of the documents ended unexpectedly")]
    ReaderLost,
    /// The log could not be read.
    #[error("the event log could not be read")]
    Log(#[from] ReadError),
    /// An event of the log cannot be understood.
    #[error("the event at position {position} cannot be decoded")]
    Undecodable {
        /// Where.
        position: Position,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The read models do not follow.
    #[error("the read models stand at position {at} and do not reach {position}{}", because(.reason))]
    Behind {
        /// Where they stand.
        at: Position,
        /// Where they should be.
        position: Position,
        /// Why, where it is known.
        reason: Option<String>,
    },
    /// Some read models have stopped or left out events, so that they cannot show everything.
    #[error(
        "not every read model is whole, so file, log and read models cannot be compared:\n  {}\nremove the cause, rebuild \
         them, and run the import again, which goes on where it stands",
        .0.join("\n  ")
    )]
    NotWhole(Vec<String>),
    /// The read models could not be queried.
    #[error("the read models could not be queried")]
    ReadModel(#[from] ReadModelError),
    /// File, log and read models do not add up to the same.
    #[error("file, log and read models differ:\n  {}", .0.join("\n  "))]
    Differs(Vec<String>),
}

fn named(documents: &[String]) -> String {
    match documents {
        [one] => format!("document {one} was"),
        many => format!("documents {} were", many.join(", ")),
    }
}

fn and_more(more: usize) -> String {
    if more == 0 { String::new() } else { format!(" (and {more} more)") }
}

fn because(reason: &Option<String>) -> String {
    reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changed_documents_are_named() {
        let changed = |documents: &[&str], more| {
            let documents = documents.iter().map(|number| (*number).to_owned()).collect();
            ImportError::ChangedDocuments { documents, more }.to_string()
        };
        assert_eq!(
            changed(&["536365"], 0),
            "document 536365 was imported with other content; documents that have entered cannot change"
        );
        assert_eq!(
            changed(&["536365", "C536379"], 3),
            "documents 536365, C536379 were imported with other content (and 3 more); documents that have entered cannot \
             change"
        );
    }
}
