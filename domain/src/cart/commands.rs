//! What can be asked of a cart.

use super::{
    events::{CartOwner, MergeStrategy},
    line::{CartLine, LineOption, LinePrice, SkuAvailability},
};
use crate::{
    checkout::CheckoutTerms,
    contact::{Address, Email},
    customer::events::AddressKind,
    ids::{CartId, CartLineId, CustomerId, OrderId, PaymentId},
    money::Currency,
    personal::Personal,
    price::UnitPrice,
    pricing::{Quote, QuoteHash},
    quantity::Quantity,
    text::{Country, Reference, Sku},
};
use serde::{Deserialize, Serialize};

/// The most payments that are attached to one cart.
pub const PAYMENTS_MAX: usize = 16;
/// The most carts that one cart takes in.
pub const ABSORBED_MAX: usize = 256;
/// The most checkouts of one cart that end without an order.
pub const CHECKOUTS_MAX: usize = 256;
/// The longest lease of a claim, in seconds: a day.
pub const LEASE_SECONDS_MAX: u32 = 24 * 60 * 60;

/// How long carts are kept after they last changed; a fact from the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdleLimits {
    /// A guest's cart, in seconds.
    pub guest_seconds: u32,
    /// A customer's cart, in seconds.
    pub customer_seconds: u32,
    /// A cart without lines, in seconds, if that is shorter.
    pub empty_seconds: u32,
}

/// Commands on a cart.
///
/// Prices and what is available are facts of the moment, which the sender gathers. Whatever changes the cart is refused
/// while an order is being made of it and while a payment is attached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum CartCommand {
    /// Begin a cart. Silent if it exists with the same owner, currency and country.
    Create {
        /// Its id, the one of its stream.
        cart_id: CartId,
        /// Whose it is.
        owner: CartOwner,
        /// The currency of all its prices.
        currency: Currency,
        /// Where the goods will go.
        country: Country,
    },
    /// Add units. If a line of the same SKU with the same options is there, they are added to it.
    ///
    /// Silent if the line of this id is there and asks for the same.
    AddLine {
        /// The id of the line, if it becomes one of its own.
        line_id: CartLineId,
        /// What.
        sku: Sku,
        /// Choices, at most [`super::line::OPTIONS_MAX`], each name once, in any order.
        options: Vec<LineOption>,
        /// How many units.
        quantity: Quantity,
        /// The price per unit now, not negative.
        unit_price: UnitPrice,
        /// Units of the SKU that are available in all.
        available: u32,
    },
    /// Ask for another number of units.
    SetQuantity {
        /// The line.
        line_id: CartLineId,
        /// How many units; 0 removes the line, and is silent if it is not there.
        quantity: u32,
        /// Units of the SKU that are available in all; only more units need them.
        available: u32,
    },
    /// Take a line out. Silent if it is not there.
    RemoveLine {
        /// The line.
        line_id: CartLineId,
    },
    /// Take all lines out.
    Clear,
    /// Give an address. A shipping address sets the cart's country.
    SetAddress {
        /// What it is for.
        kind: AddressKind,
        /// The address, of the cart's owner.
        address: Personal<Address>,
        /// Its country.
        country: Country,
    },
    /// Give an e-mail address.
    SetEmail {
        /// The address, of the cart's owner.
        email: Personal<Email>,
    },
    /// Say where the goods will go. Refused if a shipping address says otherwise.
    SetCountry {
        /// The country.
        country: Country,
    },
    /// Select how the goods are shipped.
    SelectShipping {
        /// The method.
        method: Reference,
    },
    /// Change the currency. Every line needs an explicit price in it; no price is ever converted.
    ChangeCurrency {
        /// The currency.
        currency: Currency,
        /// The price of every line in it.
        prices: Vec<LinePrice>,
    },
    /// Record what the cart costs. Refused unless the quote is of exactly what the cart holds.
    Quote {
        /// The quote.
        quote: Box<Quote>,
    },
    /// Claim the cart to make an order of it.
    BeginCompletion {
        /// The quote that the customer agreed to.
        quote_hash: QuoteHash,
        /// Seconds after which the claim lapses, 1 to [`LEASE_SECONDS_MAX`].
        lease_seconds: u32,
    },
    /// Give the claim up. Silent if it is over and nobody claimed the cart since.
    AbortCompletion {
        /// The claim's number.
        fence: u64,
    },
    /// Close the cart because the order is made. Silent if it became this order.
    Convert {
        /// The claim's number, which must be the newest.
        fence: u64,
        /// The order.
        order_id: OrderId,
    },
    /// Close the cart because an order that was made of it was seen to stand, though its claim has lapsed or was released
    /// meanwhile. Silent if it became this order; refused while a claim has not lapsed, whose holder finds the order too.
    ConvertPlaced {
        /// The order.
        order_id: OrderId,
    },
    /// Freeze the cart until its checkout has ended, which makes this order of it. Time alone does not end a checkout.
    ///
    /// Silent if the checkout of this order runs with the same content, and if it has ended: what became of it, the order
    /// says. Terms of payment are needed exactly if the quote has something to pay; others are dropped.
    BeginCheckout {
        /// The order that is going to be placed.
        order_id: OrderId,
        /// The quote that the buyer agreed to.
        quote_hash: QuoteHash,
        /// How the order is to be carried out.
        terms: CheckoutTerms,
        /// What the provider knows the buyer's means of payment by.
        instrument: Option<Reference>,
    },
    /// End the checkout of an order: it was placed and promised, or the cart is free again. Silent if it ended so;
    /// refused if no checkout of this order runs.
    EndCheckout {
        /// The order.
        order_id: OrderId,
        /// Whether the cart became this order.
        placed: bool,
    },
    /// Note that a payment depends on the cart.
    AttachPayment {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Note that it does not any more. Silent if it never did.
    DetachPayment {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Make a guest's cart a customer's. Silent if it is.
    AssignCustomer {
        /// The customer.
        customer_id: CustomerId,
    },
    /// Close a guest's cart whose lines go into another; they stay in its state until that took them in. Silent if they
    /// went there.
    BeginMerge {
        /// The other cart.
        into: CartId,
    },
    /// Leave the lines of a cart that was closed by [`Self::BeginMerge`] for another cart than was said before. The sender
    /// has seen that one end without them; a cart that has ended takes none in any more. Silent if they are left for it.
    RedirectMerge {
        /// The cart that was said before.
        instead_of: CartId,
        /// The other cart.
        into: CartId,
    },
    /// Take in the lines of a cart that was closed by [`Self::BeginMerge`]. Silent if they were taken in before.
    Absorb {
        /// The closed cart.
        from: CartId,
        /// The currency of its lines' prices.
        currency: Currency,
        /// Its lines.
        lines: Vec<CartLine>,
        /// How to bring the lines of both together.
        strategy: MergeStrategy,
        /// What its lines cost in this cart's currency; needed only where the currencies differ, and a line without a
        /// price is then left out.
        prices: Vec<LinePrice>,
        /// What is available of the SKUs of its lines; nothing of a SKU that is not named.
        available: Vec<SkuAvailability>,
    },
    /// Close the cart if nobody came back to it. Refused before it is due.
    Expire {
        /// How long carts are kept.
        limits: IdleLimits,
    },
    /// Make the contact of a guest unreadable for ever; the sender then destroys the subject's key. Silent if there is none
    /// or it was done. Possible for closed carts too.
    EraseContact,
}
