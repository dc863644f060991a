//! How many live streams may be open, and when they are to end.

use crate::problems::TOO_MANY_STREAMS;
use parking_lot::Mutex;
use std::{collections::HashMap, sync::Arc};
use tillroll_domain::{aggregate::Aggregate, cart::Cart, order::Order};
use tillroll_http::Problem;
use tillroll_infra::{log::EventLog, stream::StreamId, watch::StreamWatch};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

/// The most streams of one cart or order that are open at a time to those who do not read every event.
const OF_ONE_MAX: usize = 8;
/// One place in so many is kept for those who read every event.
const KEPT_IN: usize = 4;

/// What live streams share. Cloning is cheap.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(super) log: Arc<dyn EventLog>,
    pub(super) watch: StreamWatch,
    places: Arc<Places>,
    stopping: Option<watch::Receiver<bool>>,
}

#[derive(Debug)]
struct Places {
    /// For everybody.
    common: Arc<Semaphore>,
    /// For those who read every event, so that shoppers cannot shut them out.
    kept: Arc<Semaphore>,
    /// How many streams of one cart or order the others have open; none is not among them.
    of_one: Mutex<HashMap<StreamId, usize>>,
}

/// A stream's place among the open ones, given back when dropped; and how it learns that it is to end.
#[derive(Debug)]
pub(super) struct OpenPlace {
    _permit: OwnedSemaphorePermit,
    _of_one: Option<OfOne>,
    stopping: Option<watch::Receiver<bool>>,
}

/// A place among those of one cart or order, given back when dropped.
#[derive(Debug)]
struct OfOne {
    places: Arc<Places>,
    stream: StreamId,
}

impl Places {
    fn new(streams_max: usize) -> Arc<Self> {
        let kept = streams_max / KEPT_IN;
        let common = Arc::new(Semaphore::new(streams_max.saturating_sub(kept)));
        Arc::new(Self { common, kept: Arc::new(Semaphore::new(kept)), of_one: Mutex::default() })
    }

    fn of_one(self: &Arc<Self>, stream: &StreamId) -> Option<OfOne> {
        let mut of_one = self.of_one.lock();
        let open = of_one.entry(stream.clone()).or_default();
        if *open >= OF_ONE_MAX {
            return None;
        }
        *open += 1;
        Some(OfOne { places: Arc::clone(self), stream: stream.clone() })
    }
}

impl Drop for OfOne {
    fn drop(&mut self) {
        let mut of_one = self.places.of_one.lock();
        if let Some(open) = of_one.get_mut(&self.stream) {
            *open = open.saturating_sub(1);
            if *open == 0 {
                of_one.remove(&self.stream);
            }
        }
    }
}

impl Live {
    /// Streams over a log that end only with their readers.
    pub(crate) fn new(log: Arc<dyn EventLog>, streams_max: usize) -> Self {
        let watch = StreamWatch::new(log.clone(), &[Cart::CATEGORY, Order::CATEGORY]);
        Self { watch, log, places: Places::new(streams_max), stopping: None }
    }

    /// With a watch that others use too, over the streams of carts and orders at least.
    pub(crate) fn watching(self, watch: StreamWatch) -> Self {
        Self { watch, ..self }
    }

    pub(crate) fn at_most(self, streams_max: usize) -> Self {
        Self { places: Places::new(streams_max), ..self }
    }

    pub(crate) fn until(self, stopping: watch::Receiver<bool>) -> Self {
        Self { stopping: Some(stopping), ..self }
    }

    /// A place for one more stream of one cart or order.
    ///
    /// # Errors
    /// 503 if there is none, among all or among those of this one.
    pub(super) fn enter(&self, stream: &StreamId) -> Result<OpenPlace, Problem> {
        let permit = Arc::clone(&self.places.common).try_acquire_owned().map_err(|_| Problem::of(&TOO_MANY_STREAMS))?;
        let of_one = self.places.of_one(stream).ok_or_else(|| Problem::of(&TOO_MANY_STREAMS))?;
        Ok(OpenPlace { _permit: permit, _of_one: Some(of_one), stopping: self.stopping.clone() })
    }

    /// A place for one more stream of somebody who reads every event; first of those that are kept for them.
    ///
    /// # Errors
    /// 503 if there is none.
    pub(super) fn enter_kept(&self) -> Result<OpenPlace, Problem> {
        let kept = Arc::clone(&self.places.kept).try_acquire_owned();
        let permit = kept.or_else(|_| Arc::clone(&self.places.common).try_acquire_owned());
        let permit = permit.map_err(|_| Problem::of(&TOO_MANY_STREAMS))?;
        Ok(OpenPlace { _permit: permit, _of_one: None, stopping: self.stopping.clone() })
    }
}

impl OpenPlace {
    /// True once the stream is to end.
    pub(super) fn is_stopping(&self) -> bool {
        self.stopping.as_ref().is_some_and(|stopping| *stopping.borrow())
    }

    /// Completes when the stream is to end.
    pub(super) async fn stopped(&mut self) {
        match &mut self.stopping {
            // Whoever could have said so is gone, and so is the server.
            Some(stopping) => drop(stopping.wait_for(|&stopping| stopping).await),
            None => std::future::pending().await,
        }
    }
}
