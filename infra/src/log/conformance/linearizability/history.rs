//! What a concurrent run did: every call with the moments of its beginning and its end, on one shared count.

use std::sync::atomic::{AtomicU64, Ordering};

/// The count that puts the beginnings and ends of all calls of a history in one order.
#[derive(Debug, Default)]
pub struct Moments(AtomicU64);

impl Moments {
    /// The next moment. Whatever happened before the call that returned a lower one happened before.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

/// That a queue took a call in, and promises to carry out later ones behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// The queue; calls of different ones owe each other nothing.
    pub queue: usize,
    /// When it had taken the call in.
    pub at: u64,
}

/// One call of a history.
#[derive(Debug, Clone)]
pub struct Call<W> {
    /// Just before it was made.
    pub invoked: u64,
    /// When a queue took it in, if one did: all calls of that queue that were invoked later come behind it.
    pub taken: Option<Taken>,
    /// Just after its answer came. `None` if nobody waited for it: the call may take effect at any time after
    /// `invoked`, or never; never only if nothing comes behind it in its queue.
    pub answered: Option<u64>,
    /// The call and its answer.
    pub what: W,
}

impl<W> Call<W> {
    /// True if this call must come before the other one in every order that respects real time and the queues.
    #[must_use]
    pub fn precedes(&self, other: &Self) -> bool {
        let ended = self.answered.is_some_and(|answered| answered < other.invoked);
        let queued = self.taken.zip(other.taken).is_some_and(|(one, next)| {
            // The later one was only invoked when the earlier one was in the queue already.
            one.queue == next.queue && one.at < other.invoked
        });
        ended || queued
    }
}
