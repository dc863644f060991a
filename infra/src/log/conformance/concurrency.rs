//! Many writers and readers at once.

use super::{
    Append, AppendError, EventFilter, ExpectedRevision, LogUnderTest, Position, Trial, append, assert_contiguous,
    assert_revisions, exact, page, stream, whole_log, whole_stream,
};
use crate::log::append as try_append;
use std::collections::BTreeMap;
use tokio::task::JoinSet;

/// 64 writers race for every revision of one stream: exactly one wins each, without gap or fork.
pub async fn of_64_writers_one_wins_each_revision<L: LogUnderTest>(trial: Trial<L>) {
    const WRITERS: usize = 64;
    const WINS: usize = 4;
    let log = trial.open().await;
    let stock = stream("stock_item", "hot");
    let mut writers = JoinSet::new();
    for _ in 0..WRITERS {
        let (log, stock, events) = (log.clone(), stock.clone(), trial.events(WINS));
        writers.spawn(async move {
            let mut won = Vec::new();
            let mut expected = ExpectedRevision::NoStream;
            for event in events {
                loop {
                    let attempt = Append { stream: stock.clone(), expected, events: vec![event.clone()] };
                    match try_append(log.as_ref(), attempt).await {
                        Ok(receipt) => {
                            won.push((receipt.first_revision, event.id));
                            expected = ExpectedRevision::Exact(receipt.last_revision);
                            break;
                        }
                        Err(AppendError::Conflict { actual, .. }) => {
                            let actual = actual.expect("another writer created the stream");
                            let next = ExpectedRevision::Exact(actual);
                            assert_ne!(next, expected, "a conflict although the expectation holds");
                            expected = next;
                        }
                        Err(error) => panic!("{error}"),
                    }
                }
            }
            won
        });
    }
    let mut winners = BTreeMap::new();
    while let Some(writer) = writers.join_next().await {
        for (revision, id) in writer.expect("the writer ends") {
            assert_eq!(winners.insert(revision, id), None, "two writers won revision {revision}");
        }
    }
    let events = whole_stream(&log, &stock, 100).await;
    assert_eq!(events.len(), WRITERS * WINS);
    assert_revisions(&events);
    assert!(events.iter().map(|event| (event.revision, event.id)).eq(winners));
}

/// Readers that follow the log while 16 writers append see every position once, in order, and nothing below it later.
pub async fn positions_are_contiguous_and_in_commit_order<L: LogUnderTest>(trial: Trial<L>) {
    const WRITERS: usize = 16;
    const APPENDS: usize = 25;
    let log = trial.open().await;
    let mut writers = JoinSet::new();
    let mut total = 0;
    for writer in 0..WRITERS {
        let order = stream("order", writer);
        let (mut appends, mut revision) = (Vec::new(), None);
        for number in 0..APPENDS {
            let events = 1 + (writer + number) % 3;
            appends.push(trial.append(&order, revision.map_or(ExpectedRevision::NoStream, exact), events));
            total += events;
            let events = u64::try_from(events).expect("a small number");
            revision = Some(revision.map_or(events - 1, |revision: u64| revision + events));
        }
        let log = log.clone();
        writers.spawn(async move {
            let mut last = Position::START;
            for next in appends {
                let count = u64::try_from(next.events.len()).expect("a small number");
                let receipt = append(&log, next).await;
                assert!(receipt.last_position.0 >= last.0 + count, "positions grow in commit order");
                last = receipt.last_position;
            }
        });
    }
    let mut readers = JoinSet::new();
    for limit in [1_usize, 3, 50, 1_000] {
        let log = log.clone();
        readers.spawn(async move {
            let mut seen = Vec::new();
            let mut after = Position::START;
            while seen.len() < total {
                let page = page(&log, after, &EventFilter::default(), limit).await;
                after = page.scanned_to;
                seen.extend(page.events);
                tokio::task::yield_now().await;
            }
            seen
        });
    }
    while let Some(writer) = writers.join_next().await {
        writer.expect("the writer ends");
    }
    let all = whole_log(&log, &EventFilter::default(), 100).await;
    assert_eq!(all.len(), total);
    assert_contiguous(&all);
    while let Some(seen) = readers.join_next().await {
        assert_eq!(seen.expect("the reader ends"), all, "a reader saw another history than the one that stands");
    }
}
