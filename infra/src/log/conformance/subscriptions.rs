//! Following the log.

use super::{
    Append, EventFilter, EventLog, ExpectedRevision, LogUnderTest, Position, RecordedEvent, Trial, append,
    assert_contiguous, exact, stream, whole_log,
};
use crate::log::{Subscription, SubscriptionMessage};
use futures::FutureExt;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Takes messages until everything up to `end` was looked at; answers the events.
async fn follow_to(subscription: &mut Subscription, end: Position, page: usize) -> Vec<RecordedEvent> {
    let mut seen = Vec::new();
    let mut reached = Position::START;
    while reached < end {
        if let SubscriptionMessage::Events { events, scanned_to } = next(subscription).await {
            assert!(events.len() <= page, "a page larger than was asked for");
            assert!(scanned_to > reached, "a message that does not move on");
            assert!(events.iter().all(|event| event.position > reached && event.position <= scanned_to));
            reached = scanned_to;
            seen.extend(events);
        }
    }
    assert_eq!(reached, end);
    seen
}

async fn next(subscription: &mut Subscription) -> SubscriptionMessage {
    subscription.next().await.expect("the log can be read")
}

fn subscribe(log: &Arc<dyn EventLog>, after: Position, page: usize) -> Subscription {
    Subscription::new(log.clone(), after, EventFilter::default(), page)
}

/// Starts 16 writers of 30 appends of one event each.
fn start_writers<L: LogUnderTest>(trial: &Trial<L>, log: &Arc<dyn EventLog>) -> JoinSet<()> {
    let mut writers = JoinSet::new();
    for writer in 0..16 {
        let order = stream(if writer % 4 == 0 { "payment" } else { "order" }, writer);
        let appends: Vec<_> = (0..30_u64)
            .map(|number| if number == 0 { ExpectedRevision::NoStream } else { exact(number - 1) })
            .map(|expected| trial.append(&order, expected, 1))
            .collect();
        let log = log.clone();
        writers.spawn(async move {
            for next in appends {
                append(&log, next).await;
            }
        });
    }
    writers
}

/// Subscriptions that begin before, amid and after the appends of 16 writers, at different places and with different
/// pages, bring every event behind their place once and in order.
pub async fn there_is_no_gap_or_repeat_at_the_seam<L: LogUnderTest>(trial: Trial<L>) {
    const HISTORY: u64 = 100;
    const END: Position = Position(HISTORY + 16 * 30);
    let log = trial.open().await;
    append(&log, trial.append(&stream("order", "history"), ExpectedRevision::NoStream, 100)).await;
    let mut writers = start_writers(&trial, &log);
    let mut subscribers = JoinSet::new();
    let mut start = |after: u64, page: usize| {
        let mut subscription = subscribe(&log, Position(after), page);
        subscribers.spawn(async move { (after, follow_to(&mut subscription, END, page).await) });
    };
    for (after, page) in [(0, 1), (0, 7), (40, 64), (HISTORY, 1_000), (HISTORY - 1, 3)] {
        start(after, page);
    }
    while let Some(writer) = writers.join_next().await {
        writer.expect("the writer ends");
        // One more for each writer that ends, so that some begin amid the appends.
        start(0, 50);
    }
    let all = whole_log(&log, &EventFilter::default(), 1_000).await;
    assert_contiguous(&all);
    assert_eq!(all.last().map(|event| event.position), Some(END));
    while let Some(subscriber) = subscribers.join_next().await {
        let (after, seen) = subscriber.expect("the subscriber ends");
        let from = usize::try_from(after).expect("a small number");
        assert!(seen == all[from..], "the subscription behind {after} saw another history");
    }
}

/// A filter brings its events once and in order, and the subscription's place moves on over the others.
pub async fn a_filtered_subscription_moves_on_over_the_rest<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let filter = EventFilter { categories: vec!["payment".to_owned()], ..EventFilter::default() };
    let mut subscription = Subscription::new(log.clone(), Position::START, filter.clone(), 5);
    let mut writers = start_writers(&trial, &log);
    let seen = follow_to(&mut subscription, Position(480), 5).await;
    while let Some(writer) = writers.join_next().await {
        writer.expect("the writer ends");
    }
    assert_eq!(seen.len(), 120);
    assert_eq!(seen, whole_log(&log, &filter, 1_000).await);
}

/// `CaughtUp` comes once when the end is reached, and again after the next events.
pub async fn the_end_is_announced_once_each_time<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let mut subscription = subscribe(&log, Position::START, 10);
    assert_eq!(next(&mut subscription).await, SubscriptionMessage::CaughtUp(Position::START));
    for round in 1..=3 {
        // It waits: the next thing it says is about the events that are appended meanwhile.
        let waiting = tokio::spawn(async move {
            let message = next(&mut subscription).await;
            (message, subscription)
        });
        append(&log, trial.append(&stream("order", round), ExpectedRevision::NoStream, 2)).await;
        let message;
        (message, subscription) = waiting.await.expect("the subscriber ends");
        let SubscriptionMessage::Events { events, scanned_to } = message else { panic!("{message:?}") };
        assert_eq!((events.len(), scanned_to), (2, Position(round * 2)));
        assert_eq!(next(&mut subscription).await, SubscriptionMessage::CaughtUp(Position(round * 2)));
    }
}

/// A subscriber that does nothing while thousands of events are appended gets pages of its own size, from where it was:
/// the log keeps nothing for it.
pub async fn a_slow_subscriber_gets_pages_that_fit<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    append(&log, trial.append(&stream("order", "first"), ExpectedRevision::NoStream, 1)).await;
    let mut subscription = subscribe(&log, Position::START, 20);
    let SubscriptionMessage::Events { events, .. } = next(&mut subscription).await else { panic!("one event") };
    assert_eq!(events.len(), 1);
    for number in 0..5 {
        append(&log, trial.append(&stream("order", number), ExpectedRevision::NoStream, 1_000)).await;
    }
    let mut expected = Position(2);
    while expected <= Position(5_001) {
        let SubscriptionMessage::Events { events, .. } = next(&mut subscription).await else {
            panic!("it is not at the end")
        };
        assert!(!events.is_empty() && events.len() <= 20);
        for event in events {
            assert_eq!(event.position, expected);
            expected = expected.next();
        }
    }
    assert_eq!(next(&mut subscription).await, SubscriptionMessage::CaughtUp(Position(5_001)));
}

/// A call of `next` that was dropped before it answered has taken nothing away.
pub async fn a_call_that_was_given_up_loses_nothing<L: LogUnderTest>(trial: Trial<L>) {
    let log = trial.open().await;
    let mut subscription = subscribe(&log, Position::START, 3);
    let mut writers = start_writers(&trial, &log);
    let mut seen = Vec::new();
    while seen.len() < 480 {
        let message = match subscription.next().now_or_never() {
            Some(message) => message.expect("the log can be read"),
            // Given up once; now waited for.
            None => next(&mut subscription).await,
        };
        if let SubscriptionMessage::Events { events, .. } = message {
            seen.extend(events);
        }
    }
    while let Some(writer) = writers.join_next().await {
        writer.expect("the writer ends");
    }
    let appended: Append = trial.append(&stream("order", "last"), ExpectedRevision::NoStream, 1);
    append(&log, appended).await;
    while seen.len() < 481 {
        if let SubscriptionMessage::Events { events, .. } = next(&mut subscription).await {
            seen.extend(events);
        }
    }
    assert_eq!(seen, whole_log(&log, &EventFilter::default(), 1_000).await);
}
