//! Where the simulated provider keeps its books: one SQLite file of its own, so that what it did outlives the engine.
//!
//! One thread writes; what waits is gathered into one transaction. What was not written because there was no room is
//! written with what follows.

use super::{outbox::Outgoing, script::Script, truth::charge::Charge};
use crate::sqlite_file::{self, FileError, FileKind, Found, WriteError};
use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::Duration,
};
use thiserror::Error;
use tillroll_domain::ids::PaymentId;
use tokio::sync::{
    mpsc::{self, UnboundedReceiver, UnboundedSender},
    oneshot,
};

/// The application id is "TilP" in ASCII.
const BOOKS: FileKind = FileKind { application_id: 0x5469_6c50, version: 1, schema: include_str!("schema.sql") };
/// People may look into the file with a tool of their own.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The most writes of one transaction.
const GROUP_MAX: usize = 1_024;
/// The most writes that wait for room on the disk; with more, the file is given up until the next start.
const BACKLOG_MAX: usize = 16_384;

/// Why the books were not opened. Whatever stands at the path was not changed.
#[derive(Debug, Error)]
pub enum OpenSimulatorError {
    /// The file is something else.
    #[error("{} does not hold a simulated payment provider; it was left as it is", path.display())]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by another version of the program.
    #[error("{} has schema version {found}, and this program knows version {known}", path.display())]
    OtherVersion {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The file is gone but its write-ahead log is there.
    #[error("{} is missing, but {} is there; restore the file, or move the other one away", path.display(), left.display())]
    Orphaned {
        /// The missing file.
        path: PathBuf,
        /// What is left of it.
        left: PathBuf,
    },
    /// A row cannot be read.
    #[error("{} is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What cannot be read.
        reason: String,
    },
    /// The file system cannot hold a write-ahead log.
    #[error("{} cannot have a write-ahead log; use a local disk", path.display())]
    NoWriteAheadLog {
        /// The file.
        path: PathBuf,
    },
    /// The file system refused.
    #[error("{} cannot be opened", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// SQLite refused.
    #[error("{} cannot be opened", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: rusqlite::Error,
    },
}

/// What the file holds.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) salt: [u8; 16],
    pub(super) named: u64,
    pub(super) script: Script,
    pub(super) charges: Vec<Charge>,
    pub(super) messages: Vec<Outgoing>,
}

/// What changed: whole rows, the newest state of each.
#[derive(Debug, Default)]
pub(super) struct Change {
    pub(super) charges: Vec<(PaymentId, String)>,
    /// A delivery, or that it is done.
    pub(super) messages: Vec<(u64, Option<String>)>,
    pub(super) named: Option<u64>,
    pub(super) script: Option<String>,
}

impl Change {
    fn is_empty(&self) -> bool {
        self.charges.is_empty() && self.messages.is_empty() && self.named.is_none() && self.script.is_none()
    }
}

/// A row's body.
pub(super) fn row<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("the simulator's rows are JSON")
}

type Answer = Result<(), Arc<str>>;

enum Message {
    Change(Change, oneshot::Sender<Answer>),
    Close,
}

/// The file and its thread.
#[derive(Debug)]
pub(super) struct Storage {
    queue: UnboundedSender<Message>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Storage {
    /// Opens the file, and makes one with this salt if there is none. Blocks.
    pub(super) fn open(path: &Path, salt: [u8; 16]) -> Result<(Self, Kept), OpenSimulatorError> {
        let io = |source| OpenSimulatorError::Io { path: path.to_owned(), source };
        let found = BOOKS.inspect(path).map_err(io)?;
        match (found, sqlite_file::left_write_ahead_log(path)) {
            (Found::Nothing, None) => BOOKS.create(path).map_err(|error| failed(path, error))?,
            (Found::Nothing, Some(left)) => return Err(OpenSimulatorError::Orphaned { path: path.to_owned(), left }),
            (Found::Empty | Found::NotOurs, _) => return Err(OpenSimulatorError::NotOurs { path: path.to_owned() }),
            (Found::Ours { version }, _) if version == BOOKS.version => {}
            (Found::Ours { version: found }, _) => {
                let known = BOOKS.version;
                return Err(OpenSimulatorError::OtherVersion { path: path.to_owned(), found, known });
            }
        }
        sqlite_file::renew_write_ahead_log(path).map_err(io)?;
        let connection = connect(path).map_err(|error| failed(path, error))?;
        let kept = read(&connection, path, salt)?;
        let (queue, messages) = mpsc::unbounded_channel();
        let thread = std::thread::Builder::new().name("payment-simulator".to_owned());
        let writer = Writer { connection, backlog: Vec::new(), given_up: None };
        let thread = thread.spawn(move || writer.run(messages)).map_err(io)?;
        Ok((Self { queue, thread: Mutex::new(Some(thread)) }, kept))
    }

    /// Queues a change behind those before it. Durable, with all before it, once the answer is good.
    pub(super) fn write(&self, change: Change) -> oneshot::Receiver<Answer> {
        let (answer, answered) = oneshot::channel();
        // If the thread is gone, so is the answer's sender, and the receiver tells.
        let _ = self.queue.send(Message::Change(change, answer));
        answered
    }

    /// Writes what was queued and closes the file. Blocks; closing again does nothing.
    pub(super) fn close(&self) {
        // If the thread is gone already there is nothing to close.
        let _ = self.queue.send(Message::Close);
        if let Some(thread) = self.thread.lock().take()
            && thread.join().is_err()
        {
            tracing::error!("the payment simulator's thread panicked");
        }
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        self.close();
    }
}

struct Writer {
    connection: Connection,
    /// What could not be written yet.
    backlog: Vec<Change>,
    /// Why nothing more is written until the file is opened again.
    given_up: Option<Arc<str>>,
}

impl Writer {
    fn run(mut self, mut messages: UnboundedReceiver<Message>) {
        let mut waiting = Vec::new();
        while let Some(first) = messages.blocking_recv() {
            let mut next = Some(first);
            while let Some(message) = next {
                match message {
                    Message::Change(change, answer) => {
                        if !change.is_empty() {
                            self.backlog.push(change);
                        }
                        waiting.push(answer);
                    }
                    // What was queued before is still written.
                    Message::Close => messages.close(),
                }
                next = if waiting.len() < GROUP_MAX { messages.try_recv().ok() } else { None };
            }
            let written = self.write();
            for answer in waiting.drain(..) {
                // The caller may have gone.
                let _ = answer.send(written.clone());
            }
        }
    }

    fn write(&mut self) -> Answer {
        if let Some(reason) = &self.given_up {
            return Err(reason.clone());
        }
        if self.backlog.is_empty() {
            return Ok(());
        }
        let written = transaction(&self.connection, &self.backlog);
        if written.is_err() && !self.connection.is_autocommit() && self.connection.execute_batch("ROLLBACK").is_err() {
            return Err(self.give_up("it could not roll back"));
        }
        match written {
            Ok(()) => {
                self.backlog.clear();
                Ok(())
            }
            Err(WriteError::Final(error)) => Err(self.give_up(&error.to_string())),
            Err(_) if self.backlog.len() > BACKLOG_MAX => Err(self.give_up("too much waits to be written")),
            Err(WriteError::Full) => Err("the disk is full".into()),
            Err(WriteError::Passing(error)) => Err(error.to_string().into()),
        }
    }

    fn give_up(&mut self, reason: &str) -> Arc<str> {
        tracing::error!(reason, "the payment simulator stops until it is opened again");
        self.backlog.clear();
        self.given_up.insert(format!("it failed and must be opened again: {reason}").into()).clone()
    }
}

fn transaction(connection: &Connection, changes: &[Change]) -> Result<(), WriteError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(WriteError::before_commit)?;
    changes.iter().try_for_each(|change| put(connection, change)).map_err(WriteError::before_commit)?;
    connection.execute_batch("COMMIT").map_err(WriteError::in_commit)
}

fn put(connection: &Connection, change: &Change) -> rusqlite::Result<()> {
    for (payment_id, body) in &change.charges {
        connection
            .prepare_cached("INSERT OR REPLACE INTO charges (payment_id, body) VALUES (?1, ?2)")?
            .execute((payment_id.to_string(), body))?;
    }
    for (no, body) in &change.messages {
        // Numbers begin at zero and are far below.
        let no = i64::try_from(*no).unwrap_or(i64::MAX);
        match body {
            Some(body) => {
                let mut insert =
                    connection.prepare_cached("INSERT OR REPLACE INTO messages (no, body) VALUES (?1, ?2)")?;
                insert.execute((no, body))?
            }
            None => connection.prepare_cached("DELETE FROM messages WHERE no = ?1")?.execute((no,))?,
        };
    }
    if let Some(named) = change.named {
        note(connection, NAMED, &named.to_string())?;
    }
    change.script.as_ref().map_or(Ok(()), |script| note(connection, SCRIPT, script))
}

const SALT: &str = "salt";
const NAMED: &str = "named";
const SCRIPT: &str = "script";

fn note(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    let mut put = connection.prepare_cached("INSERT OR REPLACE INTO notes (name, value) VALUES (?1, ?2)")?;
    put.execute((name, value)).map(drop)
}

fn noted(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT value FROM notes WHERE name = ?1", (name,), |row| row.get(0)).optional()
}

fn connect(path: &Path) -> Result<Connection, FileError> {
    let connection = sqlite_file::connect(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    sqlite_file::write_ahead(&connection)?;
    connection.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -2048;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(connection)
}

/// Reads everything, and notes the salt in a file that has none yet.
fn read(connection: &Connection, path: &Path, salt: [u8; 16]) -> Result<Kept, OpenSimulatorError> {
    let sqlite = |source| OpenSimulatorError::Sqlite { path: path.to_owned(), source };
    let damaged = |reason: String| OpenSimulatorError::Damaged { path: path.to_owned(), reason };
    let salt = match noted(connection, SALT).map_err(sqlite)? {
        Some(text) => {
            let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok().and_then(|bytes| bytes.try_into().ok());
            bytes.ok_or_else(|| damaged("its salt cannot be read".to_owned()))?
        }
        None => {
            note(connection, SALT, &data_encoding::HEXLOWER.encode(&salt)).map_err(sqlite)?;
            salt
        }
    };
    let named = match noted(connection, NAMED).map_err(sqlite)? {
        Some(text) => text.parse().map_err(|_| damaged("the number of its references cannot be read".to_owned()))?,
        None => 0,
    };
    let script = match noted(connection, SCRIPT).map_err(sqlite)? {
        Some(text) => parse(&text).map_err(&damaged)?,
        None => Script::default(),
    };
    let charges = bodies(connection, "SELECT body FROM charges ORDER BY payment_id").map_err(sqlite)?;
    let messages = bodies(connection, "SELECT body FROM messages ORDER BY no").map_err(sqlite)?;
    let charges = charges.iter().map(|body| parse(body)).collect::<Result<_, _>>().map_err(&damaged)?;
    let messages = messages.iter().map(|body| parse(body)).collect::<Result<_, _>>().map_err(&damaged)?;
    Ok(Kept { salt, named, script, charges, messages })
}

fn bodies(connection: &Connection, query: &str) -> rusqlite::Result<Vec<String>> {
    connection.prepare(query)?.query_map((), |row| row.get(0))?.collect()
}

fn parse<T: DeserializeOwned>(body: &str) -> Result<T, String> {
    serde_json::from_str(body).map_err(|error| error.to_string())
}

fn failed(path: &Path, error: FileError) -> OpenSimulatorError {
    let path = path.to_owned();
    match error {
        FileError::Io(source) => OpenSimulatorError::Io { path, source },
        FileError::Sqlite(source) => OpenSimulatorError::Sqlite { path, source },
        FileError::NoWriteAheadLog(_) => OpenSimulatorError::NoWriteAheadLog { path },
    }
}

#[cfg(test)]
mod tests;
