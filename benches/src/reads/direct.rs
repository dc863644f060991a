//! The baseline: the statements of the same requests, sent to the SQLite file by plain `rusqlite`.

use super::{mix::Request, recording::Statement};
use crate::Failure;
use chrono::SecondsFormat;
use rusqlite::{Connection, OpenFlags, types::Value as SqlValue};
use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};
use tillroll_projections::table::Value;

/// Texts whose compiled form a connection keeps; there are fewer in the mix.
const STATEMENTS_KEPT: usize = 512;

/// Connections to the file, each for a thread of its own.
pub(super) struct Direct {
    connections: Vec<Connection>,
}

impl Direct {
    /// As many connections as there are threads, with the cache that a reader of the engine has.
    pub(super) fn open(database: &Path, threads: usize) -> Result<Self, Failure> {
        let open = || {
            let connection = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT);
            connection.pragma_update(None, "cache_size", -8192)?;
            Ok(connection)
        };
        Ok(Self { connections: (0..threads).map(|_| open()).collect::<Result<_, Failure>>()? })
    }

    /// Carries out the statements of `count` requests as fast as they go. Answers how long each took, and all together.
    pub(super) fn run(
        &mut self,
        requests: &[Request],
        first: usize,
        count: usize,
    ) -> Result<(Duration, Vec<Duration>), Failure> {
        let next = AtomicUsize::new(0);
        let start = Instant::now();
        let times = thread::scope(|scope| {
            let threads: Vec<_> = self
                .connections
                .iter_mut()
                .map(|connection| {
                    let next = &next;
                    scope.spawn(move || -> Result<Vec<Duration>, Failure> {
                        let mut times = Vec::new();
                        loop {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if number >= count {
                                return Ok(times);
                            }
                            let begun = Instant::now();
                            one(connection, &requests[(first + number) % requests.len()])?;
                            times.push(begun.elapsed());
                        }
                    })
                })
                .collect();
            let join = |thread: thread::ScopedJoinHandle<'_, Result<Vec<Duration>, Failure>>| {
                thread.join().unwrap_or_else(|_| Err("a thread panicked".into()))
            };
            threads.into_iter().map(join).collect::<Result<Vec<_>, _>>()
        })?;
        Ok((start.elapsed(), times.concat()))
    }
}

/// All statements of a request in one read transaction, as the engine does it; every value of every row is read.
fn one(connection: &mut Connection, request: &Request) -> Result<(), Failure> {
    let transaction = connection.transaction()?;
    for statement in &request.statements {
        let rows = execute(&transaction, statement)?;
        if rows != statement.rows {
            return Err(format!("{rows} rows instead of {}: {}", statement.rows, statement.sql).into());
        }
    }
    Ok(())
}

fn execute(connection: &Connection, statement: &Statement) -> Result<usize, Failure> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    for (at, value) in statement.values.iter().enumerate() {
        // SQLite takes `$2` for a name, and numbers names as they come.
        if let Some(index) = prepared.parameter_index(&format!("${}", at + 1))? {
            prepared.raw_bind_parameter(index, bound(value))?;
        }
    }
    let columns = prepared.column_count();
    let mut rows = prepared.raw_query();
    let mut count = 0;
    while let Some(row) = rows.next()? {
        for column in 0..columns {
            std::hint::black_box(row.get::<_, SqlValue>(column)?);
        }
        count += 1;
    }
    Ok(count)
}

fn bound(value: &Value) -> SqlValue {
    match value {
        Value::Null => SqlValue::Null,
        Value::Bool(truth) => SqlValue::Integer((*truth).into()),
        Value::Int(number) => SqlValue::Integer(*number),
        Value::Text(text) => SqlValue::Text(text.clone()),
        Value::Time(time) => SqlValue::Text(time.to_rfc3339_opts(SecondsFormat::Micros, true)),
        Value::Date(date) => SqlValue::Text(date.to_string()),
    }
}
