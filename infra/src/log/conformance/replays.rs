//! The same append again: after a crash, after a lost answer, or as a twin in the same group.

use super::{
    Append, EventFilter, ExpectedRevision, LogUnderTest, NewEvent, Position, Revision, Trial, actual_of, append, exact,
    stream, whole_log,
};
use crate::log::append as try_append;

/// Under `NoStream` and `Exact`, events that already stand where they belong are answered with the first receipt.
pub async fn the_same_append_again_gets_the_first_receipt<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let order = stream("order", 1);
    let created = trial.append(&order, ExpectedRevision::NoStream, 3);
    let paid = trial.append(&order, exact(2), 2);
    let created_receipt = append(&log, created.clone()).await;
    assert_eq!(append(&log, created.clone()).await, created_receipt);
    append(&log, trial.append(&stream("order", 2), ExpectedRevision::NoStream, 1)).await;
    let paid_receipt = append(&log, paid.clone()).await;
    append(&log, trial.append(&order, exact(4), 1)).await;
    for _ in 0..2 {
        assert_eq!(append(&log, created.clone()).await, created_receipt);
        assert_eq!(append(&log, paid.clone()).await, paid_receipt);
    }
    // Two appends of the past, put together: the events stand where they belong, so this append happened.
    let both = Append { events: [created.events.clone(), paid.events.clone()].concat(), ..created };
    let receipt = append(&log, both).await;
    assert_eq!((receipt.first_revision, receipt.last_revision), (Revision(0), Revision(4)));
    assert_eq!(receipt.last_position, paid_receipt.last_position);
    assert_eq!(log.head().await.expect("the log can be read"), Position(7));
}

/// The same append twice in one burst: one becomes durable, both get its receipt, and a follower builds on it once.
pub async fn twins_in_one_group_get_one_receipt<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    for number in 0..20 {
        let order = stream("order", number);
        let create = trial.append(&order, ExpectedRevision::NoStream, 2);
        let pay = trial.append(&order, exact(1), 1);
        let mut tickets = Vec::new();
        for next in [&create, &create, &pay, &create, &pay] {
            tickets.push(log.submit(next.clone()).await.expect("there is room"));
        }
        let mut receipts = Vec::new();
        for ticket in tickets {
            receipts.push(ticket.await.expect("it is accepted"));
        }
        assert!([1, 3].iter().all(|twin| receipts[*twin] == receipts[0]), "{receipts:?}");
        assert_eq!(receipts[4], receipts[2]);
        assert_eq!(receipts[2].last_revision, Revision(2));
    }
    assert_eq!(whole_log(&log, &EventFilter::default(), 7).await.len(), 60);
}

/// Some of the events standing there, or the same ones elsewhere or in another order, is not the same append.
pub async fn a_partial_overlap_is_a_conflict<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let order = stream("order", 1);
    let [a, b, c, x]: [NewEvent; 4] = trial.events(4).try_into().expect("four events");
    let attempt = |expected, events: &[&NewEvent]| Append {
        stream: order.clone(),
        expected,
        events: events.iter().map(|event| (*event).clone()).collect(),
    };
    append(&log, attempt(ExpectedRevision::NoStream, &[&a, &b, &c])).await;
    for (expected, events) in [
        (ExpectedRevision::NoStream, &[&a, &x][..]),
        (ExpectedRevision::NoStream, &[&x, &b]),
        (ExpectedRevision::NoStream, &[&b]),
        (ExpectedRevision::NoStream, &[&b, &a, &c]),
        (ExpectedRevision::NoStream, &[&a, &b, &c, &x]),
        (exact(0), &[&b, &x]),
        (exact(0), &[&c]),
        (exact(0), &[&b, &c, &x]),
        (exact(1), &[&b]),
    ] {
        let answer = try_append(log.as_ref(), attempt(expected, events)).await;
        assert_eq!(actual_of(answer), Some(Revision(2)), "{expected:?} {events:?}");
    }
    // The same in one group with the append it overlaps.
    let other = stream("order", 2);
    let to_other = |append: Append| Append { stream: other.clone(), ..append };
    let first = log.submit(to_other(attempt(ExpectedRevision::NoStream, &[&a, &b]))).await.expect("there is room");
    let second = log.submit(to_other(attempt(ExpectedRevision::NoStream, &[&a, &x]))).await.expect("there is room");
    let third = log.submit(to_other(attempt(ExpectedRevision::NoStream, &[&a]))).await.expect("there is room");
    let receipt = first.await.expect("it is accepted");
    assert_eq!(actual_of(second.await), Some(Revision(1)));
    assert_eq!(third.await.expect("its one event stands there").last_position.next(), receipt.last_position);
    assert_eq!(log.head().await.expect("the log can be read"), Position(5));
}
