//! Rows of snapshots: written with a digest over everything, and read only if it fits.

use super::super::Snapshot;
use crate::stream::{Position, Revision, StreamId};
use rusqlite::{Connection, OptionalExtension, params};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// A row's answer.
#[derive(Debug)]
pub(super) enum Row {
    None,
    Whole(Box<Snapshot>),
    /// It is not what was written.
    Damaged,
}

pub(super) fn load(connection: &Connection, stream: &StreamId) -> rusqlite::Result<Row> {
    let mut statement = connection.prepare_cached(
        "SELECT state_version, revision, position, last_event, digest, body FROM snapshots WHERE stream = ?1",
    )?;
    let found = statement
        .query_row([stream.as_str()], |row| {
            let snapshot = Snapshot {
                stream: stream.clone(),
                state_version: row.get(0)?,
                revision: Revision(row.get::<_, i64>(1)?.cast_unsigned()),
                position: Position(row.get::<_, i64>(2)?.cast_unsigned()),
                last_event: Uuid::from_bytes(row.get(3)?),
                body: row.get(5)?,
            };
            Ok((snapshot, row.get::<_, [u8; 32]>(4)?))
        })
        .optional();
    Ok(match found {
        Ok(None) => Row::None,
        Ok(Some((snapshot, stored))) if digest(&snapshot) == stored => Row::Whole(Box::new(snapshot)),
        // Of another type, out of range or not UTF-8.
        Ok(Some(_))
        | Err(
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::Utf8Error(..),
        ) => Row::Damaged,
        Err(error) => return Err(error),
    })
}

/// Replaces the stream's earlier row, so that the new one is the youngest of all.
pub(super) fn save(connection: &Connection, snapshot: &Snapshot) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO snapshots (stream, state_version, revision, position, last_event, digest, body)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            snapshot.stream.as_str(),
            snapshot.state_version,
            snapshot.revision.0.cast_signed(),
            snapshot.position.0.cast_signed(),
            snapshot.last_event.as_bytes(),
            digest(snapshot),
            snapshot.body,
        ])
        .map(drop)
}

pub(super) fn remove(connection: &Connection, stream: &StreamId) -> rusqlite::Result<()> {
    connection.prepare_cached("DELETE FROM snapshots WHERE stream = ?1")?.execute([stream.as_str()]).map(drop)
}

/// Removes the oldest rows and answers their streams.
pub(super) fn remove_oldest(connection: &Connection, count: usize) -> rusqlite::Result<Vec<String>> {
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "DELETE FROM snapshots WHERE saved IN (SELECT saved FROM snapshots ORDER BY saved LIMIT ?1)
             RETURNING stream",
        )?
        .query_map([count], |row| row.get(0))?
        .collect()
}

/// The streams that have a row.
pub(super) fn streams(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    connection.prepare("SELECT stream FROM snapshots")?.query_map([], |row| row.get(0))?.collect()
}

fn digest(snapshot: &Snapshot) -> [u8; 32] {
    let mut digest = Sha256::new();
    let stream = snapshot.stream.as_str().as_bytes();
    // The one field of variable length before the last comes with its length.
    digest.update(u64::try_from(stream.len()).unwrap_or(u64::MAX).to_be_bytes());
    digest.update(stream);
    digest.update(snapshot.state_version.to_be_bytes());
    digest.update(snapshot.revision.0.to_be_bytes());
    digest.update(snapshot.position.0.to_be_bytes());
    digest.update(snapshot.last_event.as_bytes());
    digest.update(snapshot.body.as_bytes());
    digest.finalize().into()
}
