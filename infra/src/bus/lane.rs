//! The queues: a stream has one while commands wait on it or run, and a driver task that empties it.

use crate::stream::StreamId;
use parking_lot::Mutex;
use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
    hash::{BuildHasher, RandomState},
    sync::Arc,
};
use tokio::sync::Notify;

/// The queues of many streams, split so that streams rarely wait for each other.
#[derive(Debug)]
pub(crate) struct Lanes<J> {
    shards: Vec<Mutex<HashMap<StreamId, Lane<J>>>>,
    hasher: RandomState,
}

#[derive(Debug)]
struct Lane<J> {
    queue: VecDeque<J>,
    arrival: Arc<Notify>,
}

/// What became of a job that was offered to a lane.
pub(crate) enum Offer<J> {
    /// It waits in the queue of a stream whose driver is at work.
    Queued,
    /// It waits in a new queue; the caller starts the driver, which is told of arrivals through this.
    StartDriver(Arc<Notify>),
    /// The queue is full; here is the job again.
    Full(J),
}

impl<J> Lanes<J> {
    pub(crate) fn new() -> Self {
        Self { shards: (0..64).map(|_| Mutex::default()).collect(), hasher: RandomState::new() }
    }

    /// Puts a job at the end of its stream's queue.
    pub(crate) fn offer(&self, stream: &StreamId, job: J, queue_max: usize) -> Offer<J> {
        match self.shard(stream).lock().entry(stream.clone()) {
            Entry::Occupied(mut lane) => {
                let lane = lane.get_mut();
                if lane.queue.len() >= queue_max {
                    return Offer::Full(job);
                }
                lane.queue.push_back(job);
                lane.arrival.notify_one();
                Offer::Queued
            }
            Entry::Vacant(vacant) => {
                let arrival = Arc::new(Notify::new());
                vacant.insert(Lane { queue: VecDeque::from([job]), arrival: arrival.clone() });
                Offer::StartDriver(arrival)
            }
        }
    }

    /// The job at the front of the stream's queue.
    pub(crate) fn take(&self, stream: &StreamId) -> Option<J> {
        self.shard(stream).lock().get_mut(stream)?.queue.pop_front()
    }

    /// Removes the lane if nothing waits in it, after running `leave`, so that whoever opens it next sees its effect.
    /// Answers whether it was removed.
    pub(crate) fn close_if_idle(&self, stream: &StreamId, leave: impl FnOnce()) -> bool {
        let mut shard = self.shard(stream).lock();
        if shard.get(stream).is_some_and(|lane| !lane.queue.is_empty()) {
            return false;
        }
        leave();
        shard.remove(stream);
        true
    }

    /// Removes the lane with all that waits in it; for a driver that died.
    pub(crate) fn abandon(&self, stream: &StreamId) {
        let lane = self.shard(stream).lock().remove(stream);
        drop(lane);
    }

    fn shard(&self, stream: &StreamId) -> &Mutex<HashMap<StreamId, Lane<J>>> {
        let count = self.shards.len();
        let hash = usize::try_from(self.hasher.hash_one(stream.as_str()) % 64).unwrap_or(0);
        &self.shards[hash % count]
    }
}
