//! How history enters: documents of another system become events of the same aggregates, under the same invariants.
//!
//! Reading ([`source`], [`online_retail`], [`made_up`]), mapping ([`mapping`], [`matching`]) and driving ([`driver`]) know
//! nothing of each other's insides, so another source needs no other mapping and no other driver.
//!
//! An import reads its source three times: to learn which rows belong together, to survey all documents ([`survey`]), and
//! to let them enter. In the end what the file adds up to is compared with what the log and the read models hold
//! ([`compare`]).
//!
//! **Invariant:** no document enters before the survey of the whole source is done.
//! **Invariant:** nothing is appended for a file that lacks or changes a document that is recorded.
//! **Invariant:** every row of the source ends in an event or in the report.
//! **Invariant:** success is reported only after file, log and read models agreed.

pub mod compare;
pub mod document;
pub mod driver;
pub mod input;
pub mod made_up;
pub mod mapping;
pub mod matching;
pub mod online_retail;
pub mod progress;
pub mod report;
pub mod source;
pub mod survey;
pub mod totals;
pub mod wall_clock;

mod cursor;
mod error;
mod recorded;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use error::ImportError;
pub use input::Input;
pub use progress::{Phase, Progress, Progressed, Silent};
pub use report::ImportReport;

use chrono::NaiveDate;
use online_retail::{OnlineRetail, REJECTED_ROWS_MAX};
use source::HistorySource;
use std::sync::Arc;
use survey::Survey;
use tillroll_infra::bus::Bus;
use tillroll_projections::read::ReadModels;
use tokio::sync::mpsc;

/// What to import, and how.
#[derive(Debug, Clone)]
pub struct ImportOptions {
    /// The file; without one, a small history that the program makes itself, under a name of its own.
    pub input: Option<Input>,
    /// Leave documents dated on or after this date for a later run.
    pub until: Option<NaiveDate>,
    /// Stop at the first malformed row instead of reporting it.
    pub strict: bool,
}

impl ImportOptions {
    /// Tells early whether the input can be opened at all.
    ///
    /// # Errors
    /// [`ImportError::Open`].
    pub fn check(&self) -> Result<(), ImportError> {
        let opened = self.input.as_ref().map(|input| input.open().map_err(|source| (input, source))).transpose();
        opened.map(drop).map_err(|(input, source)| ImportError::Open { input: input.to_string(), source })
    }
}

/// What an import works on. The bus must know every aggregate of the domain, and the read models must follow its log.
#[derive(Debug, Clone)]
pub struct ImportEngine {
    /// Takes the commands; its log is compared with the file.
    pub bus: Bus,
    /// Are compared with the file once all of them have reached the end of the log.
    pub read_models: ReadModels,
}

/// Imports a source: drives every document that has not entered yet, compares file, log and read models, notes that they
/// agreed, and reports.
///
/// It may be killed or dropped at any moment; run again, it goes on, and the log's history is the same as if it had run
/// through. Run again after that, it appends nothing and reports the same totals.
///
/// # Errors
/// See [`ImportError`]. Documents that had entered stay; running again goes on behind them.
pub async fn run(
    options: ImportOptions,
    engine: &ImportEngine,
    progress: &mut dyn Progress,
) -> Result<ImportReport, ImportError> {
    let clock = engine.bus.ambient().clock.clone();
    let started = clock.now();
    let until = options.until;
    let (source, survey) = prepare(options, progress).await?;
    let driven = driver::drive(&engine.bus, source.clone(), survey.clone(), until, progress).await?;
    let totals = survey.totals(driven.documents)?;
    compare::compare(&totals, &driven.inferred, engine, source.identity(), progress).await?;
    let noted = cursor::complete(&engine.bus, source.identity(), driven.documents, totals.net_minor).await?;
    let seconds = clock.now().signed_duration_since(started).num_milliseconds();
    let events = driven.events + noted;
    Ok(ImportReport::new(source.identity(), &survey, &totals, driven.inferred, events, seconds))
}

/// Opens and surveys the source of the options: the first two passes, on a thread that may block.
///
/// # Errors
/// See [`OnlineRetail::open`] and [`Survey::of`].
pub async fn prepare(
    options: ImportOptions,
    progress: &mut dyn Progress,
) -> Result<(Arc<dyn HistorySource>, Arc<Survey>), ImportError> {
    let (sender, mut receiver) = mpsc::channel(PROGRESS_QUEUE_MAX);
    let work = tokio::task::spawn_blocking(move || {
        let mut told = Forward(sender);
        let source = open(&options, &mut told)?;
        let survey = Survey::of(&*source, options.strict, REJECTED_ROWS_MAX, &mut told)?;
        Ok((source, Arc::new(survey)))
    });
    while let Some(progressed) = receiver.recv().await {
        progress.progressed(progressed);
    }
    work.await.map_err(|_| ImportError::ReaderLost)?
}

/// How many reports of progress may wait to be shown.
const PROGRESS_QUEUE_MAX: usize = 16;

/// Brings progress from the thread that reads to whoever wants to know.
struct Forward(mpsc::Sender<Progressed>);

impl Progress for Forward {
    fn progressed(&mut self, progressed: Progressed) {
        // Nobody listens any more once the import was dropped.
        let _ = self.0.blocking_send(progressed);
    }
}

fn open(options: &ImportOptions, progress: &mut dyn Progress) -> Result<Arc<dyn HistorySource>, ImportError> {
    let (name, input) = match &options.input {
        Some(input) => (online_retail::NAME, input.clone()),
        None => (made_up::NAME, made_up::input()),
    };
    Ok(Arc::new(OnlineRetail::open(name, input, options.strict, progress)?))
}
