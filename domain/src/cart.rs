//! Carts: what a guest or a customer may buy, what it costs, and how it becomes one order.
//!
//! A cart is its only writer, so that adding lines from several devices at once loses none. Its quote is of exactly what it
//! holds; whatever changes that makes the quote void.
//!
//! **Invariant:** while a claim for completion has not lapsed (that of a checkout never does; it is ended), and while a payment
//! is attached, nothing changes the cart.
//! **Invariant:** each claim has a higher fence than all before; only the newest converts the cart, unless none is left and an
//! order of the cart was seen to stand.
//! **Invariant:** a cart with money attached never expires.
//! **Invariant:** a closed cart never changes again, except that a guest's contact may still be erased, and that the lines of
//! a merge may be left for another cart, if the one before ended without them.

pub mod agreement;
pub mod commands;
pub mod error;
pub mod events;
pub mod line;
pub mod state;

mod absorb;
mod checkout;
mod claim;
mod completion;
mod contact;
mod create;
mod expire;
mod lines;
mod merge;
mod payments;
mod quote;
mod terms;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use crate::customer::events::AddressKind;
pub use claim::{ClaimHolder, CompletionClaim, RunningCheckout};
pub use error::CartError;
pub use events::{CartOwner, MergeStrategy};
pub use line::{CartLine, LineOption};
pub use state::{CartEnding, CartState, ClosedCart, GuestContact, OpenCart, guest_subject};

use crate::aggregate::{Aggregate, Moment};
use chrono::{DateTime, Utc};
use commands::CartCommand as Command;
use events::{CartCompletionReleased, CartEvent, ReleaseCause};

/// A cart; its stream's id is the UUID of a [`crate::ids::CartId`].
#[derive(Debug, Clone, Copy)]
pub struct Cart;

/// What a command makes happen, or why not.
type Decision = Result<Vec<CartEvent>, CartError>;

impl Aggregate for Cart {
    const CATEGORY: &'static str = "cart";
    const STATE_VERSION: u16 = 2;
    type State = CartState;
    type Command = Command;
    type Event = CartEvent;
    type Error = CartError;

    fn initial() -> CartState {
        CartState::Absent
    }

    fn decide(state: &CartState, command: &Command, moment: &Moment) -> Decision {
        let now = moment.now;
        match command {
            Command::Create { cart_id, owner, currency, country } => {
                create::create(state, *cart_id, *owner, *currency, country, now)
            }
            Command::AddLine { line_id, sku, options, quantity, unit_price, available } => change(state, now, |cart| {
                let line =
                    lines::Asked { line_id: *line_id, sku, options, quantity: *quantity, unit_price: *unit_price };
                lines::add(cart, &line, *available, now)
            }),
            Command::SetQuantity { line_id, quantity, available } => {
                change(state, now, |cart| lines::set_quantity(cart, *line_id, *quantity, *available, now))
            }
            Command::RemoveLine { line_id } => change(state, now, |cart| Ok(lines::remove(cart, *line_id, now))),
            Command::Clear => change(state, now, |cart| Ok(lines::clear(cart, now))),
            Command::SetAddress { kind, address, country } => {
                change(state, now, |cart| contact::set_address(cart, *kind, address, country, now))
            }
            Command::SetEmail { email } => change(state, now, |cart| contact::set_email(cart, email, now)),
            Command::SetCountry { country } => change(state, now, |cart| terms::set_country(cart, country, now)),
            Command::SelectShipping { method } => {
                change(state, now, |cart| Ok(terms::select_shipping(cart, method, now)))
            }
            Command::ChangeCurrency { currency, prices } => {
                change(state, now, |cart| terms::change_currency(cart, *currency, prices, now))
            }
            Command::Quote { quote } => change(state, now, |cart| quote::record(cart, quote, now)),
            Command::BeginCompletion { quote_hash, lease_seconds } => {
                completion::begin(state, *quote_hash, *lease_seconds, now)
            }
            Command::AbortCompletion { fence } => completion::abort(state, *fence, now),
            Command::Convert { fence, order_id } => completion::convert(state, *fence, *order_id, now),
            Command::ConvertPlaced { order_id } => completion::convert_placed(state, *order_id, now),
            Command::BeginCheckout { order_id, quote_hash, terms, instrument } => {
                let asked = RunningCheckout {
                    order_id: *order_id,
                    quote_hash: *quote_hash,
                    terms: terms.clone(),
                    instrument: instrument.clone(),
                };
                checkout::begin(state, asked, now)
            }
            Command::EndCheckout { order_id, placed } => checkout::end(state, *order_id, *placed, now),
            Command::AttachPayment { payment_id } => payments::attach(state, *payment_id, now),
            Command::DetachPayment { payment_id } => payments::detach(state, *payment_id, now),
            Command::AssignCustomer { customer_id } => {
                change(state, now, |cart| contact::assign(cart, *customer_id, now))
            }
            Command::BeginMerge { into } => merge::begin(state, *into, now),
            Command::RedirectMerge { instead_of, into } => merge::redirect(state, *instead_of, *into, now),
            Command::Absorb { from, currency, lines, strategy, prices, available } => {
                let other = absorb::Other { cart_id: *from, currency: *currency, lines, prices, available };
                absorb::absorb(state, &other, *strategy, now)
            }
            Command::Expire { limits } => expire::expire(state, limits, now),
            Command::EraseContact => contact::erase(state, now),
        }
    }

    fn evolve(state: CartState, event: &CartEvent) -> CartState {
        state.apply(event)
    }
}

/// Decides on what changes an open cart: refused while somebody makes an order of it or a payment depends on it. A claim
/// that has lapsed is released first, so that whoever held it finds its fence void.
fn change(
    state: &CartState,
    now: DateTime<Utc>,
    decide: impl FnOnce(&OpenCart) -> Result<Vec<CartEvent>, CartError>,
) -> Decision {
    let cart = state.open()?;
    cart.free_of_claim(now)?;
    if !cart.payments.is_empty() {
        return Err(CartError::PaymentAttached);
    }
    Ok(over_lapsed_claim(cart, decide(cart)?, now))
}

/// Puts the release of a lapsed claim in front of what happens over it.
fn over_lapsed_claim(cart: &OpenCart, mut events: Vec<CartEvent>, now: DateTime<Utc>) -> Vec<CartEvent> {
    if let (Some(claim), false) = (&cart.claim, events.is_empty()) {
        let released = CartCompletionReleased { fence: claim.fence, cause: ReleaseCause::Lapsed, at: now };
        events.insert(0, released.into());
    }
    events
}

impl OpenCart {
    /// Refuses what may not happen while an order is being made of the cart.
    fn free_of_claim(&self, now: DateTime<Utc>) -> Result<(), CartError> {
        match self.live_claim(now).map(|claim| &claim.holder) {
            Some(ClaimHolder::Lease { expires_at }) => Err(CartError::CompletionInProgress { until: *expires_at }),
            Some(ClaimHolder::Checkout(checkout)) => Err(CartError::CheckoutInProgress { order_id: checkout.order_id }),
            None => Ok(()),
        }
    }
}
