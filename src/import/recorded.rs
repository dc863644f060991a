//! Which documents of an import stand in the log already, and whether the file still has them as they are.
//!
//! The cursor vouches for the documents before it. Those that a killed run recorded beyond it are found here, by one
//! filtered read over the log.
//!
//! **Memory:** an entry per document of the file, and the number of every recorded document that the file lacks.

use super::{
    ImportError,
    document::DocumentClass,
    mapping::document_number,
    source::SourceIdentity,
    survey::{DocumentSummary, Survey},
};
use std::collections::{BTreeSet, HashMap};
use tillroll_domain::{
    common::SourceDocument,
    credit_note::events::CreditNoteEvent,
    expense::events::ExpenseEvent,
    order::events::OrderEvent,
    stock_document::events::{StockDocumentEvent, StockDocumentKind},
};
use tillroll_infra::{
    event::RecordedEvent,
    log::{EventFilter, EventLog},
    stream::{DEFAULT_TENANT, Position},
};

/// The events that hold a head document.
const HEADS: [&str; 4] = ["OrderPlaced", "CreditNoteIssued", "ExpenseRecorded", "StockDocumentRecorded"];
/// How many events one page brings; an order of 1,000 lines has some 200 KB.
pub(super) const PAGE: usize = 256;
/// How many documents an error names.
const NAMED_MAX: usize = 10;

/// Lets the events pass that hold a head document.
pub(super) fn heads() -> EventFilter {
    EventFilter {
        tenant: Some(DEFAULT_TENANT.to_owned()),
        categories: Vec::new(),
        event_types: HEADS.iter().map(|&name| name.to_owned()).collect(),
    }
}

/// How the log has a document of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It is not recorded.
    Not,
    /// It is recorded as the file has it, at least one part of it.
    Same,
    /// It is recorded with other content, or as another kind of document.
    Changed,
}

/// How the documents in the log compare with those of a file.
#[derive(Debug)]
pub(super) struct Recorded<'a> {
    documents: &'a [DocumentSummary],
    /// By the documents' place in the file.
    found: Vec<Found>,
    /// Recorded numbers that the file lacks.
    missing: BTreeSet<String>,
}

/// Reads the whole log for the head documents of an import.
pub(super) async fn look<'a>(
    log: &dyn EventLog,
    identity: &SourceIdentity,
    survey: &'a Survey,
) -> Result<Recorded<'a>, ImportError> {
    let documents = survey.documents();
    let places: HashMap<&str, usize> =
        documents.iter().enumerate().map(|(place, document)| (document.number.as_str(), place)).collect();
    let mut recorded = Recorded { documents, found: vec![Found::Not; documents.len()], missing: BTreeSet::new() };
    let (filter, mut after) = (heads(), Position::START);
    loop {
        let page = log.read_all(after, &filter, PAGE).await?;
        for event in &page.events {
            let Some((source, class)) = head_of(event)? else { continue };
            if source.system != identity.name {
                continue;
            }
            let number = document_number(source.number.as_str());
            let Some((place, document)) = places.get(number).and_then(|&place| Some((place, documents.get(place)?)))
            else {
                recorded.missing.insert(number.to_owned());
                continue;
            };
            let same = source.digest == document.digest.reference() && survey.has_head(place, class);
            if let Some(found) = recorded.found.get_mut(place) {
                *found = if same && *found != Found::Changed { Found::Same } else { Found::Changed };
            }
        }
        if page.at_end {
            return Ok(recorded);
        }
        after = page.scanned_to;
    }
}

impl Recorded<'_> {
    /// How many documents of the file there are up to the last one that is recorded, itself included.
    pub(super) fn reach(&self) -> usize {
        self.found.iter().rposition(|&found| found != Found::Not).map_or(0, |last| last + 1)
    }

    /// Recorded documents that the file has with other content.
    pub(super) fn changed(&self) -> Option<ImportError> {
        let changed = self.found.iter().zip(self.documents).filter(|&(&found, _)| found == Found::Changed);
        let (documents, more) = named(changed.map(|(_, document)| document.number.to_string()))?;
        Some(ImportError::ChangedDocuments { documents, more })
    }

    /// Recorded documents that the file does not have.
    pub(super) fn missing(&self) -> Option<ImportError> {
        let (documents, more) = named(self.missing.iter().cloned())?;
        Some(ImportError::MissingDocuments { documents, more })
    }

    /// The file's first document that is not recorded.
    pub(super) fn first_unknown(&self) -> Option<&DocumentSummary> {
        self.found.iter().zip(self.documents).find(|&(&found, _)| found == Found::Not).map(|(_, document)| document)
    }

    /// A document that is not recorded and stands before one that is.
    pub(super) fn gap(&self) -> Option<ImportError> {
        let first = self.found.iter().position(|&found| found == Found::Not).filter(|&first| first < self.reach())?;
        let cursor = self.found.iter().filter(|&&found| found != Found::Not).count() as u64;
        Some(ImportError::OtherDocuments { cursor, first: self.documents.get(first)?.number.to_string() })
    }
}

/// The first of some numbers, and how many there are beside them; `None` if there are none.
fn named(mut numbers: impl Iterator<Item = String>) -> Option<(Vec<String>, usize)> {
    let first: Vec<String> = numbers.by_ref().take(NAMED_MAX).collect();
    if first.is_empty() { None } else { Some((first, numbers.count())) }
}

/// The document that a head was imported from, and as what.
fn head_of(event: &RecordedEvent) -> Result<Option<(SourceDocument, DocumentClass)>, ImportError> {
    let undecodable = |source| ImportError::Undecodable { position: event.position, source };
    Ok(match &*event.event_type {
        "OrderPlaced" => match event.decode().map_err(undecodable)? {
            OrderEvent::OrderPlaced(placed) => placed.source.map(|source| (source, DocumentClass::SalesOrder)),
            _ => None,
        },
        "CreditNoteIssued" => {
            let CreditNoteEvent::CreditNoteIssued(issued) = event.decode().map_err(undecodable)?;
            issued.source.map(|source| (source, DocumentClass::CreditNote))
        }
        "ExpenseRecorded" => {
            let ExpenseEvent::ExpenseRecorded(recorded) = event.decode().map_err(undecodable)?;
            Some((recorded.source, DocumentClass::Expense))
        }
        "StockDocumentRecorded" => {
            let StockDocumentEvent::StockDocumentRecorded(recorded) = event.decode().map_err(undecodable)?;
            let class = match recorded.kind {
                StockDocumentKind::WriteOff => DocumentClass::StockWriteOff,
                StockDocumentKind::Found => DocumentClass::StockFound,
            };
            Some((recorded.source, class))
        }
        _ => None,
    })
}
