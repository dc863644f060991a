//! Crashes of the engine: where one can happen, and how the old life ends without any further effect.

use parking_lot::Mutex;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::sync::Notify;

/// Where a crash can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// The log was handed an append, and nothing of it is durable.
    BeforeAppend,
    /// An append is durable, and nobody knows yet.
    Durable,
    /// An append was acknowledged.
    Acknowledged,
    /// The provider is about to be called.
    BeforeProvider,
    /// The provider has done what it was asked, and its answer is not taken in.
    AfterProvider,
    /// A message of the provider is about to be handed over.
    BeforeMessage,
    /// A request is on its way.
    Request,
}

impl Point {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::BeforeAppend,
        Self::Durable,
        Self::Acknowledged,
        Self::BeforeProvider,
        Self::AfterProvider,
        Self::BeforeMessage,
        Self::Request,
    ];
}

/// Ends one life of the engine at a point that was chosen before.
#[derive(Debug)]
pub struct Crasher {
    /// At which point, and how many times it is passed before.
    plan: Mutex<Option<(Point, usize)>>,
    is_dead: AtomicBool,
    died: Notify,
    died_at: Mutex<Option<Point>>,
}

impl Crasher {
    /// One that crashes when this point is passed for the so-manyth time after the first; never if there is no plan.
    #[must_use]
    pub fn new(plan: Option<(Point, usize)>) -> Arc<Self> {
        Arc::new(Self {
            plan: Mutex::new(plan),
            is_dead: AtomicBool::new(false),
            died: Notify::new(),
            died_at: Mutex::new(None),
        })
    }

    /// Passes a point. Does not return if the engine is dead or dies here: whoever called is part of what is gone.
    pub async fn pass(&self, point: Point) {
        if self.dies_at(point) {
            std::future::pending::<()>().await;
        }
    }

    /// Passes a point where nothing can wait; true if the engine is dead.
    pub fn dies_at(&self, point: Point) -> bool {
        if self.is_dead() {
            return true;
        }
        let mut plan = self.plan.lock();
        match &mut *plan {
            Some((planned, 0)) if *planned == point => {
                *plan = None;
                drop(plan);
                *self.died_at.lock() = Some(point);
                self.die();
                true
            }
            Some((planned, left)) if *planned == point => {
                *left -= 1;
                false
            }
            _ => false,
        }
    }

    /// Crashes when this point is passed for the so-manyth time after the next, counted from now on.
    pub fn plan(&self, plan: Option<(Point, usize)>) {
        *self.plan.lock() = plan;
    }

    /// No crash happens any more unless it is told to.
    pub fn forget_plan(&self) {
        *self.plan.lock() = None;
    }

    /// Ends the life now.
    pub fn die(&self) {
        self.is_dead.store(true, Ordering::SeqCst);
        self.died.notify_one();
    }

    /// Where it crashed, if that was at a point.
    #[must_use]
    pub fn died_at(&self) -> Option<Point> {
        *self.died_at.lock()
    }

    /// Whether the life is over.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::SeqCst)
    }

    /// Waits for the crash.
    pub async fn crashed(&self) {
        while !self.is_dead() {
            self.died.notified().await;
        }
    }

    /// Gives what this gives, unless the engine is dead or dies meanwhile.
    pub async fn guard<T>(&self, work: impl Future<Output = T>) -> T {
        let done = work.await;
        if self.is_dead() {
            std::future::pending::<()>().await;
        }
        done
    }
}
