//! Reading what concerns a process, finding out whom, and noting how far that has got.

use super::{
    feed::{Feed, FeedPage, MARK_EVERY, Source},
    host::{Host, Hosted, with_cause},
    shared::Backoff,
};
use crate::{
    process::Process,
    registration::{ProcessRegistration, RegistrationCommand},
    worker::Routed,
};
use futures::stream::{FuturesOrdered, StreamExt};
use std::{collections::BTreeMap, sync::Arc};
use tillroll_domain::ids::CommandId;
use tillroll_infra::{
    bus::{CommandContext, context::derived_uuid},
    event::RecordedEvent,
    stream::{DEFAULT_TENANT, Position},
};
use tokio::time::Instant;

/// Events of which it is found out at a time whom they concern.
const ROUTED_AT_A_TIME_MAX: usize = 32;

/// How far a process has got.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Everything up to here was read, and is handled or under way.
    read: Position,
    /// Where events stand that are under way, with how many instances are yet to be told of each.
    under_way: BTreeMap<Position, usize>,
    /// What is noted in the log.
    saved: Position,
    /// Events read since then.
    events: u64,
    /// When to note it at the latest.
    save_by: Option<Instant>,
}

impl Progress {
    pub(super) fn under_way(&mut self, position: Position) {
        *self.under_way.entry(position).or_default() += 1;
    }

    pub(super) fn handled(&mut self, position: Position) {
        if let Some(left) = self.under_way.get_mut(&position) {
            *left -= 1;
            if *left == 0 {
                self.under_way.remove(&position);
            }
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.under_way.values().sum()
    }

    pub(super) fn saved(&self) -> u64 {
        self.saved.0
    }

    /// Everything up to here is handled.
    fn handled_to(&self) -> Position {
        let before_the_first = |first: &Position| Position(first.0.saturating_sub(1));
        self.under_way.keys().next().map_or(self.read, before_the_first).min(self.read)
    }
}

impl<P: Process> Host<P> {
    pub(super) async fn follow_log(self: Arc<Self>, feed: Arc<Feed>) {
        let at = self.progress.lock().read;
        let event_types = self.event_types();
        if event_types.is_empty() {
            return;
        }
        let mut source = Source::new(feed, event_types, at);
        let mut backoff = Backoff::new(&self.shared.options);
        loop {
            let save_by = self.progress.lock().save_by;
            let read = tokio::select! {
                biased;
                () = self.shared.stopped() => break,
                () = until(save_by) => {
                    self.save().await;
                    continue;
                }
                read = source.next() => read,
            };
            match read {
                Ok(page) => {
                    backoff.succeeded("read", &P::CATEGORY);
                    if self.shared.unless_stopped(self.handle(page)).await.is_none() {
                        break;
                    }
                    if self.is_time_to_save() {
                        self.save().await;
                    }
                }
                Err(error) => {
                    let pause = backoff.failed("read", &P::CATEGORY, &error);
                    if self.shared.unless_stopped(tokio::time::sleep(pause)).await.is_none() {
                        break;
                    }
                }
            }
        }
    }

    /// Finds out where the process goes on. The first time, it is enabled: it begins at the end of the log.
    pub(super) async fn enable_at_head(&self) {
        let mut backoff = Backoff::new(&self.shared.options);
        let at = loop {
            match self.try_to_enable().await {
                Ok(position) => break position,
                Err(error) => tokio::time::sleep(backoff.failed("enable", &P::CATEGORY, &error)).await,
            }
        };
        backoff.succeeded("enable", &P::CATEGORY);
        *self.progress.lock() = Progress { read: at, saved: at, ..Progress::default() };
    }

    async fn try_to_enable(&self) -> Result<Position, String> {
        let bus = &self.shared.bus;
        loop {
            let loaded = bus.load::<ProcessRegistration>(DEFAULT_TENANT, P::CATEGORY).await;
            if let Some(position) = loaded.map_err(|error| with_cause(&error))?.state.position {
                return Ok(Position(position));
            }
            let head = bus.log().head().await.map_err(|error| with_cause(&error))?;
            // Somebody else may have been first; then that counts.
            self.register("enable", RegistrationCommand::Enable { position: head.0 }).await?;
        }
    }

    async fn register(&self, name: &str, command: RegistrationCommand) -> Result<(), String> {
        let id = derived_uuid("tillroll:process-registration", &format!("{}/{name}", P::CATEGORY));
        let context = CommandContext::live(CommandId::new(id), P::CATEGORY);
        let executed = self.shared.bus.execute::<ProcessRegistration>(P::CATEGORY, command, context).await;
        executed.map(drop).map_err(|error| with_cause(&error))
    }

    /// Puts what the events mean on its way.
    async fn handle(self: &Arc<Self>, page: FeedPage) {
        let count = u64::try_from(page.events.len()).unwrap_or(u64::MAX);
        let mut events = page.events.into_iter();
        let mut routing = FuturesOrdered::new();
        loop {
            while routing.len() < ROUTED_AT_A_TIME_MAX
                && let Some(event) = events.next()
            {
                routing.push_back(self.clone().routed(event));
            }
            let Some((event, routed)) = routing.next().await else { break };
            for routed in routed {
                // It is never closed.
                let Ok(permit) = self.inputs_max.clone().acquire_owned().await else { return };
                self.tell(&event, routed, permit);
            }
        }
        let mut progress = self.progress.lock();
        progress.read = page.to;
        progress.events = progress.events.saturating_add(count);
        if progress.events > 0 {
            let by = || Instant::now() + self.shared.options.checkpoint_after;
            progress.save_by.get_or_insert_with(by);
        }
    }

    /// Whom the event concerns; asked until there is an answer, since what is passed over is lost.
    async fn routed(self: Arc<Self>, event: Arc<RecordedEvent>) -> (Arc<RecordedEvent>, Vec<Routed<P>>) {
        let mut backoff = Backoff::new(&self.shared.options);
        loop {
            match self.worker.route(&event).await {
                Ok(routed) => {
                    backoff.succeeded("route", &event.stream);
                    return (event, routed);
                }
                Err(error) => tokio::time::sleep(backoff.failed("route", &event.stream, &error)).await,
            }
        }
    }

    fn is_time_to_save(&self) -> bool {
        let progress = self.progress.lock();
        let beyond = progress.handled_to().0.saturating_sub(progress.saved.0);
        beyond > 0 && (progress.events >= self.shared.options.checkpoint_events || beyond >= MARK_EVERY)
    }

    /// Notes how far everything is handled. What cannot be noted now is noted later: it is only a short cut.
    async fn save(&self) {
        let (handled_to, saved) = {
            let progress = self.progress.lock();
            (progress.handled_to(), progress.saved)
        };
        let noted = if handled_to > saved {
            let command = RegistrationCommand::Checkpoint { position: handled_to.0 };
            self.register(&format!("checkpoint/{handled_to}"), command).await
        } else {
            Err("the first event that was read is still under way".to_owned())
        };
        let mut progress = self.progress.lock();
        match noted {
            Ok(()) => {
                progress.saved = handled_to;
                progress.events = 0;
                // What is still under way is noted the next time.
                let is_all = handled_to == progress.read;
                progress.save_by =
                    if is_all { None } else { Some(Instant::now() + self.shared.options.checkpoint_after) };
            }
            Err(reason) => {
                tracing::debug!(process = P::CATEGORY, reason, "no checkpoint for the moment");
                progress.save_by = Some(Instant::now() + self.shared.options.checkpoint_after);
            }
        }
    }
}

async fn until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}
