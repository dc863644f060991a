//! One reading of the log for all processes that keep up with it. Whoever falls behind, or begins, reads by itself until it
//! has caught up, so that nobody waits for a slow one.

use super::shared::{Backoff, Shared};
use parking_lot::Mutex;
use serde::Deserialize;
use std::{borrow::Cow, collections::BTreeSet, sync::Arc};
use tillroll_infra::{
    event::RecordedEvent,
    log::{EventFilter, LogPage, ReadError},
    stream::Position,
};
use tokio::sync::mpsc;

/// Events that are read at a time.
const PAGE: usize = 512;
/// Pages that may wait for a process before it reads by itself.
const PAGES_WAITING_MAX: usize = 32;
/// A process to which nothing comes is told how far the log was read at least this often.
pub(super) const MARK_EVERY: u64 = 10_000;

/// Some events for a process; everything up to `to` was looked at.
#[derive(Debug, Clone)]
pub(super) struct FeedPage {
    pub(super) events: Vec<Arc<RecordedEvent>>,
    pub(super) to: Position,
}

#[derive(Debug)]
pub(super) struct Feed {
    shared: Arc<Shared>,
    filter: EventFilter,
    standing: Mutex<Standing>,
}

#[derive(Debug, Default)]
struct Standing {
    /// Everything up to here was handed out; `None` before the first look at the log.
    position: Option<Position>,
    subscribers: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    event_types: Arc<BTreeSet<&'static str>>,
    marked: Position,
    pages: mpsc::Sender<FeedPage>,
}

impl Feed {
    pub(super) fn new(shared: Arc<Shared>, event_types: &BTreeSet<&'static str>) -> Self {
        Self { shared, filter: filter(event_types), standing: Mutex::default() }
    }

    /// Reads from the end of the log on.
    pub(super) async fn run(self: Arc<Self>) {
        // An empty filter would mean all events.
        if self.filter.event_types.is_empty() {
            return;
        }
        let log = self.shared.bus.log();
        let mut hint = log.watch();
        let mut backoff = Backoff::new(&self.shared.options);
        while !self.shared.is_stopping() {
            hint.borrow_and_update();
            let position = self.standing.lock().position;
            let read = match position {
                None => log.head().await.map(|head| {
                    self.standing.lock().position = Some(head);
                    true
                }),
                Some(after) => log.read_all(after, &self.filter, PAGE).await.map(|page| {
                    let moved = page.scanned_to > after;
                    if moved {
                        self.hand_out(page);
                    }
                    moved
                }),
            };
            match read {
                Ok(true) => backoff.succeeded("read", &"the log"),
                Ok(false) => match self.shared.unless_stopped(hint.changed()).await {
                    Some(Ok(())) => {}
                    Some(Err(_)) | None => return,
                },
                Err(error) => {
                    let pause = backoff.failed("read", &"the log", &error);
                    if self.shared.unless_stopped(tokio::time::sleep(pause)).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    fn hand_out(&self, page: LogPage) {
        let to = page.scanned_to;
        let events: Vec<Arc<RecordedEvent>> =
            page.events.into_iter().filter(|event| !is_imported(event)).map(Arc::new).collect();
        let mut standing = self.standing.lock();
        standing.position = Some(to);
        standing.subscribers.retain_mut(|subscriber| {
            let wanted = |event: &&Arc<RecordedEvent>| subscriber.event_types.contains(&*event.event_type);
            let events: Vec<_> = events.iter().filter(wanted).cloned().collect();
            if events.is_empty() && to.0.saturating_sub(subscriber.marked.0) < MARK_EVERY {
                return true;
            }
            subscriber.marked = to;
            // One that is too slow, or gone, is left alone.
            subscriber.pages.try_send(FeedPage { events, to }).is_ok()
        });
    }

    /// Takes part from a position on; `None` if the feed is beyond it.
    fn join(&self, event_types: &Arc<BTreeSet<&'static str>>, at: Position) -> Option<mpsc::Receiver<FeedPage>> {
        let mut standing = self.standing.lock();
        if standing.position.is_none_or(|position| position > at) {
            return None;
        }
        let (pages, receiver) = mpsc::channel(PAGES_WAITING_MAX);
        standing.subscribers.push(Subscriber { event_types: event_types.clone(), marked: at, pages });
        Some(receiver)
    }
}

/// What one process reads.
#[derive(Debug)]
pub(super) struct Source {
    feed: Arc<Feed>,
    event_types: Arc<BTreeSet<&'static str>>,
    filter: EventFilter,
    at: Position,
    joined: Option<mpsc::Receiver<FeedPage>>,
}

impl Source {
    pub(super) fn new(feed: Arc<Feed>, event_types: BTreeSet<&'static str>, at: Position) -> Self {
        let filter = filter(&event_types);
        Self { feed, event_types: Arc::new(event_types), filter, at, joined: None }
    }

    /// The next events of the process in the order of the log; imported ones are left out. Cancel safe: what was not
    /// returned comes again.
    pub(super) async fn next(&mut self) -> Result<FeedPage, ReadError> {
        loop {
            if let Some(joined) = &mut self.joined {
                match joined.recv().await {
                    Some(page) if page.to <= self.at => {}
                    Some(FeedPage { mut events, to }) => {
                        events.retain(|event| event.position > self.at);
                        self.at = to;
                        return Ok(FeedPage { events, to });
                    }
                    None => self.joined = None,
                }
                continue;
            }
            let log = self.feed.shared.bus.log();
            let page = log.read_all(self.at, &self.filter, PAGE).await?;
            let (moved, to) = (page.scanned_to > self.at, page.scanned_to);
            self.at = to;
            if page.at_end {
                self.joined = self.feed.join(&self.event_types, to);
                if self.joined.is_none() {
                    // The feed has gone on meanwhile, or has not begun.
                    tokio::task::yield_now().await;
                }
            }
            if moved {
                let events = page.events.into_iter().filter(|event| !is_imported(event)).map(Arc::new).collect();
                return Ok(FeedPage { events, to });
            }
        }
    }
}

fn filter(event_types: &BTreeSet<&'static str>) -> EventFilter {
    EventFilter { event_types: event_types.iter().map(|&name| name.to_owned()).collect(), ..EventFilter::default() }
}

/// The field of the metadata that tells, borrowed where nothing is escaped.
#[derive(Deserialize)]
struct Origin<'a> {
    #[serde(borrow, default)]
    origin: Cow<'a, str>,
}

/// History of another system is no occasion to do anything.
fn is_imported(event: &RecordedEvent) -> bool {
    serde_json::from_str::<Origin<'_>>(&event.metadata).is_ok_and(|metadata| metadata.origin.starts_with("import:"))
}
