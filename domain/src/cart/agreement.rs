//! The order that a quoted cart agrees to: exactly what its quote says, and nothing besides.

use super::{events::CartOwner, state::OpenCart};
use crate::{
    checkout::CheckoutTerms,
    common::LineKind,
    order::{
        commands::{CartOrigin, OrderContact, OrderSnapshot},
        events::{OrderLine, OrderQuote, RoundingPolicy, RoundingStage, Tax},
    },
    price::UnitPrice,
    pricing::Quote,
    quantity::Quantity,
    text::{Note, Reference, Sku},
};
use thiserror::Error;

/// Why no order can be made of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AgreementError {
    /// The cart has no quote. A claimed cart has the one that it was claimed for.
    #[error("the cart has no quote")]
    NotQuoted,
    /// The transport costs more than a unit price can say.
    #[error("the transport costs {amount_minor} minor units, which is more than a price can be")]
    CarriageTooDear {
        /// What it costs, in minor units.
        amount_minor: i64,
    },
}

/// The order that the cart's quote agrees to; `checkout` says how a checkout is to carry it out.
///
/// # Errors
/// [`AgreementError`]
pub fn agreed_order(cart: &OpenCart, checkout: Option<CheckoutTerms>) -> Result<OrderSnapshot, AgreementError> {
    let quote = cart.quote.as_deref().ok_or(AgreementError::NotQuoted)?;
    let customer_id = match cart.owner {
        CartOwner::Customer(customer_id) => Some(customer_id),
        CartOwner::Guest => None,
    };
    Ok(OrderSnapshot {
        customer_id,
        country: quote.country.clone(),
        currency: quote.currency,
        lines: lines(cart, quote)?,
        tax: Tax::Stated { amount_minor: quote.tax.amount_minor },
        rounding: RoundingPolicy { mode: quote.rounding.line, stage: RoundingStage::Line },
        cart: Some(CartOrigin { cart_id: cart.cart_id, quote: accepted(quote) }),
        contact: OrderContact {
            email: cart.email.clone(),
            shipping_address: cart.shipping_address.clone(),
            billing_address: cart.billing_address.clone(),
        },
        checkout,
    })
}

fn accepted(quote: &Quote) -> OrderQuote {
    OrderQuote {
        hash: quote.hash,
        tax_policy: quote.tax.policy.clone(),
        shipping_policy: quote.shipping.policy.clone(),
        shipping_method: quote.shipping.method.clone(),
    }
}

/// The quote's lines in its order, and one of carriage, which is there even if it costs nothing: that was agreed too.
fn lines(cart: &OpenCart, quote: &Quote) -> Result<Vec<OrderLine>, AgreementError> {
    let mut lines = Vec::with_capacity(quote.lines.len() + 1);
    for (number, quoted) in (1..).zip(&quote.lines) {
        let of_cart = cart.lines.iter().find(|line| line.line_id == quoted.line_id);
        lines.push(OrderLine {
            line: number,
            kind: LineKind::Goods,
            code: code(&quoted.sku),
            sku: Some(quoted.sku.clone()),
            description: quoted.description.clone(),
            quantity: quoted.quantity,
            unit_price: quoted.unit_price,
            amount_minor: quoted.amount_minor,
            rounding_micros: Some(quoted.rounding_micros).filter(|&micros| micros != 0),
            tax_minor: Some(quoted.tax_minor),
            options: of_cart.map(|line| line.options.clone()).unwrap_or_default(),
        });
    }
    lines.push(carriage(quote, u32::try_from(lines.len() + 1).unwrap_or(u32::MAX))?);
    Ok(lines)
}

fn carriage(quote: &Quote, line: u32) -> Result<OrderLine, AgreementError> {
    let amount_minor = quote.shipping.amount_minor;
    // A unit price has six decimals, and no currency has more than four.
    let micros_per_minor = 10_i64.pow(u32::from(6 - quote.currency.exponent().min(6)));
    let unit_price = amount_minor.checked_mul(micros_per_minor).and_then(UnitPrice::from_micros);
    Ok(OrderLine {
        line,
        kind: LineKind::Carriage,
        code: quote.shipping.method.clone(),
        sku: None,
        description: no_text(),
        quantity: Quantity::ONE,
        unit_price: unit_price.ok_or(AgreementError::CarriageTooDear { amount_minor })?,
        amount_minor,
        rounding_micros: None,
        tax_minor: None,
        options: vec![],
    })
}

fn code(sku: &Sku) -> Reference {
    sku.as_str().parse().expect("a SKU is a code of fewer characters")
}

fn no_text() -> Note {
    "".parse().expect("a note may be empty")
}

#[cfg(test)]
mod tests {
    use super::super::samples::{claimed, email_of, of_customer, quoted, ship_to, shippable, subject};
    use super::*;
    use crate::{
        aggregate::Aggregate,
        order::{Order, OrderState, commands::OrderCommand, events::OrderEvent},
        testing::moment,
    };

    #[test]
    fn the_order_of_a_cart_costs_what_its_quote_says() {
        let state = claimed().state();
        let cart = state.open().unwrap();
        let quote = cart.quote.as_deref().unwrap();
        let snapshot = agreed_order(cart, None).unwrap();
        let placed = Order::decide(&OrderState::New, &OrderCommand::Place { snapshot }, &moment()).unwrap();
        let [OrderEvent::OrderPlaced(placed)] = placed.as_slice() else { panic!("one event places an order") };
        assert_eq!(placed.totals.total_minor, quote.total_minor);
        assert_eq!(placed.totals.carriage_minor, quote.shipping.amount_minor);
        assert_eq!(placed.totals.tax, Tax::Stated { amount_minor: quote.tax.amount_minor });
        assert_eq!(placed.quote.as_deref().unwrap().hash, quote.hash);
    }

    #[test]
    fn the_order_has_the_lines_of_the_quote_and_one_of_carriage() {
        let snapshot = agreed_order(quoted().state().open().unwrap(), None).unwrap();
        let lines = snapshot.lines.iter().map(|line| (line.line, line.kind, line.quantity.get()));
        let (goods, carriage) = (LineKind::Goods, LineKind::Carriage);
        assert_eq!(lines.collect::<Vec<_>>(), [(1, goods, 2), (2, goods, 3), (3, carriage, 1)]);
    }

    #[test]
    fn the_order_is_its_carts_owners_and_reaches_them_the_same_way() {
        let state = quoted().and(ship_to("DE")).state();
        let mut cart = state.open().unwrap().clone();
        cart.email = Some(email_of(subject(), "a@example.com"));
        let terms = Some(CheckoutTerms { payment: None });
        let snapshot = agreed_order(&cart, terms.clone()).unwrap();
        assert_eq!((snapshot.customer_id, snapshot.checkout), (None, terms));
        assert!(cart.shipping_address.is_some());
        let OrderContact { email, shipping_address, billing_address } = snapshot.contact;
        assert_eq!(
            (email, shipping_address, billing_address),
            (cart.email.clone(), cart.shipping_address.clone(), None)
        );
        cart.owner = of_customer().state().owner().unwrap();
        let CartOwner::Customer(customer) = cart.owner else { panic!("the cart is a customer's") };
        assert_eq!(agreed_order(&cart, None).unwrap().customer_id, Some(customer));
    }

    #[test]
    fn without_a_quote_nothing_was_agreed() {
        assert_eq!(agreed_order(shippable().state().open().unwrap(), None), Err(AgreementError::NotQuoted));
    }
}
