//! The import's own stream: where it stands, and whether the file is the one it stands in.

use super::{
    ImportError,
    document::ContentDigest,
    mapping::{ACTOR, HeadKind, Names, is_part_number},
    source::SourceIdentity,
    survey::{DocumentSummary, Survey},
};
use tillroll_domain::{
    common::SourceDocument,
    credit_note::events::CreditNoteEvent,
    expense::events::ExpenseEvent,
    ids::CommandId,
    import::{Import, ImportState, commands::ImportCommand},
    order::events::OrderEvent,
    stock_document::events::StockDocumentEvent,
};
use tillroll_infra::{
    bus::{Bus, CommandContext, Outcome},
    event::RecordedEvent,
    log::ReadFrom,
    stream::{DEFAULT_TENANT, Revision, StreamId},
};

/// How many changed documents an error names.
const NAMED_MAX: usize = 10;

/// How far an import had got before this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// How many documents have entered.
    pub(super) documents: usize,
    /// True if the file was announced by an earlier run, whose opening stock is durable then.
    pub(super) file_is_known: bool,
}

/// Reads the cursor and checks that the file begins with the documents that have entered.
pub(super) async fn load(bus: &Bus, identity: &SourceIdentity, survey: &Survey) -> Result<Cursor, ImportError> {
    let loaded = bus.load::<Import>(DEFAULT_TENANT, identity.name.as_str()).await;
    let ImportState::Started(import) = loaded.map_err(|error| ImportError::Cursor(error.into()))?.state else {
        return Ok(Cursor { documents: 0, file_is_known: false });
    };
    let documents = survey.documents().len();
    let entered = usize::try_from(import.cursor).unwrap_or(usize::MAX);
    let same = entered <= documents
        && import.cursor_digest.as_ref().is_none_or(|digest| *digest == survey.digest(entered).reference());
    if !same {
        return Err(explain(bus, identity, survey, import.cursor).await?);
    }
    let file_is_known = import.file_digest == survey.digest(documents).reference();
    Ok(Cursor { documents: entered, file_is_known })
}

/// Announces the file. Its opening stock is durable by now.
pub(super) async fn start(bus: &Bus, identity: &SourceIdentity, survey: &Survey) -> Result<u64, ImportError> {
    let documents = survey.documents().len();
    let file_digest = survey.digest(documents).reference();
    let time_zone = identity.time_zone.name().parse().expect("the name of a zone is a reference");
    // A file may come back after another one, so where the stream stands belongs to the command's identity.
    let loaded = bus.load::<Import>(DEFAULT_TENANT, identity.name.as_str()).await;
    let revision = loaded.map_err(|error| ImportError::Cursor(error.into()))?.revision;
    let name = format!("{file_digest}:{revision:?}");
    let command = ImportCommand::Start { file_digest, documents: documents as u64, time_zone };
    execute(bus, identity, "start", &name, command).await
}

/// Moves the cursor over documents that are durable with all that follows from them.
pub(super) async fn advance(
    bus: &Bus,
    identity: &SourceIdentity,
    documents: u64,
    digest: ContentDigest,
) -> Result<u64, ImportError> {
    let command = ImportCommand::Advance { documents, digest: digest.reference() };
    execute(bus, identity, "advance", &format!("{documents}:{digest}"), command).await
}

/// Notes that file, log and read models agreed up to the cursor.
pub(super) async fn complete(
    bus: &Bus,
    identity: &SourceIdentity,
    documents: usize,
    net_minor: i64,
) -> Result<u64, ImportError> {
    let documents = documents as u64;
    let command = ImportCommand::Complete { documents, net_minor };
    execute(bus, identity, "complete", &format!("{documents}:{net_minor}"), command).await
}

/// Answers how many events the command appended.
async fn execute(
    bus: &Bus,
    identity: &SourceIdentity,
    kind: &str,
    name: &str,
    command: ImportCommand,
) -> Result<u64, ImportError> {
    let command_id = CommandId::new(Names::of(identity).uuid(&format!("command:{kind}"), name));
    let context = CommandContext { origin: identity.origin(), ..CommandContext::live(command_id, ACTOR) };
    let executed = bus.execute::<Import>(identity.name.as_str(), command, context).await;
    let executed = executed.map_err(|error| ImportError::Cursor(error.into()))?;
    Ok(if executed.outcome == Outcome::Appended { executed.events as u64 } else { 0 })
}

/// Says how the file differs from the documents that have entered, by looking at their head documents in the log.
async fn explain(
    bus: &Bus,
    identity: &SourceIdentity,
    survey: &Survey,
    cursor: u64,
) -> Result<ImportError, ImportError> {
    let names = Names::of(identity);
    let (mut changed, mut more, mut first_unknown) = (Vec::new(), 0, None);
    for document in survey.documents() {
        match recorded_digest(bus, &names, document).await? {
            Some(digest) if digest == document.digest.to_string() => {}
            Some(_) if changed.len() < NAMED_MAX => changed.push(document.number.to_string()),
            Some(_) => more += 1,
            None => first_unknown = first_unknown.or_else(|| Some(document.number.to_string())),
        }
    }
    let documents = survey.documents().len() as u64;
    Ok(if !changed.is_empty() {
        ImportError::ChangedDocuments { documents: changed, more }
    } else if documents < cursor {
        ImportError::FewerDocuments { cursor, documents }
    } else {
        ImportError::OtherDocuments { cursor, first: first_unknown.unwrap_or_else(|| "one of them".to_owned()) }
    })
}

/// The digest under which a document's head stands in the log; `None` if it has not entered.
async fn recorded_digest(bus: &Bus, names: &Names, document: &DocumentSummary) -> Result<Option<String>, ImportError> {
    // A changed document may have changed its class too, so every kind of head is looked for.
    for kind in HeadKind::ALL {
        let id = names.head(kind, document.number.as_str()).to_string();
        let Ok(stream) = StreamId::new(kind.category(), &id) else { continue };
        let events = bus.log().read_stream(&stream, ReadFrom::Forwards(Revision(0)), 1).await?;
        if let Some(event) = events.first() {
            return Ok(source_of(event)?.map(|source| source.digest.to_string()));
        }
    }
    Ok(None)
}

/// The document that an event was imported from, if it is the event of a head document.
pub(super) fn source_of(event: &RecordedEvent) -> Result<Option<SourceDocument>, ImportError> {
    let undecodable = |source| ImportError::Undecodable { position: event.position, source };
    Ok(match &*event.event_type {
        "OrderPlaced" => match event.decode().map_err(undecodable)? {
            OrderEvent::OrderPlaced(placed) => placed.source,
            _ => None,
        },
        "CreditNoteIssued" => {
            let CreditNoteEvent::CreditNoteIssued(issued) = event.decode().map_err(undecodable)?;
            issued.source
        }
        "ExpenseRecorded" => {
            let ExpenseEvent::ExpenseRecorded(recorded) = event.decode().map_err(undecodable)?;
            Some(recorded.source)
        }
        "StockDocumentRecorded" => {
            let StockDocumentEvent::StockDocumentRecorded(recorded) = event.decode().map_err(undecodable)?;
            Some(recorded.source)
        }
        _ => None,
    }
    .filter(|source| !is_part_number(source.number.as_str())))
}
