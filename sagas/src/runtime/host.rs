//! One process in the runtime: its worker, what is under way for it, and how inputs get to its instances.

use super::{
    ProcessStatus,
    feed::Feed,
    follow::Progress,
    lanes::Told,
    shared::{Backoff, Shared},
};
use crate::{
    managed::{Deliver, Managed, NeverRefused},
    process::{Process, TimerName},
    worker::Worker,
};
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tillroll_domain::ids::CommandId;
use tillroll_infra::{
    bus::{CommandContext, ExecuteError, Executed, Fingerprint, Outcome, context::derived_uuid},
    stream::Position,
};
use tokio::sync::Semaphore;

/// An instance of a process: its tenant and the id part of its stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct InstanceId {
    pub(super) tenant: Arc<str>,
    pub(super) id: Arc<str>,
}

impl fmt::Display for InstanceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.id)
    }
}

/// A process, whatever its type.
pub(super) trait Hosted: fmt::Debug + Send + Sync + 'static {
    fn name(&self) -> &'static str;

    /// The events that it is shown.
    fn event_types(&self) -> BTreeSet<&'static str>;

    /// Finds out where it goes on, and notes it in the log the first time.
    fn enable(&self) -> BoxFuture<'_, ()>;

    /// Tells instances what concerns them, until the end. It is enabled before.
    fn follow(self: Arc<Self>, feed: Arc<Feed>) -> BoxFuture<'static, ()>;

    /// Fires a timer, if it is armed for that time. Answers where the log then stands, or that it did not work.
    fn fire(
        self: Arc<Self>,
        instance: InstanceId,
        timer: TimerName,
        due: DateTime<Utc>,
    ) -> BoxFuture<'static, Option<Position>>;

    /// Whether the action is being carried out.
    fn is_at_work(&self, instance: &InstanceId, no: u32) -> bool;

    /// Sees to the open actions of an instance.
    fn attend(self: Arc<Self>, instance: InstanceId) -> BoxFuture<'static, ()>;

    fn status(&self) -> ProcessStatus;
}

pub(super) type Input<P> = Deliver<<P as Process>::Trigger, <P as Process>::Answer, <P as Process>::Policy>;

pub(super) struct Host<P: Process> {
    pub(super) shared: Arc<Shared>,
    pub(super) worker: Arc<dyn Worker<P>>,
    /// What instances are yet to be told, each in the order of the log.
    pub(super) lanes: Mutex<BTreeMap<InstanceId, VecDeque<Told<P>>>>,
    /// Permits to be on the way to an instance.
    pub(super) inputs_max: Arc<Semaphore>,
    /// Actions that are being carried out or wait for it.
    pub(super) at_work: Mutex<BTreeSet<(InstanceId, u32)>>,
    pub(super) failing: AtomicUsize,
    pub(super) progress: Mutex<Progress>,
    inputs: AtomicU64,
}

impl<P: Process> fmt::Debug for Host<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("process", &P::CATEGORY).finish_non_exhaustive()
    }
}

impl<P: Process> Host<P> {
    pub(super) fn new(shared: Arc<Shared>, worker: Arc<dyn Worker<P>>) -> Self {
        let inputs_max = Arc::new(Semaphore::new(shared.options.inputs_max.max(1)));
        Self {
            shared,
            worker,
            lanes: Mutex::default(),
            inputs_max,
            at_work: Mutex::default(),
            failing: AtomicUsize::new(0),
            progress: Mutex::default(),
            inputs: AtomicU64::new(0),
        }
    }

    /// Gives an instance an input, once. `name` tells the inputs of an instance apart and is all that their sameness depends
    /// on: the settings that go along may be others the next time.
    pub(super) async fn give(
        &self,
        instance: &InstanceId,
        name: &str,
        causation_id: Option<String>,
        input: Input<P>,
    ) -> Result<Executed, ExecuteError<NeverRefused>> {
        let InstanceId { tenant, id } = instance;
        let command_id = derived_uuid("tillroll:process-input", &format!("{tenant}/{}/{id}/{name}", P::CATEGORY));
        let context = CommandContext {
            tenant: tenant.to_string(),
            fingerprint: Some(Fingerprint::of_bytes(name.as_bytes())),
            correlation_id: Some(format!("{}-{id}", P::CATEGORY)),
            causation_id,
            ..CommandContext::live(CommandId::new(command_id), P::CATEGORY)
        };
        let executed = self.shared.bus.execute::<Managed<P>>(id, input, context).await?;
        self.inputs.fetch_add(1, Ordering::Relaxed);
        Ok(executed)
    }

    /// As [`Self::give`], again and again until it works; `None` if everything ends before.
    pub(super) async fn give_surely(
        &self,
        instance: &InstanceId,
        name: &str,
        causation_id: Option<&str>,
        input: impl Fn() -> Input<P>,
    ) -> Option<Executed> {
        let mut backoff = Backoff::new(&self.shared.options);
        loop {
            match self.give(instance, name, causation_id.map(ToOwned::to_owned), input()).await {
                Ok(executed) => {
                    backoff.succeeded("input", instance);
                    return Some(executed);
                }
                Err(error) => {
                    let pause = backoff.failed("input", instance, &with_cause(&error));
                    self.shared.unless_stopped(tokio::time::sleep(pause)).await?;
                }
            }
        }
    }
}

impl<P: Process> Hosted for Host<P> {
    fn name(&self) -> &'static str {
        P::CATEGORY
    }

    fn event_types(&self) -> BTreeSet<&'static str> {
        self.worker.event_types().iter().copied().collect()
    }

    fn enable(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.enable_at_head())
    }

    fn follow(self: Arc<Self>, feed: Arc<Feed>) -> BoxFuture<'static, ()> {
        Box::pin(self.follow_log(feed))
    }

    fn fire(
        self: Arc<Self>,
        instance: InstanceId,
        timer: TimerName,
        due: DateTime<Utc>,
    ) -> BoxFuture<'static, Option<Position>> {
        Box::pin(async move {
            // A timer may be armed for the same time again, which is another one; so each attempt is a command of its own,
            // and what keeps it from firing twice is that it is not armed any more.
            let attempt = self.shared.bus.ambient().ids.next();
            let name = format!("due/{timer}/{attempt}");
            let input = Deliver::Due { timer, due, policy: self.worker.policy() };
            match self.give(&instance, &name, None, input).await {
                Ok(executed) => {
                    if executed.outcome == Outcome::Appended {
                        self.shared.spawn(self.clone().attend(instance));
                    }
                    Some(executed.position)
                }
                Err(error) => {
                    let (process, error) = (P::CATEGORY, with_cause(&error));
                    tracing::warn!(process, instance = %instance, error, "a timer cannot fire for the moment");
                    None
                }
            }
        })
    }

    fn is_at_work(&self, instance: &InstanceId, no: u32) -> bool {
        self.at_work.lock().contains(&(instance.clone(), no))
    }

    fn attend(self: Arc<Self>, instance: InstanceId) -> BoxFuture<'static, ()> {
        Box::pin(async move { self.see_to_actions(&instance).await })
    }

    fn status(&self) -> ProcessStatus {
        let progress = self.progress.lock();
        ProcessStatus {
            name: P::CATEGORY,
            inputs: self.inputs.load(Ordering::Relaxed),
            actions: self.at_work.lock().len(),
            failing_actions: self.failing.load(Ordering::Relaxed),
            waiting_events: progress.waiting(),
            checkpoint: progress.saved(),
        }
    }
}

/// An error with its causes in one line.
pub(super) fn with_cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
