//! The processes of the engine, and what each needs to run.

use crate::{
    authorization_watch::{AuthorizationWatch, AuthorizationWatchWorker},
    cancel_order::{CancelOrderProcess, CancelOrderWorker},
    checkout::{CheckoutPolicy, CheckoutProcess, CheckoutWorker},
    fulfillment::{FulfillmentProcess, FulfillmentProcessWorker},
    payment_reconcile::{PaymentReconcile, PaymentReconcileWorker},
    processes::Processes,
    provider_inbox::{ProviderInbox, ProviderInboxWorker},
    return_and_refund::{ReturnAndRefund, ReturnAndRefundWorker},
    runtime::SagaBuilder,
};
use std::sync::Arc;
use tillroll_infra::{bus::Bus, config::Settings, payments::Providers};

/// All of them by type.
#[must_use]
pub fn processes() -> Processes {
    Processes::none()
        .with::<CheckoutProcess>()
        .with::<CancelOrderProcess>()
        .with::<PaymentReconcile>()
        .with::<ProviderInbox>()
        .with::<AuthorizationWatch>()
        .with::<FulfillmentProcess>()
        .with::<ReturnAndRefund>()
}

/// Lets all of them run.
#[must_use]
pub fn with_workers(builder: SagaBuilder, bus: &Bus, providers: &Providers, settings: &Settings) -> SagaBuilder {
    let checkout = settings.checkout;
    let policy = CheckoutPolicy {
        locations: settings.store.locations.clone(),
        reserve_minutes: checkout.reserve_minutes,
        payment_minutes: checkout.payment_minutes,
    };
    let expiring = checkout.on_expiring_authorization;
    builder
        .process::<CheckoutProcess>(Arc::new(CheckoutWorker::new(bus.clone(), policy)))
        .process::<CancelOrderProcess>(Arc::new(CancelOrderWorker::new(bus.clone())))
        .process::<PaymentReconcile>(Arc::new(PaymentReconcileWorker::new(bus.clone(), providers.clone())))
        .process::<ProviderInbox>(Arc::new(ProviderInboxWorker::new(bus.clone())))
        .process::<AuthorizationWatch>(Arc::new(AuthorizationWatchWorker::new(bus.clone(), expiring)))
        .process::<FulfillmentProcess>(Arc::new(FulfillmentProcessWorker::new(bus.clone())))
        .process::<ReturnAndRefund>(Arc::new(ReturnAndRefundWorker::new(bus.clone())))
}
