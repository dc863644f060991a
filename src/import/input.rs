//! Where the bytes of a source come from; they can be read from the beginning as often as needed.

use std::{
    fmt,
    fs::File,
    io::{self, Cursor, Read},
    path::PathBuf,
    sync::Arc,
};

/// Bytes that can be read several times.
#[derive(Debug, Clone)]
pub struct Input(Origin);

#[derive(Debug, Clone)]
enum Origin {
    File(PathBuf),
    Bytes { label: &'static str, bytes: Arc<[u8]> },
}

impl Input {
    /// A file. It must stay as it is until the import has ended, which notices if it does not.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self(Origin::File(path.into()))
    }

    /// Bytes in memory, with a word for them in messages.
    #[must_use]
    pub fn bytes(label: &'static str, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self(Origin::Bytes { label, bytes: bytes.into() })
    }

    /// Begins to read.
    ///
    /// # Errors
    /// Files that cannot be opened, and folders.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        match &self.0 {
            Origin::File(path) => {
                let file = File::open(path)?;
                if file.metadata()?.is_file() {
                    Ok(Box::new(file))
                } else {
                    Err(io::Error::new(
                        io::ErrorKind::InvalidInput,
                        "it is not a regular file, and it is read three times",
                    ))
                }
            }
            Origin::Bytes { bytes, .. } => Ok(Box::new(Cursor::new(bytes.clone()))),
        }
    }
}

impl fmt::Display for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Origin::File(path) => write!(f, "{}", path.display()),
            Origin::Bytes { label, .. } => f.write_str(label),
        }
    }
}
