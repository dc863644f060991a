//! The `tillroll` program.

use clap::Parser;
use std::process::ExitCode;
use tillroll::cli::{self, Cli};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tillroll: {error:#}");
            ExitCode::FAILURE
        }
    }
}
