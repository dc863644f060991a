//! What a step of a process does to the index.

use super::{ActionRow, AnyAdvanced, InstanceRow, TimerRow, hints::Hints};
use crate::process::{Armed, Consumed, Ending, Queued};
use tillroll_infra::{event::RecordedEvent, stream::StreamId};
use tillroll_projections::{
    projection::{ApplyError, Tables, TablesExt},
    table::Value,
};

pub(super) async fn apply(
    event: &RecordedEvent,
    advanced: &AnyAdvanced,
    tables: &mut dyn Tables,
    hints: &Hints,
) -> Result<(), ApplyError> {
    let stream = &event.stream;
    let before: Option<InstanceRow> = tables.get(key(stream).to_vec()).await?;
    let mut row = before.unwrap_or_else(|| InstanceRow {
        tenant: stream.tenant().to_owned(),
        process: stream.category().to_owned(),
        instance: stream.id().to_owned(),
        open_actions: 0,
        armed_timers: 0,
        alarmed: false,
        alarm: None,
        open_since: event.recorded_at,
        advanced_at: event.recorded_at,
    });
    row.advanced_at = event.recorded_at;
    match &advanced.input {
        Consumed::Told { .. } => {}
        Consumed::Answered { no, .. } => {
            let key = with(stream, Value::Int(i64::from(*no)));
            if tables.get::<ActionRow>(key.clone()).await?.is_some() {
                row.open_actions -= 1;
                tables.delete::<ActionRow>(key);
            }
        }
        Consumed::Due { timer } => disarm(&mut row, stream, timer, tables).await?,
    }
    for timer in &advanced.disarm {
        disarm(&mut row, stream, timer, tables).await?;
    }
    for Armed { timer, due } in &advanced.arm {
        // One of the same name is replaced.
        disarm(&mut row, stream, timer, tables).await?;
        row.armed_timers += 1;
        tables.put(&TimerRow {
            tenant: row.tenant.clone(),
            process: row.process.clone(),
            instance: row.instance.clone(),
            timer: timer.to_string(),
            due_at: *due,
        });
        hints.offer(*due, event.position);
    }
    for Queued { no, action } in &advanced.send {
        row.open_actions += 1;
        tables.put(&ActionRow {
            tenant: row.tenant.clone(),
            process: row.process.clone(),
            instance: row.instance.clone(),
            no: i64::from(*no),
            action: action.get("kind").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
            queued_at: advanced.at,
        });
    }
    match &advanced.ending {
        // What it is told or answered later changes nothing about it.
        None => {}
        Some(Ending::Completed | Ending::Compensated) => row.alarm = None,
        Some(Ending::Alarmed { reason }) => row.alarm = Some(reason.to_string()),
    }
    row.alarmed = row.alarm.is_some();
    if row.open_actions == 0 && row.armed_timers == 0 && !row.alarmed {
        tables.delete::<InstanceRow>(key(stream).to_vec());
    } else {
        tables.put(&row);
    }
    Ok(())
}

async fn disarm(
    row: &mut InstanceRow,
    stream: &StreamId,
    timer: &str,
    tables: &mut dyn Tables,
) -> Result<(), ApplyError> {
    let key = with(stream, Value::Text(timer.to_owned()));
    if tables.get::<TimerRow>(key.clone()).await?.is_some() {
        row.armed_timers -= 1;
        tables.delete::<TimerRow>(key);
    }
    Ok(())
}

fn key(stream: &StreamId) -> [Value; 3] {
    [stream.tenant(), stream.category(), stream.id()].map(|part| Value::Text(part.to_owned()))
}

fn with(stream: &StreamId, last: Value) -> Vec<Value> {
    key(stream).into_iter().chain([last]).collect()
}
