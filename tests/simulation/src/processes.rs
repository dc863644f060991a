//! The processes of an engine with their workers, as they are in production, or with a mistake that is built in.

use crate::{faults::Planted, world::World};
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use tillroll_infra::{bus::Bus, event::RecordedEvent, payments::Providers};
use tillroll_sagas::{
    all,
    cancel_order::{CancelOrderProcess, CancelOrderWorker},
    checkout::{CheckoutAction, CheckoutAnswer, CheckoutPolicy, CheckoutProcess, CheckoutWorker},
    payment_reconcile::{PaymentReconcile, PaymentReconcileWorker},
    provider_inbox::{ProviderInbox, ProviderInboxWorker},
    runtime::{SagaBuilder, Sagas},
    worker::{Routed, Sender, Worker, WorkerError},
};

/// Starts the processes.
pub async fn start(world: &World, bus: &Bus, builder: SagaBuilder, providers: &Providers) -> Sagas {
    match world.faults.planted {
        Some(Planted::MissingCompensation) => careless(world, bus, builder, providers).start().await,
        _ => all::with_workers(builder, bus, providers, &world.settings).start().await,
    }
}

/// The processes, one of which leaves a compensation out.
fn careless(world: &World, bus: &Bus, builder: SagaBuilder, providers: &Providers) -> SagaBuilder {
    let checkout = &world.settings.checkout;
    let policy = CheckoutPolicy {
        locations: world.settings.store.locations.clone(),
        reserve_minutes: checkout.reserve_minutes,
        payment_minutes: checkout.payment_minutes,
    };
    builder
        .process::<CheckoutProcess>(Arc::new(Careless(CheckoutWorker::new(bus.clone(), policy))))
        .process::<CancelOrderProcess>(Arc::new(CancelOrderWorker::new(bus.clone())))
        .process::<PaymentReconcile>(Arc::new(PaymentReconcileWorker::new(bus.clone(), providers.clone())))
        .process::<ProviderInbox>(Arc::new(ProviderInboxWorker::new(bus.clone())))
}

/// A checkout's hands that say that stock was let go without doing so.
#[derive(Debug)]
struct Careless(CheckoutWorker);

impl Worker<CheckoutProcess> for Careless {
    fn event_types(&self) -> &'static [&'static str] {
        self.0.event_types()
    }

    fn route<'a>(
        &'a self,
        event: &'a RecordedEvent,
    ) -> BoxFuture<'a, Result<Vec<Routed<CheckoutProcess>>, WorkerError>> {
        self.0.route(event)
    }

    fn perform<'a>(
        &'a self,
        action: &'a CheckoutAction,
        sender: &'a Sender,
    ) -> BoxFuture<'a, Result<CheckoutAnswer, WorkerError>> {
        if matches!(action, CheckoutAction::ReleaseHold { .. }) {
            return std::future::ready(Ok(CheckoutAnswer::Done {})).boxed();
        }
        self.0.perform(action, sender)
    }

    fn policy(&self) -> CheckoutPolicy {
        self.0.policy()
    }
}
