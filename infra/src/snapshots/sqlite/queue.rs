//! What waits for the thread that keeps the snapshots: bounded, loads before saves, and nobody ever waits for room.

use super::super::Snapshot;
use crate::stream::StreamId;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use tokio::sync::oneshot;

/// The most loads that wait; a further one is answered with none, and its stream is read from its beginning.
const LOADS_MAX: usize = 1_024;
/// The most bytes of saves that wait; a further one is dropped.
const SAVES_BYTES_MAX: usize = 32 << 20;
/// The most saves of one transaction.
const SAVES_PER_TURN_MAX: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    filled: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    loads: VecDeque<Load>,
    saves: VecDeque<Snapshot>,
    saves_bytes: usize,
    is_closed: bool,
}

/// A load that waits for its answer.
#[derive(Debug)]
pub(super) struct Load {
    pub(super) stream: StreamId,
    pub(super) answer: oneshot::Sender<Option<Snapshot>>,
}

/// What the thread does next.
#[derive(Debug)]
pub(super) enum Turn {
    Load(Load),
    Save(Vec<Snapshot>),
}

impl Queue {
    /// The answer to a load; an error if there is no room, and if the queue closes before the load's turn.
    pub(super) fn load(&self, stream: StreamId) -> oneshot::Receiver<Option<Snapshot>> {
        let (answer, answered) = oneshot::channel();
        let mut waiting = self.waiting.lock();
        // Where it is not taken, dropping the answer's other end tells the caller.
        if !waiting.is_closed && waiting.loads.len() < LOADS_MAX {
            waiting.loads.push_back(Load { stream, answer });
            drop(waiting);
            self.filled.notify_one();
        }
        answered
    }

    /// Queues a save if there is room.
    pub(super) fn save(&self, snapshot: Snapshot) {
        let mut waiting = self.waiting.lock();
        let bytes = waiting.saves_bytes + snapshot.body.len();
        if !waiting.is_closed && bytes <= SAVES_BYTES_MAX {
            waiting.saves_bytes = bytes;
            waiting.saves.push_back(snapshot);
            drop(waiting);
            self.filled.notify_one();
        }
    }

    /// Waits for something to do; `None` once the queue is closed and empty.
    pub(super) fn next(&self) -> Option<Turn> {
        let mut waiting = self.waiting.lock();
        loop {
            if let Some(load) = waiting.loads.pop_front() {
                return Some(Turn::Load(load));
            }
            if !waiting.saves.is_empty() {
                let count = waiting.saves.len().min(SAVES_PER_TURN_MAX);
                let saves: Vec<Snapshot> = waiting.saves.drain(..count).collect();
                waiting.saves_bytes -= saves.iter().map(|snapshot| snapshot.body.len()).sum::<usize>();
                return Some(Turn::Save(saves));
            }
            if waiting.is_closed {
                return None;
            }
            self.filled.wait(&mut waiting);
        }
    }

    /// Takes nothing more in. Loads that still wait are answered with an error; saves are still handed out.
    pub(super) fn close(&self) {
        let mut waiting = self.waiting.lock();
        waiting.is_closed = true;
        waiting.loads.clear();
        drop(waiting);
        self.filled.notify_all();
    }
}
