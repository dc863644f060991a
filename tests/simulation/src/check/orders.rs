//! Orders: one per cart, agreed as quoted, confirmed when paid, and nothing leaves unpaid.

use super::{Checked, Payments, Violation, ensure, uuid_of};
use crate::reached::{Reached, State};
use std::collections::{BTreeMap, BTreeSet};
use tillroll_domain::{
    aggregate::Aggregate,
    checkout::StockHold,
    ids::{CartId, OrderId},
    order::{
        CancelCause, Order,
        events::OrderEvent as Event,
        state::{OrderState, PlacedOrder},
        status::Lifecycle,
    },
    pricing::QuoteHash,
};
use tillroll_infra::event::RecordedEvent;

/// All orders.
#[derive(Debug, Default)]
pub struct Orders {
    books: BTreeMap<OrderId, OrderBook>,
    /// Per cart its orders that are not cancelled.
    of_cart: BTreeMap<CartId, BTreeSet<OrderId>>,
}

/// One order.
#[derive(Debug)]
pub struct OrderBook {
    state: OrderState,
    /// What the buyer agreed to.
    pub quote: Option<QuoteHash>,
    /// What the quote comes to.
    pub total_minor: i64,
    /// Whether a checkout made it.
    pub is_checkout: bool,
    /// The cart that it was made of.
    pub cart: Option<CartId>,
    /// Whether it was ever promised.
    pub was_confirmed: bool,
    /// Why it was cancelled, where it was and said so.
    pub cause: Option<CancelCause>,
    /// What its cancelled and returned units were worth.
    pub given_up_minor: i64,
}

impl OrderBook {
    /// The order as the domain sees it; `None` before it was placed, which never is so here.
    #[must_use]
    pub fn placed(&self) -> Option<&PlacedOrder> {
        self.state.placed().ok()
    }

    /// How far the agreement has come.
    #[must_use]
    pub fn lifecycle(&self) -> Option<Lifecycle> {
        self.placed().map(PlacedOrder::lifecycle)
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.lifecycle() == Some(Lifecycle::Cancelled)
    }

    /// What is held for it.
    #[must_use]
    pub fn holds(&self) -> &[StockHold] {
        self.placed().map_or(&[], PlacedOrder::holds)
    }
}

impl Orders {
    /// An order.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<&OrderBook> {
        self.books.get(&id)
    }

    /// All orders.
    pub fn all(&self) -> impl Iterator<Item = (OrderId, &OrderBook)> {
        self.books.iter().map(|(id, book)| (*id, book))
    }

    /// The orders of a cart that are not cancelled.
    #[must_use]
    pub fn live_of_cart(&self, cart: CartId) -> Vec<OrderId> {
        self.of_cart.get(&cart).into_iter().flatten().copied().collect()
    }

    pub(super) fn see(
        &mut self,
        recorded: &RecordedEvent,
        event: &Event,
        payments: &Payments,
        reached: &Reached,
    ) -> Checked {
        let id = OrderId::new(uuid_of(recorded)?);
        let wrong =
            |invariant, what: String| Err(Violation::new(invariant, format!("{id} at {}: {what}", recorded.position)));
        if let Event::OrderPlaced(placed) = event {
            let cart = placed.cart_id;
            let book = OrderBook {
                state: OrderState::New,
                quote: placed.quote.as_ref().map(|quote| quote.hash),
                total_minor: placed.totals.total_minor,
                is_checkout: placed.checkout.is_some(),
                cart,
                was_confirmed: false,
                cause: None,
                given_up_minor: 0,
            };
            let sum: i64 = placed.lines.iter().map(|line| line.amount_minor).sum();
            let tax = match placed.totals.tax {
                tillroll_domain::order::events::Tax::NotStated => 0,
                tillroll_domain::order::events::Tax::Stated { amount_minor } => amount_minor,
            };
            let total = sum - 2 * placed.totals.discount_minor + tax;
            ensure(total == placed.totals.total_minor, "property 3", || {
                format!("{id} comes to {} and its lines with tax to {total}", placed.totals.total_minor)
            })?;
            if book.is_checkout
                && let Some(cart) = cart
            {
                let live = self.of_cart.entry(cart).or_default();
                live.insert(id);
                if live.len() > 1 {
                    return wrong("property 2", format!("{cart} has the orders {live:?}"));
                }
            }
            if self.books.insert(id, book).is_some() {
                return wrong("property 2", "it is placed a second time".to_owned());
            }
        }
        let Some(book) = self.books.get_mut(&id) else {
            return wrong("history", format!("{} comes before it was placed", recorded.event_type));
        };
        book.state = Order::evolve(std::mem::replace(&mut book.state, OrderState::New), event);
        match event {
            Event::OrderCancelled(e) => {
                if let Some(cart) = book.cart {
                    self.of_cart.entry(cart).or_default().remove(&id);
                }
                book.cause.clone_from(&e.cause);
                match &e.cause {
                    Some(CancelCause::Buyer) => reached.at(State::CancelledByBuyer),
                    Some(CancelCause::PaymentOverdue) => reached.at(State::PaymentOverdue),
                    Some(CancelCause::InsufficientStock { .. }) => reached.at(State::InsufficientByRace),
                    _ => {}
                }
                if book.was_confirmed {
                    reached.at(State::CancelledConfirmed);
                } else if payments.of_order(id).next().is_some() {
                    reached.at(State::CancelledUnpaid);
                }
            }
            Event::OrderConfirmed(_) if book.is_checkout => {
                book.was_confirmed = true;
                let best: i64 = payments.of_order(id).map(|(_, payment)| payment.most_paid_minor).sum();
                ensure(best >= book.total_minor, "property 3", || {
                    format!("{id} is confirmed; {best} of {} was ever paid", book.total_minor)
                })?;
                let attempts = payments.of_order(id).map(|(_, payment)| payment.attempts).max();
                if attempts.unwrap_or(0) > 1 {
                    reached.at(State::PaidAtSecondTry);
                }
                if book.total_minor == 0 {
                    reached.at(State::ZeroTotal);
                }
                let holds = book.holds();
                if holds
                    .iter()
                    .any(|hold| holds.iter().any(|other| other.sku == hold.sku && other.location != hold.location))
                {
                    reached.at(State::SplitOverLocations);
                }
            }
            Event::OrderLinesCancelled(e) => book.given_up_minor += e.value_minor.unwrap_or(0),
            Event::OrderLinesReturned(e) => book.given_up_minor += e.value_minor.unwrap_or(0),
            Event::OrderLinesShipped(_) if book.is_checkout => {
                reached.at(State::ShipmentSent);
                if let Ok(order) = book.state.placed()
                    && order.payment_terms().is_some()
                {
                    let due = order.value_minor(|line| line.shipped);
                    let captured: i64 = payments.of_order(id).map(|(_, payment)| payment.captured_minor()).sum();
                    ensure(captured >= due, "case 28", || {
                        format!("{id} at {}: {due} left and {captured} was captured", recorded.position)
                    })?;
                }
            }
            _ => {}
        }
        ensure((0..=book.total_minor).contains(&book.given_up_minor), "property 4", || {
            format!("{id}: units worth {} of {} were given up", book.given_up_minor, book.total_minor)
        })
    }
}
