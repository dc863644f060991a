//! The impure hands of a process: finding out whom an event concerns, and carrying actions out.

use crate::process::Process;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use std::fmt::Debug;
use thiserror::Error;
use tillroll_domain::ids::CommandId;
use tillroll_infra::{
    bus::{CommandContext, context::derived_uuid},
    event::RecordedEvent,
};

/// What a process needs from outside: facts about events, and somebody who carries its actions out.
pub trait Worker<P: Process>: Debug + Send + Sync + 'static {
    /// The types of the events that it wants to be shown. Imported events are never shown.
    fn event_types(&self) -> &'static [&'static str];

    /// Whom an event concerns, with the facts that these need of it. It may load aggregates, and is asked again after an
    /// error, so that an event is never passed over.
    fn route<'a>(&'a self, event: &'a RecordedEvent) -> BoxFuture<'a, Result<Vec<Routed<P>>, WorkerError>>;

    /// Carries an action out, as it may have done before; so whatever it does must be harmless when repeated, for which
    /// [`Sender`] gives ids that are the same each time.
    fn perform<'a>(
        &'a self,
        action: &'a P::Action,
        sender: &'a Sender,
    ) -> BoxFuture<'a, Result<P::Answer, WorkerError>>;

    /// The settings, as they are now.
    fn policy(&self) -> P::Policy;
}

/// An event's meaning for one instance.
#[derive(Debug)]
pub struct Routed<P: Process> {
    /// The instance: the id part of its stream.
    pub instance: String,
    /// What it is told.
    pub trigger: P::Trigger,
    /// Whether this begins an instance that does not exist yet; otherwise only an existing one is told.
    pub starts: bool,
}

/// Something failed for the moment; it is tried again, later and later, for ever.
#[derive(Debug, Clone, Error)]
#[error("{0}")]
pub struct WorkerError(pub String);

/// On whose behalf an action is carried out.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The process, which is the actor of its commands.
    pub process: &'static str,
    /// The tenant.
    pub tenant: String,
    /// The instance.
    pub instance: String,
    /// The action's number.
    pub no: u32,
    /// When the action was recorded.
    pub queued_at: DateTime<Utc>,
}

impl Sender {
    /// The context of a command of this action; `step` tells several commands of one action apart. The command's id is the
    /// same each time.
    #[must_use]
    pub fn command(&self, step: &str) -> CommandContext {
        let Self { process, tenant, instance, no, .. } = self;
        let name = format!("{tenant}/{process}/{instance}/{no}/{step}");
        CommandContext {
            tenant: tenant.clone(),
            correlation_id: Some(format!("{process}-{instance}")),
            ..CommandContext::live(CommandId::new(derived_uuid("tillroll:process-action", &name)), *process)
        }
    }
}
