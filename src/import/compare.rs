//! Three independent sums over the same documents: what the file states, what the log holds, what the read models show.

use super::{
    ImportEngine, ImportError,
    mapping::Inferred,
    progress::{Phase, Progress, Progressed},
    source::SourceIdentity,
    totals::Totals,
};

mod log;
mod models;
mod ready;
mod shown;

use log::LogSums;

/// Compares the file's totals with the log and with the read models, all of which it waits for.
///
/// The documents of this import are compared by all totals. The sales figures also count what did not come from it, so
/// they are compared with everything in the log, by month and by country. Orders, credit notes, payments and stock are
/// compared with the file and with what was inferred from it, where later trade changes nothing.
///
/// # Errors
/// [`ImportError::Differs`] names everything that differs; read models that stopped, parked events or stand still, and
/// stores that fail.
pub async fn compare(
    file: &Totals,
    inferred: &Inferred,
    engine: &ImportEngine,
    identity: &SourceIdentity,
    progress: &mut dyn Progress,
) -> Result<(), ImportError> {
    let mut progressed = Progressed {
        phase: Phase::Comparing,
        rows: 0,
        rows_total: Some(file.rows),
        documents: 0,
        documents_total: Some(file.numbers.values().sum()),
    };
    progress.progressed(progressed);
    let log = engine.bus.log();
    let head = log.head().await?;
    ready::wait_for_all(&engine.read_models, head).await?;
    let shown = models::documents(&engine.read_models, identity.name.as_str()).await?;
    let (sales, position) = models::sales(&engine.read_models).await?;
    // Others may write meanwhile; the log is summed up to exactly where the sales figures stood.
    let LogSums { import, all } = log::sums(&**log, identity, position, &mut |lines, documents| {
        (progressed.rows, progressed.documents) = (lines, documents);
        progress.progressed(progressed);
    })
    .await?;
    let mut differences = file.differences("the file", &import, "the log");
    differences.extend(file.differences("the file", &shown, "the read model source_documents"));
    differences.extend(all.differences("the log", &sales, "the read model sales"));
    let others = shown::differences(&engine.read_models, identity.name.as_str(), file, inferred);
    differences.extend(others.await?);
    if differences.is_empty() { Ok(()) } else { Err(ImportError::Differs(differences)) }
}
