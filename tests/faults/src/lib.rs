//! The proof that what the embedded log has acknowledged is never lost: the pieces that its tests share.
//!
//! `tests/crash.rs` kills processes, `tests/power_loss.rs` opens what a power cut may leave on a disk, `tests/disk_full.rs`
//! lets the disk fill up and operations fail, `tests/foreign.rs` damages files. Each is also seen to fail against a log that
//! breaks its promise on purpose.

use std::path::{Path, PathBuf};

pub mod caller;
pub mod campaign;
pub mod disk;
pub mod oracle;
pub mod power;
pub mod rng;
pub mod tmpfs;
pub mod vfs;
pub mod workload;

/// The log's file in a folder.
#[must_use]
pub fn log_file(folder: &Path) -> PathBuf {
    folder.join("log.db")
}
