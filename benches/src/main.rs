//! The bench target: runs the rows that are asked for and prints one table.

use std::{env, path::PathBuf, process::ExitCode};
use tillroll_benches::{
    Failure, append,
    harness::{self, Spec, Verdict},
    machine::Snapshot,
    options::{HELP, Options},
    replay, report,
};

fn main() -> ExitCode {
    // The build's folder, because the system's folder for temporary files may be in memory, where syncs cost nothing.
    let options = match Options::parse(env::args().skip(1), PathBuf::from(env!("CARGO_TARGET_TMPDIR"))) {
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
    match run(&options) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(3),
        Err(failure) => {
            eprintln!("the measurement failed: {failure}");
            ExitCode::FAILURE
        }
    }
}

/// Answers false if a row is void.
fn run(options: &Options) -> Result<bool, Failure> {
    let specs = specs(options)?;
    let before = Snapshot::take(&options.data)?;
    let mut lines = Vec::new();
    let mut is_valid = true;
    for spec in &specs {
        let outcome = harness::run(spec, options.pairs, options.slice, &|progress| eprintln!("{progress}"))?;
        is_valid &= outcome.verdict != Verdict::Void;
        lines.push(report::line(spec, &outcome));
    }
    let after = Snapshot::take(&options.data)?;
    println!("{}\n{}", report::HEAD, lines.join("\n"));
    print!("{}", report::footer(options, &before, &after));
    Ok(is_valid)
}

fn specs(options: &Options) -> Result<Vec<Spec<'_>>, Failure> {
    let mut specs = Vec::new();
    for (name, in_flight) in [("append-64", 64), ("append-256", 256)] {
        if options.wants(name) {
            specs.push(append::spec(name, in_flight, &options.data));
        }
    }
    if options.wants("replay") {
        eprintln!("replay: filling a log with {} orders", options.orders);
        specs.push(replay::spec(&options.data, options.orders)?);
    }
    if specs.is_empty() { Err("there is no such row; see --help".into()) } else { Ok(specs) }
}
