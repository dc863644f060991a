//! Appends of single events with forced sync, by several writers at once: Tillroll's embedded log beside other event
//! stores, on one machine, in one run, in slices that take turns.
//!
//! README.md says what a run needs and what the table means.

mod arena;
mod options;
mod report;
mod servers;
mod slice;
mod system;
mod systems;
mod workload;

use options::{HELP, Options};
use std::{env, path::PathBuf, process::ExitCode, sync::Arc};
use tillroll_benches::{Failure, machine::Snapshot};

#[tokio::main]
async fn main() -> ExitCode {
    // Beside the build, because the system's folder for temporary files may be in memory, where syncs cost nothing.
    let data = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target").join("data");
    let options = match Options::parse(env::args().skip(1), data) {
        Ok(options) => options,
        Err(reason) => {
            eprintln!("{reason}");
            return ExitCode::FAILURE;
        }
    };
    if options.help {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    // Servers end when the run is dropped, so that an interrupted one leaves none behind.
    let outcome = tokio::select! {
        outcome = run(&options) => outcome,
        _ = tokio::signal::ctrl_c() => Err("interrupted".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("the measurement failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: &Options) -> Result<(), Failure> {
    let programs = servers::Programs::find(options)?;
    std::fs::create_dir_all(&options.data)?;
    let before = Snapshot::take(&options.data)?;
    let workload = Arc::new(workload::Workload::new()?);
    let mut results = Vec::new();
    for &writers in &options.writers {
        results.push(arena::run(options, &programs, &workload, writers).await?);
    }
    let after = Snapshot::take(&options.data)?;
    print!("{}", report::report(options, &workload, &results, &before, &after)?);
    Ok(())
}
