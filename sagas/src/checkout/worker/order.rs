//! Commands of a checkout on the order.

use super::{Answer, refused, running};
use crate::{
    sending::{context, load, send},
    worker::{Sender, WorkerError},
};
use tillroll_domain::{
    cart::{Cart, CartOwner, agreement::agreed_order},
    checkout::StockHold,
    customer::{Customer, CustomerState},
    ids::{CartId, CustomerId, OrderId},
    order::{CancelCause, Order, OrderError, commands::OrderCommand},
};
use tillroll_infra::{
    bus::{Bus, ExecuteError},
    log::AppendError,
};

/// Makes the order that the cart agreed to.
pub(super) async fn place(
    bus: &Bus,
    sender: &Sender,
    cart_id: CartId,
    order_id: OrderId,
) -> Result<Answer, WorkerError> {
    let stream = order_id.uuid().to_string();
    if let Ok(placed) = load::<Order>(bus, &sender.tenant, &stream).await?.state.placed() {
        return Ok(if placed.cart_id() == Some(cart_id) { Answer::Done {} } else { refused("order_id_taken") });
    }
    let cart = load::<Cart>(bus, &sender.tenant, &cart_id.uuid().to_string()).await?;
    let Some((cart, running)) = running(&cart.state, order_id) else { return Ok(refused("cart_changed")) };
    if let CartOwner::Customer(customer) = cart.owner
        && !may_buy(bus, sender, customer).await?
    {
        return Ok(refused("customer_inactive"));
    }
    let snapshot = match agreed_order(cart, Some(running.terms.clone())) {
        Ok(snapshot) => snapshot,
        Err(error) => {
            tracing::error!(%cart_id, %error, "a cart makes no order");
            return Ok(refused("cart_unsuitable"));
        }
    };
    match bus.execute::<Order>(&stream, OrderCommand::Place { snapshot }, context(sender, "place")).await {
        // Only this process places orders under this id, so it did so before.
        Ok(_) | Err(ExecuteError::Refused(OrderError::AlreadyPlaced)) => Ok(Answer::Done {}),
        Err(ExecuteError::Refused(error)) => {
            tracing::error!(%cart_id, %order_id, %error, "the order of a checkout is refused");
            Ok(refused("order_refused"))
        }
        Err(ExecuteError::SubjectErased { .. }) => Ok(refused("customer_erased")),
        // What was decided can only be wrong for the log by its size, which the names of products decide.
        Err(ExecuteError::Append(AppendError::Invalid(_))) => Ok(refused("order_too_large")),
        Err(error) => Err(WorkerError(format!("{order_id} is not placed: {error}"))),
    }
}

async fn may_buy(bus: &Bus, sender: &Sender, customer: CustomerId) -> Result<bool, WorkerError> {
    let customer = load::<Customer>(bus, &sender.tenant, &customer.uuid().to_string()).await?;
    Ok(match customer.state {
        CustomerState::Known(customer) => customer.active,
        CustomerState::Unknown | CustomerState::Erased(_) => false,
    })
}

pub(super) async fn record_stock(
    bus: &Bus,
    sender: &Sender,
    order_id: OrderId,
    holds: &[StockHold],
) -> Result<Answer, WorkerError> {
    let command = OrderCommand::RecordStockReserved { holds: holds.to_vec() };
    carry_out(bus, sender, order_id, command, "record_stock").await
}

pub(super) async fn confirm(bus: &Bus, sender: &Sender, order_id: OrderId) -> Result<Answer, WorkerError> {
    carry_out(bus, sender, order_id, OrderCommand::Confirm, "confirm").await
}

pub(super) async fn cancel(
    bus: &Bus,
    sender: &Sender,
    order_id: OrderId,
    cause: &CancelCause,
) -> Result<Answer, WorkerError> {
    let command = OrderCommand::CancelForCause { cause: cause.clone() };
    carry_out(bus, sender, order_id, command, "cancel").await
}

async fn carry_out(
    bus: &Bus,
    sender: &Sender,
    order_id: OrderId,
    command: OrderCommand,
    step: &str,
) -> Result<Answer, WorkerError> {
    let sent = send::<Order>(bus, &order_id.uuid().to_string(), command, sender, step).await?;
    if let Err(error) = &sent {
        tracing::info!(%order_id, step, %error, "the order of a checkout refuses a step");
    }
    Ok(sent.map_or_else(|error| refusal(&error), |_| Answer::Done {}))
}

/// What the refusal of a step of the order means to the checkout.
pub(in crate::checkout) fn refusal(error: &OrderError) -> Answer {
    match error {
        OrderError::NotPaid { .. } => Answer::NotPaid {},
        OrderError::PaymentArrived => Answer::Paid {},
        // Closed too, if all its money was given back.
        OrderError::Cancelled | OrderError::Closed => Answer::Cancelled {},
        OrderError::AlreadyShipped { .. } => refused("already_shipped"),
        OrderError::UnitsPlanned { .. } => refused("units_planned"),
        _ => refused("order_refused"),
    }
}
