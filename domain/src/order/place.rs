//! Placing: the snapshot is checked, and its sums are computed.

use super::{
    commands::{LINES_MAX, OrderSnapshot},
    error::OrderError,
    events::{OrderEvent, OrderLine, OrderPlaced, OrderTotals},
    state::OrderState,
};
use crate::{
    aggregate::Moment,
    common::{Basis, LineKind, SourceDocument},
    document::{DocumentError, LineAmount, check_numbering, check_sku, checked_sum, checked_tax},
};

/// Places an order under an id that no order has.
pub(super) fn place(
    state: &OrderState,
    snapshot: &OrderSnapshot,
    moment: &Moment,
) -> Result<Vec<OrderEvent>, OrderError> {
    if *state != OrderState::New {
        return Err(OrderError::AlreadyPlaced);
    }
    Ok(vec![placed(snapshot, None, moment)?.into()])
}

/// The fact that an order was agreed, once its snapshot has been checked.
pub(super) fn placed(
    snapshot: &OrderSnapshot,
    source: Option<&SourceDocument>,
    moment: &Moment,
) -> Result<OrderPlaced, OrderError> {
    let totals = totals(snapshot)?;
    if let Some(terms) = &snapshot.checkout
        && terms.payment.is_some() != (totals.total_minor > 0)
    {
        return Err(OrderError::PaymentTermsMismatch { total_minor: totals.total_minor });
    }
    Ok(OrderPlaced {
        totals,
        customer_id: snapshot.customer_id,
        country: snapshot.country.clone(),
        currency: snapshot.currency,
        lines: snapshot.lines.clone(),
        rounding: snapshot.rounding,
        business_date: moment.business_date,
        source: source.cloned(),
        basis: Basis::Recorded,
        cart_id: snapshot.cart.as_ref().map(|cart| cart.cart_id),
        quote: snapshot.cart.as_ref().map(|cart| Box::new(cart.quote.clone())),
        email: snapshot.contact.email.clone().map(Box::new),
        shipping_address: snapshot.contact.shipping_address.clone().map(Box::new),
        billing_address: snapshot.contact.billing_address.clone().map(Box::new),
        checkout: snapshot.checkout.clone().map(Box::new),
    })
}

/// Checks every line and adds up what they come to.
fn totals(snapshot: &OrderSnapshot) -> Result<OrderTotals, OrderError> {
    check_numbering(snapshot.lines.iter().map(|line| line.line), LINES_MAX)?;
    let (mut goods_minor, mut carriage_minor, mut discount_minor) = (0, 0, 0);
    for line in &snapshot.lines {
        check_sku(line.line, line.kind, line.sku.is_some())?;
        let amount = LineAmount {
            line: line.line,
            units: line.quantity.as_i64(),
            unit_price: line.unit_price,
            amount_minor: line.amount_minor,
            rounding_micros: line.rounding_micros,
        };
        amount.check_price()?;
        amount.check(snapshot.currency, snapshot.rounding)?;
        let sum = match line.kind {
            LineKind::Goods => &mut goods_minor,
            LineKind::Carriage => &mut carriage_minor,
            LineKind::Discount => &mut discount_minor,
        };
        *sum = checked_sum(*sum, line.amount_minor)?;
    }
    let base_minor = checked_sum(goods_minor, carriage_minor)?;
    if discount_minor > base_minor {
        return Err(OrderError::DiscountTooHigh { discount_minor, base_minor });
    }
    let net_minor = base_minor.checked_sub(discount_minor).ok_or(DocumentError::TooLarge)?;
    let tax_minor = checked_tax(snapshot.tax)?;
    check_tax_parts(&snapshot.lines, tax_minor)?;
    let total_minor = checked_sum(net_minor, tax_minor)?;
    Ok(OrderTotals { goods_minor, carriage_minor, discount_minor, tax: snapshot.tax, total_minor })
}

/// Checks that the lines' parts of the tax, if any line has one, are the whole tax.
fn check_tax_parts(lines: &[OrderLine], expected_minor: i64) -> Result<(), OrderError> {
    let mut given_minor = None;
    for (line, tax_minor) in lines.iter().filter_map(|line| Some((line.line, line.tax_minor?))) {
        if tax_minor < 0 {
            return Err(OrderError::NegativeTaxPart { line, tax_minor });
        }
        given_minor = Some(checked_sum(given_minor.unwrap_or(0), tax_minor)?);
    }
    match given_minor {
        Some(given_minor) if given_minor != expected_minor => {
            Err(OrderError::TaxPartsMismatch { expected_minor, given_minor })
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
