//! One group of appends as one transaction: check each against what its predecessors left, insert, commit.

use super::{
    super::{
        Append, AppendError, AppendReceipt,
        check::{Last, Verdict, judge},
    },
    checksum::Checked,
    heads::{Head, Heads},
    kinds::Kinds,
    schema,
};
use crate::{
    sqlite_file::WriteError,
    stream::{Position, Revision},
};
use chrono::{DateTime, Utc};
use rusqlite::{CachedStatement, Connection, OptionalExtension};
use std::fmt;
use uuid::Uuid;

/// Streams in each of the two generations of the head cache; about 10 MB when both are full.
const HEADS_PER_GENERATION: usize = 50_000;

type Commit = Box<dyn Fn(&Connection) -> rusqlite::Result<()> + Send>;

/// The tables as the writer left them, so that most appends read nothing.
pub(super) struct Tables {
    connection: Connection,
    /// How a transaction is committed; tests put failures here.
    commit: Commit,
    heads: Heads,
    kinds: Kinds,
    /// `None` after a transaction that failed; read again before the next one.
    tail: Option<Tail>,
    /// How long the write-ahead log may get, in pages.
    checkpoint_pages: u32,
}

/// The end of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tail {
    /// The last event's position.
    pub(super) position: Position,
    /// Microseconds since 1970; times never fall below it.
    recorded_at: i64,
    /// The last stream's key.
    stream: i64,
}

/// What a group came to.
pub(super) struct Written {
    /// One answer per append, in order.
    pub(super) answers: Vec<Result<AppendReceipt, AppendError>>,
    /// The log's head behind the group.
    pub(super) head: Position,
    /// How many events it added.
    pub(super) events: u64,
}

impl fmt::Debug for Tables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tables").field("tail", &self.tail).finish_non_exhaustive()
    }
}

impl Tables {
    pub(super) fn new(connection: Connection, checkpoint_pages: u32) -> rusqlite::Result<Self> {
        let mut tables = Self {
            connection,
            commit: Box::new(|connection| connection.prepare_cached("COMMIT")?.execute(()).map(drop)),
            heads: Heads::new(HEADS_PER_GENERATION),
            kinds: Kinds::default(),
            tail: None,
            checkpoint_pages,
        };
        tables.tail()?;
        // A file whose tables are not as they should be is refused now and not at the first append.
        drop(Rows::prepare(&tables.connection)?);
        schema::settle(&tables.connection)?;
        Ok(tables)
    }

    /// The end of the log; read from the file if it is not known.
    pub(super) fn tail(&mut self) -> rusqlite::Result<Tail> {
        if let Some(tail) = self.tail {
            return Ok(tail);
        }
        let last = self
            .connection
            .query_row("SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1", (), |row| {
                Ok((row.get::<_, i64>(0)?, row.get(1)?))
            })
            .optional()?;
        let (position, recorded_at) = last.unwrap_or((0, i64::MIN));
        let stream = self.connection.query_row("SELECT coalesce(max(key), 0) FROM streams", (), |row| row.get(0))?;
        self.kinds.load_new(&self.connection)?;
        let position = u64::try_from(position).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, position))?;
        let tail = Tail { position: Position(position), recorded_at, stream };
        self.tail = Some(tail);
        Ok(tail)
    }

    /// Writes a group without making it durable: [`Self::commit`] must follow. Refused appends leave no trace.
    pub(super) fn stage<'a>(
        &mut self,
        appends: impl Iterator<Item = &'a Append>,
        now: DateTime<Utc>,
    ) -> Result<Written, WriteError> {
        let staged = self.try_stage(appends, now);
        self.undone_if_failed(staged)
    }

    fn try_stage<'a>(
        &mut self,
        appends: impl Iterator<Item = &'a Append>,
        now: DateTime<Utc>,
    ) -> Result<Written, WriteError> {
        let before = self.tail().map_err(WriteError::before_commit)?;
        self.connection
            .prepare_cached("BEGIN IMMEDIATE")
            .and_then(|mut begin| begin.execute(()))
            .map_err(WriteError::before_commit)?;
        let mut tail = Tail { recorded_at: before.recorded_at.max(now.timestamp_micros()), ..before };
        let mut answers = Vec::with_capacity(appends.size_hint().0);
        {
            let mut rows = Rows::prepare(&self.connection).map_err(WriteError::before_commit)?;
            for append in appends {
                let answer = rows.append(append, &mut self.heads, &mut self.kinds, &mut tail);
                answers.push(answer.map_err(WriteError::before_commit)?);
            }
        }
        let events = tail.position.0 - before.position.0;
        if events > 0 {
            self.tail = Some(tail);
        }
        Ok(Written { answers, head: tail.position, events })
    }

    /// Makes the group that was staged durable: all its accepted appends together, or none.
    pub(super) fn commit(&mut self) -> Result<(), WriteError> {
        let committed = (self.commit)(&self.connection).map_err(WriteError::in_commit);
        self.undone_if_failed(committed)
    }

    fn undone_if_failed<T>(&mut self, result: Result<T, WriteError>) -> Result<T, WriteError> {
        if result.is_err() {
            // What was learned in the transaction did not come true.
            self.heads.clear();
            self.kinds = Kinds::default();
            self.tail = None;
            if !self.connection.is_autocommit()
                && let Err(error) = self.connection.execute_batch("ROLLBACK")
            {
                return Err(WriteError::Final(error));
            }
        }
        result
    }

    /// Copies the write-ahead log into the file as far as readers let it, once it is long enough.
    ///
    /// A copy that was not synced and is taken to be there would be lost with the write-ahead log, which starts over on the
    /// strength of it; so whatever goes wrong here is as grave as in a commit. A full disk is not: what was not copied
    /// stays where it is.
    pub(super) fn checkpoint_if_due(&self) -> Result<(), WriteError> {
        let pages = |mode| -> rusqlite::Result<u32> {
            self.connection
                .prepare_cached(mode)?
                .query_row((), |row| row.get::<_, i32>(1))
                .map(|n| n.try_into().unwrap_or(0))
        };
        pages("PRAGMA wal_checkpoint(NOOP)")
            .and_then(
                |waiting| if waiting < self.checkpoint_pages { Ok(0) } else { pages("PRAGMA wal_checkpoint(PASSIVE)") },
            )
            .map(drop)
            .map_err(WriteError::in_commit)
    }

    /// Ends: copies the write-ahead log into the file and empties it, so that the file alone is the log.
    pub(super) fn close(&self) -> rusqlite::Result<()> {
        let closed = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()));
        if closed.is_err() {
            self.keep_write_ahead_log();
        }
        closed
    }

    /// From now on nothing more is copied into the file, also not when the connection closes.
    pub(super) fn keep_write_ahead_log(&self) {
        if let Err(error) = schema::checkpoint_on_close(&self.connection, false) {
            tracing::error!(error = %error, "the event log's write-ahead log may be copied into its file when it closes");
        }
    }

    #[cfg(test)]
    pub(super) fn with_commit(mut self, commit: impl Fn(&Connection) -> rusqlite::Result<()> + Send + 'static) -> Self {
        self.commit = Box::new(commit);
        self
    }
}

/// The statements of one transaction.
struct Rows<'a> {
    connection: &'a Connection,
    find_stream: CachedStatement<'a>,
    insert_stream: CachedStatement<'a>,
    insert_event: CachedStatement<'a>,
}

impl<'a> Rows<'a> {
    fn prepare(connection: &'a Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            find_stream: connection.prepare_cached(
                "SELECT key, revision, event_id FROM streams
                 LEFT JOIN events ON stream = key AND revision = (SELECT max(revision) FROM events WHERE stream = key)
                 WHERE tenant = ?1 AND category = ?2 AND id = ?3",
            )?,
            insert_stream: connection
                .prepare_cached("INSERT INTO streams (key, tenant, category, id) VALUES (?1, ?2, ?3, ?4)")?,
            insert_event: connection.prepare_cached(
                "INSERT INTO events
                 (position, stream, revision, kind, schema_version, recorded_at, event_id, checksum, metadata, data)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?,
        })
    }

    /// Checks all, then inserts: a refused append needs no savepoint and costs its neighbours nothing. A failure of the
    /// database, on the other hand, is the whole group's.
    fn append(
        &mut self,
        append: &Append,
        heads: &mut Heads,
        kinds: &mut Kinds,
        tail: &mut Tail,
    ) -> rusqlite::Result<Result<AppendReceipt, AppendError>> {
        let head = match heads.get(&append.stream) {
            Some(head) => Some(head),
            None => self.find_stream(append)?,
        };
        let last = head.and_then(|head| head.last);
        let actual = last.map(|last| last.revision);
        let first = match judge(append.expected, last, append.events.len()) {
            Verdict::Append(first) => first,
            Verdict::Compare(first) => {
                let key = head.map_or(0, |head| head.key);
                let replayed = self.find_receipt(append, key, first)?;
                return Ok(replayed.ok_or_else(|| AppendError::Conflict { stream: append.stream.clone(), actual }));
            }
            Verdict::Conflict => return Ok(Err(AppendError::Conflict { stream: append.stream.clone(), actual })),
        };
        let mut kind_keys = Vec::with_capacity(append.events.len());
        for event in &append.events {
            match kinds.resolve(self.connection, append.stream.category(), &event.event_type)? {
                Some(key) => kind_keys.push(key),
                None => return Ok(Err(AppendError::Invalid("the log has no room for more names of event types"))),
            }
        }
        let key = match head {
            Some(head) => head.key,
            None => self.insert_stream(append, tail)?,
        };
        let mut revision = first;
        for (event, kind) in append.events.iter().zip(kind_keys) {
            let next = tail.position.next();
            let (position, standing) = (column(next.0)?, column(revision.0)?);
            let checksum = Checked {
                position,
                stream: &append.stream,
                revision: standing,
                event_type: &event.event_type,
                schema_version: event.schema_version,
                recorded_at: tail.recorded_at,
                event_id: &event.id,
                metadata: &event.metadata,
                data: &event.data,
            };
            self.insert_event.execute((
                position,
                key,
                standing,
                kind,
                event.schema_version,
                tail.recorded_at,
                &event.id.as_bytes()[..],
                checksum.sum(),
                &event.metadata,
                &event.data,
            ))?;
            tail.position = next;
            revision = revision.next();
        }
        let last = Revision(revision.0 - 1);
        let standing = append.events.last().map(|event| Last { revision: last, event_id: event.id });
        heads.insert(&append.stream, Head { key, last: standing });
        Ok(Ok(AppendReceipt { first_revision: first, last_revision: last, last_position: tail.position }))
    }

    fn find_stream(&mut self, append: &Append) -> rusqlite::Result<Option<Head>> {
        let stream = &append.stream;
        self.find_stream
            .query_row((stream.tenant(), stream.category(), stream.id()), |row| {
                // Every stream has an event, since both are inserted in one transaction.
                let last = match (row.get::<_, Option<i64>>(1)?, row.get::<_, Option<[u8; 16]>>(2)?) {
                    (Some(revision), Some(event_id)) => {
                        let revision = u64::try_from(revision)
                            .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, revision))?;
                        Some(Last { revision: Revision(revision), event_id: Uuid::from_bytes(event_id) })
                    }
                    _ => None,
                };
                Ok(Head { key: row.get(0)?, last })
            })
            .optional()
    }

    fn insert_stream(&mut self, append: &Append, tail: &mut Tail) -> rusqlite::Result<i64> {
        let stream = &append.stream;
        let key = tail.stream + 1;
        self.insert_stream.execute((key, stream.tenant(), stream.category(), stream.id()))?;
        tail.stream = key;
        Ok(key)
    }

    /// The receipt of the append that put these events where they stand; `None` if others stand there. Sees the rows of
    /// this transaction too, so twins may share a group.
    fn find_receipt(&self, append: &Append, stream: i64, first: Revision) -> rusqlite::Result<Option<AppendReceipt>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT event_id, position FROM events WHERE stream = ?1 AND revision >= ?2 ORDER BY revision LIMIT ?3",
        )?;
        let count = u64::try_from(append.events.len()).unwrap_or(u64::MAX);
        let mut rows = statement.query((stream, column(first.0)?, column(count)?))?;
        let mut last_position = Position::START;
        for event in &append.events {
            let Some(row) = rows.next()? else { return Ok(None) };
            if row.get_ref(0)?.as_blob()? != event.id.as_bytes() {
                return Ok(None);
            }
            let position = row.get(1)?;
            last_position =
                Position(u64::try_from(position).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(1, position))?);
        }
        Ok(Some(AppendReceipt { first_revision: first, last_revision: Revision(first.0 + count - 1), last_position }))
    }
}

fn column(number: u64) -> rusqlite::Result<i64> {
    i64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, i64::MAX))
}
