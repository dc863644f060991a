//! What the simulated provider does by itself: late decisions, authorizations that lapse, and the delivery of messages.

use super::{Simulator, State, message, outbox::Outgoing, signature};
use crate::payments::WebhookHeaders;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt},
};
use std::{collections::BTreeSet, fmt::Debug, sync::Arc, time::Duration};
use tillroll_domain::{
    payment::events::OperationKind,
    provider_message::{ProviderFact, ProviderFactKind},
};
use tokio::time::{sleep, timeout};

/// Deliveries at a time.
const DELIVERIES_MAX: usize = 8;
/// How long a delivery may take until it counts as failed.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(20);
/// How long it looks away at most, since clocks jump.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// How long it looks away at least.
const PAUSE_MIN: Duration = Duration::from_millis(1);

/// Where messages are delivered to.
pub trait WebhookSink: Debug + Send + Sync + 'static {
    /// Delivers one. True if it was acknowledged; otherwise it comes again later.
    fn deliver<'a>(&'a self, headers: WebhookHeaders, body: Vec<u8>) -> BoxFuture<'a, bool>;
}

impl Simulator {
    /// Lets happen what is due, and delivers each message at least once, again and again until it is acknowledged. Never
    /// ends. May be dropped at any time and run again, also with another sink: whatever was not acknowledged is then
    /// delivered again.
    pub async fn run(self: Arc<Self>, sink: Arc<dyn WebhookSink>) {
        let mut busy = BTreeSet::new();
        let mut deliveries = FuturesUnordered::new();
        loop {
            let now = self.ambient.clock.now();
            let due = self.settled().outbox.due(now, &busy, DELIVERIES_MAX - busy.len());
            for message in due {
                busy.insert(message.no);
                deliveries.push(self.deliver(sink.clone(), message));
            }
            let pause = self.pause(now, &busy);
            tokio::select! {
                biased;
                Some((no, acknowledged)) = deliveries.next(), if !deliveries.is_empty() => {
                    busy.remove(&no);
                    self.delivered(no, acknowledged);
                }
                () = self.wake.notified() => {}
                () = sleep(pause) => {}
            }
        }
    }

    /// Puts messages about what happened into the outbox.
    pub(super) fn tell(&self, state: &mut State, said: Vec<ProviderFact>, now: DateTime<Utc>) {
        for mut fact in said {
            let Some(payment_id) = fact.payment_id else { continue };
            let Some(charge) = state.truth.charge(payment_id) else { continue };
            let operation = fact.operation_id.and_then(|id| charge.operation(id)).map(|operation| operation.kind);
            let about = match fact.kind {
                ProviderFactKind::AuthorizationExpired => None,
                ProviderFactKind::Captured => Some(OperationKind::Capture),
                ProviderFactKind::Refunded => Some(OperationKind::Refund),
                _ => operation,
            };
            let conduct = state.script.conduct(about, charge.order_id, payment_id).clone();
            if !conduct.enabled {
                continue;
            }
            if fact.kind == ProviderFactKind::ActionRequired {
                fact.action_url = fact.operation_id.map(|id| self.action_url(payment_id, id));
            }
            let is_ours = fact.operation_id.is_some() || fact.dispute.is_some();
            if conduct.without_our_references && is_ours {
                (fact.payment_id, fact.operation_id) = (None, None);
            }
            let id = state.truth.name("sim_evt");
            let body = message::write(&id, now, &fact);
            for _ in 0..conduct.copies {
                let later =
                    u64::from(conduct.delay_seconds) * 1_000 + self.draw(u64::from(conduct.spread_seconds) * 1_000);
                let later = TimeDelta::milliseconds(i64::try_from(later).unwrap_or(0));
                state.outbox.add(id.clone(), body.clone(), now + later);
            }
            self.wake.notify_one();
        }
    }

    /// A number up to that bound, drawn evenly enough.
    fn draw(&self, max: u64) -> u64 {
        if max == 0 {
            return 0;
        }
        let mut bytes = [0; 8];
        self.ambient.randomness.fill(&mut bytes);
        u64::from_le_bytes(bytes) % (max + 1)
    }

    async fn deliver(&self, sink: Arc<dyn WebhookSink>, message: Outgoing) -> (u64, bool) {
        // What is told must not be forgotten.
        if let Err(error) = self.durable().await {
            tracing::warn!(%error, "a simulated message waits until what it says is kept");
            return (message.no, false);
        }
        let signature = signature::sign(&self.secret, message.body.as_bytes(), self.ambient.clock.now());
        let headers = WebhookHeaders::from_iter([
            (signature::SIGNATURE_HEADER, signature),
            ("content-type", "application/json".to_owned()),
        ]);
        let delivery = timeout(DELIVERY_TIMEOUT, sink.deliver(headers, message.body.into_bytes()));
        (message.no, delivery.await.unwrap_or(false))
    }

    fn delivered(&self, no: u64, acknowledged: bool) {
        let mut state = self.state.lock();
        if acknowledged {
            state.outbox.acknowledged(no);
            // Should this be lost, it is delivered once more.
            drop(self.keep(&mut state));
        } else {
            state.outbox.refused(no, self.ambient.clock.now());
        }
    }

    fn pause(&self, now: DateTime<Utc>, busy: &BTreeSet<u64>) -> Duration {
        let state = self.state.lock();
        let message = state.outbox.next_due(busy).filter(|_| busy.len() < DELIVERIES_MAX);
        let next = [message, state.truth.next_due()].into_iter().flatten().min();
        let wait = next.map_or(PAUSE_MAX, |at| (at - now).to_std().unwrap_or(PAUSE_MIN));
        wait.clamp(PAUSE_MIN, PAUSE_MAX)
    }
}
