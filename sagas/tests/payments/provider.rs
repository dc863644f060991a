//! A payment provider with the simulator's books, whose behavior each test chooses call by call, and whose messages wait
//! until the test delivers them.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{BoxFuture, FutureExt as _};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
};
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    money::Money,
    payment::events::OperationKind,
    provider_message::ProviderFact,
    text::Reference,
};
use tillroll_infra::{
    ambient::Clock,
    payments::{
        LookUp, OperationAnswer, OperationRequest, ParsedWebhook, PaymentProvider, ProviderError, ProviderOutcome,
        WebhookError, WebhookHeaders,
        simulator::truth::{
            Standing, Truth, Verdict,
            charge::{Charge, ChargeOperation, OperationStatus},
        },
    },
};

/// How long authorizations last here.
pub(crate) const LIFETIME: TimeDelta = TimeDelta::days(7);

/// How the next call is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Approve,
    Decline,
    AskCustomer,
    /// Lost on its way.
    TimeoutBefore,
    /// Carried out, and the answer lost.
    TimeoutAfter,
    /// Decided a minute later.
    Late,
    /// "Later", and nothing happens.
    Unavailable,
    /// The answer names a cent more than was requested.
    WrongAmount,
}

#[derive(Debug)]
pub(crate) struct TestProvider {
    name: Reference,
    clock: Arc<dyn Clock>,
    books: Mutex<Books>,
}

#[derive(Debug)]
struct Books {
    truth: Truth,
    moods: VecDeque<Mood>,
    /// Whether look-ups are answered.
    answers_look_ups: bool,
    said: Vec<ProviderFact>,
    /// What was asked for under each operation id.
    asked: BTreeMap<OperationId, (OperationKind, i64)>,
    calls: u32,
    look_ups: u32,
}

impl TestProvider {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Arc<Self> {
        let books = Books {
            truth: Truth::new([7; 16]),
            moods: VecDeque::new(),
            answers_look_ups: true,
            said: vec![],
            asked: BTreeMap::new(),
            calls: 0,
            look_ups: 0,
        };
        Arc::new(Self { name: "simulated".parse().unwrap(), clock, books: Mutex::new(books) })
    }

    /// How the next calls are treated; further ones are approved.
    pub(crate) fn will(&self, moods: impl IntoIterator<Item = Mood>) {
        self.books.lock().moods = moods.into_iter().collect();
    }

    pub(crate) fn answers_look_ups(&self, answers: bool) {
        self.books.lock().answers_look_ups = answers;
    }

    /// The facts that were said and not taken, with those that have come due by now.
    pub(crate) fn take_said(&self) -> Vec<ProviderFact> {
        let mut books = self.books.lock();
        let due = books.truth.settle(self.clock.now());
        books.said.extend(due);
        std::mem::take(&mut books.said)
    }

    pub(crate) fn charge(&self, payment_id: PaymentId) -> Option<Charge> {
        let mut books = self.books.lock();
        let due = books.truth.settle(self.clock.now());
        books.said.extend(due);
        books.truth.charge(payment_id).cloned()
    }

    /// How often it was called, and how often asked.
    pub(crate) fn counts(&self) -> (u32, u32) {
        let books = self.books.lock();
        (books.calls, books.look_ups)
    }

    /// The operations that it was asked for.
    pub(crate) fn asked(&self) -> BTreeSet<OperationId> {
        self.books.lock().asked.keys().copied().collect()
    }

    /// The customer answers whatever waits; false if nothing does.
    pub(crate) fn complete_action(&self, payment_id: PaymentId, approve: bool) -> bool {
        let mut books = self.books.lock();
        let said = books.truth.complete_action(payment_id, None, approve, LIFETIME, self.clock.now());
        let done = said.is_ok();
        books.said.extend(said.unwrap_or_default());
        done
    }

    /// Somebody captures or refunds in the dashboard; false if the books do not allow it.
    pub(crate) fn by_hand(&self, payment_id: PaymentId, kind: OperationKind, amount_minor: i64) -> bool {
        let mut books = self.books.lock();
        let said = books.truth.by_hand(payment_id, kind, Some(amount_minor), self.clock.now());
        let done = said.is_ok();
        books.said.extend(said.unwrap_or_default());
        done
    }

    /// The customer's bank asks money back.
    pub(crate) fn dispute(&self, payment_id: PaymentId, amount_minor: i64) -> bool {
        let mut books = self.books.lock();
        let said = books.truth.open_dispute(payment_id, Some(amount_minor), self.clock.now());
        let done = said.is_ok();
        books.said.extend(said.unwrap_or_default());
        done
    }

    fn call(&self, kind: OperationKind, request: &OperationRequest) -> OperationAnswer {
        let now = self.clock.now();
        let mut books = self.books.lock();
        books.calls += 1;
        let content = (kind, request.amount.minor);
        let first = *books.asked.entry(request.operation_id).or_insert(content);
        assert_eq!(first, content, "an operation id stands for one operation");
        let mood = books.moods.pop_front().unwrap_or(Mood::Approve);
        let verdict = match mood {
            Mood::TimeoutBefore => return Err(ProviderError::unknown("lost")),
            Mood::Unavailable => return Err(ProviderError::not_sent("later")),
            Mood::Approve | Mood::TimeoutAfter | Mood::WrongAmount => Verdict::Approve,
            Mood::Decline => Verdict::Decline("card_declined".parse().unwrap()),
            Mood::AskCustomer => Verdict::AskCustomer,
            Mood::Late => Verdict::Later(now + TimeDelta::minutes(1)),
        };
        let (standing, said) = books.truth.request(kind, request, verdict, LIFETIME, now);
        books.said.extend(said);
        if mood == Mood::TimeoutAfter {
            return Err(ProviderError::unknown("the answer is lost"));
        }
        let outcome = match standing {
            Standing::Known(operation) => outcome(&operation, request.amount),
            Standing::Refused(code) => ProviderOutcome::Failed { code, note: "".parse().unwrap() },
        };
        Ok(match outcome {
            ProviderOutcome::Succeeded { provider_reference, amount, expires_at } if mood == Mood::WrongAmount => {
                let amount = Money { minor: amount.minor + 1, ..amount };
                ProviderOutcome::Succeeded { provider_reference, amount, expires_at }
            }
            outcome => outcome,
        })
    }
}

fn outcome(operation: &ChargeOperation, asked: Money) -> ProviderOutcome {
    match &operation.status {
        OperationStatus::Succeeded => ProviderOutcome::Succeeded {
            provider_reference: operation.reference.clone(),
            amount: Money { minor: operation.amount_minor, ..asked },
            expires_at: operation.expires_at,
        },
        OperationStatus::Failed { code } => ProviderOutcome::Failed { code: code.clone(), note: "".parse().unwrap() },
        OperationStatus::ActionRequired => ProviderOutcome::ActionRequired {
            action_url: "/simulator/pay/here".parse().unwrap(),
            provider_reference: operation.reference.clone(),
        },
        OperationStatus::Pending { .. } => ProviderOutcome::Pending,
    }
}

impl PaymentProvider for TestProvider {
    fn name(&self) -> &Reference {
        &self.name
    }

    fn is_simulated(&self) -> bool {
        true
    }

    fn authorize<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        async move { self.call(OperationKind::Authorize, request) }.boxed()
    }

    fn capture<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        async move { self.call(OperationKind::Capture, request) }.boxed()
    }

    fn void<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        async move { self.call(OperationKind::Void, request) }.boxed()
    }

    fn refund<'a>(&'a self, request: &'a OperationRequest) -> BoxFuture<'a, OperationAnswer> {
        async move { self.call(OperationKind::Refund, request) }.boxed()
    }

    fn look_up<'a>(
        &'a self,
        payment_id: PaymentId,
        operation_id: OperationId,
    ) -> BoxFuture<'a, Result<LookUp, ProviderError>> {
        async move {
            let now = self.clock.now();
            let mut books = self.books.lock();
            books.look_ups += 1;
            if !books.answers_look_ups {
                return Err(ProviderError::unknown("nobody answers"));
            }
            let due = books.truth.settle(now);
            books.said.extend(due);
            let currency = "EUR".parse().unwrap();
            let found = books.truth.operation(payment_id, operation_id);
            Ok(found
                .map_or(LookUp::NotFound, |operation| LookUp::Found(outcome(operation, Money { minor: 0, currency }))))
        }
        .boxed()
    }

    fn parse_webhook(&self, _: &WebhookHeaders, _: &[u8], _: DateTime<Utc>) -> Result<ParsedWebhook, WebhookError> {
        unreachable!("messages are delivered as facts here")
    }
}
