//! The command bus: load, decide, append with the exact revision; one bounded queue per stream.

pub mod context;

pub use context::{CommandContext, ExecuteError, Executed, Fingerprint, Outcome};
