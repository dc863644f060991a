//! Wakes those who wait for events of single streams: one task follows the log for all of them and looks only at whose an
//! event is. What the events are, they read themselves.
//!
//! What it costs: as long as anybody waits, the events of the watched categories are read from the log once more, however
//! many wait; and each event of a watched stream costs each of its watchers one indexed query. Without the task, each commit
//! would cost each of them a query.

use crate::{
    event::RecordedEvent,
    log::{EventFilter, EventLog, ReadError, Subscription, SubscriptionMessage},
    stream::{Position, StreamId},
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};
use tokio::sync::watch;

/// Events that are looked at together.
const PAGE: usize = 512;

/// Knows who watches what. Cloning is cheap, and all clones share one task.
#[derive(Debug, Clone)]
pub struct StreamWatch(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    log: Arc<dyn EventLog>,
    /// The categories of which streams can be watched.
    categories: Vec<String>,
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    /// Each watched stream with what wakes each of its watchers, of whom there is at least one; they are woken in the order
    /// in which they came, by a channel for each, since the receivers of one channel are woken in any order.
    streams: HashMap<StreamId, BTreeMap<u64, watch::Sender<()>>>,
    /// How many watchers there ever were.
    came: u64,
    /// Whether the task runs.
    is_running: bool,
}

/// Somebody who watches one stream. Dropping it ends that.
#[derive(Debug)]
pub struct Watcher {
    watch: StreamWatch,
    stream: StreamId,
    number: u64,
    changes: watch::Receiver<()>,
}

impl StreamWatch {
    /// A watch over the streams of these categories, at least one; streams of others are never seen to change.
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, categories: &[&str]) -> Self {
        debug_assert!(!categories.is_empty(), "no category would mean all of them");
        let categories = categories.iter().map(|&category| category.to_owned()).collect();
        Self(Arc::new(Shared { log, categories, watched: Mutex::default() }))
    }

    /// Watches a stream. Every event that is recorded from now on wakes the watcher; what was there before, it reads itself,
    /// after this has returned.
    ///
    /// # Errors
    /// A log that cannot be read.
    pub async fn watch(&self, stream: StreamId) -> Result<Watcher, ReadError> {
        debug_assert!(
            self.0.categories.iter().any(|category| category == stream.category()),
            "{stream} is not watched"
        );
        // Before the watcher is known: a task that starts here misses nothing that the watcher does not read itself.
        let from = self.0.log.head().await?;
        let mut watched = self.0.watched.lock();
        let (sender, changes) = watch::channel(());
        watched.came += 1;
        let number = watched.came;
        watched.streams.entry(stream.clone()).or_default().insert(number, sender);
        if !watched.is_running {
            watched.is_running = true;
            tokio::spawn(follow(self.clone(), from));
        }
        drop(watched);
        Ok(Watcher { watch: self.clone(), stream, number, changes })
    }

    /// Wakes those who watch the streams of these events; false if nobody watches anything any more, upon which the task has
    /// to end.
    fn wake(&self, events: &[RecordedEvent]) -> bool {
        let mut watched = self.0.watched.lock();
        for event in events {
            if let Some(watchers) = watched.streams.get(&event.stream) {
                for watcher in watchers.values() {
                    watcher.send_replace(());
                }
            }
        }
        watched.is_running = !watched.streams.is_empty();
        watched.is_running
    }

    /// Lets all watchers go, who then see that nobody would wake them any more.
    fn give_up(&self) {
        let mut watched = self.0.watched.lock();
        watched.streams.clear();
        watched.is_running = false;
    }
}

async fn follow(watch: StreamWatch, from: Position) {
    let filter = EventFilter { categories: watch.0.categories.clone(), ..EventFilter::default() };
    let mut subscription = Subscription::new(watch.0.log.clone(), from, filter, PAGE);
    loop {
        match subscription.next().await {
            Ok(SubscriptionMessage::Events { events, .. }) => {
                if !watch.wake(&events) {
                    return;
                }
            }
            Ok(SubscriptionMessage::CaughtUp(_)) => {}
            Err(error) => {
                tracing::warn!(%error, "nobody is told of events any more, because the event log cannot be read");
                watch.give_up();
                return;
            }
        }
    }
}

impl Watcher {
    /// From here on, only what is recorded later counts as a change.
    pub fn mark_seen(&mut self) {
        self.changes.borrow_and_update();
    }

    /// Completes when something was recorded in the stream; false if nobody would say so any more.
    pub async fn changed(&mut self) -> bool {
        self.changes.changed().await.is_ok()
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut watched = self.watch.0.watched.lock();
        let Some(watchers) = watched.streams.get_mut(&self.stream) else { return };
        watchers.remove(&self.number);
        if watchers.is_empty() {
            watched.streams.remove(&self.stream);
        }
    }
}

#[cfg(test)]
mod tests;
