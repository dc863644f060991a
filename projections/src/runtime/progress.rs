//! What the rest of the program may know of a projection while it runs.

use crate::read::{ProjectionState, ProjectionStatus};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};
use tillroll_infra::stream::Position;
use tokio::sync::watch;

/// How far a projection is and what it is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// What the live tables show.
    pub(crate) position: Position,
    /// Why the live tables do not follow the log any more.
    pub(crate) stopped: Option<Arc<str>>,
    /// How far the tables beside them have got, if there are any.
    pub(crate) building: Option<Position>,
}

impl Progress {
    /// Whether its position will not change unless somebody intervenes.
    pub(crate) fn stands_still(&self) -> bool {
        self.stopped.is_some() && self.building.is_none()
    }
}

/// One projection as the runtime shows it to readers.
#[derive(Debug)]
pub(crate) struct Handle {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    progress: watch::Sender<Progress>,
    parked: AtomicUsize,
    rebuilding: AtomicBool,
}

impl Handle {
    pub(crate) fn new(name: &'static str, version: u32) -> Self {
        let progress = Progress { position: Position::START, stopped: None, building: None };
        Self {
            name,
            version,
            progress: watch::Sender::new(progress),
            parked: AtomicUsize::new(0),
            rebuilding: AtomicBool::new(false),
        }
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(crate) fn progress(&self) -> Progress {
        self.progress.borrow().clone()
    }

    /// Whether its tables can be read and show a position. Tables that are built on demand do not keep the live ones from
    /// being read; those of another version do.
    pub(crate) fn has_passed(&self, position: Position) -> bool {
        let progress = self.progress.borrow();
        progress.position >= position && (progress.building.is_none() || self.rebuilding.load(Ordering::Acquire))
    }

    /// Changes what is known; those who wait are woken if it is another than before.
    pub(crate) fn update(&self, change: impl FnOnce(&mut Progress)) {
        self.progress.send_if_modified(|progress| {
            let before = progress.clone();
            change(progress);
            *progress != before
        });
    }

    /// It does not go on; `reason` is for operators.
    pub(crate) fn stop(&self, reason: &str) {
        tracing::error!(projection = self.name, reason, "projection stopped");
        self.update(|progress| {
            progress.stopped = Some(reason.into());
            progress.building = None;
        });
    }

    pub(crate) fn set_parked(&self, count: usize) {
        self.parked.store(count, Ordering::Relaxed);
    }

    /// Claims the one rebuild that may run at a time; false if another has it.
    pub(crate) fn claim_rebuild(&self) -> bool {
        !self.rebuilding.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn release_rebuild(&self) {
        self.rebuilding.store(false, Ordering::Release);
    }

    pub(crate) fn status(&self) -> ProjectionStatus {
        let progress = self.progress();
        ProjectionStatus {
            name: self.name,
            version: self.version,
            position: progress.position,
            state: match (progress.building, progress.stopped) {
                (Some(position), _) => ProjectionState::Rebuilding { position },
                (None, Some(reason)) => ProjectionState::Stopped { reason },
                (None, None) => ProjectionState::Live,
            },
            parked: self.parked.load(Ordering::Relaxed),
        }
    }
}
