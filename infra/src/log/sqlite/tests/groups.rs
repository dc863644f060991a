//! Group commit and the bound of the queue.

use super::{Place, appended, exact, positions};
use crate::{
    log::{EventLog, ExpectedRevision, append},
    stream::Position,
};
use futures::FutureExt;
use parking_lot::{Condvar, Mutex};
use std::{fs, sync::Arc};
use tokio::task::JoinSet;

/// Holds commits back until it is opened; tells how many have come to it.
#[derive(Default)]
struct Gate {
    state: Mutex<(bool, usize)>,
    changed: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut state = self.state.lock();
        state.1 += 1;
        self.changed.notify_all();
        self.changed.wait_while(&mut state, |(is_open, _)| !*is_open);
    }

    fn wait_for_arrivals(&self, count: usize) {
        self.changed.wait_while(&mut self.state.lock(), |(_, arrived)| *arrived < count);
    }

    fn open(&self) {
        self.state.lock().0 = true;
        self.changed.notify_all();
    }
}

fn gated(place: &Place) -> (super::SqliteLog, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let log = place.open_with_commit({
        let gate = gate.clone();
        move |connection| {
            gate.pass();
            connection.execute_batch("COMMIT")
        }
    });
    (log, gate)
}

#[tokio::test]
async fn what_waits_while_a_group_becomes_durable_is_the_next_group() {
    let place = Place::new();
    let (log, gate) = gated(&place);
    let first = log.submit(place.append("first", ExpectedRevision::NoStream, 1)).await.unwrap();
    gate.wait_for_arrivals(1);
    let mut waiting = Vec::new();
    for number in 0..1_000 {
        waiting.push(log.submit(place.append(number, ExpectedRevision::NoStream, 1)).await.unwrap());
    }
    assert_eq!(log.head().await.unwrap(), Position::START, "nothing is shown before it is durable");
    assert!(positions(&log).await.is_empty());
    gate.open();
    first.await.unwrap();
    for ticket in waiting {
        ticket.await.unwrap();
    }
    let metrics = log.metrics();
    assert_eq!((metrics.commits_total, metrics.appends_total, metrics.events_total), (2, 1_001, 1_001));
}

#[tokio::test]
async fn groups_are_bounded() {
    let place = Place::new();
    let (log, gate) = gated(&place);
    let mut tickets = vec![log.submit(place.append("first", ExpectedRevision::NoStream, 1)).await.unwrap()];
    gate.wait_for_arrivals(1);
    for number in 0..100 {
        tickets.push(log.submit(place.append(number, ExpectedRevision::NoStream, 100)).await.unwrap());
    }
    gate.open();
    for ticket in tickets {
        ticket.await.unwrap();
    }
    // 10,000 events make groups of 4,100, 4,100 and 1,800.
    assert_eq!(log.metrics().commits_total, 4);
}

#[tokio::test]
async fn a_full_queue_makes_callers_wait_and_takes_them_in_order() {
    let place = Place::new();
    let (log, gate) = gated(&place);
    let first = log.submit(place.append("s", ExpectedRevision::NoStream, 1)).await.unwrap();
    gate.wait_for_arrivals(1);
    let mut tickets = vec![first];
    let mut next = 0;
    // One MiB each: the queue takes about 32 MiB and then no more.
    let held_back = loop {
        let mut submit = log.submit(place.append_sized("s", exact(next), 1, (1 << 20) - 4));
        next += 1;
        match submit.as_mut().now_or_never() {
            Some(ticket) => tickets.push(ticket.unwrap()),
            None => break submit,
        }
        assert!(tickets.len() < 40, "the queue has no bound");
    };
    assert!(tickets.len() > 25, "{} appends fit", tickets.len());
    gate.open();
    tickets.push(held_back.await.unwrap());
    for (ticket, position) in tickets.into_iter().zip(1..) {
        assert_eq!(ticket.await.unwrap().last_position, Position(position));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_callers_share_commits() {
    let place = Place::new();
    let log = Arc::new(place.open());
    let mut callers = JoinSet::new();
    for caller in 0..64 {
        let log = log.clone();
        let appends: Vec<_> = (0..20_u64)
            .map(|number| if number == 0 { ExpectedRevision::NoStream } else { exact(number - 1) })
            .map(|expected| place.append(caller, expected, 1))
            .collect();
        callers.spawn(async move {
            for next in appends {
                append(log.as_ref(), next).await.unwrap();
            }
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller.unwrap();
    }
    let metrics = log.metrics();
    assert_eq!((metrics.appends_total, metrics.refusals_total), (1_280, 0));
    assert!(metrics.commits_total * 2 <= metrics.appends_total, "{metrics:?}");
}

#[tokio::test]
async fn refusals_and_replays_cost_no_commit() {
    let place = Place::new();
    let log = place.open();
    let first = place.append(1, ExpectedRevision::NoStream, 1);
    appended(&log, first.clone()).await;
    let before = log.metrics();
    appended(&log, first).await;
    append(&log, place.append(1, exact(7), 1)).await.unwrap_err();
    let after = log.metrics();
    assert_eq!(after.commits_total, before.commits_total);
    assert_eq!((after.appends_total, after.refusals_total), (2, 1));
}

#[tokio::test]
async fn the_write_ahead_log_starts_over() {
    let place = Place::new();
    let log = place.open();
    for number in 0..64 {
        appended(&log, place.append_sized(number, ExpectedRevision::NoStream, 1, 1_000_000)).await;
        let bytes = fs::metadata(place.folder.path().join("events.sqlite-wal")).unwrap().len();
        // 4,000 pages, and the group that went beyond them.
        assert!(bytes < 20 << 20, "{bytes} bytes after {number} appends of a megabyte");
    }
}
