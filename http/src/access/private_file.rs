//! Files of secrets: made once, readable by their owner alone, never replaced.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write as _},
    path::{Path, PathBuf},
};
use thiserror::Error;
use zeroize::Zeroizing;

/// The most bytes of such a file.
const FILE_BYTES_MAX: u64 = 16 << 10;

/// Why the keys cannot be used. No variant carries a key.
#[derive(Debug, Error)]
pub enum KeysError {
    /// The file cannot be read or written.
    #[error("the key file {} cannot be used", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read or write the file.
    #[error("others may read the key file {} (mode {mode:o}); make it private with chmod 600", path.display())]
    TooOpen {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file is not what this server writes.
    #[error("the key file {} is malformed: {reason}; move it away and start again to get new keys", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong, without naming a key.
        reason: String,
    },
}

/// Reads a file, or makes one of this text first if there is none: mode 0600, whole or not at all, and durable.
pub(super) fn read_or_create(
    path: &Path,
    new_text: impl FnOnce() -> Zeroizing<String>,
) -> Result<Zeroizing<String>, KeysError> {
    match read(path) {
        Err(KeysError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            create(path, &new_text()).map_err(|source| KeysError::Io { path: path.to_owned(), source })?;
            read(path)
        }
        read => read,
    }
}

/// Reads a file that only its owner may read.
fn read(path: &Path) -> Result<Zeroizing<String>, KeysError> {
    let io = |source| KeysError::Io { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    // The opened file is asked, not the path, which may name another one by now.
    let metadata = file.metadata().map_err(io)?;
    if !metadata.is_file() {
        return Err(malformed(path, "it is not a file"));
    }
    check_mode(path, &metadata)?;
    // With room for all of it from the start, so that growing leaves no copies behind.
    let capacity = usize::try_from(metadata.len().min(FILE_BYTES_MAX)).unwrap_or_default() + 2;
    let mut text = Zeroizing::new(String::with_capacity(capacity));
    file.take(FILE_BYTES_MAX + 1).read_to_string(&mut text).map_err(io)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > FILE_BYTES_MAX {
        return Err(malformed(path, "it is too large"));
    }
    Ok(text)
}

pub(super) fn malformed(path: &Path, reason: impl Into<String>) -> KeysError {
    KeysError::Malformed { path: path.to_owned(), reason: reason.into() }
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("toml.new");
    // A draft that a crash left behind is nobody's key yet.
    match fs::remove_file(&draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    // A link, unlike a rename, never replaces keys that another process wrote meanwhile; theirs are used then.
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

#[cfg(unix)]
fn check_mode(path: &Path, metadata: &fs::Metadata) -> Result<(), KeysError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 == 0 { Ok(()) } else { Err(KeysError::TooOpen { path: path.to_owned(), mode }) }
}

#[cfg(not(unix))]
fn check_mode(_: &Path, _: &fs::Metadata) -> Result<(), KeysError> {
    Ok(())
}
