//! Reading: a read transaction over the live generations.

use super::{
    failed, registry,
    sql::{safe, select_all, select_due},
    value,
};
use crate::{
    store::{Due, GenerationState, Registration, StoreError, StoreSnapshot},
    table::{ColumnSpec, TableSpec, Value},
};
use futures::future::BoxFuture;
use sqlx::{Sqlite, SqlitePool, Transaction};
use tillroll_infra::stream::StreamId;

/// A read transaction; its first read fixed what it shows.
#[derive(Debug)]
struct SqliteSnapshot {
    transaction: Transaction<'static, Sqlite>,
    live: Vec<Registration>,
}

/// Begins a read.
pub(super) async fn begin(pool: &SqlitePool) -> Result<Box<dyn StoreSnapshot>, StoreError> {
    let mut transaction = pool.begin().await.map_err(failed)?;
    let mut live = registry::registrations(&mut transaction).await?;
    live.retain(|registration| registration.state == GenerationState::Live);
    Ok(Box::new(SqliteSnapshot { transaction, live }))
}

impl StoreSnapshot for SqliteSnapshot {
    fn live(&self) -> &[Registration] {
        &self.live
    }

    fn query<'a>(
        &'a mut self,
        sql: &'a str,
        columns: &'a [ColumnSpec],
        values: &'a [Value],
    ) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(async move {
            let rows = sqlx::query_with(safe(sql), value::bind_all(values)?)
                .fetch_all(&mut *self.transaction)
                .await
                .map_err(refused)?;
            rows.iter().map(|row| value::read_row(row, columns)).collect()
        })
    }

    fn rows(&mut self, table: TableSpec) -> BoxFuture<'_, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(async move {
            let rows =
                sqlx::query(safe(select_all(&table))).fetch_all(&mut *self.transaction).await.map_err(refused)?;
            rows.iter().map(|row| value::read_row(row, table.columns)).collect()
        })
    }

    fn due<'a>(&'a mut self, due: Due<'a>) -> BoxFuture<'a, Result<Vec<Vec<Value>>, StoreError>> {
        Box::pin(async move {
            let (sql, values) = select_due(&due)?;
            let rows = sqlx::query_with(safe(sql), value::bind_all(&values)?)
                .fetch_all(&mut *self.transaction)
                .await
                .map_err(refused)?;
            rows.iter().map(|row| value::read_row(row, due.table.columns)).collect()
        })
    }

    fn is_parked<'a>(
        &'a mut self,
        projection: &'a str,
        stream: &'a StreamId,
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        Box::pin(async move {
            let row = sqlx::query("SELECT 1 FROM tillroll_parked_events WHERE projection = $1 AND stream = $2 LIMIT 1")
                .bind(projection)
                .bind(stream.as_str())
                .fetch_optional(&mut *self.transaction)
                .await
                .map_err(failed)?;
            Ok(row.is_some())
        })
    }
}

/// A query that SQLite does not understand is the author's mistake, not the database's failure.
fn refused(error: sqlx::Error) -> StoreError {
    match &error {
        sqlx::Error::Database(database) if database.code().as_deref() == Some("1") => {
            StoreError::Query(database.message().to_owned())
        }
        _ => failed(error),
    }
}
