//! Times: fires timers and ends what is overdue when it is due, and takes up what was left from before.

use super::{
    host::{Hosted, InstanceId},
    shared::Shared,
    sweeps,
};
use crate::{
    process::TimerName,
    work::{Hints, WorkIndex},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::stream::{self, StreamExt};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tillroll_infra::stream::Position;
use tillroll_projections::read::ReadModelError;
use tokio::{sync::Notify, time::Instant};

/// How many rows of each kind are looked at beyond those that were tried lately.
const PAGE: usize = 256;
/// How many of them are worked on at a time.
const AT_A_TIME_MAX: usize = 64;
/// How long to wait for the index to show what was done.
const SHOWN_WITHIN: Duration = Duration::from_secs(2);
/// The pause before something is tried again that is still in the index.
const TRY_AGAIN_FIRST: TimeDelta = TimeDelta::seconds(1);
/// The longest such pause.
const TRY_AGAIN_MAX: TimeDelta = TimeDelta::minutes(10);
/// Actions that were recorded this lately are surely seen to by whoever recorded them.
const FRESH: TimeDelta = TimeDelta::seconds(10);
/// The shortest sleep; a timer of the machine knows no shorter one.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// Something that has its time. The time is part of what it is: one that is moved is another one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Timer { process: String, instance: InstanceId, timer: String },
    Hold { tenant: String, item: String, reservation_id: String },
    Cart { tenant: String, cart_id: String },
}

/// When to try something again.
#[derive(Debug, Clone, Copy)]
struct Tried {
    again_at: DateTime<Utc>,
    pause: TimeDelta,
}

#[derive(Debug)]
pub(super) struct Agenda {
    shared: Arc<Shared>,
    index: WorkIndex,
    hints: Hints,
    hosts: BTreeMap<&'static str, Arc<dyn Hosted>>,
    wake: Arc<Notify>,
    /// What was tried and may still be in the index: because that lags behind, or because it was refused.
    tried: BTreeMap<(Item, DateTime<Utc>), Tried>,
}

impl Agenda {
    pub(super) fn new(
        shared: Arc<Shared>,
        index: WorkIndex,
        hints: Hints,
        hosts: BTreeMap<&'static str, Arc<dyn Hosted>>,
        wake: Arc<Notify>,
    ) -> Self {
        Self { shared, index, hints, hosts, wake, tried: BTreeMap::new() }
    }

    pub(super) async fn run(mut self) {
        let shared = self.shared.clone();
        if shared.unless_stopped(self.index_shows_all()).await.is_none() {
            return;
        }
        let poll_max = shared.options.poll_max;
        let mut look_through_at = Instant::now();
        // At first nobody is at anything, also not at what a clock that was ahead recorded.
        let mut is_first = true;
        while !shared.is_stopping() {
            if Instant::now() >= look_through_at {
                match self.take_up(is_first).await {
                    Ok(()) => {
                        look_through_at = Instant::now() + poll_max;
                        is_first = false;
                    }
                    Err(error) => {
                        tracing::warn!(%error, "the index of open work cannot be read; it is tried again");
                        look_through_at = Instant::now() + Duration::from_secs(1);
                    }
                }
            }
            // From here on, whatever is new is news, until it is known what to wait for.
            self.hints.wait_until(None);
            if let Some(hint) = self.hints.take() {
                self.index.shows(hint.position, SHOWN_WITHIN).await;
            }
            let now = shared.bus.ambient().clock.now();
            let pause = match self.do_what_is_due(now).await {
                Ok(next) => {
                    self.hints.wait_until(next);
                    next.map_or(poll_max, |next| (next - now).to_std().unwrap_or_default())
                }
                Err(error) => {
                    tracing::warn!(%error, "what is due cannot be found out for the moment");
                    Duration::from_secs(1)
                }
            };
            let look_through_in = look_through_at.saturating_duration_since(Instant::now());
            tokio::select! {
                biased;
                () = shared.stopped() => return,
                () = self.wake.notified() => {}
                () = self.hints.news() => {}
                () = tokio::time::sleep(pause.min(look_through_in).max(PAUSE_MIN)) => {}
            }
        }
    }

    /// Waits until the index shows what the log held when this began.
    async fn index_shows_all(&self) {
        loop {
            match self.shared.bus.log().head().await {
                Ok(head) if self.index.shows(head, SHOWN_WITHIN).await => return,
                // Behind, rebuilding or stopped: without it there is nothing to go by.
                Ok(_) => tokio::time::sleep(Duration::from_millis(50)).await,
                Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
            }
        }
    }

    /// Sees to the open actions that nobody is at: to all, or without those that were recorded just now.
    async fn take_up(&self, all: bool) -> Result<(), ReadModelError> {
        let up_to = if all { None } else { Some(self.shared.bus.ambient().clock.now() - FRESH) };
        let mut last = None;
        loop {
            let rows = self.index.look().await?.actions(up_to, last.as_ref(), PAGE).await?;
            let mut instances = BTreeSet::new();
            for row in &rows {
                let Some(host) = self.hosts.get(&*row.process) else { continue };
                let instance = InstanceId { tenant: (&*row.tenant).into(), id: (&*row.instance).into() };
                let no = u32::try_from(row.no).unwrap_or(u32::MAX);
                if !host.is_at_work(&instance, no) {
                    instances.insert((host.name(), instance));
                }
            }
            for (process, instance) in instances {
                if let Some(host) = self.hosts.get(process) {
                    host.clone().attend(instance).await;
                }
            }
            if rows.len() < PAGE || self.shared.is_stopping() {
                return Ok(());
            }
            last = rows.into_iter().last();
        }
    }

    /// Does what is due, and answers when to look again; `None` if nothing has a time.
    async fn do_what_is_due(&mut self, now: DateTime<Utc>) -> Result<Option<DateTime<Utc>>, ReadModelError> {
        let (all, is_complete) = self.look(PAGE + self.tried.len()).await?;
        if is_complete {
            let known: BTreeSet<_> = all.iter().collect();
            self.tried.retain(|tried, _| known.contains(tried));
        }
        let mut next = None::<DateTime<Utc>>;
        let mut later = |at: DateTime<Utc>| next = Some(next.map_or(at, |next| next.min(at)));
        let mut due = Vec::new();
        for (item, at) in all {
            let entry = (item, at);
            match self.tried.get(&entry) {
                _ if at > now => later(at),
                Some(tried) if tried.again_at > now => later(tried.again_at),
                _ => due.push(entry),
            }
        }
        if due.is_empty() {
            return Ok(next);
        }
        for entry in &due {
            let pause = self.tried.get(entry).map_or(TRY_AGAIN_FIRST, |tried| (tried.pause * 2).min(TRY_AGAIN_MAX));
            self.tried.insert(entry.clone(), Tried { again_at: now + pause, pause });
        }
        let reached = {
            let mut work = stream::iter(due).map(|(item, at)| self.attempt(item, at)).buffer_unordered(AT_A_TIME_MAX);
            let mut reached = Position::START;
            while let Some(position) = work.next().await {
                reached = reached.max(position.unwrap_or_default());
            }
            reached
        };
        self.index.shows(reached, SHOWN_WITHIN).await;
        // There may be more, and what was done may have made something due.
        Ok(Some(now))
    }

    /// The next things that have a time, and whether these are all.
    async fn look(&self, limit: usize) -> Result<(Vec<(Item, DateTime<Utc>)>, bool), ReadModelError> {
        let mut look = self.index.look().await?;
        let timers = look.timers(None, limit).await?;
        let holds = look.holds(None, limit).await?;
        let carts = look.carts(None, self.shared.options.idle_limits, limit).await?;
        drop(look);
        let is_complete = timers.len() < limit && holds.len() < limit && carts.len() < limit;
        let timers = timers.into_iter().map(|row| {
            let instance = InstanceId { tenant: row.tenant.into(), id: row.instance.into() };
            (Item::Timer { process: row.process, instance, timer: row.timer }, row.due_at)
        });
        let holds = holds.into_iter().map(|row| {
            let (tenant, item, reservation_id) = (row.tenant, row.item, row.reservation_id);
            (Item::Hold { tenant, item, reservation_id }, row.expires_at)
        });
        let carts = carts.into_iter().map(|(at, row)| (Item::Cart { tenant: row.tenant, cart_id: row.cart_id }, at));
        Ok((timers.chain(holds).chain(carts).collect(), is_complete))
    }

    /// Tries one thing whose time has come. Answers where the log then stands, as far as that is known.
    async fn attempt(&self, item: Item, due: DateTime<Utc>) -> Option<Position> {
        match item {
            // A process that this program does not know keeps its timers.
            Item::Timer { process, instance, timer } => {
                self.hosts.get(&*process)?.clone().fire(instance, TimerName::from(timer), due).await
            }
            Item::Hold { tenant, item, reservation_id } => {
                sweeps::expire_hold(&self.shared.bus, &tenant, &item, &reservation_id, due).await
            }
            Item::Cart { tenant, cart_id } => {
                sweeps::expire_cart(&self.shared.bus, &tenant, &cart_id, due, self.shared.options.idle_limits).await
            }
        }
    }
}
