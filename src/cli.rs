//! The command line: what can be asked of the `tillroll` program, and how it answers with exit codes.
//!
//! Exit codes: 0 done, 1 failed (standard error says why and what to do), 2 the command line is wrong.

mod events;
mod import;
mod parked;
mod progress;
mod rebuild;
mod serve;

use clap::{Args, Parser, Subcommand, ValueEnum};
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::PathBuf,
};
use tillroll_infra::{
    config::{LogFormat, Settings},
    telemetry,
};

const EXIT_CODES: &str = "Exit codes: 0 done; 1 failed, and standard error says why; 2 the command line is wrong.";

/// An event-sourced commerce engine: every transaction, in order, never rewritten.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

/// What every command takes.
#[derive(Debug, Args)]
struct Common {
    /// The data folder; it is made if need be [default: tillroll-data].
    #[arg(long, global = true, env = "TILLROLL_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// A settings file in TOML. Settings without a flag have variables, such as TILLROLL_STORE_TIME_ZONE.
    #[arg(long, global = true, env = "TILLROLL_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// How much to log on standard error: error, warn, info, debug, trace [default: info for serve, warn otherwise].
    #[arg(long, global = true, env = "TILLROLL_LOG_LEVEL", value_name = "LEVEL")]
    log_level: Option<String>,
    /// How log lines look [default: text].
    #[arg(long, global = true, env = "TILLROLL_LOG_FORMAT", value_name = "FORMAT")]
    log_format: Option<Format>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    Text,
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the APIs; with --import, import a history first.
    Serve {
        /// The address to listen on [default: 127.0.0.1:8080].
        #[arg(long, env = "TILLROLL_LISTEN", value_name = "ADDR")]
        listen: Option<SocketAddr>,
        /// Import this online-retail CSV (plain or gzipped) first; without a file, a small made-up history.
        #[arg(long, value_name = "FILE", num_args = 0..=1)]
        import: Option<Option<PathBuf>>,
    },
    /// Print events of the log; works beside a running server.
    Events(events::EventsArgs),
    /// Build read models anew from the log, beside the old ones, and switch when they have caught up.
    Rebuild {
        /// Only these projections; all of them unless named.
        #[arg(value_name = "PROJECTION")]
        projections: Vec<String>,
    },
    /// List events that a projection could not fold, or try them again.
    Parked {
        /// Try the parked events of this projection again.
        #[arg(long, value_name = "PROJECTION")]
        retry: Option<String>,
    },
    /// Import the history of another system.
    Import {
        #[command(subcommand)]
        source: ImportSource,
    },
}

#[derive(Debug, Subcommand)]
enum ImportSource {
    /// A CSV file in the form of the UCI Online Retail data set, plain or gzipped.
    OnlineRetail {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
        #[command(flatten)]
        options: import::ImportArgs,
    },
    /// A small made-up history, the same every time.
    MadeUp {
        #[command(flatten)]
        options: import::ImportArgs,
    },
}

/// Runs what the command line asks for.
///
/// # Errors
/// Whatever kept it from being done; the text says what to do about it.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    let settings = cli.common.settings()?;
    let default_level = if matches!(cli.command, Command::Serve { .. }) { "info" } else { "warn" };
    telemetry::start(&settings.log, default_level)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        match cli.command {
            Command::Serve { listen, import } => {
                let settings = Settings { listen: listen.unwrap_or(settings.listen), ..settings };
                serve::run(settings, import).await
            }
            Command::Events(args) => events::run(&settings, args).await,
            Command::Rebuild { projections } => rebuild::run(&settings, &projections).await,
            Command::Parked { retry } => parked::run(&settings, retry.as_deref()).await,
            Command::Import { source: ImportSource::OnlineRetail { file, options } } => {
                import::run(&settings, Some(file), options).await
            }
            Command::Import { source: ImportSource::MadeUp { options } } => import::run(&settings, None, options).await,
        }
    })
}

impl Common {
    fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = Settings::load(self.config.as_deref(), |name| std::env::var(name).ok())?;
        if let Some(data) = &self.data {
            settings.data.clone_from(data);
        }
        if let Some(level) = &self.log_level {
            settings.log.level = Some(level.clone());
        }
        if let Some(format) = self.log_format {
            settings.log.format = match format {
                Format::Text => LogFormat::Text,
                Format::Json => LogFormat::Json,
            };
        }
        Ok(settings)
    }
}

/// Prints text on standard output. Whoever reads it may have seen enough.
fn print(text: &str) -> anyhow::Result<()> {
    match writeln!(io::stdout(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => Ok(printed?),
    }
}
