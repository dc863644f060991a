//! What runs the processes: reads the log, tells instances what concerns them, carries out what they want done, and keeps
//! their times.
//!
//! Everything it does may be done again: an event that was told is known by its position, an answer by its action's number,
//! a timer by its time. So it may be dropped at any moment, and several may run on one log.
//!
//! **Invariant:** nothing is carried out that is not in the log as something to be carried out.
//! **Invariant:** the checkpoint of a process never stands beyond an event that is not durably handled.

use crate::{
    process::Process,
    work::{Hints, ProcessWork, WorkIndex},
    worker::Worker,
};
use std::{collections::BTreeMap, fmt, sync::Arc, time::Duration};
use tillroll_domain::cart::commands::IdleLimits;
use tillroll_infra::bus::Bus;
use tillroll_projections::read::ReadModels;
use tokio::sync::Notify;

mod actions;
mod agenda;
mod feed;
mod follow;
mod host;
mod lanes;
mod shared;
mod sweeps;

use agenda::Agenda;
use feed::Feed;
use host::{Host, Hosted};
use shared::Shared;

/// Bounds and settings of the runtime.
#[derive(Debug, Clone)]
pub struct SagaOptions {
    /// How long carts are kept.
    pub idle_limits: IdleLimits,
    /// Looks for what is due, and for actions that nobody carries out, this often even if nothing announces any; default
    /// 30 s.
    pub poll_max: Duration,
    /// The most events, per process, that are on their way to instances at a time; default 256.
    pub inputs_max: usize,
    /// The most actions of all processes that are being carried out at a time; one that waits to be tried again does not
    /// count; default 512.
    pub actions_max: usize,
    /// The pause after the first failure, which doubles with each further one; default 50 ms.
    pub backoff_first: Duration,
    /// The longest pause; default 30 s.
    pub backoff_max: Duration,
    /// A process notes how far it has got after so many events; default 1,000.
    pub checkpoint_events: u64,
    /// Or so long after the first that is not noted; default 10 s.
    pub checkpoint_after: Duration,
    /// How long a shutdown waits for what is going on; default 10 s.
    pub shutdown_max: Duration,
}

impl SagaOptions {
    /// The defaults.
    #[must_use]
    pub fn new(idle_limits: IdleLimits) -> Self {
        Self {
            idle_limits,
            poll_max: Duration::from_secs(30),
            inputs_max: 256,
            actions_max: 512,
            backoff_first: Duration::from_millis(50),
            backoff_max: Duration::from_secs(30),
            checkpoint_events: 1_000,
            checkpoint_after: Duration::from_secs(10),
            shutdown_max: Duration::from_secs(10),
        }
    }
}

type MakeHost = Box<dyn FnOnce(Arc<Shared>) -> Arc<dyn Hosted> + Send>;

/// Puts a runtime together.
pub struct SagaBuilder {
    bus: Bus,
    read_models: ReadModels,
    hints: Hints,
    options: SagaOptions,
    hosts: Vec<MakeHost>,
}

impl fmt::Debug for SagaBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SagaBuilder").field("processes", &self.hosts.len()).finish_non_exhaustive()
    }
}

impl SagaBuilder {
    /// A runtime on a bus that has the processes registered, with read models that keep their index of open work.
    #[must_use]
    pub fn new(bus: Bus, read_models: ReadModels, work: &ProcessWork, options: SagaOptions) -> Self {
        Self { bus, read_models, hints: work.hints().clone(), options, hosts: Vec::new() }
    }

    /// Lets a process run.
    #[must_use]
    pub fn process<P: Process>(mut self, worker: Arc<dyn Worker<P>>) -> Self {
        self.hosts.push(Box::new(|shared| Arc::new(Host::<P>::new(shared, worker))));
        self
    }

    /// Enables the processes that are new, and starts everything in tasks of the current tokio runtime. Once it returns, each
    /// process is told of whatever comes into the log; what is left from before is taken up in the background.
    ///
    /// No process does anything before all are enabled: what one does may be news for another. A log that cannot be read or
    /// written is tried again until it can. Dropping what it returns ends the processes.
    pub async fn start(self) -> Sagas {
        let shared = Arc::new(Shared::new(self.bus, self.options));
        let hosts: Vec<Arc<dyn Hosted>> = self.hosts.into_iter().map(|make| make(shared.clone())).collect();
        for host in &hosts {
            host.enable().await;
        }
        let feed = Arc::new(Feed::new(shared.clone(), &hosts.iter().flat_map(|host| host.event_types()).collect()));
        shared.spawn(feed.clone().run());
        for host in &hosts {
            shared.spawn(host.clone().follow(feed.clone()));
        }
        let by_name: BTreeMap<&'static str, Arc<dyn Hosted>> =
            hosts.iter().map(|host| (host.name(), host.clone())).collect();
        let wake = Arc::new(Notify::new());
        let index = WorkIndex::new(self.read_models);
        let agenda = Agenda::new(shared.clone(), index, self.hints, by_name, wake.clone());
        shared.spawn(agenda.run());
        Sagas { shared, hosts, wake }
    }
}

/// The running processes. Dropping it ends them at once, which is safe: what was going on is done again the next time.
#[derive(Debug)]
pub struct Sagas {
    shared: Arc<Shared>,
    hosts: Vec<Arc<dyn Hosted>>,
    wake: Arc<Notify>,
}

/// How a process is doing on this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessStatus {
    /// The process.
    pub name: &'static str,
    /// Inputs that instances were given since the start, including those that were nothing to them.
    pub inputs: u64,
    /// Actions that are being carried out, or wait to be.
    pub actions: usize,
    /// How many of them have failed and wait to be tried again.
    pub failing_actions: usize,
    /// Events that are on their way to instances.
    pub waiting_events: usize,
    /// Up to where all events are handled, as far as it is noted in the log.
    pub checkpoint: u64,
}

/// Asks how the processes are doing. Cloning is cheap; it does not keep them running.
#[derive(Debug, Clone, Default)]
pub struct SagaStatuses(Vec<Arc<dyn Hosted>>);

impl SagaStatuses {
    /// How each is doing.
    #[must_use]
    pub fn get(&self) -> Vec<ProcessStatus> {
        self.0.iter().map(|host| host.status()).collect()
    }
}

impl Sagas {
    /// How the processes are doing.
    #[must_use]
    pub fn statuses(&self) -> SagaStatuses {
        SagaStatuses(self.hosts.clone())
    }

    /// Looks for what is due now, for those who have moved the clock.
    pub fn look_at_the_clock(&self) {
        self.wake.notify_one();
    }

    /// Ends: nothing new is begun, and what is going on is waited for, up to a bound.
    pub async fn shutdown(self) {
        self.shared.shutdown().await;
    }
}

impl Drop for Sagas {
    fn drop(&mut self) {
        self.shared.abort();
    }
}

#[cfg(test)]
mod tests;
