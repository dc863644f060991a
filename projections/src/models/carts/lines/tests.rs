//! Which prices of schedules are loaded for carts.

use super::*;
use crate::{
    models::{
        prices::{self, Prices},
        testing::{parse, units},
    },
    runtime::{Runtime, RuntimeOptions},
};
use chrono::TimeDelta;
use std::sync::Arc;
use tempfile::TempDir;
use tillroll_domain::{
    aggregate::DomainEvent,
    price_schedule::{
        PriceKey,
        events::{PriceEnded, PriceScheduleEvent, PriceSet, PriceWithdrawn},
    },
};
use tillroll_infra::{
    ambient::Ambient,
    event::{Metadata, NewEvent},
    log::{Append, EventLog, ExpectedRevision, append, memory::MemoryLog},
};
use uuid::Uuid;

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
}

fn row_id(number: u128) -> String {
    format!("prw_{}", Uuid::from_u128(number))
}

fn set(number: u128, from: i64, until: Option<i64>) -> PriceScheduleEvent {
    let key = PriceKey { currency: parse("EUR"), country: None, min_quantity: units(1) };
    let (valid_from, valid_until) = (at(from), until.map(at));
    PriceSet { row_id: parse(&row_id(number)), key, priority: 0, amount: parse("1"), valid_from, valid_until }.into()
}

#[tokio::test]
async fn a_price_is_loaded_from_its_first_instant_to_before_its_end() {
    let (ambient, _) = Ambient::seeded(DateTime::UNIX_EPOCH, 1);
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(ambient.clock.clone()));
    let folder = TempDir::new().unwrap();
    let options = RuntimeOptions::new(folder.path().join("read.db"));
    let runtime = Runtime::open(log.clone(), ambient.clock, options, vec![Arc::new(Prices)]).await.unwrap();
    let told: Vec<PriceScheduleEvent> = vec![
        set(1, 0, Some(10)),
        set(2, 10, Some(20)),
        set(3, 20, None),
        set(4, 0, None),
        PriceEnded { row_id: parse(&row_id(4)), at: at(15) }.into(),
        set(5, 0, None),
        PriceWithdrawn { row_id: parse(&row_id(5)) }.into(),
    ];
    for (event, number) in told.into_iter().zip(1..) {
        let event = NewEvent {
            id: Uuid::from_u128(number),
            event_type: event.event_type().name.into(),
            schema_version: event.event_type().version,
            metadata: serde_json::to_string(&Metadata::default()).unwrap().into(),
            data: serde_json::to_string(&event).unwrap().into(),
        };
        let told = Append { stream: parse("price_schedule-MUG"), expected: ExpectedRevision::Any, events: vec![event] };
        append(&*log, told).await.unwrap();
    }
    runtime.catch_up().await.unwrap();
    let mut snapshot = runtime.read_models().snapshot(&[prices::NAME]).await.unwrap();
    let cases: [(i64, &[u128]); 6] = [(0, &[1, 4]), (9, &[1, 4]), (10, &[2, 4]), (14, &[2, 4]), (15, &[2]), (20, &[3])];
    for (minutes, expected) in cases {
        let of = Filters::none().among("sku", vec![text("MUG")]);
        let rows = scheduled(&mut snapshot, of, at(minutes)).await.unwrap();
        let ids: Vec<String> = rows.into_iter().map(|row| row.price_row_id).collect();
        let expected: Vec<String> = expected.iter().map(|&number| row_id(number)).collect();
        assert_eq!(ids, expected, "after {minutes} minutes");
    }
}
