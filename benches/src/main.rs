//! The bench target: runs the rows that are asked for and prints one table.

use std::{env, path::PathBuf, process::ExitCode};
use tillroll_benches::{
    Failure,
    allocations::CountingAllocator,
    append, commands,
    harness::{self, Spec, Verdict},
    hot, load,
    machine::Snapshot,
    options::{HELP, Options, ROWS},
    reads,
    replay::{self, Reading},
    report, warm,
};

/// The program's own, counted.
#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

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
    let before = Snapshot::take(&options.data)?;
    let mut lines = Vec::new();
    let mut is_valid = true;
    for name in ROWS.iter().filter(|name| options.wants(name)) {
        // Made here and dropped after its row, so that no row has the memory of another beside it.
        let spec = spec(name, options)?;
        let outcome = harness::run(&spec, options.pairs, options.slice, &|progress| eprintln!("{progress}"))?;
        is_valid &= outcome.verdict != Verdict::Void;
        lines.push(report::line(&spec, &outcome));
    }
    let after = Snapshot::take(&options.data)?;
    println!("{}\n{}", report::HEAD, lines.join("\n"));
    print!("{}", report::footer(options, &before, &after));
    Ok(is_valid)
}

fn spec<'a>(name: &str, options: &'a Options) -> Result<Spec<'a>, Failure> {
    let folder = &options.data;
    Ok(match name {
        "append-64" => append::spec("append-64", 64, folder),
        "append-256" => append::spec("append-256", 256, folder),
        "command-warm" => warm::spec(),
        "load-cold" => {
            eprintln!("load-cold: filling a log with {} streams", options.streams);
            load::spec(folder, options.streams)?
        }
        "command-64" => commands::spec("command-64", 64, folder),
        "command-256" => commands::spec("command-256", 256, folder),
        "hot-stream" => hot::spec(folder),
        "replay" | "replay-ahead" => {
            eprintln!("{name}: filling a log with {} orders", options.orders);
            let reading = if name == "replay" { Reading::InTurn } else { Reading::Ahead };
            replay::spec(folder, options.orders, reading)?
        }
        "reads" => reads::spec(folder, options.products, options.carts)?,
        _ => return Err(format!("there is no row {name}").into()),
    })
}
