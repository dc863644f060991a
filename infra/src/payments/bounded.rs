//! A provider behind limits: so many calls at a time, each for so long, and none while it is evidently down.
//!
//! **Invariant:** a call that may have reached the provider never ends as "not sent".

mod breaker;

use super::{
    LookUp, OperationAnswer, OperationRequest, ParsedWebhook, PaymentProvider, ProviderError, WebhookError,
    WebhookHeaders,
};
use breaker::{Breaker, Ticket};
use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use std::{sync::Arc, time::Duration};
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    text::Reference,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};

/// The limits of calls to a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProviderLimits {
    /// Calls at a time, at least 1; further ones wait, at most for `call_timeout`, and are then not sent. Default 32.
    pub in_flight_max: usize,
    /// How long a call may take; after that its outcome is unknown. Default 30 s.
    pub call_timeout: Duration,
    /// After so many calls in a row without an answer, at least 1, none is sent any more. Default 20.
    pub failures_max: u32,
    /// For how long none is sent; then a single one finds out whether the provider is back. Default 10 s.
    pub open_for: Duration,
}

impl Default for ProviderLimits {
    fn default() -> Self {
        let (call_timeout, open_for) = (Duration::from_secs(30), Duration::from_secs(10));
        Self { in_flight_max: 32, call_timeout, failures_max: 20, open_for }
    }
}

/// A provider behind [`ProviderLimits`]. Verifying messages is not limited, since it asks nobody.
#[derive(Debug)]
pub struct BoundedProvider {
    inner: Arc<dyn PaymentProvider>,
    limits: ProviderLimits,
    slots: Semaphore,
    breaker: Mutex<Breaker>,
}

impl BoundedProvider {
    /// Puts a provider behind limits. Bounds of zero count as one.
    #[must_use]
    pub fn new(inner: Arc<dyn PaymentProvider>, limits: ProviderLimits) -> Self {
        let slots = Semaphore::new(limits.in_flight_max.clamp(1, Semaphore::MAX_PERMITS));
        let breaker = Mutex::new(Breaker::new(limits.failures_max.max(1), limits.open_for));
        Self { inner, limits, slots, breaker }
    }

    async fn call<'a, T>(
        &'a self,
        call: impl FnOnce(&'a dyn PaymentProvider) -> BoxFuture<'a, Result<T, ProviderError>>,
    ) -> Result<T, ProviderError> {
        // Before anybody waits for a slot: while the provider hangs, the slots are taken by calls that hang, too.
        self.breaker.lock().check(Instant::now()).map_err(closed_for)?;
        let slot = timeout(self.limits.call_timeout, self.slots.acquire()).await;
        let Ok(Ok(_slot)) = slot else {
            let reason = format!("{} calls have been in flight for a while", self.limits.in_flight_max);
            return Err(ProviderError::not_sent(reason));
        };
        let attempt = Attempt::begin(&self.breaker)?;
        let limit = self.limits.call_timeout;
        let answer = timeout(limit, call(&*self.inner))
            .await
            .unwrap_or_else(|_| Err(ProviderError::unknown(format!("no answer within {} ms", limit.as_millis()))));
        attempt.end(answer.is_ok());
        answer
    }
}

fn closed_for(wait: Duration) -> ProviderError {
    ProviderError::NotSent { reason: "it did not answer lately".to_owned(), retry_after: Some(wait) }
}

/// A call that the breaker let pass, and that reports back even if it is given up.
struct Attempt<'a> {
    breaker: &'a Mutex<Breaker>,
    ticket: Option<Ticket>,
}

impl<'a> Attempt<'a> {
    fn begin(breaker: &'a Mutex<Breaker>) -> Result<Self, ProviderError> {
        let ticket = breaker.lock().admit(Instant::now()).map_err(closed_for)?;
        Ok(Self { breaker, ticket: Some(ticket) })
    }

    fn end(mut self, was_answered: bool) {
        if let Some(ticket) = self.ticket.take() {
            self.breaker.lock().report(ticket, was_answered, Instant::now());
        }
    }
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.breaker.lock().give_up(ticket);
        }
    }
}

impl PaymentProvider for BoundedProvider {
    fn name(&self) -> &Reference {
        self.inner.name()
    }

    fn is_simulated(&self) -> bool {
        self.inner.is_simulated()
    }

    fn authorize<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.call(|provider| provider.authorize(request)).boxed()
    }

    fn capture<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.call(|provider| provider.capture(request)).boxed()
    }

    fn void<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.call(|provider| provider.void(request)).boxed()
    }

    fn refund<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.call(|provider| provider.refund(request)).boxed()
    }

    fn look_up<'a>(
        &'a self,
        payment_id: PaymentId,
        operation_id: OperationId,
    ) -> BoxFuture<'a, Result<LookUp, ProviderError>> {
        self.call(move |provider| provider.look_up(payment_id, operation_id)).boxed()
    }

    fn parse_webhook(
        &self,
        headers: &WebhookHeaders,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<ParsedWebhook, WebhookError> {
        self.inner.parse_webhook(headers, body, now)
    }
}

#[cfg(test)]
mod tests;
