//! How a payment comes to be: somebody intends to pay, or history says that somebody did.

use super::{
    commands::METHOD_ASSUMED_SETTLED,
    error::PaymentError,
    events::{PaymentCaptured, PaymentCreated, PaymentEvent},
    state::PaymentState,
};
use crate::{
    common::{Basis, SourceDocument},
    ids::{OperationId, OrderId},
    money::Money,
    pricing::QuoteHash,
    text::Reference,
};

/// Intends to pay, under an id that no payment has.
pub(super) fn create(
    state: &PaymentState,
    order_id: OrderId,
    amount: Money,
    method: &Reference,
    quote_hash: Option<QuoteHash>,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if *state != PaymentState::New {
        return Err(PaymentError::AlreadyCreated);
    }
    check_positive(amount.minor)?;
    let basis = Basis::Recorded;
    Ok(vec![PaymentCreated { order_id, amount, method: method.clone(), source: None, basis, quote_hash }.into()])
}

/// Records a payment of the past that is assumed to have been settled.
pub(super) fn record_settled(
    state: &PaymentState,
    order_id: OrderId,
    amount: Money,
    operation_id: OperationId,
    source: &SourceDocument,
) -> Result<Vec<PaymentEvent>, PaymentError> {
    if let PaymentState::Created(payment) = state {
        let recorded = payment.source.as_ref().ok_or(PaymentError::AlreadyCreated)?;
        recorded.check_same(source)?;
        return Ok(vec![]);
    }
    check_positive(amount.minor)?;
    let basis = Basis::Inferred;
    let method = METHOD_ASSUMED_SETTLED.parse::<Reference>().expect("the constant is a reference");
    let source = Some(source.clone());
    let amount_minor = amount.minor;
    Ok(vec![
        PaymentCreated { order_id, amount, method, source, basis, quote_hash: None }.into(),
        PaymentCaptured { operation_id, amount_minor, provider_reference: None, basis }.into(),
    ])
}

/// Checks that an amount is more than zero.
pub(super) const fn check_positive(given_minor: i64) -> Result<(), PaymentError> {
    if given_minor <= 0 {
        return Err(PaymentError::AmountNotPositive { given_minor });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
