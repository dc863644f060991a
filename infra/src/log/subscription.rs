//! Subscriptions: history from a position, then live, without gap or repeat at the seam.
//!
//! A subscription pulls pages, so a slow reader holds one page in memory and the log none on its behalf.

use super::{EventFilter, EventLog, PAGE_MAX, ReadError};
use crate::{event::RecordedEvent, stream::Position};
use std::sync::Arc;
use tokio::sync::watch;

/// What a subscription brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubscriptionMessage {
    /// Events that passed the filter, in order; none of them was brought before. May be empty if a stretch of the log
    /// held none; `scanned_to` then still moves on.
    Events {
        /// The events.
        events: Vec<RecordedEvent>,
        /// Everything up to here has been looked at.
        scanned_to: Position,
    },
    /// There was nothing more behind this position a moment ago. Comes once each time the end is reached.
    CaughtUp(Position),
}

/// A reader that follows the log. Dropping it ends it.
#[derive(Debug)]
pub struct Subscription {
    log: Arc<dyn EventLog>,
    filter: EventFilter,
    page: usize,
    after: Position,
    hint: watch::Receiver<Position>,
    announced: bool,
}

impl Subscription {
    /// Follows `log` behind a position, at most `page` events at a time (1 to [`PAGE_MAX`]).
    #[must_use]
    pub fn new(log: Arc<dyn EventLog>, after: Position, filter: EventFilter, page: usize) -> Self {
        let hint = log.watch();
        Self { log, filter, page: page.clamp(1, PAGE_MAX), after, hint, announced: false }
    }

    /// The next message; waits at the end of the log until there is something new.
    ///
    /// Cancel safe: a message that was not returned comes again.
    ///
    /// # Errors
    /// See [`ReadError`]; the subscription may be asked again.
    pub async fn next(&mut self) -> Result<SubscriptionMessage, ReadError> {
        loop {
            self.hint.borrow_and_update();
            let page = self.log.read_all(self.after, &self.filter, self.page).await?;
            if page.scanned_to > self.after {
                self.after = page.scanned_to;
                self.announced = false;
                return Ok(SubscriptionMessage::Events { events: page.events, scanned_to: page.scanned_to });
            }
            if !self.announced {
                self.announced = true;
                return Ok(SubscriptionMessage::CaughtUp(self.after));
            }
            if self.hint.changed().await.is_err() {
                return Err(ReadError::Unavailable("the log was closed".into()));
            }
        }
    }
}
