//! The payment provider behind a bad line: the simulated one, whose calls get lost before or after it has carried them out,
//! are refused for a while, or take long; and the messages that it sends.

use crate::{
    crash::{Crasher, Point},
    faults::{Faults, Planted},
    reached::{Reached, State},
    trace::Trace,
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
};
use chrono::{DateTime, Utc};
use futures::future::{BoxFuture, FutureExt};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    payment::events::OperationKind,
    text::Reference,
};
use tillroll_infra::{
    ambient::Clock,
    payments::{
        LookUp, OperationAnswer, OperationRequest, ParsedWebhook, PaymentProvider, ProviderError, WebhookError,
        WebhookHeaders,
        simulator::{SIGNATURE_HEADER, SIMULATED, Simulator, WebhookSink},
    },
};
use tokio::time::sleep;
use tower::ServiceExt;

/// What all lives know of the calls, for counting and for planted mistakes.
#[derive(Debug, Default)]
pub struct Calls {
    sent: BTreeMap<OperationId, u32>,
    unanswered: BTreeSet<OperationId>,
    /// How many calls there were.
    pub count: u64,
    /// How many of them got no answer.
    pub lost: u64,
    /// How many were refused for the moment.
    pub refused: u64,
}

/// The provider as one life of the engine sees it.
#[derive(Debug)]
pub struct Line {
    /// Who is at the other end.
    pub simulator: Arc<Simulator>,
    /// The life that calls.
    pub crasher: Arc<Crasher>,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// Counted over all lives.
    pub calls: Arc<Mutex<Calls>>,
    /// Rare states.
    pub reached: Arc<Reached>,
}

impl Line {
    async fn latency(&self) {
        let millis = self.faults.up_to(self.faults.weather().latency_ms);
        sleep(Duration::from_millis(u64::try_from(millis).unwrap_or(1))).await;
    }

    /// A call on its way there; why it never arrives.
    async fn there(&self) -> Result<(), ProviderError> {
        self.crasher.pass(Point::BeforeProvider).await;
        self.calls.lock().count += 1;
        if self.faults.strike(self.faults.weather().refused) {
            self.calls.lock().refused += 1;
            self.reached.at(State::NotSent);
            return Err(ProviderError::not_sent("503: not now"));
        }
        self.latency().await;
        if self.faults.strike(self.faults.weather().lost_before) {
            self.calls.lock().lost += 1;
            self.reached.at(State::TimeoutBeforeCharge);
            return Err(ProviderError::unknown("the call timed out"));
        }
        Ok(())
    }

    /// The answer on its way back; why it is lost.
    async fn back<T>(&self, answer: Result<T, ProviderError>) -> Result<T, ProviderError> {
        self.crasher.pass(Point::AfterProvider).await;
        if answer.is_ok() && self.faults.strike(self.faults.weather().lost_after) {
            self.calls.lock().lost += 1;
            self.reached.at(State::TimeoutAfterCharge);
            return Err(ProviderError::unknown("the answer timed out"));
        }
        answer
    }

    async fn operate(&self, kind: OperationKind, request: &OperationRequest) -> OperationAnswer {
        let mut request = request.clone();
        {
            let mut calls = self.calls.lock();
            let sent = calls.sent.entry(request.operation_id).or_default();
            *sent += 1;
            if *sent > 1 {
                let again = *sent;
                self.reached.at(State::SameKeyResent);
                let is_retry = calls.unanswered.contains(&request.operation_id);
                if self.faults.planted == Some(Planted::RefundUnderNewKey) && kind == OperationKind::Refund && is_retry
                {
                    let id = uuid::Uuid::new_v5(&request.operation_id.uuid(), &again.to_le_bytes());
                    request.operation_id = OperationId::new(id);
                }
            }
        }
        if request.instrument.as_ref().is_some_and(|token| token.as_str() == "tok_late") {
            self.reached.at(State::LateAnswer);
        }
        let id = request.operation_id;
        let answer = async {
            self.there().await?;
            let answer = match kind {
                OperationKind::Authorize => self.simulator.authorize(&request).await,
                OperationKind::Capture => self.simulator.capture(&request).await,
                OperationKind::Void => self.simulator.void(&request).await,
                OperationKind::Refund => self.simulator.refund(&request).await,
            };
            self.back(answer).await
        };
        let answer = answer.await;
        if matches!(answer, Err(ProviderError::Unknown { .. })) {
            self.calls.lock().unanswered.insert(id);
        }
        answer
    }
}

impl PaymentProvider for Line {
    fn name(&self) -> &Reference {
        self.simulator.name()
    }

    fn is_simulated(&self) -> bool {
        true
    }

    fn authorize<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.operate(OperationKind::Authorize, request).boxed()
    }

    fn capture<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.operate(OperationKind::Capture, request).boxed()
    }

    fn void<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.operate(OperationKind::Void, request).boxed()
    }

    fn refund<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.operate(OperationKind::Refund, request).boxed()
    }

    fn look_up<'a>(
        &'a self,
        payment_id: PaymentId,
        operation_id: OperationId,
    ) -> BoxFuture<'a, Result<LookUp, ProviderError>> {
        async move {
            self.there().await?;
            let found = self.simulator.look_up(payment_id, operation_id).await;
            match &found {
                Ok(LookUp::Found(_)) => self.reached.at(State::LookedUpFound),
                Ok(LookUp::NotFound) => self.reached.at(State::LookedUpNothing),
                Err(_) => {}
            }
            self.back(found).await
        }
        .boxed()
    }

    fn parse_webhook(
        &self,
        headers: &WebhookHeaders,
        body: &[u8],
        now: DateTime<Utc>,
    ) -> Result<ParsedWebhook, WebhookError> {
        self.simulator.parse_webhook(headers, body, now)
    }
}

/// Hands the provider's messages to the engine's own endpoint.
#[derive(Debug)]
pub struct Mailbox {
    /// Where the endpoint is.
    pub router: Router,
    /// The life that takes them.
    pub crasher: Arc<Crasher>,
    /// What goes wrong.
    pub faults: Arc<Faults>,
    /// Rare states.
    pub reached: Arc<Reached>,
    /// What is written down.
    pub trace: Arc<Trace>,
    /// The right time, for the trace.
    pub clock: Arc<dyn Clock>,
    /// The bodies that were delivered, by their digest's place; over all lives.
    pub seen: Arc<Mutex<BTreeSet<Vec<u8>>>>,
}

impl Mailbox {
    async fn post(router: Router, headers: &WebhookHeaders, body: Vec<u8>) -> Option<(StatusCode, String)> {
        let request = Request::builder().method(Method::POST).uri(format!("/api/v1/payment-webhooks/{SIMULATED}"));
        let request =
            [SIGNATURE_HEADER, "content-type"].into_iter().fold(request, |request, name| match headers.get(name) {
                Some(value) => request.header(name, value),
                None => request,
            });
        let response = router.oneshot(request.body(Body::from(body)).ok()?).await.ok()?;
        let status = response.status();
        let said = to_bytes(response.into_body(), 1 << 20).await.ok()?;
        Some((status, String::from_utf8_lossy(&said).into_owned()))
    }
}

impl WebhookSink for Mailbox {
    fn deliver<'a>(&'a self, headers: WebhookHeaders, body: Vec<u8>) -> BoxFuture<'a, bool> {
        async move {
            self.crasher.pass(Point::BeforeMessage).await;
            if self.faults.strike(self.faults.weather().lost_requests) {
                return false;
            }
            if !self.seen.lock().insert(body.clone()) {
                self.reached.at(State::DuplicateMessage);
            }
            let router = self.router.clone();
            if self.faults.planted == Some(Planted::MessageAcknowledgedFirst) {
                tokio::spawn(async move { Self::post(router, &headers, body).await });
                return true;
            }
            let text = String::from_utf8_lossy(&body).into_owned();
            let answer = Self::post(router, &headers, body).await;
            let (status, said) = answer.unwrap_or_default();
            self.trace.step(self.clock.now(), &[text.as_bytes(), &status.as_u16().to_le_bytes()], || {
                format!("message {text} -> {status} {said}")
            });
            let is_taken = status.is_success();
            if status == StatusCode::UNAUTHORIZED {
                self.reached.at(State::MessageRefused);
            }
            is_taken && !self.faults.strike(self.faults.weather().lost_requests)
        }
        .boxed()
    }
}
