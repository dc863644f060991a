//! Expectations, all or nothing, and several appends in one group.

use super::{
    Append, AppendError, EventFilter, ExpectedRevision, LogUnderTest, Position, ReadFrom, Revision, Trial, actual_of,
    append, assert_revisions, exact, stream, whole_log, whole_stream,
};
use crate::log::append as try_append;

/// `NoStream`, `Exact` and `Any` on streams that exist and do not; a conflict tells where the stream stands.
pub async fn an_expectation_holds_or_conflicts<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let order = stream("order", 1);
    let missing = stream("order", 2);
    let receipt = append(&log, trial.append(&order, ExpectedRevision::NoStream, 2)).await;
    assert_eq!((receipt.first_revision, receipt.last_revision), (Revision(0), Revision(1)));
    assert_eq!(receipt.last_position, Position(2));
    let receipt = append(&log, trial.append(&order, exact(1), 1)).await;
    assert_eq!((receipt.first_revision, receipt.last_revision), (Revision(2), Revision(2)));
    assert_eq!(receipt.last_position, Position(3));

    for expected in [ExpectedRevision::NoStream, exact(0), exact(1), exact(3), exact(u64::MAX)] {
        let answer = try_append(log.as_ref(), trial.append(&order, expected, 1)).await;
        assert_eq!(actual_of(answer), Some(Revision(2)), "{expected:?}");
    }
    for expected in [exact(0), exact(1), exact(u64::MAX)] {
        let answer = try_append(log.as_ref(), trial.append(&missing, expected, 1)).await;
        assert_eq!(actual_of(answer), None, "{expected:?}");
    }

    let receipt = append(&log, trial.append(&order, ExpectedRevision::Any, 2)).await;
    assert_eq!((receipt.first_revision, receipt.last_revision), (Revision(3), Revision(4)));
    let receipt = append(&log, trial.append(&missing, ExpectedRevision::Any, 1)).await;
    assert_eq!((receipt.first_revision, receipt.last_position), (Revision(0), Position(6)));
    assert_eq!(log.head().await.expect("the log can be read"), Position(6));
}

/// A conflict leaves nothing behind, and no reader ever sees a part of an append.
pub async fn an_append_is_all_or_nothing<L: LogUnderTest>(trial: Trial<L>) {
    const EVENTS: usize = 10;
    const APPENDS: u64 = 30;
    let log = trial.open().await;
    let order = stream("order", 1);
    let reader = tokio::spawn({
        let (log, order) = (log.clone(), order.clone());
        async move {
            loop {
                let seen = log.read_stream(&order, ReadFrom::Forwards(Revision(0)), 1_000).await;
                let seen = seen.expect("the stream can be read").len();
                assert_eq!(seen % EVENTS, 0, "a part of an append was visible");
                let all = whole_log(&log, &EventFilter::default(), 1_000).await.len();
                assert_eq!(all % EVENTS, 0, "a part of an append was visible");
                if seen == EVENTS * 30 {
                    return;
                }
                tokio::task::yield_now().await;
            }
        }
    });
    let mut expected = ExpectedRevision::NoStream;
    for _ in 0..APPENDS {
        let answer = try_append(log.as_ref(), trial.append(&order, exact(9_999), EVENTS)).await;
        actual_of(answer);
        expected = ExpectedRevision::Exact(append(&log, trial.append(&order, expected, EVENTS)).await.last_revision);
    }
    reader.await.expect("the reader saw whole appends only");
}

/// `Exact(n)` and `Exact(n + 1)`, submitted one after the other without waiting for the first, both succeed.
pub async fn a_chain_of_appends_may_share_a_group<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let stock = stream("stock_item", "A-1");
    let mut tickets = Vec::new();
    for number in 0..200 {
        let expected = if number == 0 { ExpectedRevision::NoStream } else { exact(number - 1) };
        tickets.push(log.submit(trial.append(&stock, expected, 1)).await.expect("there is room"));
    }
    for (ticket, number) in tickets.into_iter().zip(0..) {
        let receipt = ticket.await.expect("the append before it succeeded");
        assert_eq!(receipt.first_revision, Revision(number));
        assert_eq!(receipt.last_position, Position(number + 1));
    }
    let events = whole_stream(&log, &stock, 64).await;
    assert_eq!(events.len(), 200);
    assert_revisions(&events);
}

/// If the first of a chain is refused, all that build on it are, and the stream stays as it was.
pub async fn followers_of_a_refused_append_are_refused<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let stock = stream("stock_item", "A-1");
    append(&log, trial.append(&stock, ExpectedRevision::NoStream, 1)).await;
    let mut tickets = Vec::new();
    for expected in [exact(4), exact(5), exact(6)] {
        tickets.push(log.submit(trial.append(&stock, expected, 1)).await.expect("there is room"));
    }
    for ticket in tickets {
        assert_eq!(actual_of(ticket.await), Some(Revision(0)));
    }
    assert_eq!(whole_stream(&log, &stock, 10).await.len(), 1);
    append(&log, trial.append(&stock, exact(0), 1)).await;
}

/// `After` asks for the event itself: one that was decided on a refused append is refused too, although somebody else's
/// event stands at the revision it expects.
pub async fn an_append_after_an_event_follows_no_other<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let stock = stream("stock_item", "A-1");
    let after = |revision, event_id| ExpectedRevision::After { revision: Revision(revision), event_id };
    let first = trial.append(&stock, ExpectedRevision::NoStream, 2);
    let second_id = first.events[1].id;
    append(&log, first).await;
    append(&log, trial.append(&stock, after(1, second_id), 1)).await;

    let slow = trial.append(&stock, after(1, second_id), 1);
    let slow_id = slow.events[0].id;
    let follower = trial.append(&stock, after(2, slow_id), 1);
    let tickets = [log.submit(slow).await, log.submit(follower).await];
    for ticket in tickets {
        assert_eq!(actual_of(ticket.expect("there is room").await), Some(Revision(2)));
    }
    let missing = trial.append(&stream("stock_item", "B-1"), after(0, slow_id), 1);
    assert_eq!(actual_of(try_append(log.as_ref(), missing).await), None);
    assert_eq!(whole_stream(&log, &stock, 10).await.len(), 3);
}

/// Refused and accepted appends, to one stream and to many, mixed in one burst: each is judged by itself.
pub async fn a_refused_append_costs_its_neighbors_nothing<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let shared = stream("stock_item", "shared");
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    let submit = async |append: Append| log.submit(append).await.expect("there is room");
    for number in 0..50 {
        let expected = if number == 0 { ExpectedRevision::NoStream } else { exact(number - 1) };
        good.push(submit(trial.append(&shared, expected, 1)).await);
        bad.push(submit(trial.append(&shared, exact(10_000), 3)).await);
        bad.push(submit(trial.append(&stream("order", number), exact(0), 1)).await);
        good.push(submit(trial.append(&stream("order", number), ExpectedRevision::NoStream, 2)).await);
        let empty = log.submit(trial.append(&shared, ExpectedRevision::Any, 0)).await;
        assert!(matches!(empty, Err(AppendError::Invalid(_))), "{empty:?}");
    }
    let mut positions = Vec::new();
    for ticket in good {
        positions.push(ticket.await.expect("it is accepted").last_position);
    }
    assert!(positions.is_sorted(), "positions follow the order of submission");
    for ticket in bad {
        actual_of(ticket.await);
    }
    assert_eq!(log.head().await.expect("the log can be read"), Position(150));
    assert_eq!(whole_log(&log, &EventFilter::default(), 100).await.len(), 150);
}

/// Who holds a receipt finds the events in the stream, in the log and in the head, also while others append.
pub async fn a_receipt_is_readable_at_once<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let mut writers = tokio::task::JoinSet::new();
    for writer in 0..16 {
        let log = log.clone();
        let order = stream("order", writer);
        let appends: Vec<_> = (0..20_u64)
            .map(|number| if number == 0 { ExpectedRevision::NoStream } else { exact(number - 1) })
            .map(|expected| trial.append(&order, expected, 1))
            .collect();
        writers.spawn(async move {
            for next in appends {
                let id = next.events[0].id;
                let receipt = append(&log, next).await;
                let head = log.head().await.expect("the log can be read");
                assert!(head >= receipt.last_position);
                let last =
                    log.read_stream(&order, ReadFrom::BackwardsFromEnd, 1).await.expect("the stream can be read");
                assert_eq!(last[0].id, id);
                let before = Position(receipt.last_position.0 - 1);
                let page = log.read_all(before, &EventFilter::default(), 1).await.expect("the log can be read");
                assert_eq!(page.events[0].id, id);
            }
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.expect("each writer read what it wrote");
    }
}
