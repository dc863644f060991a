//! The keys as rows: one group of requests as one transaction, and the emptying of the write-ahead log behind an erasure.

use crate::{
    ambient::Randomness,
    sqlite_file::{self, WriteError},
    stream::Position,
    vault::{KEY_BYTES, Key, KeyState, Mark},
};
use rusqlite::{Connection, OptionalExtension};
use std::{
    cell::Cell,
    fmt,
    fs::File,
    io::{self, ErrorKind},
    path::PathBuf,
    sync::Arc,
};
use tillroll_domain::ids::SubjectId;
use uuid::Uuid;
use zeroize::Zeroizing;

type Commit = Box<dyn Fn(&Connection) -> rusqlite::Result<()> + Send>;

/// What a request wants of a subject's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Its key, if there is one.
    Find,
    /// Its key; a new one if there is neither a key nor a mark.
    Make,
    /// The mark instead of the key.
    Erase,
}

/// The one connection to the file.
pub(super) struct Table {
    connection: Connection,
    randomness: Arc<dyn Randomness>,
    wal: PathBuf,
    /// Whether the write-ahead log may hold a key that was destroyed.
    lingers: Cell<bool>,
    /// How a transaction is committed; tests put failures here.
    commit: Commit,
}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table").field("wal", &self.wal).finish_non_exhaustive()
    }
}

impl Table {
    pub(super) fn new(connection: Connection, path: &std::path::Path, randomness: Arc<dyn Randomness>) -> Self {
        let commit: Commit = Box::new(|connection| connection.prepare_cached("COMMIT")?.execute(()).map(drop));
        // A process that died in an erasure may have left one.
        Self { connection, randomness, wal: sqlite_file::wal(path), lingers: Cell::new(true), commit }
    }

    #[cfg(test)]
    pub(super) fn with_commit(mut self, commit: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static) -> Self {
        self.commit = Box::new(commit);
        self
    }

    /// Fulfills all wishes together or none, and answers what each subject's row holds then; durable when it returns.
    pub(super) fn fulfill<'a>(
        &mut self,
        wishes: impl Iterator<Item = (&'a str, SubjectId, Wish)> + Clone,
    ) -> Result<Vec<KeyState>, WriteError> {
        if wishes.clone().all(|(_, _, wish)| wish == Wish::Find) {
            let found = wishes.map(|(tenant, subject, _)| self.find(tenant, subject)).collect::<Result<_, _>>();
            return found.map_err(WriteError::before_commit);
        }
        self.write(|| wishes.map(|(tenant, subject, wish)| self.fulfill_one(tenant, subject, wish)).collect())
    }

    /// Everything that `change` does, or nothing of it; durable when it returns.
    fn write<T>(&self, change: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, WriteError> {
        let written = self.transaction(change);
        if written.is_err()
            && !self.connection.is_autocommit()
            && let Err(error) = self.connection.execute_batch("ROLLBACK")
        {
            return Err(WriteError::Final(error));
        }
        written
    }

    fn transaction<T>(&self, change: impl FnOnce() -> rusqlite::Result<T>) -> Result<T, WriteError> {
        let begun = self.connection.prepare_cached("BEGIN IMMEDIATE").and_then(|mut begin| begin.execute(()));
        begun.map_err(WriteError::before_commit)?;
        let changed = change().map_err(WriteError::before_commit)?;
        (self.commit)(&self.connection).map_err(WriteError::in_commit)?;
        Ok(changed)
    }

    /// How far a piece of work has come.
    pub(super) fn mark(&self, work: &str) -> Result<Option<Mark>, WriteError> {
        let found = self.connection.prepare_cached("SELECT position, event FROM marks WHERE work = ?1");
        let found = found.and_then(|mut find| {
            let mark = find.query_row((work,), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, [u8; 16]>(1)?)));
            mark.optional()
        });
        let mark = |(position, event): (i64, _)| {
            // One that was never set is no mark at all.
            Some(Mark { position: Position(u64::try_from(position).ok()?), event: Uuid::from_bytes(event) })
        };
        Ok(found.map_err(WriteError::before_commit)?.and_then(mark))
    }

    /// Takes note of how far a piece of work has come; durable when it returns.
    pub(super) fn set_mark(&mut self, work: &str, mark: Mark) -> Result<(), WriteError> {
        // Positions are far below; one that is not is searched again.
        let position = i64::try_from(mark.position.0).unwrap_or(0);
        self.write(|| {
            let mut set = self.connection.prepare_cached(
                "INSERT INTO marks (work, position, event) VALUES (?1, ?2, ?3)
                 ON CONFLICT (work) DO UPDATE SET position = excluded.position, event = excluded.event",
            )?;
            set.execute((work, position, &mark.event.as_bytes()[..])).map(drop)
        })
    }

    fn fulfill_one(&self, tenant: &str, subject: SubjectId, wish: Wish) -> rusqlite::Result<KeyState> {
        let found = self.find(tenant, subject)?;
        match (wish, &found) {
            (Wish::Find, _) | (Wish::Make, KeyState::Known(_) | KeyState::Erased) | (Wish::Erase, KeyState::Erased) => {
                Ok(found)
            }
            (Wish::Make, KeyState::Missing) => {
                let key = Key::random(&*self.randomness);
                self.insert(tenant, subject, false, key.bytes())?;
                Ok(KeyState::Known(key))
            }
            (Wish::Erase, KeyState::Missing) => {
                self.insert(tenant, subject, true, &[0; KEY_BYTES])?;
                Ok(KeyState::Erased)
            }
            (Wish::Erase, KeyState::Known(_)) => {
                let mut overwrite = self.connection.prepare_cached(
                    "UPDATE keys SET erased = 1, secret = zeroblob(32) WHERE tenant = ?1 AND subject = ?2",
                )?;
                // Pages from before stand in the write-ahead log, maybe also if this is never committed.
                self.lingers.set(true);
                overwrite.execute((tenant, &subject.uuid().as_bytes()[..]))?;
                Ok(KeyState::Erased)
            }
        }
    }

    fn insert(&self, tenant: &str, subject: SubjectId, erased: bool, secret: &[u8; KEY_BYTES]) -> rusqlite::Result<()> {
        let mut insert = self
            .connection
            .prepare_cached("INSERT INTO keys (tenant, subject, erased, secret) VALUES (?1, ?2, ?3, ?4)")?;
        insert.execute((tenant, &subject.uuid().as_bytes()[..], erased, &secret[..])).map(drop)
    }

    fn find(&self, tenant: &str, subject: SubjectId) -> rusqlite::Result<KeyState> {
        let mut find =
            self.connection.prepare_cached("SELECT erased, secret FROM keys WHERE tenant = ?1 AND subject = ?2")?;
        let row = find.query_row((tenant, &subject.uuid().as_bytes()[..]), |row| {
            Ok((row.get::<_, bool>(0)?, Zeroizing::new(row.get::<_, [u8; KEY_BYTES]>(1)?)))
        });
        Ok(match row.optional()? {
            None => KeyState::Missing,
            Some((true, _)) => KeyState::Erased,
            Some((false, secret)) => Key::stored(&secret[..]).map_or(KeyState::Missing, KeyState::Known),
        })
    }

    /// Whether the write-ahead log has to be emptied before all keys that were destroyed are gone.
    pub(super) fn lingers(&self) -> bool {
        self.lingers.get()
    }

    /// Copies the write-ahead log into the file and cuts it off, so that no page that was overwritten is left anywhere.
    /// Waits for readers beside us, up to the connection's busy timeout.
    pub(super) fn empty_write_ahead_log(&self) -> Result<(), String> {
        let busy: bool = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0))
            .map_err(|error| error.to_string())?;
        if busy {
            return Err("somebody else is reading the file".to_owned());
        }
        // The cut itself must be durable too: an older length would bring the old pages back with it.
        match self.sync_cut() {
            Ok(0) => {
                self.lingers.set(false);
                Ok(())
            }
            Ok(left) => Err(format!("{left} bytes are left in it")),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Syncs the write-ahead log and answers its length.
    fn sync_cut(&self) -> io::Result<u64> {
        match File::open(&self.wal) {
            Ok(file) => {
                file.sync_all()?;
                Ok(file.metadata()?.len())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }
}
