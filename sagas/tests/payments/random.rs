//! Whatever happens in whatever order: at the end the payment's amounts are the provider's, nothing is charged for a cancelled
//! payment, and no operation was asked for under two ids.

use crate::{
    provider::Mood,
    shop::{TOTAL, operation, order_id, payment_id},
    stage::Stage,
};
use chrono::TimeDelta;
use proptest::{collection::vec, prelude::*};
use tillroll_domain::{
    checkout::CapturePolicy::AtFulfillment,
    payment::{Payment, commands::PaymentCommand, events::OperationKind},
    provider_message::ProviderFact,
};

/// One thing that happens.
#[derive(Debug, Clone)]
enum Happening {
    /// A process hears the next event.
    Hear(usize),
    /// A process performs one of its open actions; its answer may get lost, as in a crash.
    Perform { actor: usize, which: usize, heard: bool },
    /// The next timer's time comes.
    Timer,
    /// A message of the provider arrives, now and perhaps once more later, with or without our references.
    Message { which: usize, again: bool, stripped: bool },
    /// Somebody wants the payment to be set aside.
    Authorize,
    /// Somebody wants some of it captured.
    Capture(i64),
    /// Somebody wants some of it refunded.
    Refund(i64),
    /// The payment is cancelled.
    Cancel,
    /// The customer acts, or declines to.
    Act(bool),
    /// Somebody captures in the provider's own pages.
    CaptureByHand(i64),
    /// Somebody refunds in the provider's own pages.
    RefundByHand(i64),
    /// The customer's bank asks some back.
    Dispute(i64),
    /// A process hears the whole log again.
    Forget(usize),
    /// The provider answers look-ups, or does not.
    LookUps(bool),
}

fn happening() -> impl Strategy<Value = Happening> {
    let amount = || 1_i64..TOTAL;
    prop_oneof![
        30 => (0..5_usize).prop_map(Happening::Hear),
        30 => (0..5_usize, any::<usize>(), prop::bool::weighted(0.8))
            .prop_map(|(actor, which, heard)| Happening::Perform { actor, which, heard }),
        8 => Just(Happening::Timer),
        12 => (any::<usize>(), prop::bool::weighted(0.3), prop::bool::weighted(0.2))
            .prop_map(|(which, again, stripped)| Happening::Message { which, again, stripped }),
        4 => Just(Happening::Authorize),
        4 => amount().prop_map(Happening::Capture),
        3 => amount().prop_map(Happening::Refund),
        1 => Just(Happening::Cancel),
        3 => any::<bool>().prop_map(Happening::Act),
        1 => amount().prop_map(Happening::CaptureByHand),
        1 => amount().prop_map(Happening::RefundByHand),
        1 => amount().prop_map(Happening::Dispute),
        1 => (0..5_usize).prop_map(Happening::Forget),
        2 => any::<bool>().prop_map(Happening::LookUps),
    ]
}

fn mood() -> impl Strategy<Value = Mood> {
    prop_oneof![
        5 => Just(Mood::Approve),
        1 => Just(Mood::Decline),
        1 => Just(Mood::AskCustomer),
        1 => Just(Mood::TimeoutBefore),
        2 => Just(Mood::TimeoutAfter),
        1 => Just(Mood::Late),
        1 => Just(Mood::Unavailable),
    ]
}

/// A run, and the messages that are on their way.
struct Run {
    stage: Stage,
    on_their_way: Vec<(String, ProviderFact)>,
    said: u32,
    operations: u128,
}

impl Run {
    async fn begin(moods: Vec<Mood>) -> Self {
        let mut stage = Stage::new();
        stage.place(AtFulfillment).await;
        stage.authorize(operation(1_000)).await;
        stage.provider.will(moods);
        Self { stage, on_their_way: vec![], said: 0, operations: 1_000 }
    }

    fn take_said(&mut self) {
        for fact in self.stage.provider.take_said() {
            self.said += 1;
            self.on_their_way.push((format!("evt_{}", self.said), fact));
        }
    }

    /// A request that the payment may refuse.
    async fn request(&mut self, command: PaymentCommand) {
        let _refusal = self.stage.send::<Payment>(&payment_id().uuid().to_string(), command).await;
    }

    fn next_operation(&mut self) -> tillroll_domain::ids::OperationId {
        self.operations += 1;
        operation(self.operations)
    }

    async fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Hear(actor) => {
                self.stage.actors[actor].hear(&self.stage.bus).await;
            }
            Happening::Perform { actor, which, heard } => {
                let open = self.stage.actors[actor].open(&self.stage.bus).await;
                if !open.is_empty() {
                    let (instance, no) = &open[which % open.len()];
                    let _passing = self.stage.actors[actor].perform(&self.stage.bus, instance, *no, heard).await;
                }
            }
            Happening::Timer => {
                if let Some((at, actor, instance, timer)) = self.stage.next_timer().await {
                    self.stage.clock.set(self.stage.now().max(at));
                    self.stage.actors[actor].fire(&self.stage.bus, &instance, &timer, at).await;
                }
            }
            Happening::Message { which, again, stripped } => {
                self.take_said();
                if self.on_their_way.is_empty() {
                    return;
                }
                let which = which % self.on_their_way.len();
                let (id, mut fact) = self.on_their_way[which].clone();
                if !again {
                    self.on_their_way.remove(which);
                }
                if stripped && fact.operation_id.is_some() {
                    (fact.operation_id, fact.payment_id) = (None, None);
                }
                self.stage.receive(&id, fact).await;
            }
            Happening::Authorize => {
                let (operation_id, provider) = (self.next_operation(), "simulated".parse().unwrap());
                let command = PaymentCommand::RequestAuthorization { operation_id, provider, instrument: None };
                self.request(command).await;
            }
            Happening::Capture(amount_minor) => {
                let operation_id = self.next_operation();
                self.request(PaymentCommand::RequestCapture { operation_id, amount_minor }).await;
            }
            Happening::Refund(amount_minor) => {
                let operation_id = self.next_operation();
                self.request(PaymentCommand::RequestRefund { operation_id, amount_minor, reason: None }).await;
            }
            Happening::Cancel => self.stage.cancel_payment().await,
            Happening::Act(approve) => {
                self.stage.provider.complete_action(payment_id(), approve);
            }
            Happening::CaptureByHand(minor) => {
                self.stage.provider.by_hand(payment_id(), OperationKind::Capture, minor);
            }
            Happening::RefundByHand(minor) => {
                self.stage.provider.by_hand(payment_id(), OperationKind::Refund, minor);
            }
            Happening::Dispute(minor) => {
                self.stage.provider.dispute(payment_id(), minor);
            }
            Happening::Forget(actor) => self.stage.actors[actor].forget_position(),
            Happening::LookUps(answered) => self.stage.provider.answers_look_ups(answered),
        }
    }

    /// Faults stop, and everything comes to an end.
    async fn come_to_an_end(&mut self) {
        self.stage.provider.will([]);
        self.stage.provider.answers_look_ups(true);
        for day in 0..40 {
            self.take_said();
            for (id, fact) in std::mem::take(&mut self.on_their_way) {
                self.stage.receive(&id, fact).await;
            }
            self.stage.pass(TimeDelta::days(1)).await;
            // As a checkout does with an order that is not paid in time.
            if day == 0 && self.stage.order(order_id()).await.paid_minor() < TOTAL {
                self.stage.cancel_payment().await;
            }
        }
    }

    async fn check(&self) {
        let payment = self.stage.payment(payment_id()).await;
        let charge = self.stage.provider.charge(payment_id()).unwrap();
        assert_eq!(payment.captured_minor(), charge.captured_minor(), "captured");
        assert_eq!(payment.refunded_minor(), charge.refunded_minor(), "refunded");
        assert_eq!(payment.disputed_minor(), charge.disputed_minor(), "disputed");
        assert_eq!(charge.aside_minor(self.stage.now()), 0, "all authorizations were used up, set free, or lapsed");
        assert_eq!(payment.authorized_minor(), 0);
        assert_eq!(charge.reused_keys, 0);
        for asked in self.stage.provider.asked() {
            assert!(payment.operations().contains_key(&asked), "{asked} was requested before it was asked for");
        }
        if payment.is_cancelled() {
            assert_eq!(payment.refundable_minor(), 0, "nothing is kept of a cancelled payment");
        }
        let sums = self.stage.order(order_id()).await.payment_sums();
        assert_eq!((sums.captured_minor, sums.refunded_minor), (payment.captured_minor(), payment.refunded_minor()));
        assert!(self.stage.is_quiet().await);
        for process in ["payment_reconcile", "provider_inbox"] {
            assert!(self.stage.endings(process).await.iter().all(Option::is_some), "{process}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Cases 7, 10, 24, 27, 29, F10, F11.
    #[test]
    fn whatever_happens_the_payment_ends_as_the_provider_has_it(
        happenings in vec(happening(), 0..150),
        moods in vec(mood(), 0..20),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::begin(moods).await;
            for happening in happenings {
                run.happen(happening).await;
            }
            run.come_to_an_end().await;
            run.check().await;
        });
    }
}
