//! Writing: the one connection that writes, and pages of rows with their checkpoints.

use super::{
    failed, registry,
    sql::{REGISTRY, WriteSql, safe},
    value,
};
use crate::store::{CheckpointMove, PageCommit, PhysicalTable, StoreError, TableWrite};
use sqlx::{
    ConnectOptions, Connection, SqliteConnection,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};
use std::{collections::HashMap, sync::Arc};

/// The writing connection; opened anew after a failure, so that nothing of a failed page lingers.
#[derive(Debug)]
pub(super) struct Writer {
    options: SqliteConnectOptions,
    connection: Option<SqliteConnection>,
    statements: HashMap<(&'static str, u32), Arc<WriteSql>>,
}

impl Writer {
    pub(super) fn new(options: SqliteConnectOptions) -> Self {
        Self { options, connection: None, statements: HashMap::new() }
    }

    /// Makes the registry's tables.
    pub(super) async fn prepare(&mut self) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        for text in REGISTRY {
            sqlx::query(text).persistent(false).execute(&mut *connection).await.map_err(failed)?;
        }
        Ok(())
    }

    /// The connection.
    pub(super) async fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(failed)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Forgets the statements of generations that are gone.
    pub(super) fn forget(&mut self) {
        self.statements.clear();
    }

    /// Writes a page.
    pub(super) async fn write(&mut self, page: &PageCommit) -> Result<(), StoreError> {
        let written = self.try_write(page).await;
        if let Err(StoreError::Unavailable(_)) = &written {
            // The page was rolled back.
            self.close().await;
        }
        written
    }

    /// Closes the connection; another one is made when it is needed.
    pub(super) async fn close(&mut self) {
        if let Some(connection) = self.connection.take()
            && let Err(error) = connection.close().await
        {
            tracing::warn!(%error, "a connection to the read models did not close cleanly");
        }
    }

    async fn try_write(&mut self, page: &PageCommit) -> Result<(), StoreError> {
        for write in &page.tables {
            self.statements(write.table);
        }
        let statements = std::mem::take(&mut self.statements);
        let result = async {
            let mut transaction = self.connection().await?.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
            for step in &page.checkpoints {
                move_checkpoint(&mut transaction, step).await?;
            }
            for write in &page.tables {
                if let Some(sql) = statements.get(&(write.table.spec.name, write.table.generation)) {
                    write_table(&mut transaction, write, sql).await?;
                }
            }
            for (projection, stream) in &page.unpark {
                registry::unpark(&mut transaction, projection, stream).await?;
            }
            for event in &page.park {
                registry::park(&mut transaction, event).await?;
            }
            transaction.commit().await.map_err(failed)
        }
        .await;
        self.statements = statements;
        result
    }

    fn statements(&mut self, table: PhysicalTable) -> &Arc<WriteSql> {
        self.statements.entry((table.spec.name, table.generation)).or_insert_with(|| Arc::new(WriteSql::new(&table)))
    }
}

async fn move_checkpoint(connection: &mut SqliteConnection, step: &CheckpointMove) -> Result<(), StoreError> {
    let moved = sqlx::query(
        "UPDATE tillroll_projections SET position = $1, event_id = $2
         WHERE name = $3 AND generation = $4 AND position = $5",
    )
    .bind(registry::position_to_sql(step.to.position)?)
    .bind(step.to.event_id.map(|id| id.to_string()))
    .bind(step.projection)
    .bind(i64::from(step.generation))
    .bind(registry::position_to_sql(step.from)?)
    .execute(connection)
    .await
    .map_err(failed)?;
    if moved.rows_affected() == 1 { Ok(()) } else { Err(StoreError::Fenced { projection: step.projection.to_owned() }) }
}

async fn write_table(connection: &mut SqliteConnection, write: &TableWrite, sql: &WriteSql) -> Result<(), StoreError> {
    for key in &write.deletes {
        execute(connection, &sql.delete, value::bind_all(key)?).await?;
    }
    let mut rest = write.upserts.as_slice();
    for (rows, text) in &sql.upserts {
        while rest.len() >= *rows {
            let (chunk, later) = rest.split_at(*rows);
            rest = later;
            execute(connection, text, value::bind_all(chunk.iter().flat_map(|row| row.iter()))?).await?;
        }
    }
    Ok(())
}

async fn execute(
    connection: &mut SqliteConnection,
    text: &Arc<str>,
    arguments: SqliteArguments,
) -> Result<(), StoreError> {
    sqlx::query_with(safe(text.clone()), arguments).execute(connection).await.map_err(failed)?;
    Ok(())
}
