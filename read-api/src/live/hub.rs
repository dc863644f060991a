//! Wakes the readers of single streams: one task follows the log for all of them and looks only at whose an event is.
//!
//! What it costs: as long as anybody follows a cart or an order, the events of carts and orders are read from the log once
//! more, however many readers there are; and each event of a followed stream costs each of its readers one indexed query.
//! Without the task, each commit would cost each reader a query.

use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tillroll_domain::{aggregate::Aggregate, cart::Cart, order::Order};
use tillroll_infra::{
    event::RecordedEvent,
    log::{EventFilter, EventLog, ReadError, Subscription, SubscriptionMessage},
    stream::{Position, StreamId},
};
use tokio::sync::watch;

/// The categories of which single streams can be followed.
const CATEGORIES: [&str; 2] = [Cart::CATEGORY, Order::CATEGORY];
/// Events that are looked at together.
const PAGE: usize = 512;

/// Knows who follows what. Cloning is cheap.
#[derive(Debug, Clone)]
pub(super) struct Hub(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    log: Arc<dyn EventLog>,
    followed: Mutex<Followed>,
}

#[derive(Debug, Default)]
struct Followed {
    /// Each followed stream with what wakes its readers, of whom there is at least one.
    streams: HashMap<StreamId, watch::Sender<()>>,
    /// Whether the task runs.
    is_running: bool,
}

/// A reader of one stream. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Watched {
    hub: Hub,
    stream: StreamId,
    /// `None` only while being dropped.
    changes: Option<watch::Receiver<()>>,
}

impl Hub {
    pub(super) fn new(log: Arc<dyn EventLog>) -> Self {
        Self(Arc::new(Shared { log, followed: Mutex::default() }))
    }

    /// Follows a stream. Every event that is recorded from now on wakes the reader; what was there before, it reads itself.
    pub(super) async fn watch(&self, stream: StreamId) -> Result<Watched, ReadError> {
        // Before the reader is known: a task that starts here misses nothing that the reader does not read itself.
        let from = self.0.log.head().await?;
        let mut followed = self.0.followed.lock();
        let changes = followed.streams.entry(stream.clone()).or_insert_with(|| watch::channel(()).0).subscribe();
        if !followed.is_running {
            followed.is_running = true;
            tokio::spawn(follow(self.clone(), from));
        }
        drop(followed);
        Ok(Watched { hub: self.clone(), stream, changes: Some(changes) })
    }

    /// Wakes the readers of these events; false if there are no readers any more, upon which the task has to end.
    fn wake(&self, events: &[RecordedEvent]) -> bool {
        let mut followed = self.0.followed.lock();
        for event in events {
            if let Some(readers) = followed.streams.get(&event.stream) {
                readers.send_replace(());
            }
        }
        followed.is_running = !followed.streams.is_empty();
        followed.is_running
    }

    /// Lets all readers go, who then end their streams.
    fn give_up(&self) {
        let mut followed = self.0.followed.lock();
        followed.streams.clear();
        followed.is_running = false;
    }
}

async fn follow(hub: Hub, from: Position) {
    let categories = CATEGORIES.map(str::to_owned).to_vec();
    let filter = EventFilter { categories, ..EventFilter::default() };
    let mut subscription = Subscription::new(hub.0.log.clone(), from, filter, PAGE);
    loop {
        match subscription.next().await {
            Ok(SubscriptionMessage::Events { events, .. }) => {
                if !hub.wake(&events) {
                    return;
                }
            }
            Ok(SubscriptionMessage::CaughtUp(_)) => {}
            Err(error) => {
                tracing::warn!(%error, "live streams end, because the event log cannot be read");
                hub.give_up();
                return;
            }
        }
    }
}

impl Watched {
    /// From here on, only what is recorded later counts as a change.
    pub(super) fn mark_seen(&mut self) {
        if let Some(changes) = &mut self.changes {
            changes.borrow_and_update();
        }
    }

    /// Completes when something was recorded in the stream; false if nobody would say so any more.
    pub(super) async fn changed(&mut self) -> bool {
        match &mut self.changes {
            Some(changes) => changes.changed().await.is_ok(),
            None => false,
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        let mut followed = self.hub.0.followed.lock();
        // Under the lock, so that the count is right.
        self.changes = None;
        if followed.streams.get(&self.stream).is_some_and(|readers| readers.receiver_count() == 0) {
            followed.streams.remove(&self.stream);
        }
    }
}

#[cfg(test)]
mod tests;
