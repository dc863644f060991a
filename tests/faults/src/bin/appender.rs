//! The process that `tests/crash.rs` kills: appends from many tasks until it dies, and says on standard output what was
//! acknowledged.

use anyhow::{Context, Result, bail};
use std::{
    fs::File,
    io::{self, Write},
    os::fd::AsFd,
    path::Path,
    sync::Arc,
};
use tillroll_faults::{
    log_file,
    vfs::{self, WatchOptions},
    workload::Workload,
};
use tillroll_infra::{
    ambient::Ambient,
    log::{
        SqliteLog,
        sqlite::{Sabotage, SqliteLogOptions},
    },
};

/// Writes a line with one `write`, so that a line that was written outlives this process, and no part of one does: a pipe
/// takes lines this short in one piece.
fn say(to: &File, line: &str) -> Result<()> {
    let mut to = to;
    let written = to.write(format!("{line}\n").as_bytes())?;
    if written == line.len() + 1 { Ok(()) } else { bail!("the pipe took a part of a line") }
}

/// `appender FOLDER RUN [volatile] [no-sync] [answer-before-commit]`
fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, run, modes @ ..] = arguments.as_slice() else { bail!("usage: appender FOLDER RUN [MODE]...") };
    let has = |mode: &str| modes.iter().any(|given| given == mode);
    let folder = Path::new(folder);
    let out = Arc::new(File::from(io::stdout().as_fd().try_clone_to_owned()?));
    let _watching = match has("volatile") {
        true => Some(vfs::watch(folder, WatchOptions { is_volatile: true, ..WatchOptions::default() })?),
        false => None,
    };
    let mut options = SqliteLogOptions::new(log_file(folder));
    options.checkpoint_pages = 300;
    options.sabotage = match (has("no-sync"), has("answer-before-commit")) {
        (true, _) => Some(Sabotage::NoSync),
        (_, true) => Some(Sabotage::AnswerBeforeCommit),
        _ => None,
    };
    say(&out, "opening")?;
    let log = Arc::new(SqliteLog::open(&options, Ambient::system().clock).context("the log does not open")?);
    say(&out, "opened")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let workload = Workload { run: run.parse()?, tasks: 64, appends_per_task: None };
    runtime.block_on(workload.run(log, move |one| say(&out, &one.to_string())))
}
