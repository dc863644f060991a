//! What the index tells whoever waits for the next time that is due: that an earlier one has come up.

use chrono::{DateTime, Utc};
use parking_lot::Mutex;
use std::sync::Arc;
use tillroll_infra::stream::Position;
use tokio::sync::Notify;

/// A place to leave hints. Cloning gives another handle to the same. Only a hint: what counts is what the tables hold.
#[derive(Debug, Clone, Default)]
pub struct Hints(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    earlier: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    /// What is waited for; `None` means nothing in particular, so that any time is news.
    until: Option<DateTime<Utc>>,
    hint: Option<Hint>,
}

/// Something is due earlier than what was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hint {
    /// The earliest.
    pub due: DateTime<Utc>,
    /// Where the last event stands that said so. The tables show it once they have passed that.
    pub position: Position,
}

impl Hints {
    /// Says that something is due at a time, as the event at a position has it.
    pub fn offer(&self, due: DateTime<Utc>, position: Position) {
        let mut waiting = self.0.waiting.lock();
        if waiting.until.is_some_and(|until| until <= due) {
            return;
        }
        let known = waiting.hint.get_or_insert(Hint { due, position });
        *known = Hint { due: known.due.min(due), position: known.position.max(position) };
        drop(waiting);
        self.0.earlier.notify_one();
    }

    /// The hints since the last call, taken together.
    #[must_use]
    pub fn take(&self) -> Option<Hint> {
        self.0.waiting.lock().hint.take()
    }

    /// Says what is waited for from now on: only what is due earlier is news, also of what was offered before.
    pub fn wait_until(&self, until: Option<DateTime<Utc>>) {
        let mut waiting = self.0.waiting.lock();
        waiting.until = until;
        waiting.hint = waiting.hint.filter(|hint| until.is_none_or(|until| hint.due < until));
    }

    /// Completes when there is a hint that was not taken. Cancel safe.
    pub async fn news(&self) {
        loop {
            if self.0.waiting.lock().hint.is_some() {
                return;
            }
            self.0.earlier.notified().await;
        }
    }
}
