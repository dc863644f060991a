//! What decisions on a cart need to know about its past.

pub use super::claim::{ClaimHolder, CompletionClaim, RunningCheckout};

use super::{
    error::{CartError, EndingName},
    events::{CartAbsorbed, CartAddressSet, CartCheckoutBegan, CartCreated, CartEvent as Event, CartOwner},
    line::{CartLine, LinePrice, price_of},
};
use crate::{
    contact::{Address, Email},
    customer::events::AddressKind,
    ids::{CartId, CartLineId, OrderId, PaymentId, SubjectId},
    money::Currency,
    personal::Personal,
    pricing::Quote,
    text::{Country, Reference},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A cart, or none yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartState {
    /// Nobody created it.
    Absent,
    /// It can be filled, quoted and completed.
    Open(Box<OpenCart>),
    /// It never changes again.
    Closed(Box<ClosedCart>),
}

/// A cart that has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenCart {
    /// Its id.
    pub cart_id: CartId,
    /// Whose it is.
    pub owner: CartOwner,
    /// The currency of all its prices.
    pub currency: Currency,
    /// Where the goods will go; that of the shipping address, if there is one.
    pub country: Country,
    /// Its lines, in the order in which they came.
    pub lines: Vec<CartLine>,
    /// Where the goods go.
    pub shipping_address: Option<Personal<Address>>,
    /// Where the bill goes.
    pub billing_address: Option<Personal<Address>>,
    /// Whom to write to.
    pub email: Option<Personal<Email>>,
    /// How the goods are shipped.
    pub shipping_method: Option<Reference>,
    /// What it costs; of exactly these lines, this country, method and currency. It may have expired.
    pub quote: Option<Box<Quote>>,
    /// The claim of whoever makes an order of it; a lease may have lapsed.
    pub claim: Option<CompletionClaim>,
    /// Orders whose checkouts came to nothing.
    pub ended_checkouts: BTreeSet<OrderId>,
    /// The number of the newest claim; 0 if there never was one.
    pub last_fence: u64,
    /// Payments that depend on it.
    pub payments: BTreeSet<PaymentId>,
    /// Carts whose lines it took in.
    pub absorbed: BTreeSet<CartId>,
    /// What became of the contact that a guest gave.
    pub guest_contact: GuestContact,
    /// When it last changed.
    pub last_activity: DateTime<Utc>,
}

/// What became of the contact that a guest gave: of what was sealed under the cart's own subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GuestContact {
    /// None was given.
    Never,
    /// Some was given.
    Given,
    /// It was given and erased.
    Erased,
}

/// A cart that has ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClosedCart {
    /// Its id.
    pub cart_id: CartId,
    /// Whose it was.
    pub owner: CartOwner,
    /// How it ended.
    pub ending: CartEnding,
    /// Carts whose lines it took in.
    pub absorbed: BTreeSet<CartId>,
    /// What became of the contact that a guest gave.
    pub guest_contact: GuestContact,
}

/// How a cart ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CartEnding {
    /// Its lines left for another cart.
    Merged {
        /// That cart; if it was redirected, the newest.
        into: CartId,
        /// The currency of the lines' prices.
        currency: Currency,
        /// Where the goods would have gone.
        country: Country,
        /// The lines, for whoever completes the merge.
        lines: Vec<CartLine>,
    },
    /// It became an order.
    Converted {
        /// The order.
        order_id: OrderId,
    },
    /// Nobody came back to it.
    Expired,
}

impl CartEnding {
    fn refusal(&self) -> CartError {
        match self {
            Self::Merged { .. } => CartError::Closed { ending: EndingName::Merged, order_id: None },
            Self::Converted { order_id } => {
                CartError::Closed { ending: EndingName::Converted, order_id: Some(*order_id) }
            }
            Self::Expired => CartError::Closed { ending: EndingName::Expired, order_id: None },
        }
    }
}

/// The subject of what a guest says of themselves in a cart.
#[must_use]
pub const fn guest_subject(cart_id: CartId) -> SubjectId {
    SubjectId::new(cart_id.uuid())
}

/// The subject of what is said in a cart of this owner.
const fn subject_of(cart_id: CartId, owner: CartOwner) -> SubjectId {
    match owner {
        CartOwner::Guest => guest_subject(cart_id),
        CartOwner::Customer(customer_id) => SubjectId::new(customer_id.uuid()),
    }
}

impl CartState {
    /// Whose the cart is or was; `None` if there is no such cart.
    #[must_use]
    pub fn owner(&self) -> Option<CartOwner> {
        match self {
            Self::Absent => None,
            Self::Open(cart) => Some(cart.owner),
            Self::Closed(cart) => Some(cart.owner),
        }
    }

    /// The cart, if it is open.
    ///
    /// # Errors
    /// [`CartError::NotFound`] and [`CartError::Closed`].
    pub fn open(&self) -> Result<&OpenCart, CartError> {
        match self {
            Self::Absent => Err(CartError::NotFound),
            Self::Open(cart) => Ok(cart),
            Self::Closed(cart) => Err(cart.ending.refusal()),
        }
    }

    /// Whose personal data the cart takes or took, as its owner stands; `None` if there is no such cart.
    #[must_use]
    pub fn subject(&self) -> Option<SubjectId> {
        match self {
            Self::Absent => None,
            Self::Open(cart) => Some(cart.subject()),
            Self::Closed(cart) => Some(subject_of(cart.cart_id, cart.owner)),
        }
    }

    /// Whether the cart took the lines of another one in, also if it has ended since.
    #[must_use]
    pub fn has_absorbed(&self, other: CartId) -> bool {
        match self {
            Self::Absent => false,
            Self::Open(cart) => cart.absorbed.contains(&other),
            Self::Closed(cart) => cart.absorbed.contains(&other),
        }
    }

    pub(super) fn apply(self, event: &Event) -> Self {
        match (self, event) {
            (before, Event::CartCreated(e)) => {
                debug_assert!(before == Self::Absent, "a cart is created once");
                Self::Open(Box::new(OpenCart::new(e)))
            }
            (Self::Open(cart), event) => cart.apply(event),
            (Self::Closed(mut cart), Event::CartContactErased(_)) => {
                cart.guest_contact = GuestContact::Erased;
                Self::Closed(cart)
            }
            (Self::Closed(mut cart), Event::CartMerged(e)) => {
                debug_assert!(matches!(cart.ending, CartEnding::Merged { .. }), "only a merge is redirected");
                if let CartEnding::Merged { into, .. } = &mut cart.ending {
                    *into = e.into;
                }
                Self::Closed(cart)
            }
            (before, _) => {
                debug_assert!(false, "the first event creates the cart, and a closed cart does not change");
                before
            }
        }
    }
}

impl OpenCart {
    fn new(e: &CartCreated) -> Self {
        Self {
            cart_id: e.cart_id,
            owner: e.owner,
            currency: e.currency,
            country: e.country.clone(),
            lines: vec![],
            shipping_address: None,
            billing_address: None,
            email: None,
            shipping_method: None,
            quote: None,
            claim: None,
            ended_checkouts: BTreeSet::new(),
            last_fence: 0,
            payments: BTreeSet::new(),
            absorbed: BTreeSet::new(),
            guest_contact: GuestContact::Never,
            last_activity: e.at,
        }
    }

    /// Whose the personal data in the cart must be.
    #[must_use]
    pub fn subject(&self) -> SubjectId {
        subject_of(self.cart_id, self.owner)
    }

    /// The claim that has not lapsed.
    #[must_use]
    pub fn live_claim(&self, now: DateTime<Utc>) -> Option<&CompletionClaim> {
        self.claim.as_ref().filter(|claim| claim.is_live(now))
    }

    /// The checkout that runs.
    #[must_use]
    pub fn running_checkout(&self) -> Option<&RunningCheckout> {
        match &self.claim.as_ref()?.holder {
            ClaimHolder::Checkout(checkout) => Some(checkout),
            ClaimHolder::Lease { .. } => None,
        }
    }

    /// The line of an id, or the refusal that there is none.
    pub(super) fn line(&self, line_id: CartLineId) -> Result<&CartLine, CartError> {
        self.lines.iter().find(|line| line.line_id == line_id).ok_or(CartError::LineNotFound { line_id })
    }

    fn apply(mut self: Box<Self>, event: &Event) -> CartState {
        self.last_activity = at(event);
        match event {
            Event::CartCreated(_) => {}
            Event::CartLineAdded(e) => {
                self.quote = None;
                self.lines.push(CartLine {
                    line_id: e.line_id,
                    sku: e.sku.clone(),
                    options: e.options.clone(),
                    quantity: e.quantity,
                    unit_price: e.unit_price,
                });
            }
            Event::CartLineQuantityChanged(e) => {
                self.quote = None;
                let line = self.lines.iter_mut().find(|line| line.line_id == e.line_id);
                debug_assert!(line.is_some(), "only a line that was added changes");
                if let Some(line) = line {
                    line.quantity = e.quantity;
                }
            }
            Event::CartLineRemoved(e) => {
                self.quote = None;
                self.lines.retain(|line| line.line_id != e.line_id);
            }
            Event::CartCleared(_) => {
                self.quote = None;
                self.lines.clear();
            }
            Event::CartAddressSet(e) => self.address(e),
            Event::CartEmailSet(e) => {
                self.contact_given();
                self.email = Some(e.email.clone());
            }
            Event::CartCountryChanged(e) => self.go_to(&e.country),
            Event::CartShippingSelected(e) => {
                self.quote = None;
                self.shipping_method = Some(e.method.clone());
            }
            Event::CartCurrencyChanged(e) => self.reprice(e.currency, &e.prices),
            Event::CartQuoted(e) => self.quote = Some(e.quote.clone()),
            Event::CartCompletionClaimed(e) => {
                let holder = ClaimHolder::Lease { expires_at: e.expires_at };
                self.claim = Some(CompletionClaim { fence: e.fence, holder });
                self.last_fence = e.fence;
            }
            Event::CartCheckoutBegan(e) => self.check_out(e),
            Event::CartCompletionReleased(_) => {
                self.ended_checkouts.extend(self.running_checkout().map(|checkout| checkout.order_id));
                self.claim = None;
            }
            Event::CartPaymentAttached(e) => {
                self.payments.insert(e.payment_id);
            }
            Event::CartPaymentDetached(e) => {
                self.payments.remove(&e.payment_id);
            }
            Event::CartAssigned(e) => {
                self.owner = CartOwner::Customer(e.customer_id);
                self.forget_contact();
            }
            Event::CartAbsorbed(e) => self.absorb(e),
            Event::CartContactErased(e) => {
                self.guest_contact = GuestContact::Erased;
                if self.subject() == e.subject {
                    self.forget_contact();
                }
            }
            Event::CartConverted(e) => return self.close(CartEnding::Converted { order_id: e.order_id }),
            Event::CartMerged(e) => {
                let (into, currency, country) = (e.into, e.currency, self.country.clone());
                return self.close(CartEnding::Merged { into, currency, country, lines: e.lines.clone() });
            }
            Event::CartExpired(_) => return self.close(CartEnding::Expired),
        }
        CartState::Open(self)
    }

    fn check_out(&mut self, e: &CartCheckoutBegan) {
        let CartCheckoutBegan { fence, order_id, quote_hash, terms, instrument, at: _ } = e.clone();
        let holder = ClaimHolder::Checkout(Box::new(RunningCheckout { order_id, quote_hash, terms, instrument }));
        self.claim = Some(CompletionClaim { fence, holder });
        self.last_fence = fence;
    }

    fn address(&mut self, e: &CartAddressSet) {
        self.contact_given();
        match e.kind {
            AddressKind::Shipping => {
                self.shipping_address = Some(e.address.clone());
                self.go_to(&e.country);
            }
            AddressKind::Billing => self.billing_address = Some(e.address.clone()),
        }
    }

    fn go_to(&mut self, country: &Country) {
        if self.country != *country {
            self.country = country.clone();
            self.quote = None;
        }
    }

    fn reprice(&mut self, currency: Currency, prices: &[LinePrice]) {
        self.currency = currency;
        self.quote = None;
        for line in &mut self.lines {
            let price = price_of(prices, line.line_id);
            debug_assert!(price.is_some(), "a currency is changed with a price for every line");
            line.unit_price = price.unwrap_or(line.unit_price);
        }
    }

    fn absorb(&mut self, e: &CartAbsorbed) {
        self.absorbed.insert(e.from);
        if self.lines != e.lines {
            self.lines = e.lines.clone();
            self.quote = None;
        }
    }

    fn contact_given(&mut self) {
        if self.owner == CartOwner::Guest {
            self.guest_contact = GuestContact::Given;
        }
    }

    fn forget_contact(&mut self) {
        self.shipping_address = None;
        self.billing_address = None;
        self.email = None;
    }

    fn close(&self, ending: CartEnding) -> CartState {
        CartState::Closed(Box::new(ClosedCart {
            cart_id: self.cart_id,
            owner: self.owner,
            ending,
            absorbed: self.absorbed.clone(),
            guest_contact: self.guest_contact,
        }))
    }
}

/// When an event happened.
fn at(event: &Event) -> DateTime<Utc> {
    match event {
        Event::CartCreated(e) => e.at,
        Event::CartLineAdded(e) => e.at,
        Event::CartLineQuantityChanged(e) => e.at,
        Event::CartLineRemoved(e) => e.at,
        Event::CartCleared(e) => e.at,
        Event::CartAddressSet(e) => e.at,
        Event::CartEmailSet(e) => e.at,
        Event::CartCountryChanged(e) => e.at,
        Event::CartShippingSelected(e) => e.at,
        Event::CartCurrencyChanged(e) => e.at,
        Event::CartQuoted(e) => e.at,
        Event::CartCompletionClaimed(e) => e.at,
        Event::CartCheckoutBegan(e) => e.at,
        Event::CartCompletionReleased(e) => e.at,
        Event::CartConverted(e) => e.at,
        Event::CartPaymentAttached(e) => e.at,
        Event::CartPaymentDetached(e) => e.at,
        Event::CartAssigned(e) => e.at,
        Event::CartMerged(e) => e.at,
        Event::CartAbsorbed(e) => e.at,
        Event::CartExpired(e) => e.at,
        Event::CartContactErased(e) => e.at,
    }
}
