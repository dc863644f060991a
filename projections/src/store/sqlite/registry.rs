//! The registry: which generations there are, how far they are, which events are parked; creating and switching them.

use super::{
    failed,
    sql::{create_table, create_view, physical_name, safe},
};
use crate::store::{Checkpoint, GenerationSpec, GenerationState, ParkedEvent, PhysicalTable, Registration, StoreError};
use sqlx::{Connection, Row, SqliteConnection, sqlite::SqliteRow};
use tillroll_infra::stream::{Position, StreamId};

const SELECT: &str = "SELECT name, version, generation, position, event_id, state FROM tillroll_projections
                      ORDER BY name, generation";

/// All generations.
pub(super) async fn registrations(connection: &mut SqliteConnection) -> Result<Vec<Registration>, StoreError> {
    let rows = sqlx::query(SELECT).fetch_all(connection).await.map_err(failed)?;
    rows.iter().map(registration).collect()
}

fn registration(row: &SqliteRow) -> Result<Registration, StoreError> {
    let event_id: Option<String> = get(row, 4)?;
    let event_id = event_id.map(|id| id.parse()).transpose().map_err(|_| corrupt("an event id"))?;
    Ok(Registration {
        projection: get(row, 0)?,
        version: u32::try_from(get::<i64>(row, 1)?).map_err(|_| corrupt("a version"))?,
        generation: u32::try_from(get::<i64>(row, 2)?).map_err(|_| corrupt("a generation"))?,
        checkpoint: Checkpoint { position: position_from_sql(get(row, 3)?)?, event_id },
        state: match get::<String>(row, 5)?.as_str() {
            "live" => GenerationState::Live,
            "building" => GenerationState::Building,
            _ => return Err(corrupt("a state")),
        },
    })
}

/// Creates a generation.
pub(super) async fn create(
    connection: &mut SqliteConnection,
    spec: &GenerationSpec,
    state: GenerationState,
) -> Result<u32, StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    // A table may have belonged to another projection before; its generations are not to be run over.
    let mut last =
        max(&mut transaction, "SELECT max(generation) FROM tillroll_projections WHERE name = $1", spec.projection)
            .await?;
    for table in &spec.tables {
        let text = "SELECT max(generation) FROM tillroll_tables WHERE table_name = $1";
        last = last.max(max(&mut transaction, text, table.name).await?);
    }
    let generation = u32::try_from(last + 1).map_err(|_| corrupt("a generation"))?;
    sqlx::query(
        "INSERT INTO tillroll_projections (name, version, generation, position, event_id, state)
         VALUES ($1, $2, $3, 0, NULL, $4)",
    )
    .bind(spec.projection)
    .bind(i64::from(spec.version))
    .bind(i64::from(generation))
    .bind(match state {
        GenerationState::Live => "live",
        GenerationState::Building => "building",
    })
    .execute(&mut *transaction)
    .await
    .map_err(failed)?;
    for &table in &spec.tables {
        let table = PhysicalTable { spec: table, generation };
        run(&mut transaction, create_table(&table)).await?;
        sqlx::query("INSERT INTO tillroll_tables (table_name, generation, projection) VALUES ($1, $2, $3)")
            .bind(table.spec.name)
            .bind(i64::from(generation))
            .bind(spec.projection)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if state == GenerationState::Live {
            replace_view(&mut transaction, &table).await?;
        }
    }
    transaction.commit().await.map_err(failed)?;
    Ok(generation)
}

/// Drops a generation that is being built.
pub(super) async fn discard(
    connection: &mut SqliteConnection,
    projection: &str,
    generation: u32,
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    let gone =
        sqlx::query("DELETE FROM tillroll_projections WHERE name = $1 AND generation = $2 AND state = 'building'")
            .bind(projection)
            .bind(i64::from(generation))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    if gone.rows_affected() == 1 {
        drop_tables(&mut transaction, projection, i64::from(generation)).await?;
    }
    transaction.commit().await.map_err(failed)
}

/// Makes generations live.
pub(super) async fn switch(
    connection: &mut SqliteConnection,
    generations: &[(GenerationSpec, u32)],
) -> Result<(), StoreError> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await.map_err(failed)?;
    for (spec, generation) in generations {
        let live = sqlx::query("SELECT generation FROM tillroll_projections WHERE name = $1 AND state = 'live'")
            .bind(spec.projection)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed)?;
        if let Some(live) = live {
            let live: i64 = get(&live, 0)?;
            for table in tables_of(&mut transaction, spec.projection, live).await? {
                run(&mut transaction, format!("DROP VIEW IF EXISTS {table}")).await?;
            }
            drop_tables(&mut transaction, spec.projection, live).await?;
            sqlx::query("DELETE FROM tillroll_projections WHERE name = $1 AND generation = $2")
                .bind(spec.projection)
                .bind(live)
                .execute(&mut *transaction)
                .await
                .map_err(failed)?;
        }
        let risen = sqlx::query("UPDATE tillroll_projections SET state = 'live' WHERE name = $1 AND generation = $2")
            .bind(spec.projection)
            .bind(i64::from(*generation))
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
        if risen.rows_affected() != 1 {
            return Err(StoreError::Fenced { projection: spec.projection.to_owned() });
        }
        for &table in &spec.tables {
            replace_view(&mut transaction, &PhysicalTable { spec: table, generation: *generation }).await?;
        }
        sqlx::query("DELETE FROM tillroll_parked_events WHERE projection = $1")
            .bind(spec.projection)
            .execute(&mut *transaction)
            .await
            .map_err(failed)?;
    }
    transaction.commit().await.map_err(failed)
}

/// Parked events in position order.
pub(super) async fn parked(
    connection: &mut SqliteConnection,
    projection: Option<&str>,
    stream: Option<&StreamId>,
    limit: usize,
) -> Result<Vec<ParkedEvent>, StoreError> {
    let rows = sqlx::query(
        "SELECT projection, stream, position, event_id, event_type, error FROM tillroll_parked_events
         WHERE ($1 IS NULL OR projection = $1) AND ($2 IS NULL OR stream = $2)
         ORDER BY position, projection LIMIT $3",
    )
    .bind(projection)
    .bind(stream.map(StreamId::as_str))
    .bind(i64::try_from(limit).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await
    .map_err(failed)?;
    let event = |row: &SqliteRow| {
        Ok(ParkedEvent {
            projection: get(row, 0)?,
            stream: get::<String>(row, 1)?.parse().map_err(|_| corrupt("a stream"))?,
            position: position_from_sql(get(row, 2)?)?,
            event_id: get::<String>(row, 3)?.parse().map_err(|_| corrupt("an event id"))?,
            event_type: get(row, 4)?,
            error: get(row, 5)?,
        })
    };
    rows.iter().map(event).collect()
}

/// Parks an event.
pub(super) async fn park(connection: &mut SqliteConnection, event: &ParkedEvent) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO tillroll_parked_events (projection, stream, position, event_id, event_type, error)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(&event.projection)
    .bind(event.stream.as_str())
    .bind(position_to_sql(event.position)?)
    .bind(event.event_id.to_string())
    .bind(&event.event_type)
    .bind(&event.error)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Forgets the parked events of a stream.
pub(super) async fn unpark(
    connection: &mut SqliteConnection,
    projection: &str,
    stream: &StreamId,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM tillroll_parked_events WHERE projection = $1 AND stream = $2")
        .bind(projection)
        .bind(stream.as_str())
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) fn position_to_sql(position: Position) -> Result<i64, StoreError> {
    i64::try_from(position.0).map_err(|_| StoreError::Query(format!("position {position} is beyond 2^63")))
}

fn position_from_sql(position: i64) -> Result<Position, StoreError> {
    u64::try_from(position).map(Position).map_err(|_| corrupt("a position"))
}

async fn tables_of(
    connection: &mut SqliteConnection,
    projection: &str,
    generation: i64,
) -> Result<Vec<String>, StoreError> {
    let rows = sqlx::query("SELECT table_name FROM tillroll_tables WHERE projection = $1 AND generation = $2")
        .bind(projection)
        .bind(generation)
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    // The names were written by this code from a TableSpec; a file that says otherwise is not to be executed.
    rows.iter()
        .map(|row| {
            let name: String = get(row, 0)?;
            if crate::table::is_identifier(&name) { Ok(name) } else { Err(corrupt("a table name")) }
        })
        .collect()
}

async fn drop_tables(connection: &mut SqliteConnection, projection: &str, generation: i64) -> Result<(), StoreError> {
    let number = u32::try_from(generation).map_err(|_| corrupt("a generation"))?;
    for table in tables_of(connection, projection, generation).await? {
        run(connection, format!("DROP TABLE IF EXISTS {}", physical_name(&table, number))).await?;
    }
    sqlx::query("DELETE FROM tillroll_tables WHERE projection = $1 AND generation = $2")
        .bind(projection)
        .bind(generation)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

async fn replace_view(connection: &mut SqliteConnection, table: &PhysicalTable) -> Result<(), StoreError> {
    run(connection, format!("DROP VIEW IF EXISTS {}", table.spec.name)).await?;
    run(connection, create_view(table)).await
}

async fn run(connection: &mut SqliteConnection, text: String) -> Result<(), StoreError> {
    sqlx::query(safe(text)).persistent(false).execute(connection).await.map_err(failed)?;
    Ok(())
}

async fn max(connection: &mut SqliteConnection, text: &'static str, name: &str) -> Result<i64, StoreError> {
    let row = sqlx::query(text).bind(name).fetch_one(connection).await.map_err(failed)?;
    Ok(get::<Option<i64>>(&row, 0)?.unwrap_or(0))
}

fn get<'r, T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>>(
    row: &'r SqliteRow,
    index: usize,
) -> Result<T, StoreError> {
    row.try_get(index).map_err(failed)
}

fn corrupt(what: &str) -> StoreError {
    StoreError::Corrupt(format!("{what} that was never written"))
}
