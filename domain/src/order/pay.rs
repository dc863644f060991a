//! Taking note of how an order's payments stand.

use super::{
    commands::PAYMENTS_MAX,
    error::{OrderError, PaymentAmount},
    events::{OrderClosed, OrderEvent, OrderPaymentChanged},
    state::{PaymentAmounts, PlacedOrder},
    status::{Lifecycle, OrderStatus, PaymentStatus},
};
use crate::{common::Basis, ids::PaymentId};

/// Takes note of a payment's amounts. A cancelled or delivered order all of whose money was given back is closed.
pub(super) fn update_payment(
    order: &PlacedOrder,
    payment_id: PaymentId,
    amounts: PaymentAmounts,
) -> Result<Vec<OrderEvent>, OrderError> {
    check_amounts(amounts)?;
    let known = order.payments.get(&payment_id).copied();
    let before = known.unwrap_or_default();
    if before == amounts {
        return Ok(vec![]);
    }
    if known.is_none() && order.payments.len() >= PAYMENTS_MAX {
        return Err(OrderError::TooManyPayments { max: PAYMENTS_MAX });
    }
    check_not_falling(payment_id, PaymentAmount::Captured, before.captured_minor, amounts.captured_minor)?;
    check_not_falling(payment_id, PaymentAmount::Refunded, before.refunded_minor, amounts.refunded_minor)?;
    let others = order.payments.iter().filter(|(id, _)| **id != payment_id);
    let sums = others.map(|(_, other)| *other).try_fold(amounts, PaymentAmounts::checked_add);
    let sums = sums.ok_or(OrderError::AmountTooLarge)?;
    let refunded = sums.status(order.total_minor) == PaymentStatus::Refunded;
    if !refunded && order.status() == OrderStatus::Refunded {
        return Err(OrderError::Refunded { surplus_minor: sums.captured_minor - sums.refunded_minor });
    }
    let mut events = Vec::with_capacity(2);
    events.push(changed(payment_id, amounts, Basis::Recorded).into());
    let over = order.was_cancelled() || order.delivered;
    if refunded && over && order.lifecycle != Lifecycle::Closed {
        events.push(OrderClosed {}.into());
    }
    Ok(events)
}

/// The fact that a payment stands at these amounts.
pub(super) const fn changed(payment_id: PaymentId, amounts: PaymentAmounts, basis: Basis) -> OrderPaymentChanged {
    let PaymentAmounts { authorized_minor, captured_minor, refunded_minor, disputed_minor } = amounts;
    OrderPaymentChanged { payment_id, authorized_minor, captured_minor, refunded_minor, disputed_minor, basis }
}

fn check_amounts(amounts: PaymentAmounts) -> Result<(), OrderError> {
    let PaymentAmounts { authorized_minor, captured_minor, refunded_minor, disputed_minor } = amounts;
    let named = [
        (PaymentAmount::Authorized, authorized_minor),
        (PaymentAmount::Captured, captured_minor),
        (PaymentAmount::Refunded, refunded_minor),
        (PaymentAmount::Disputed, disputed_minor),
    ];
    if let Some((amount, given_minor)) = named.into_iter().find(|(_, minor)| *minor < 0) {
        return Err(OrderError::NegativeAmount { amount, given_minor });
    }
    // A dispute counts like a refund, so that the same money is not given back twice.
    match refunded_minor.checked_add(disputed_minor) {
        Some(back) if back <= captured_minor => Ok(()),
        _ => Err(OrderError::RefundExceedsCaptured { captured_minor, refunded_minor, disputed_minor }),
    }
}

const fn check_not_falling(
    payment_id: PaymentId,
    amount: PaymentAmount,
    known_minor: i64,
    given_minor: i64,
) -> Result<(), OrderError> {
    if given_minor < known_minor {
        return Err(OrderError::PaymentWentBack { payment_id, amount, known_minor, given_minor });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
