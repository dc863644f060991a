//! One process, driven by hand: told the next event, made to perform one action, or one timer.

use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt as _};
use std::{collections::BTreeSet, sync::Arc};
use tillroll_domain::ids::CommandId;
use tillroll_infra::{
    bus::{Bus, CommandContext, Fingerprint, Loaded, context::derived_uuid},
    event::RecordedEvent,
    log::EventFilter,
    stream::{DEFAULT_TENANT, Position},
};
use tillroll_sagas::{
    managed::{Deliver, Managed},
    process::{Ending, Process, TimerName},
    worker::{Sender, Worker, WorkerError},
};

/// A process whatever its types.
pub(crate) trait Actor {
    fn name(&self) -> &'static str;
    /// Hears the next event of the log that it wants to be shown; false if there is none.
    fn hear<'a>(&'a mut self, bus: &'a Bus) -> BoxFuture<'a, bool>;
    /// Hears every event of the log again.
    fn forget_position(&mut self);
    /// The open actions.
    fn open<'a>(&'a self, bus: &'a Bus) -> BoxFuture<'a, Vec<(String, u32)>>;
    /// Performs an action; its answer gets lost if it is not `heard`.
    fn perform<'a>(
        &'a self,
        bus: &'a Bus,
        instance: &'a str,
        no: u32,
        heard: bool,
    ) -> BoxFuture<'a, Result<(), WorkerError>>;
    /// The armed timers.
    fn timers<'a>(&'a self, bus: &'a Bus) -> BoxFuture<'a, Vec<(DateTime<Utc>, String, TimerName)>>;
    /// A timer's time has come.
    fn fire<'a>(
        &'a self,
        bus: &'a Bus,
        instance: &'a str,
        timer: &'a TimerName,
        due: DateTime<Utc>,
    ) -> BoxFuture<'a, ()>;
    /// How its instances ended last.
    fn endings<'a>(&'a self, bus: &'a Bus) -> BoxFuture<'a, Vec<(String, Option<Ending>)>>;
}

/// A process with its worker.
pub(crate) struct Hosted<P: Process> {
    worker: Arc<dyn Worker<P>>,
    after: Position,
    instances: BTreeSet<String>,
}

impl<P: Process> Hosted<P> {
    pub(crate) fn boxed(worker: impl Worker<P>) -> Box<dyn Actor> {
        Box::new(Self { worker: Arc::new(worker), after: Position::START, instances: BTreeSet::new() })
    }

    async fn load(&self, bus: &Bus, instance: &str) -> Loaded<Managed<P>> {
        bus.load::<Managed<P>>(DEFAULT_TENANT, instance).await.unwrap()
    }

    async fn deliver(&self, bus: &Bus, instance: &str, name: &str, input: Deliver<P::Trigger, P::Answer, P::Policy>) {
        let id = derived_uuid("test:input", &format!("{}/{instance}/{name}", P::CATEGORY));
        let context = CommandContext {
            fingerprint: Some(Fingerprint::of_bytes(name.as_bytes())),
            ..CommandContext::live(CommandId::new(id), P::CATEGORY)
        };
        bus.execute::<Managed<P>>(instance, input, context).await.unwrap();
    }

    async fn tell(&mut self, bus: &Bus, event: &RecordedEvent) {
        for routed in self.worker.route(event).await.unwrap() {
            let position = event.position.0;
            let input = Deliver::Told {
                trigger: routed.trigger,
                position,
                event_id: event.id,
                starts: routed.starts,
                policy: self.worker.policy(),
            };
            self.deliver(bus, &routed.instance, &format!("told/{position}"), input).await;
            self.instances.insert(routed.instance);
        }
    }
}

impl<P: Process> Actor for Hosted<P> {
    fn name(&self) -> &'static str {
        P::CATEGORY
    }

    fn hear<'a>(&'a mut self, bus: &'a Bus) -> BoxFuture<'a, bool> {
        async move {
            let event_types = self.worker.event_types().iter().map(|&name| name.to_owned()).collect();
            let filter = EventFilter { event_types, ..EventFilter::default() };
            let page = bus.log().read_all(self.after, &filter, 1).await.unwrap();
            self.after = page.scanned_to;
            let Some(event) = page.events.first() else { return false };
            self.after = event.position;
            self.tell(bus, event).await;
            true
        }
        .boxed()
    }

    fn forget_position(&mut self) {
        self.after = Position::START;
    }

    fn open<'a>(&'a self, bus: &'a Bus) -> BoxFuture<'a, Vec<(String, u32)>> {
        async move {
            let mut open = Vec::new();
            for instance in &self.instances {
                let loaded = self.load(bus, instance).await;
                open.extend(loaded.state.outbox.open.keys().map(|no| (instance.clone(), *no)));
            }
            open
        }
        .boxed()
    }

    fn perform<'a>(
        &'a self,
        bus: &'a Bus,
        instance: &'a str,
        no: u32,
        heard: bool,
    ) -> BoxFuture<'a, Result<(), WorkerError>> {
        async move {
            let loaded = self.load(bus, instance).await;
            let Some(action) = loaded.state.outbox.open.get(&no) else { return Ok(()) };
            let sender = Sender {
                process: P::CATEGORY,
                tenant: DEFAULT_TENANT.to_owned(),
                instance: instance.to_owned(),
                no,
                queued_at: loaded.state.queued_at[&no],
            };
            let answer = self.worker.perform(action, &sender).await?;
            if heard {
                let input = Deliver::Answered { no, answer, policy: self.worker.policy() };
                self.deliver(bus, instance, &format!("answered/{no}"), input).await;
            }
            Ok(())
        }
        .boxed()
    }

    fn timers<'a>(&'a self, bus: &'a Bus) -> BoxFuture<'a, Vec<(DateTime<Utc>, String, TimerName)>> {
        async move {
            let mut timers = Vec::new();
            for instance in &self.instances {
                let loaded = self.load(bus, instance).await;
                let armed = loaded.state.outbox.timers.iter();
                timers.extend(armed.map(|(timer, due)| (*due, instance.clone(), timer.clone())));
            }
            timers.sort();
            timers
        }
        .boxed()
    }

    fn fire<'a>(
        &'a self,
        bus: &'a Bus,
        instance: &'a str,
        timer: &'a TimerName,
        due: DateTime<Utc>,
    ) -> BoxFuture<'a, ()> {
        async move {
            let input = Deliver::Due { timer: timer.clone(), due, policy: self.worker.policy() };
            self.deliver(bus, instance, &format!("due/{timer}/{due}"), input).await;
        }
        .boxed()
    }

    fn endings<'a>(&'a self, bus: &'a Bus) -> BoxFuture<'a, Vec<(String, Option<Ending>)>> {
        async move {
            let mut endings = Vec::new();
            for instance in &self.instances {
                let loaded = self.load(bus, instance).await;
                if loaded.state.has_begun {
                    endings.push((instance.clone(), loaded.state.ending));
                }
            }
            endings
        }
        .boxed()
    }
}
