//! Carts: which checkout of each runs, and whether it is still open.

use super::{Checked, ensure, uuid_of};
use crate::reached::{Reached, State};
use std::collections::BTreeMap;
use tillroll_domain::{
    cart::events::CartEvent as Event,
    ids::{CartId, OrderId},
};
use tillroll_infra::event::RecordedEvent;

/// All carts.
#[derive(Debug, Default)]
pub struct Carts(BTreeMap<CartId, Cart>);

/// What is known of a cart.
#[derive(Debug, Default)]
pub struct Cart {
    /// The order that is being made of it.
    pub checkout: Option<OrderId>,
    /// The order that it became.
    pub became: Option<OrderId>,
    /// Whether it is over.
    pub is_closed: bool,
    /// How many checkouts were begun.
    pub checkouts: u32,
}

impl Carts {
    /// A cart.
    #[must_use]
    pub fn cart(&self, id: CartId) -> Option<&Cart> {
        self.0.get(&id)
    }

    /// All carts.
    pub fn all(&self) -> impl Iterator<Item = (CartId, &Cart)> {
        self.0.iter().map(|(id, cart)| (*id, cart))
    }

    pub(super) fn see(&mut self, recorded: &RecordedEvent, event: &Event, reached: &Reached) -> Checked {
        let id = CartId::new(uuid_of(recorded)?);
        let cart = self.0.entry(id).or_default();
        let is_change =
            !matches!(event, Event::CartConverted(_) | Event::CartCompletionReleased(_) | Event::CartContactErased(_));
        ensure(cart.checkout.is_none() || !is_change, "case 14", || {
            format!("{id} changes at {} while its checkout runs: {}", recorded.position, recorded.event_type)
        })?;
        match event {
            Event::CartCheckoutBegan(e) => {
                cart.checkout = Some(e.order_id);
                cart.checkouts += 1;
            }
            Event::CartConverted(e) => {
                (cart.checkout, cart.became, cart.is_closed) = (None, Some(e.order_id), true);
            }
            Event::CartCompletionReleased(_) => cart.checkout = None,
            Event::CartExpired(_) => {
                cart.is_closed = true;
                reached.at(State::CartReaped);
            }
            _ => {}
        }
        Ok(())
    }
}
