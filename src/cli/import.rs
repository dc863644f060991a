//! `tillroll import`: lets the history of another system enter, with a progress bar and a report.

use super::{print, progress::ImportBar};
use crate::{
    engine::Engine,
    import::{self, ImportEngine, ImportOptions, ImportReport, Input},
};
use chrono::NaiveDate;
use clap::Args;
use std::path::PathBuf;
use tillroll_infra::config::Settings;

/// How to import.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// Leave documents dated on or after this date (YYYY-MM-DD) for a later run.
    #[arg(long, value_name = "DATE")]
    until: Option<NaiveDate>,
    /// Stop at the first malformed row instead of reporting it at the end.
    #[arg(long)]
    strict: bool,
    /// Print the report as one JSON object on the last line of standard output.
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(settings: &Settings, file: Option<PathBuf>, args: ImportArgs) -> anyhow::Result<()> {
    let options = ImportOptions { input: file.map(Input::file), until: args.until, strict: args.strict };
    options.check()?;
    let engine = Engine::open(settings.clone()).await?;
    let follower = engine.projections.start();
    let imported = import(&engine, options).await;
    engine.close(Some(follower)).await;
    let report = imported?;
    print(&if args.json { report.to_json() } else { report.to_string() })
}

/// Imports into an engine whose projections follow.
pub(super) async fn import(engine: &Engine, options: ImportOptions) -> anyhow::Result<ImportReport> {
    let parts = ImportEngine { bus: engine.bus.clone(), read_models: engine.projections.read_models() };
    let mut bar = ImportBar::default();
    let report = import::run(options, &parts, &mut bar).await;
    bar.finish();
    Ok(report?)
}
