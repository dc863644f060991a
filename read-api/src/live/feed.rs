//! What a live stream sends, one event after the other, as fast as its reader takes them.

use super::{
    place::{Live, OpenPlace},
    shown,
};
use axum::response::sse::Event;
use futures::{Stream, stream};
use std::{collections::VecDeque, convert::Infallible, sync::Arc};
use tillroll_infra::{
    event::RecordedEvent,
    log::{EventFilter, EventLog, ReadError, ReadFrom, Subscription, SubscriptionMessage, is_last_page},
    stream::{Position, Revision, StreamId},
    watch::Watcher,
};

/// Events that are read together and wait for the reader.
const PAGE: usize = 100;

/// A stream of server-sent events.
pub(super) trait Events: Stream<Item = Result<Event, Infallible>> + Send + 'static {}
impl<S: Stream<Item = Result<Event, Infallible>> + Send + 'static> Events for S {}

/// The events of one stream behind a position.
pub(super) struct StreamFeed {
    log: Arc<dyn EventLog>,
    stream: StreamId,
    /// Events up to here were sent.
    after: Position,
    next: Revision,
    waiting: VecDeque<RecordedEvent>,
    has_caught_up: bool,
    /// With an event of this type, the reader loses what was granted. It is not sent.
    lost_with: Option<&'static str>,
    is_lost: bool,
    watcher: Watcher,
    place: OpenPlace,
}

impl StreamFeed {
    /// Begins at the stream's first event behind a position. The events before it are read and passed over: a cart or an
    /// order has few, and the log knows events of a stream by their revision. Ends before the first event of the type
    /// `lost_with`, also where that lies before the position: who was granted the stream may have been so by a read model
    /// that is behind the log.
    pub(super) async fn new(
        live: &Live,
        stream: StreamId,
        after: Position,
        lost_with: Option<&'static str>,
        place: OpenPlace,
    ) -> Result<Self, ReadError> {
        // Before the first read, so that nothing comes between the two.
        let watcher = live.watch.watch(stream.clone()).await?;
        let (log, waiting, next) = (live.log.clone(), VecDeque::new(), Revision(0));
        let (has_caught_up, is_lost) = (false, false);
        Ok(Self { log, stream, after, next, waiting, has_caught_up, lost_with, is_lost, watcher, place })
    }

    pub(super) fn into_stream(self) -> impl Events {
        stream::unfold(self, async |mut feed| Some((Ok(feed.next().await?), feed)))
    }

    /// The next event; `None` if the stream is to end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.place.is_stopping() {
                return None;
            }
            if let Some(event) = self.waiting.pop_front() {
                self.after = event.position;
                return Some(shown::change(&event));
            }
            if self.is_lost {
                return None;
            }
            self.watcher.mark_seen();
            let read = self.log.read_stream(&self.stream, ReadFrom::Forwards(self.next), PAGE).await;
            let mut events = read.inspect_err(|error| tracing::warn!(%error, "a live stream ends")).ok()?;
            let is_end = is_last_page(&events, PAGE);
            if let Some(last) = events.last() {
                self.next = last.revision.next();
            }
            if let Some(lost) = events.iter().position(|event| self.lost_with == Some(&*event.event_type)) {
                events.truncate(lost);
                self.is_lost = true;
            }
            let after = self.after;
            self.waiting.extend(events.into_iter().filter(|event| event.position > after));
            if !self.waiting.is_empty() || self.is_lost || !is_end {
                continue;
            }
            if !self.has_caught_up {
                self.has_caught_up = true;
                return Some(shown::caught_up(self.after));
            }
            tokio::select! {
                has_changed = self.watcher.changed() => if !has_changed { return None },
                () = self.place.stopped() => return None,
            }
        }
    }
}

/// The events of the whole log behind a position.
pub(super) struct LogFeed {
    subscription: Subscription,
    waiting: VecDeque<RecordedEvent>,
    has_caught_up: bool,
    place: OpenPlace,
}

impl LogFeed {
    pub(super) fn new(live: &Live, after: Position, place: OpenPlace) -> Self {
        let subscription = Subscription::new(live.log.clone(), after, EventFilter::default(), PAGE);
        Self { subscription, waiting: VecDeque::new(), has_caught_up: false, place }
    }

    pub(super) fn into_stream(self) -> impl Events {
        stream::unfold(self, async |mut feed| Some((Ok(feed.next().await?), feed)))
    }

    /// The next event; `None` if the stream is to end.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if self.place.is_stopping() {
                return None;
            }
            if let Some(event) = self.waiting.pop_front() {
                return Some(shown::whole(&event));
            }
            let message = tokio::select! {
                message = self.subscription.next() => message,
                () = self.place.stopped() => return None,
            };
            match message {
                Ok(SubscriptionMessage::Events { events, .. }) => self.waiting.extend(events),
                Ok(SubscriptionMessage::CaughtUp(position)) if !self.has_caught_up => {
                    self.has_caught_up = true;
                    return Some(shown::caught_up(position));
                }
                Ok(SubscriptionMessage::CaughtUp(_)) => {}
                Err(error) => {
                    tracing::warn!(%error, "a live stream ends");
                    return None;
                }
            }
        }
    }
}
