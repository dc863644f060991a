//! The limits, on tokio's paused clock.

use super::*;
use crate::payments::ProviderOutcome;
use std::sync::atomic::{AtomicUsize, Ordering};
use tillroll_domain::{ids::OrderId, money::Money};
use uuid::Uuid;

/// A provider that answers as it is told and counts the calls that reach it.
#[derive(Debug)]
struct Told {
    name: Reference,
    answers: Mutex<Told1>,
    in_flight: AtomicUsize,
    most_in_flight: AtomicUsize,
    calls: AtomicUsize,
}

#[derive(Debug, Clone)]
struct Told1 {
    takes: Duration,
    answer: OperationAnswer,
}

impl Told {
    fn new() -> Arc<Self> {
        let answers = Mutex::new(Told1 { takes: Duration::ZERO, answer: Ok(ProviderOutcome::Pending) });
        let [in_flight, most_in_flight, calls] = [const { AtomicUsize::new(0) }; 3];
        Arc::new(Self { name: "told".parse().unwrap(), answers, in_flight, most_in_flight, calls })
    }

    fn set(&self, seconds: u64, answer: OperationAnswer) {
        *self.answers.lock() = Told1 { takes: Duration::from_secs(seconds), answer };
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn answer(&self) -> OperationAnswer {
        let Told1 { takes, answer } = self.answers.lock().clone();
        self.calls.fetch_add(1, Ordering::SeqCst);
        let now = self.in_flight.fetch_add(1, Ordering::SeqCst) + 1;
        self.most_in_flight.fetch_max(now, Ordering::SeqCst);
        tokio::time::sleep(takes).await;
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

impl PaymentProvider for Told {
    fn name(&self) -> &Reference {
        &self.name
    }
    fn is_simulated(&self) -> bool {
        true
    }
    fn authorize<'a>(&'a self, _: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.answer().boxed()
    }
    fn capture<'a>(&'a self, _: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.answer().boxed()
    }
    fn void<'a>(&'a self, _: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.answer().boxed()
    }
    fn refund<'a>(&'a self, _: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        self.answer().boxed()
    }
    fn look_up<'a>(&'a self, _: PaymentId, _: OperationId) -> BoxFuture<'a, Result<LookUp, ProviderError>> {
        async { self.answer().await.map(LookUp::Found) }.boxed()
    }
    fn parse_webhook(&self, _: &WebhookHeaders, _: &[u8], _: DateTime<Utc>) -> Result<ParsedWebhook, WebhookError> {
        Err(WebhookError::NotSigned)
    }
}

const LIMITS: ProviderLimits = ProviderLimits {
    in_flight_max: 3,
    call_timeout: Duration::from_secs(30),
    failures_max: 4,
    open_for: Duration::from_secs(10),
};

fn request() -> OperationRequest {
    OperationRequest {
        payment_id: PaymentId::new(Uuid::from_u128(1)),
        operation_id: OperationId::new(Uuid::from_u128(2)),
        order_id: OrderId::new(Uuid::from_u128(3)),
        amount: Money::new(100, "EUR".parse().unwrap()),
        instrument: None,
        authorization: None,
        captured: None,
        quote_hash: None,
    }
}

fn bounded(told: &Arc<Told>) -> Arc<BoundedProvider> {
    Arc::new(BoundedProvider::new(told.clone(), LIMITS))
}

async fn authorize(provider: &BoundedProvider) -> OperationAnswer {
    provider.authorize(&request()).await
}

fn is_unknown(answer: &OperationAnswer) -> bool {
    matches!(answer, Err(ProviderError::Unknown { .. }))
}

fn is_not_sent(answer: &OperationAnswer) -> bool {
    matches!(answer, Err(ProviderError::NotSent { .. }))
}

/// Case F12: a slow provider holds a bounded number of calls, whoever waits.
#[tokio::test(start_paused = true)]
async fn no_more_calls_are_in_flight_than_allowed() {
    let told = Told::new();
    told.set(5, Ok(ProviderOutcome::Pending));
    let provider = bounded(&told);
    let calls: Vec<_> =
        (0..9).map(|_| provider.clone()).map(|p| tokio::spawn(async move { authorize(&p).await })).collect();
    for call in calls {
        assert_eq!(call.await.unwrap(), Ok(ProviderOutcome::Pending));
    }
    assert_eq!((told.most_in_flight.load(Ordering::SeqCst), told.calls()), (3, 9));
}

#[tokio::test(start_paused = true)]
async fn who_waits_too_long_for_a_place_was_certainly_not_sent() {
    let told = Told::new();
    told.set(29, Ok(ProviderOutcome::Pending));
    let provider = bounded(&told);
    let calls: Vec<_> =
        (0..7).map(|_| provider.clone()).map(|p| tokio::spawn(async move { authorize(&p).await })).collect();
    let mut answers = Vec::new();
    for call in calls {
        answers.push(call.await.unwrap());
    }
    assert_eq!(
        (answers.iter().filter(|a| a.is_ok()).count(), answers.iter().filter(|a| is_not_sent(a)).count()),
        (6, 1)
    );
    assert_eq!(told.calls(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_call_without_an_answer_has_an_unknown_outcome() {
    let told = Told::new();
    told.set(31, Ok(ProviderOutcome::Pending));
    let begun = Instant::now();
    assert!(is_unknown(&authorize(&bounded(&told)).await));
    assert_eq!((begun.elapsed(), told.calls()), (Duration::from_secs(30), 1));
    let looked_up = bounded(&told).look_up(request().payment_id, request().operation_id).await;
    assert!(matches!(looked_up, Err(ProviderError::Unknown { .. })), "{looked_up:?}");
}

/// Case F12: a provider that is down is left alone, and one call finds out whether it is back.
#[tokio::test(start_paused = true)]
async fn a_provider_that_is_down_is_not_called_until_a_probe_succeeds() {
    let told = Told::new();
    let provider = bounded(&told);
    told.set(0, Err(ProviderError::not_sent("429")));
    for _ in 0..4 {
        assert!(is_not_sent(&authorize(&provider).await));
    }
    assert_eq!(told.calls(), 4);
    let refused = authorize(&provider).await;
    assert_eq!(refused, Err(closed_for(Duration::from_secs(10))));
    assert_eq!(told.calls(), 4, "it was not called");

    // The probe fails: closed for as long again.
    tokio::time::advance(Duration::from_secs(10)).await;
    assert!(is_not_sent(&authorize(&provider).await));
    assert_eq!(told.calls(), 5);
    tokio::time::advance(Duration::from_secs(9)).await;
    assert!(is_not_sent(&authorize(&provider).await));
    assert_eq!(told.calls(), 5);

    // It is back, and while the probe is on its way nobody else passes.
    tokio::time::advance(Duration::from_secs(1)).await;
    told.set(2, Ok(ProviderOutcome::Pending));
    let probe = tokio::spawn({
        let provider = provider.clone();
        async move { authorize(&provider).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(is_not_sent(&authorize(&provider).await));
    assert_eq!(probe.await.unwrap(), Ok(ProviderOutcome::Pending));
    assert_eq!(authorize(&provider).await, Ok(ProviderOutcome::Pending));
    assert_eq!(told.calls(), 7);
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_between_forgives_what_was_before() {
    let told = Told::new();
    let provider = bounded(&told);
    for _ in 0..5 {
        told.set(0, Err(ProviderError::unknown("reset")));
        for _ in 0..3 {
            assert!(is_unknown(&authorize(&provider).await));
        }
        // A refusal is an answer, too.
        told.set(0, Ok(ProviderOutcome::Failed { code: "card_declined".parse().unwrap(), note: "".parse().unwrap() }));
        assert!(authorize(&provider).await.is_ok());
    }
    assert_eq!(told.calls(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_given_up_leaves_its_place_to_the_next_call() {
    let told = Told::new();
    let provider = bounded(&told);
    told.set(0, Err(ProviderError::unknown("reset")));
    for _ in 0..4 {
        assert!(is_unknown(&authorize(&provider).await));
    }
    tokio::time::advance(Duration::from_secs(10)).await;
    told.set(20, Ok(ProviderOutcome::Pending));
    assert!(timeout(Duration::from_secs(1), authorize(&provider)).await.is_err());
    told.set(0, Ok(ProviderOutcome::Pending));
    assert_eq!(authorize(&provider).await, Ok(ProviderOutcome::Pending));
}

#[tokio::test(start_paused = true)]
async fn late_answers_of_calls_from_before_do_not_close_an_open_breaker() {
    let told = Told::new();
    let provider = bounded(&told);
    told.set(5, Ok(ProviderOutcome::Pending));
    let slow = tokio::spawn({
        let provider = provider.clone();
        async move { authorize(&provider).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    told.set(0, Err(ProviderError::unknown("reset")));
    for _ in 0..4 {
        assert!(is_unknown(&authorize(&provider).await));
    }
    assert_eq!(slow.await.unwrap(), Ok(ProviderOutcome::Pending));
    assert!(is_not_sent(&authorize(&provider).await));
}
