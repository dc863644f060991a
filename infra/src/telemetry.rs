//! Structured log lines on standard error. Messages are constant; what varies is in fields; nothing personal is logged.

use crate::config::{LogFormat, LogSettings};
use std::io::{self, IsTerminal};
use thiserror::Error;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Why logging could not start.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter is malformed.
    #[error("{level:?} is not a log level; use error, warn, info, debug or trace")]
    Level {
        /// What was given.
        level: String,
    },
    /// Something else in the process has taken the place already.
    #[error("logging was started twice")]
    StartedTwice,
}

/// Starts logging for the whole process, at `default_level` unless the settings say otherwise.
///
/// # Errors
/// A malformed level, and a second start.
pub fn start(settings: &LogSettings, default_level: &str) -> Result<(), TelemetryError> {
    let level = settings.level.as_deref().unwrap_or(default_level);
    let malformed = |_| TelemetryError::Level { level: level.to_owned() };
    let filter = EnvFilter::builder().parse(level).map_err(malformed)?;
    let registry = tracing_subscriber::registry().with(filter);
    let started = match settings.format {
        LogFormat::Text => registry
            .with(fmt::layer().with_writer(io::stderr).with_target(false).with_ansi(io::stderr().is_terminal()))
            .try_init(),
        LogFormat::Json => registry.with(fmt::layer().json().with_writer(io::stderr)).try_init(),
    };
    started.map_err(|_| TelemetryError::StartedTwice)
}
