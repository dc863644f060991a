//! How large a campaign is and where its files go, from the environment.

use std::{env, path::PathBuf};
use tempfile::TempDir;
use tillroll_infra::ambient::Ambient;

/// A number from the environment.
///
/// # Panics
/// If it is there and is not a number.
#[must_use]
pub fn number(name: &str, default: usize) -> usize {
    match env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("{name}={text}: {error}")),
        Err(_) => default,
    }
}

/// `TILLROLL_SEED`, or another one each time, so that every run looks at other cases.
///
/// # Panics
/// If it is there and is not a number.
#[must_use]
pub fn seed() -> u64 {
    match env::var("TILLROLL_SEED") {
        Ok(text) => text.parse().unwrap_or_else(|error| panic!("TILLROLL_SEED={text}: {error}")),
        Err(_) => {
            let mut seed = [0; 4];
            Ambient::system().randomness.fill(&mut seed);
            u32::from_le_bytes(seed).into()
        }
    }
}

/// The folder for the campaign's files: `TILLROLL_FAULTS_DIR` (best in memory), or the system's.
#[must_use]
pub fn place() -> PathBuf {
    env::var_os("TILLROLL_FAULTS_DIR").map_or_else(env::temp_dir, PathBuf::from)
}

/// A new folder there, gone when it is dropped.
///
/// # Panics
/// If it cannot be made.
#[must_use]
pub fn folder() -> TempDir {
    tempfile::Builder::new().prefix("tillroll-faults-").tempdir_in(place()).expect("a folder can be made")
}
