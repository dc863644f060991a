//! Commands of a checkout on the payment. What the provider is asked and what it says is not the checkout's.

use super::{Answer, reference, refused};
use crate::{
    sending::{load, send},
    worker::{Sender, WorkerError},
};
use tillroll_domain::{
    checkout::PaymentTerms,
    ids::{OperationId, OrderId, PaymentId},
    money::Money,
    order::{Order, status::Lifecycle},
    payment::{Payment, PaymentError, commands::PaymentCommand as Command},
    pricing::QuoteHash,
    text::Reference,
};
use tillroll_infra::bus::Bus;

/// What a payment is started with.
pub(super) struct Start<'a> {
    pub(super) order_id: OrderId,
    pub(super) operation_id: OperationId,
    pub(super) amount: Money,
    pub(super) quote_hash: QuoteHash,
    pub(super) terms: &'a PaymentTerms,
    pub(super) instrument: Option<&'a Reference>,
}

/// Creates the payment and requests its first authorization.
pub(super) async fn start(
    bus: &Bus,
    sender: &Sender,
    payment_id: PaymentId,
    start: &Start<'_>,
) -> Result<Answer, WorkerError> {
    let stream = payment_id.uuid().to_string();
    let method = start.terms.method.clone();
    let Start { order_id, amount, quote_hash, .. } = *start;
    let create = Command::Create { order_id, amount, method, quote_hash: Some(quote_hash) };
    match send::<Payment>(bus, &stream, create, sender, "create").await? {
        Ok(_) | Err(PaymentError::AlreadyCreated) => {}
        Err(error) => {
            tracing::error!(%payment_id, %error, "the payment of a checkout is refused");
            return Ok(refused("payment_refused"));
        }
    }
    let authorize = Command::RequestAuthorization {
        operation_id: start.operation_id,
        provider: start.terms.provider.clone(),
        instrument: start.instrument.cloned(),
    };
    Ok(match send::<Payment>(bus, &stream, authorize, sender, "authorize").await? {
        Ok(_) => Answer::Done {},
        // Somebody else asks for the money already, or it is not wanted any more.
        Err(error) => {
            tracing::info!(%payment_id, %error, "the first attempt of a payment is not started");
            refused("authorization_refused")
        }
    })
}

/// Requests to take what the order comes to and was not taken yet.
pub(super) async fn capture(
    bus: &Bus,
    sender: &Sender,
    order_id: OrderId,
    payment_id: PaymentId,
    operation_id: OperationId,
) -> Result<Answer, WorkerError> {
    let stream = payment_id.uuid().to_string();
    let order = load::<Order>(bus, &sender.tenant, &order_id.uuid().to_string()).await?;
    let payment = load::<Payment>(bus, &sender.tenant, &stream).await?;
    let (Ok(order), Ok(payment)) = (order.state.placed(), payment.state.created()) else {
        return Ok(refused("payment_refused"));
    };
    if payment.operations().contains_key(&operation_id) {
        return Ok(Answer::Done {});
    }
    if order.lifecycle() == Lifecycle::Cancelled || order.cancel_cause().is_some() {
        return Ok(Answer::Cancelled {});
    }
    let due_minor = order.due_minor() - payment.captured_minor();
    if due_minor <= 0 {
        return Ok(Answer::Done {});
    }
    let amount_minor = due_minor.min(payment.capturable_minor());
    if amount_minor <= 0 {
        return Ok(refused("nothing_authorized"));
    }
    let capture = Command::RequestCapture { operation_id, amount_minor };
    Ok(match send::<Payment>(bus, &stream, capture, sender, "capture").await? {
        Ok(_) => Answer::Done {},
        Err(error) => {
            tracing::warn!(%order_id, %payment_id, %error, "a confirmed order's money is not taken");
            refused("capture_refused")
        }
    })
}

/// Cancels a payment, if there is one.
pub(crate) async fn cancel(bus: &Bus, sender: &Sender, payment_id: PaymentId) -> Result<(), WorkerError> {
    let command = Command::Cancel { reason: reference("order_cancelled") };
    match send::<Payment>(bus, &payment_id.uuid().to_string(), command, sender, "cancel").await? {
        Ok(_) | Err(PaymentError::NotCreated) => Ok(()),
        Err(error) => Err(WorkerError(format!("{payment_id} is not cancelled: {error}"))),
    }
}
