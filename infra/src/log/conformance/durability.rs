//! Closing and opening again. Stores that end with the process pass by not taking part.

use super::{
    EventFilter, ExpectedRevision, LogUnderTest, Position, Revision, Trial, actual_of, append, assert_contiguous,
    exact, start_time, stream, whole_log, whole_stream,
};
use crate::log::append as try_append;
use chrono::TimeDelta;

/// Events, revisions, positions, times and the memory of appends outlive the process.
pub async fn reopening_keeps_everything_and_goes_on<L: LogUnderTest>(trial: Trial<L>) {
    if !trial.store.is_durable() {
        return;
    }
    let order = stream("order", 1);
    let created = trial.append(&order, ExpectedRevision::NoStream, 3);
    let paid = trial.append(&order, exact(2), 2);
    let log = trial.open().await;
    let created_receipt = append(&log, created.clone()).await;
    for number in 2..50 {
        append(&log, trial.append(&stream("order", number), ExpectedRevision::NoStream, 2)).await;
    }
    let paid_receipt = append(&log, paid.clone()).await;
    let before = whole_log(&log, &EventFilter::default(), 10).await;
    drop(log);

    trial.clock.set(start_time() - TimeDelta::days(1));
    for round in 0..3 {
        let log = trial.open().await;
        assert_eq!(log.head().await.expect("the log can be read"), Position(101 + round));
        let now = whole_log(&log, &EventFilter::default(), 10).await;
        assert_contiguous(&now);
        assert!(now.starts_with(&before));
        assert_eq!(append(&log, created.clone()).await, created_receipt);
        assert_eq!(append(&log, paid.clone()).await, paid_receipt);
        let conflict = try_append(log.as_ref(), trial.append(&order, ExpectedRevision::NoStream, 1)).await;
        assert_eq!(actual_of(conflict), Some(Revision(4 + round)));
        let receipt = append(&log, trial.append(&order, exact(4 + round), 1)).await;
        assert_eq!((receipt.first_revision.0, receipt.last_position.0), (5 + round, 102 + round));
        let stream = whole_stream(&log, &order, 2).await;
        assert_eq!(stream.last().map(|event| event.recorded_at), Some(start_time()), "times do not fall behind");
    }
}

/// Appends that were submitted before the log was closed are durable, and their tickets say so.
pub async fn closing_finishes_what_was_taken_in<L: LogUnderTest>(trial: Trial<L>) {
    if !trial.store.is_durable() {
        return;
    }
    let log = trial.open().await;
    let mut tickets = Vec::new();
    for number in 0..300 {
        let append = trial.append(&stream("order", number), ExpectedRevision::NoStream, 2);
        tickets.push(log.submit(append).await.expect("there is room"));
    }
    drop(log);
    for (ticket, number) in tickets.into_iter().zip(1..) {
        assert_eq!(ticket.await.expect("it is durable").last_position, Position(2 * number));
    }
    let log = trial.open().await;
    assert_eq!(whole_log(&log, &EventFilter::default(), 1_000).await.len(), 600);
}
