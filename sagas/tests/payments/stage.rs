//! The bus, the processes around payments and the provider, and what a test can let happen to them.

use crate::{
    actor::{Actor, Hosted},
    provider::TestProvider,
};
use chrono::{DateTime, TimeDelta, Utc};
use std::sync::Arc;
use tillroll_domain::{
    aggregate::Aggregate,
    cart::Cart,
    claim::Claim,
    customer::Customer,
    fulfillment::Fulfillment,
    ids::{CommandId, OrderId, PaymentId, ProviderMessageId},
    order::{Order, state::PlacedOrder},
    payment::{Payment, state::CreatedPayment},
    provider_message::{ProviderFact, ProviderMessage, commands::ProviderMessageCommand, sealed},
    returns::Return,
    stock_item::{StockItem, StockItemState},
};
use tillroll_infra::{
    ambient::{Ambient, Clock as _, ManualClock},
    bus::{Bus, CommandContext, ExecuteError, Executed, context::derived_uuid},
    config::ExpiringAuthorization,
    log::{EventFilter, memory::MemoryLog},
    payments::Providers,
    stream::{DEFAULT_TENANT, Position},
};
use tillroll_sagas::{
    authorization_watch::{AuthorizationWatch, AuthorizationWatchWorker},
    cancel_order::{CancelOrderProcess, CancelOrderWorker},
    checkout::{CheckoutPolicy, CheckoutProcess, CheckoutWorker},
    fulfillment::{FulfillmentProcess, FulfillmentProcessWorker},
    managed::Managed,
    payment_reconcile::{PaymentReconcile, PaymentReconcileWorker},
    process::Ending,
    provider_inbox::{ProviderInbox, ProviderInboxWorker},
    return_and_refund::{ReturnAndRefund, ReturnAndRefundWorker},
};

/// How often an action may fail in a row before a test gives up on it.
const TRIES_MAX: usize = 20;

pub(crate) struct Stage {
    pub(crate) bus: Bus,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) provider: Arc<TestProvider>,
    pub(crate) actors: Vec<Box<dyn Actor>>,
    commands: u32,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::with(ExpiringAuthorization::Capture)
    }

    pub(crate) fn with(expiring: ExpiringAuthorization) -> Self {
        let start = DateTime::from_timestamp(1_709_294_400, 0).unwrap();
        let (ambient, clock) = Ambient::seeded(start, 7);
        let log = Arc::new(MemoryLog::new(clock.clone()));
        let bus = Bus::builder(log, ambient)
            .register::<Cart>()
            .register::<Claim>()
            .register::<Customer>()
            .register::<Fulfillment>()
            .register::<Order>()
            .register::<Payment>()
            .register::<ProviderMessage>()
            .register::<Return>()
            .register::<StockItem>()
            .register::<Managed<AuthorizationWatch>>()
            .register::<Managed<CancelOrderProcess>>()
            .register::<Managed<CheckoutProcess>>()
            .register::<Managed<FulfillmentProcess>>()
            .register::<Managed<PaymentReconcile>>()
            .register::<Managed<ProviderInbox>>()
            .register::<Managed<ReturnAndRefund>>()
            .build();
        let provider = TestProvider::new(clock.clone());
        let providers = Providers::of(provider.clone());
        let actors = vec![
            Hosted::<PaymentReconcile>::boxed(PaymentReconcileWorker::new(bus.clone(), providers)),
            Hosted::<ProviderInbox>::boxed(ProviderInboxWorker::new(bus.clone())),
            Hosted::<AuthorizationWatch>::boxed(AuthorizationWatchWorker::new(bus.clone(), expiring)),
            Hosted::<FulfillmentProcess>::boxed(FulfillmentProcessWorker::new(bus.clone())),
            Hosted::<ReturnAndRefund>::boxed(ReturnAndRefundWorker::new(bus.clone())),
        ];
        Self { bus, clock, provider, actors, commands: 0 }
    }

    /// With the processes around checkouts too, which take stock from these locations, hold it for a quarter of an hour first,
    /// and await the money for half an hour.
    pub(crate) fn with_checkouts(locations: &[&str]) -> Self {
        let mut stage = Self::new();
        let policy = CheckoutPolicy {
            locations: locations.iter().map(|location| location.parse().unwrap()).collect(),
            reserve_minutes: 15,
            payment_minutes: 30,
        };
        stage.actors.push(Hosted::<CheckoutProcess>::boxed(CheckoutWorker::new(stage.bus.clone(), policy)));
        stage.actors.push(Hosted::<CancelOrderProcess>::boxed(CancelOrderWorker::new(stage.bus.clone())));
        stage
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Sends a command that somebody else sends.
    pub(crate) async fn send<A: Aggregate>(
        &mut self,
        id: &str,
        command: A::Command,
    ) -> Result<Executed, ExecuteError<A::Error>> {
        self.commands += 1;
        let command_id = CommandId::new(derived_uuid("test:command", &self.commands.to_string()));
        self.bus.execute::<A>(id, command, CommandContext::live(command_id, "test")).await
    }

    /// Stores a message of the provider.
    pub(crate) async fn receive(&mut self, message_id: &str, fact: ProviderFact) {
        let id = ProviderMessageId::new(derived_uuid("test:message", message_id));
        let command = ProviderMessageCommand::Receive {
            provider: "simulated".parse().unwrap(),
            message_id: message_id.parse().unwrap(),
            raw: sealed(id, "{}".parse().unwrap()),
            fact,
            signed_at: self.now(),
        };
        self.send::<ProviderMessage>(&id.uuid().to_string(), command).await.unwrap();
    }

    /// Lets everything happen that needs no time.
    pub(crate) async fn settle(&mut self) {
        let mut failures = 0;
        loop {
            let mut moved = false;
            for actor in &mut self.actors {
                while actor.hear(&self.bus).await {
                    moved = true;
                }
                for (instance, no) in actor.open(&self.bus).await {
                    match actor.perform(&self.bus, &instance, no, true).await {
                        Ok(()) => moved = true,
                        Err(error) => {
                            failures += 1;
                            assert!(failures < TRIES_MAX, "{} of {}: {error}", actor.name(), instance);
                            moved = true;
                        }
                    }
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Lets so many things happen that need no time, one after the other: news before actions.
    pub(crate) async fn settle_in_part(&mut self, mut steps: usize) {
        while steps > 0 {
            let before = steps;
            for actor in &mut self.actors {
                if steps > 0 && actor.hear(&self.bus).await {
                    steps -= 1;
                }
                for (instance, no) in actor.open(&self.bus).await {
                    if steps > 0 && actor.perform(&self.bus, &instance, no, true).await.is_ok() {
                        steps -= 1;
                    }
                }
            }
            if steps == before {
                return;
            }
        }
    }

    /// Like [`Self::settle`], with every action carried out twice before its answer is heard.
    pub(crate) async fn settle_twice(&mut self) {
        loop {
            let mut moved = false;
            for actor in &mut self.actors {
                while actor.hear(&self.bus).await {
                    moved = true;
                }
                for (instance, no) in actor.open(&self.bus).await {
                    actor.perform(&self.bus, &instance, no, false).await.unwrap();
                    actor.perform(&self.bus, &instance, no, true).await.unwrap();
                    moved = true;
                }
            }
            if !moved {
                return;
            }
        }
    }

    /// Lets time pass, with everything that comes due in it.
    pub(crate) async fn pass(&mut self, time: TimeDelta) {
        let until = self.now() + time;
        self.settle().await;
        while let Some((at, actor, instance, timer)) = self.next_timer().await.filter(|(at, ..)| *at <= until) {
            self.clock.set(self.now().max(at));
            self.actors[actor].fire(&self.bus, &instance, &timer, at).await;
            self.settle().await;
        }
        self.clock.set(until);
    }

    pub(crate) async fn next_timer(&self) -> Option<(DateTime<Utc>, usize, String, std::borrow::Cow<'static, str>)> {
        let mut all = Vec::new();
        for (index, actor) in self.actors.iter().enumerate() {
            all.extend(
                actor.timers(&self.bus).await.into_iter().map(|(at, instance, timer)| (at, index, instance, timer)),
            );
        }
        all.into_iter().min()
    }

    /// Nobody has anything to do or waits for any time.
    pub(crate) async fn is_quiet(&self) -> bool {
        for actor in &self.actors {
            if !actor.open(&self.bus).await.is_empty() || !actor.timers(&self.bus).await.is_empty() {
                return false;
            }
        }
        true
    }

    /// How the instances of a process ended.
    pub(crate) async fn endings(&self, process: &str) -> Vec<Option<Ending>> {
        let actor = self.actors.iter().find(|actor| actor.name() == process).unwrap();
        actor.endings(&self.bus).await.into_iter().map(|(_, ending)| ending).collect()
    }

    pub(crate) async fn payment(&self, id: PaymentId) -> CreatedPayment {
        let loaded = self.bus.load::<Payment>(DEFAULT_TENANT, &id.uuid().to_string()).await.unwrap();
        loaded.state.created().unwrap().clone()
    }

    pub(crate) async fn order(&self, id: OrderId) -> PlacedOrder {
        let loaded = self.bus.load::<Order>(DEFAULT_TENANT, &id.uuid().to_string()).await.unwrap();
        loaded.state.placed().unwrap().clone()
    }

    pub(crate) async fn stock(&self, id: &str) -> StockItemState {
        self.bus.load::<StockItem>(DEFAULT_TENANT, id).await.unwrap().state.clone()
    }

    /// The types of all events of a category, in their order.
    pub(crate) async fn types(&self, category: &str) -> Vec<String> {
        let filter = EventFilter { categories: vec![category.to_owned()], ..EventFilter::default() };
        let page = self.bus.log().read_all(Position::START, &filter, 10_000).await.unwrap();
        page.events.iter().map(|event| event.event_type.to_string()).collect()
    }
}

pub(crate) fn alarm(reason: &str) -> Option<Ending> {
    Some(Ending::Alarmed { reason: reason.parse().unwrap() })
}
