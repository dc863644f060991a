//! The import's own stream: where it stands, and whether the file is the one it stands in.

use super::{
    ImportError,
    document::ContentDigest,
    mapping::{ACTOR, Names},
    recorded,
    source::SourceIdentity,
    survey::Survey,
};
use tillroll_domain::{
    ids::CommandId,
    import::{Import, ImportState, commands::ImportCommand},
    text::Reference,
};
use tillroll_infra::{
    bus::{Bus, CommandContext, Outcome},
    stream::DEFAULT_TENANT,
};

/// How far an import had got before this run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// How many documents have entered with all that follows from them.
    pub(super) documents: usize,
    /// How far the file's documents are recorded at least in part; not below `documents`.
    pub(super) recorded: usize,
    /// True if the file was announced by an earlier run, whose opening stock is durable then.
    pub(super) file_is_known: bool,
}

/// Reads the cursor and checks that the file begins with the documents that have entered, and that what a killed run
/// recorded beyond the cursor is in it as it was. Appends nothing.
pub(super) async fn load(bus: &Bus, identity: &SourceIdentity, survey: &Survey) -> Result<Cursor, ImportError> {
    let loaded = bus.load::<Import>(DEFAULT_TENANT, identity.name.as_str()).await;
    let documents = survey.documents().len();
    let (entered, begins_so, file_is_known) = match loaded.map_err(|error| ImportError::Cursor(error.into()))?.state {
        ImportState::Started(import) => {
            let entered = usize::try_from(import.cursor).unwrap_or(usize::MAX);
            let fits = |digest: &Reference| entered <= documents && *digest == survey.digest(entered).reference();
            let begins_so = import.cursor_digest.as_ref().map_or(entered <= documents, fits);
            (entered, begins_so, import.file_digest == survey.digest(documents).reference())
        }
        _ => (0, true, false),
    };
    if begins_so && entered == documents {
        return Ok(Cursor { documents, recorded: documents, file_is_known });
    }
    let recorded = recorded::look(&**bus.log(), identity, survey).await?;
    if let Some(changed) = recorded.changed() {
        return Err(changed);
    }
    if entered > documents {
        return Err(ImportError::FewerDocuments { cursor: entered as u64, documents: documents as u64 });
    }
    if let Some(missing) = recorded.missing() {
        return Err(missing);
    }
    if !begins_so {
        let first = recorded.first_unknown().map_or_else(|| "one of them".to_owned(), |first| first.number.to_string());
        return Err(ImportError::OtherDocuments { cursor: entered as u64, first });
    }
    // A kill may leave gaps among the last documents, but only the file that was driven then can fill them: in another
    // one, a document before a recorded one would enter later than its opening stock was reckoned for.
    match recorded.gap() {
        Some(gap) if !file_is_known => Err(gap),
        _ => Ok(Cursor { documents: entered, recorded: recorded.reach().max(entered), file_is_known }),
    }
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
