//! Three independent sums over the same documents: what the file states, what the log holds, what the read models show.

use super::{
    ImportEngine, ImportError,
    progress::{Phase, Progress, Progressed},
    source::SourceIdentity,
    totals::Totals,
};
use std::time::Duration;
use tillroll_infra::stream::Position;
use tillroll_projections::{
    models::{sales, source_documents},
    read::{ProjectionState, ReadModels, WaitError},
};

mod log;
mod models;

use log::LogSums;

/// The read models that are compared.
const PROJECTIONS: [&str; 2] = [source_documents::NAME, sales::NAME];
/// How long the read models may stand still before they are given up.
const STANDSTILL_MAX: Duration = Duration::from_secs(60);
/// How long one wait for them lasts.
const WAIT: Duration = Duration::from_secs(5);

/// Compares the file's totals with the log and with the read models, which it waits for.
///
/// The documents of this import are compared by all totals. The sales figures also count what did not come from it, so
/// they are compared with everything in the log, by month and by country.
///
/// # Errors
/// [`ImportError::Differs`] names everything that differs; read models that stand still, and stores that fail.
pub async fn compare(
    file: &Totals,
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
    wait_for(&engine.read_models, head).await?;
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
    if differences.is_empty() { Ok(()) } else { Err(ImportError::Differs(differences)) }
}

/// Waits until the read models show a position, for as long as they get closer.
async fn wait_for(read_models: &ReadModels, position: Position) -> Result<(), ImportError> {
    let (mut last, mut still) = (Position::START, Duration::ZERO);
    loop {
        let at = match read_models.wait_for(&PROJECTIONS, position, WAIT).await {
            Ok(()) => return Ok(()),
            Err(WaitError::Behind { at }) => at,
            Err(error) => {
                return Err(ImportError::Behind { at: last, position, reason: Some(error.to_string()) });
            }
        };
        let stopped = read_models.statuses().into_iter().find_map(|status| match status.state {
            ProjectionState::Stopped { reason } if PROJECTIONS.contains(&status.name) => {
                Some(format!("{} has stopped: {reason}", status.name))
            }
            _ => None,
        });
        still = if at > last { Duration::ZERO } else { still + WAIT };
        last = at;
        if stopped.is_some() || still >= STANDSTILL_MAX {
            return Err(ImportError::Behind { at, position, reason: stopped });
        }
    }
}
