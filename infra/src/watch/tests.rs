//! Who is woken, and when the task ends.

use super::*;
use crate::{
    ambient::Ambient,
    event::NewEvent,
    log::{Append, ExpectedRevision, append, memory::MemoryLog},
};
use chrono::DateTime;
use futures::FutureExt;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::timeout;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(10);

fn order(number: u128) -> StreamId {
    StreamId::new("order", &Uuid::from_u128(number).to_string()).unwrap()
}

async fn record(log: &dyn EventLog, stream: &StreamId) {
    let event = NewEvent {
        id: next_id(),
        event_type: "Happened".into(),
        schema_version: 1,
        metadata: "{}".into(),
        data: "{}".into(),
    };
    append(log, Append { stream: stream.clone(), expected: ExpectedRevision::Any, events: vec![event] }).await.unwrap();
}

/// Ids that no two events share.
fn next_id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u64_pair(1, NEXT.fetch_add(1, Ordering::Relaxed))
}

fn watch() -> (Arc<dyn EventLog>, StreamWatch) {
    let log: Arc<dyn EventLog> = Arc::new(MemoryLog::new(Ambient::seeded(DateTime::UNIX_EPOCH, 1).0.clock));
    (log.clone(), StreamWatch::new(log, &["order"]))
}

#[tokio::test]
async fn an_event_wakes_the_watchers_of_its_stream_alone() {
    let (log, watch) = watch();
    record(&*log, &order(1)).await;
    let (mut one, mut two) = (watch.watch(order(1)).await.unwrap(), watch.watch(order(2)).await.unwrap());
    let mut also_one = watch.watch(order(1)).await.unwrap();
    record(&*log, &order(3)).await;
    record(&*log, &order(1)).await;
    assert!(timeout(SOON, one.changed()).await.unwrap());
    assert!(timeout(SOON, also_one.changed()).await.unwrap());
    assert_eq!(two.changed().now_or_never(), None);
    assert_eq!(one.changed().now_or_never(), None, "one event is one change");
}

#[tokio::test]
async fn nobody_is_woken_by_what_was_there_before() {
    let (log, watch) = watch();
    record(&*log, &order(1)).await;
    let mut one = watch.watch(order(1)).await.unwrap();
    let mut two = watch.watch(order(2)).await.unwrap();
    record(&*log, &order(2)).await;
    assert!(timeout(SOON, two.changed()).await.unwrap(), "the task has looked at everything");
    assert_eq!(one.changed().now_or_never(), None);
}

#[tokio::test]
async fn a_watcher_that_goes_is_forgotten_and_the_task_ends_with_the_last() {
    let (log, watch) = watch();
    let (one, two) = (watch.watch(order(1)).await.unwrap(), watch.watch(order(1)).await.unwrap());
    drop(one);
    assert_eq!(watch.0.watched.lock().streams.len(), 1);
    drop(two);
    assert!(watch.0.watched.lock().streams.is_empty());
    record(&*log, &order(1)).await;
    let ended = async {
        while watch.0.watched.lock().is_running {
            tokio::task::yield_now().await;
        }
    };
    timeout(SOON, ended).await.unwrap();
    // The next watcher gets a task of its own.
    let mut again = watch.watch(order(1)).await.unwrap();
    record(&*log, &order(1)).await;
    assert!(timeout(SOON, again.changed()).await.unwrap());
}

#[tokio::test]
async fn watchers_are_let_go_when_the_log_fails() {
    let (_, watch) = watch();
    let mut one = watch.watch(order(1)).await.unwrap();
    watch.give_up();
    assert!(!timeout(SOON, one.changed()).await.unwrap());
}
