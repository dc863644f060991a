//! The simulator as the engine meets it: calls, messages, and a truth that survives.

use super::*;
use crate::{
    ambient::{Clock, ManualClock},
    payments::{
        LookUp, OperationAnswer, OperationRequest, ParsedWebhook, PaymentProvider, ProviderError, ProviderOutcome,
        WebhookHeaders,
    },
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{BoxFuture, FutureExt};
use script::{Behavior, MessageConduct, Rule, RuleScope};
use std::time::Duration;
use tillroll_domain::{ids::OrderId, money::Money, provider_message::ProviderFactKind};
use tokio::time::Instant;
use uuid::Uuid;

const SECRET: [u8; 32] = [7; 32];
const PAYMENT: PaymentId = PaymentId::new(Uuid::from_u128(1));

/// The clock follows tokio's paused one.
#[derive(Debug)]
struct Coupled(DateTime<Utc>, Instant);

impl Clock for Coupled {
    fn now(&self) -> DateTime<Utc> {
        self.0 + TimeDelta::from_std(self.1.elapsed()).unwrap()
    }
}

fn ambient() -> Ambient {
    let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    Ambient { clock: Arc::new(Coupled(start, Instant::now())), ..Ambient::seeded(start, 1).0 }
}

fn simulator() -> Arc<Simulator> {
    Arc::new(Simulator::in_memory(ambient(), SECRET))
}

fn request(operation: u128, minor: i64, instrument: &str) -> OperationRequest {
    OperationRequest {
        payment_id: PAYMENT,
        operation_id: OperationId::new(Uuid::from_u128(operation)),
        order_id: OrderId::new(Uuid::from_u128(3)),
        amount: Money::new(minor, "EUR".parse().unwrap()),
        instrument: Some(instrument.parse().unwrap()),
        authorization: None,
        captured: None,
        quote_hash: None,
    }
}

async fn look_up(simulator: &Simulator, operation: u128) -> LookUp {
    simulator.look_up(PAYMENT, OperationId::new(Uuid::from_u128(operation))).await.unwrap()
}

fn word(answer: &OperationAnswer) -> &str {
    match answer {
        Ok(ProviderOutcome::Succeeded { .. }) => "succeeded",
        Ok(ProviderOutcome::ActionRequired { .. }) => "action required",
        Ok(ProviderOutcome::Failed { code, .. }) => code.as_str(),
        Ok(ProviderOutcome::Pending) => "pending",
        Err(ProviderError::Unknown { .. }) => "unknown",
        Err(ProviderError::NotSent { .. }) => "not sent",
    }
}

/// A sink that acknowledges as told, and keeps what it got, verified.
#[derive(Debug)]
struct Got {
    simulator: Arc<Simulator>,
    refuses: Mutex<usize>,
    messages: Mutex<Vec<ParsedWebhook>>,
    headers: Mutex<Vec<String>>,
}

impl Got {
    fn of(simulator: &Arc<Simulator>) -> Arc<Self> {
        let (messages, headers) = (Mutex::default(), Mutex::default());
        Arc::new(Self { simulator: simulator.clone(), refuses: Mutex::new(0), messages, headers })
    }

    fn kinds(&self) -> Vec<ProviderFactKind> {
        self.messages.lock().iter().map(|message| message.fact.kind).collect()
    }
}

impl WebhookSink for Got {
    fn deliver<'a>(&'a self, headers: WebhookHeaders, body: Vec<u8>) -> BoxFuture<'a, bool> {
        let now = self.simulator.ambient.clock.now();
        let message = self.simulator.parse_webhook(&headers, &body, now).unwrap();
        self.headers.lock().push(headers.get(SIGNATURE_HEADER).unwrap().to_owned());
        self.messages.lock().push(message);
        let mut refuses = self.refuses.lock();
        let acknowledged = *refuses == 0;
        *refuses = refuses.saturating_sub(1);
        futures::future::ready(acknowledged).boxed()
    }
}

/// Runs the provider until nothing is left to deliver.
async fn delivered(simulator: &Arc<Simulator>, sink: &Arc<Got>) {
    let run = tokio::spawn(simulator.clone().run(sink.clone()));
    let begun = Instant::now();
    while simulator.undelivered() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(7_200), "the messages do not arrive");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    run.abort();
}

#[tokio::test(start_paused = true)]
async fn a_payment_goes_through() {
    let simulator = simulator();
    let authorized = simulator.authorize(&request(1, 1_000, "tok_approve")).await.unwrap();
    let ProviderOutcome::Succeeded { provider_reference, amount, expires_at } = authorized else {
        panic!("{authorized:?}")
    };
    let now = simulator.ambient.clock.now();
    assert_eq!((amount.minor, expires_at), (1_000, Some(now + TimeDelta::days(7))));
    let capture = OperationRequest { authorization: Some(provider_reference), ..request(2, 1_000, "tok_approve") };
    assert_eq!(word(&simulator.capture(&capture).await), "succeeded");
    assert_eq!(word(&simulator.refund(&request(3, 1_001, "x")).await), "amount_exceeds_captured");
    assert_eq!(word(&simulator.refund(&request(4, 1_000, "x")).await), "succeeded");
    assert_eq!(word(&simulator.void(&request(5, 1, "x")).await), "nothing_authorized");
    let charge = simulator.charge(PAYMENT).unwrap();
    assert_eq!((charge.captured_minor(), charge.refunded_minor()), (1_000, 1_000));
    assert!(simulator.is_simulated());
}

/// Case F11: what was lost before it arrived never happened, and asking again under the same id makes it happen once.
#[tokio::test(start_paused = true)]
async fn a_request_that_was_lost_is_unknown_there_and_arrives_when_it_is_sent_again() {
    let simulator = simulator();
    let lost = request(1, 1_000, "tok_timeout_before");
    assert_eq!(word(&simulator.authorize(&lost).await), "unknown");
    assert_eq!(look_up(&simulator, 1).await, LookUp::NotFound);
    assert!(simulator.charge(PAYMENT).is_none());
    for _ in 0..3 {
        assert_eq!(word(&simulator.authorize(&lost).await), "succeeded");
    }
    assert_eq!(simulator.charge(PAYMENT).unwrap().operations.len(), 1);
}

/// Cases 41 and F11: what happened behind a lost answer is found by our own reference.
#[tokio::test(start_paused = true)]
async fn what_a_lost_answer_left_behind_is_found_by_our_own_reference() {
    let simulator = simulator();
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "tok_timeout_after")).await), "unknown");
    let LookUp::Found(found) = look_up(&simulator, 1).await else { panic!("it was charged") };
    assert_eq!(word(&Ok(found.clone())), "succeeded");
    // Asking again under the same key answers the same and charges nothing.
    assert_eq!(simulator.authorize(&request(1, 1_000, "tok_timeout_after")).await, Ok(found));
    assert_eq!(simulator.charge(PAYMENT).unwrap().aside_minor(simulator.ambient.clock.now()), 1_000);
}

#[tokio::test(start_paused = true)]
async fn a_dead_line_hangs_as_long_as_it_was_told() {
    let simulator = simulator();
    simulator.tell_script(|script| script.default = Behavior::TimeoutAfter { hang_seconds: 45 }).await.unwrap();
    let begun = Instant::now();
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "unknown");
    assert_eq!(begun.elapsed(), Duration::from_secs(45));
}

/// Case F11: charged later than the caller waits.
#[tokio::test(start_paused = true)]
async fn a_late_charge_happens_although_nobody_waits_for_it() {
    let (simulator, late) = (simulator(), request(1, 1_000, "tok_late"));
    let sink = Got::of(&simulator);
    let begun = Instant::now();
    assert_eq!(word(&simulator.authorize(&late).await), "pending");
    assert_eq!(begun.elapsed(), Duration::ZERO, "a decision that comes much later keeps no call");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(look_up(&simulator, 1).await, LookUp::Found(ProviderOutcome::Pending));
    assert_eq!(simulator.undelivered(), 0);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(matches!(look_up(&simulator, 1).await, LookUp::Found(ProviderOutcome::Succeeded { .. })));
    delivered(&simulator, &sink).await;
    assert_eq!(sink.kinds(), [ProviderFactKind::Authorized]);
}

#[tokio::test(start_paused = true)]
async fn a_decision_that_is_a_little_late_is_waited_for() {
    let simulator = simulator();
    for (seconds, held_back, expected) in [(5, 5, "succeeded"), (6, 0, "pending")] {
        simulator.tell_script(|script| script.default = Behavior::Late { seconds }).await.unwrap();
        let begun = Instant::now();
        assert_eq!(word(&simulator.authorize(&request(seconds.into(), 10, "x")).await), expected);
        assert_eq!(begun.elapsed(), Duration::from_secs(held_back));
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_says_later_has_done_nothing() {
    let simulator = simulator();
    let twice =
        Rule { scope: RuleScope::default(), behavior: Some(Behavior::Unavailable), messages: None, times: Some(2) };
    simulator.tell_script(|script| script.rules.push(twice)).await.unwrap();
    for expected in ["not sent", "not sent", "succeeded"] {
        assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), expected);
    }
    assert!(simulator.script().rules.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_script_that_is_not_possible_changes_nothing() {
    let simulator = simulator();
    let before = simulator.script();
    let refused = simulator
        .tell_script(|script| {
            script.default = Behavior::Unavailable;
            script.authorization_seconds = 0;
        })
        .await;
    assert!(matches!(refused, Err(SimulatorError::Script(_))), "{refused:?}");
    assert_eq!(simulator.script(), before);
}

#[tokio::test(start_paused = true)]
async fn the_customers_page_needs_its_token() {
    let simulator = simulator();
    let asked = simulator.authorize(&request(1, 1_000, "tok_action")).await;
    let Ok(ProviderOutcome::ActionRequired { action_url, .. }) = asked else { panic!("{asked:?}") };
    let token = action_url.as_str().strip_prefix(&format!("{PAY_PATH}/{PAYMENT}/")).unwrap().to_owned();
    let (_, operation) = simulator.page(PAYMENT, &token).unwrap();
    assert_eq!(operation.operation_id, Some(OperationId::new(Uuid::from_u128(1))));
    let other = PaymentId::new(Uuid::from_u128(2));
    assert!(simulator.page(other, &token).is_none());
    for wrong in ["", "a", &"a".repeat(32), &token[1..], &format!("{token}aa"), &token.to_uppercase()] {
        assert!(simulator.page(PAYMENT, wrong).is_none(), "{wrong}");
    }
    simulator.complete_action(PAYMENT, operation.operation_id, true).await.unwrap();
    assert!(matches!(look_up(&simulator, 1).await, LookUp::Found(ProviderOutcome::Succeeded { .. })));
    let again = simulator.complete_action(PAYMENT, None, true).await;
    assert_eq!(again, Err(SimulatorError::Control(ControlError::NothingWaiting)));
    let sink = Got::of(&simulator);
    delivered(&simulator, &sink).await;
    assert_eq!(sink.kinds(), [ProviderFactKind::ActionRequired, ProviderFactKind::Authorized]);
    assert_eq!(sink.messages.lock()[0].fact.action_url, Some(action_url));
}

#[tokio::test(start_paused = true)]
async fn a_message_comes_until_it_is_acknowledged_and_is_signed_anew_each_time() {
    let simulator = simulator();
    let sink = Got::of(&simulator);
    *sink.refuses.lock() = 12;
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "succeeded");
    // Long enough for a signature to be too old, which the sink would notice.
    delivered(&simulator, &sink).await;
    let ids: BTreeSet<_> = sink.messages.lock().iter().map(|message| message.message_id.clone()).collect();
    assert_eq!((sink.messages.lock().len(), ids.len()), (13, 1));
    let signatures: BTreeSet<_> = sink.headers.lock().iter().cloned().collect();
    assert_eq!(signatures.len(), 13);
    let facts: BTreeSet<_> = sink.messages.lock().iter().map(|message| format!("{:?}", message.fact)).collect();
    assert_eq!(facts.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_cut_off_forgets_no_message() {
    #[derive(Debug)]
    struct Hangs;
    impl WebhookSink for Hangs {
        fn deliver<'a>(&'a self, _: WebhookHeaders, _: Vec<u8>) -> BoxFuture<'a, bool> {
            futures::future::pending().boxed()
        }
    }
    let simulator = simulator();
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "succeeded");
    let cut_off = tokio::time::timeout(Duration::from_secs(5), simulator.clone().run(Arc::new(Hangs))).await;
    assert!(cut_off.is_err());
    // Long after the fact it is signed with the time of its delivery, or it would be refused as too old.
    tokio::time::sleep(Duration::from_secs(3_600)).await;
    let sink = Got::of(&simulator);
    delivered(&simulator, &sink).await;
    assert_eq!(sink.kinds(), [ProviderFactKind::Authorized]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_hangs_does_not_hold_back_other_messages() {
    #[derive(Debug)]
    struct HangsOnce(Arc<Got>);
    impl WebhookSink for HangsOnce {
        fn deliver<'a>(&'a self, headers: WebhookHeaders, body: Vec<u8>) -> BoxFuture<'a, bool> {
            if body.windows(10).any(|part| part == b"authorized") && self.0.messages.lock().len() < 3 {
                return futures::future::pending().boxed();
            }
            self.0.deliver(headers, body)
        }
    }
    let simulator = simulator();
    let got = Got::of(&simulator);
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "succeeded");
    for operation in 2..5 {
        assert_eq!(word(&simulator.capture(&request(operation, 100, "x")).await), "succeeded");
    }
    let run = tokio::spawn(simulator.clone().run(Arc::new(HangsOnce(got.clone()))));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(got.kinds(), [ProviderFactKind::Captured; 3]);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(got.kinds().last(), Some(&ProviderFactKind::Authorized));
    run.abort();
}

/// Cases 10 and F10: several copies, late, out of order, and without a reference of ours.
#[tokio::test(start_paused = true)]
async fn messages_come_as_badly_as_they_were_told_to() {
    let simulator = simulator();
    let conduct = MessageConduct {
        enabled: true,
        copies: 4,
        delay_seconds: 100,
        spread_seconds: 1_000,
        without_our_references: true,
    };
    simulator.tell_script(|script| script.messages = conduct).await.unwrap();
    let begun = simulator.ambient.clock.now();
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "succeeded");
    assert_eq!(word(&simulator.capture(&request(2, 1_000, "x")).await), "succeeded");
    simulator.refund_by_hand(PAYMENT, Some(10)).await.unwrap();
    let sink = Got::of(&simulator);
    delivered(&simulator, &sink).await;
    let messages = sink.messages.lock();
    assert_eq!(messages.len(), 12);
    assert!(messages.iter().all(|message| message.signed_at >= begun + TimeDelta::seconds(99)));
    let kinds: Vec<_> = messages.iter().map(|message| message.fact.kind).collect();
    assert_ne!(
        kinds,
        {
            let mut sorted = kinds.clone();
            sorted.sort_unstable();
            sorted
        },
        "they overtake each other"
    );
    for message in messages.iter() {
        let fact = &message.fact;
        let is_by_hand = fact.kind == ProviderFactKind::Refunded;
        assert_eq!((fact.payment_id.is_some(), fact.operation_id), (is_by_hand, None));
        assert!(fact.provider_reference.is_some());
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_told_to_be_silent_sends_nothing() {
    let simulator = simulator();
    simulator.tell_script(|script| script.messages.enabled = false).await.unwrap();
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "succeeded");
    assert_eq!(simulator.undelivered(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_authorization_that_lapses_is_told() {
    let simulator = simulator();
    let sink = Got::of(&simulator);
    let run = tokio::spawn(simulator.clone().run(sink.clone()));
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "succeeded");
    tokio::time::sleep(Duration::from_secs(7 * 24 * 3_600 + 1)).await;
    assert_eq!(sink.kinds(), [ProviderFactKind::Authorized, ProviderFactKind::AuthorizationExpired]);
    run.abort();
}

/// Case F19: a clock that jumps ahead makes things due at once.
#[tokio::test(start_paused = true)]
async fn what_a_jump_of_the_clock_makes_due_happens_soon() {
    let start = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    let (ambient, clock): (Ambient, Arc<ManualClock>) = Ambient::seeded(start, 1);
    let simulator = Arc::new(Simulator::in_memory(ambient, SECRET));
    let sink = Got::of(&simulator);
    let run = tokio::spawn(simulator.clone().run(sink.clone()));
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "succeeded");
    tokio::time::sleep(Duration::from_secs(60)).await;
    clock.advance(TimeDelta::days(8));
    tokio::time::sleep(Duration::from_secs(31)).await;
    assert_eq!(sink.kinds(), [ProviderFactKind::Authorized, ProviderFactKind::AuthorizationExpired]);
    run.abort();
}

/// The truth outlives the engine: the same books, the same script, and the messages that nobody acknowledged.
#[tokio::test]
async fn the_truth_survives_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payments.db");
    let open = || Arc::new(Simulator::open(&path, ambient(), SECRET).unwrap());
    let first = open();
    first.tell_script(|script| script.authorization_seconds = 1_000).await.unwrap();
    let authorized = first.authorize(&request(1, 1_000, "tok_timeout_after")).await;
    assert_eq!(word(&authorized), "unknown");
    assert_eq!(word(&first.capture(&request(2, 600, "x")).await), "succeeded");
    first.open_dispute(PAYMENT, Some(100)).await.unwrap();
    let once =
        Rule { scope: RuleScope::default(), behavior: Some(Behavior::Unavailable), messages: None, times: Some(1) };
    first.tell_script(|script| script.rules.push(once)).await.unwrap();
    assert_eq!(word(&first.refund(&request(9, 1, "x")).await), "not sent");
    let (charges, script) = (first.charges(), first.script());
    assert!(script.rules.is_empty());
    drop(first);
    let second = open();
    assert_eq!((second.charges(), second.script(), second.undelivered()), (charges, script, 3));
    let LookUp::Found(found) = look_up(&second, 1).await else { panic!("it was charged") };
    assert_eq!(second.authorize(&request(1, 1_000, "tok_timeout_after")).await, Ok(found));
    let sink = Got::of(&second);
    let run = tokio::spawn(second.clone().run(sink.clone()));
    let begun = Instant::now();
    while second.undelivered() > 0 {
        assert!(begun.elapsed() < Duration::from_secs(30), "the messages do not arrive");
        tokio::task::yield_now().await;
    }
    run.abort();
    let mut kinds = sink.kinds();
    kinds.sort_unstable();
    use ProviderFactKind::{Authorized, Captured, DisputeOpened};
    assert_eq!(kinds, [Authorized, Captured, DisputeOpened]);
    // What is named anew does not repeat old names: a message would be taken for one that came before.
    assert_eq!(word(&second.capture(&request(3, 100, "x")).await), "succeeded");
    let charge = second.charge(PAYMENT).unwrap();
    let mut names: Vec<_> = charge.operations.iter().map(|operation| operation.reference.clone()).collect();
    names.extend(charge.disputes.iter().map(|dispute| dispute.reference.clone()));
    names.extend(sink.messages.lock().iter().map(|message| message.message_id.clone()));
    let undelivered = second.state.lock().outbox.due(DateTime::<Utc>::MAX_UTC, &BTreeSet::new(), 9);
    names.extend(undelivered.into_iter().map(|message| message.message_id));
    // What a name is for, which it begins with, does not count.
    let distinct: BTreeSet<_> = names.iter().map(|name| name.as_str().rsplit('_').next().unwrap().to_owned()).collect();
    assert_eq!((names.len(), distinct.len()), (8, 8), "{names:?}");
    drop((run, sink));
}

#[tokio::test]
async fn what_was_closed_answers_nothing_more() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = Simulator::open(&folder.path().join("payments.db"), ambient(), SECRET).unwrap();
    simulator.close();
    simulator.close();
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "unknown");
    let looked_up = simulator.look_up(PAYMENT, OperationId::new(Uuid::from_u128(1))).await;
    assert!(matches!(looked_up, Err(ProviderError::Unknown { .. })), "{looked_up:?}");
}

/// What is told must not be forgotten: nothing is delivered that may be gone after a restart.
#[tokio::test(start_paused = true)]
async fn what_is_not_kept_is_not_told() {
    let folder = tempfile::tempdir().unwrap();
    let simulator = Arc::new(Simulator::open(&folder.path().join("payments.db"), ambient(), SECRET).unwrap());
    simulator.close();
    assert_eq!(word(&simulator.authorize(&request(1, 1_000, "x")).await), "unknown");
    let sink = Got::of(&simulator);
    let run = tokio::time::timeout(Duration::from_secs(600), simulator.clone().run(sink.clone())).await;
    assert!(run.is_err());
    assert_eq!((sink.kinds(), simulator.undelivered()), (vec![], 1));
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("payments.db");
    std::fs::write(&path, "a letter to a friend").unwrap();
    let ambient = Ambient::seeded(DateTime::UNIX_EPOCH, 1).0;
    let refused = Simulator::open(&path, ambient, SECRET).map(drop).unwrap_err();
    assert!(matches!(refused, OpenSimulatorError::NotOurs { .. }), "{refused}");
    assert_eq!(std::fs::read(&path).unwrap(), b"a letter to a friend");
}
