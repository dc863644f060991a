//! What can have happened to a cart.
//!
//! Every event says when it happened, since a cart that is left alone expires by that.

use super::line::{CartLine, LeftOut, LineOption, LinePrice};
use crate::{
    checkout::CheckoutTerms,
    contact::{Address, Email},
    customer::events::AddressKind,
    events,
    ids::{CartId, CartLineId, CustomerId, OrderId, PaymentId, SubjectId},
    money::Currency,
    personal::Personal,
    price::UnitPrice,
    pricing::{Quote, QuoteHash},
    quantity::Quantity,
    text::{Country, Reference, Sku},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

events! {
    /// The history of a cart.
    pub enum CartEvent {
        CartCreated = 1;
        CartLineAdded = 1;
        CartLineQuantityChanged = 1;
        CartLineRemoved = 1;
        CartCleared = 1;
        CartAddressSet = 1;
        CartEmailSet = 1;
        CartCountryChanged = 1;
        CartShippingSelected = 1;
        CartCurrencyChanged = 1;
        CartQuoted = 1;
        CartCompletionClaimed = 1;
        CartCheckoutBegan = 1;
        CartCompletionReleased = 1;
        CartConverted = 1;
        CartPaymentAttached = 1;
        CartPaymentDetached = 1;
        CartAssigned = 1;
        CartMerged = 1;
        CartAbsorbed = 1;
        CartExpired = 1;
        CartContactErased = 1;
    }
}

/// Whose cart it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "customer_id")]
pub enum CartOwner {
    /// Whoever holds the cart's secret.
    Guest,
    /// A customer.
    Customer(CustomerId),
}

/// What becomes of the lines when a guest's cart goes into a customer's.
///
/// A line is the same in both if SKU and options are. If one of the two carts is empty, the lines of the other remain,
/// whichever strategy is named. No strategy asks for more than is available, nor for more than a cart holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeStrategy {
    /// All lines of both; the units of the same line add up.
    Sum,
    /// All lines of both; of the same line the larger number of units.
    #[default]
    Larger,
    /// Only the guest's lines.
    GuestWins,
    /// Only the customer's lines.
    CustomerWins,
}

/// Why a claim for completion ended without an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseCause {
    /// Whoever held it gave it up.
    Aborted,
    /// Its time was over.
    Lapsed,
    /// The checkout came to nothing: there was no stock, or the money did not arrive.
    CheckoutFailed,
}

/// Somebody began to collect what they may buy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartCreated {
    /// The cart; the UUID is that of its stream, and as a subject's that of a guest's personal data.
    pub cart_id: CartId,
    /// Whose it is.
    pub owner: CartOwner,
    /// The currency of all its prices.
    pub currency: Currency,
    /// Where the goods will go; an ISO 3166-1 alpha-2 code.
    pub country: Country,
    /// When.
    pub at: DateTime<Utc>,
}

/// A line that was not there before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartLineAdded {
    /// The line.
    pub line_id: CartLineId,
    /// What.
    pub sku: Sku,
    /// The choices, by name.
    pub options: Vec<LineOption>,
    /// How many units.
    pub quantity: Quantity,
    /// The price per unit at that moment, in the cart's currency.
    pub unit_price: UnitPrice,
    /// When.
    pub at: DateTime<Utc>,
}

/// A line asks for more or fewer units than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartLineQuantityChanged {
    /// The line.
    pub line_id: CartLineId,
    /// How many units it asks for now.
    pub quantity: Quantity,
    /// When.
    pub at: DateTime<Utc>,
}

/// A line was taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartLineRemoved {
    /// The line.
    pub line_id: CartLineId,
    /// When.
    pub at: DateTime<Utc>,
}

/// All lines were taken out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartCleared {
    /// When.
    pub at: DateTime<Utc>,
}

/// An address was given. A shipping address also says to which country the goods go: its country is the cart's.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartAddressSet {
    /// What it is for.
    pub kind: AddressKind,
    /// The address.
    pub address: Personal<Address>,
    /// Its country, which is not personal.
    pub country: Country,
    /// When.
    pub at: DateTime<Utc>,
}

/// An e-mail address was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartEmailSet {
    /// The address.
    pub email: Personal<Email>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The goods will go to another country.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartCountryChanged {
    /// The country.
    pub country: Country,
    /// When.
    pub at: DateTime<Utc>,
}

/// A way to ship the goods was selected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartShippingSelected {
    /// The method.
    pub method: Reference,
    /// When.
    pub at: DateTime<Utc>,
}

/// The cart is in another currency, and every line has an explicit price in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartCurrencyChanged {
    /// The currency.
    pub currency: Currency,
    /// The price of every line.
    pub prices: Vec<LinePrice>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What the cart costs was worked out. Whatever changes what it was worked out from makes it void.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartQuoted {
    /// The whole quote.
    pub quote: Box<Quote>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Somebody began to make an order of the cart; until the claim ends, nothing else changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartCompletionClaimed {
    /// The claim's number; each claim has a higher one than all before.
    pub fence: u64,
    /// The quote that the order will be made of.
    pub quote_hash: QuoteHash,
    /// When the claim lapses.
    pub expires_at: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The checkout of the cart began: until it has ended, however long that takes, nothing else changes the cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartCheckoutBegan {
    /// The claim's number; each claim has a higher one than all before.
    pub fence: u64,
    /// The order that is going to be placed.
    pub order_id: OrderId,
    /// The quote that it is made of.
    pub quote_hash: QuoteHash,
    /// How it is to be carried out; without payment exactly if the quote has nothing to pay.
    pub terms: CheckoutTerms,
    /// What the provider knows the buyer's means of payment by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Reference>,
    /// When.
    pub at: DateTime<Utc>,
}

/// A claim ended without an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartCompletionReleased {
    /// The claim's number.
    pub fence: u64,
    /// Why.
    pub cause: ReleaseCause,
    /// When.
    pub at: DateTime<Utc>,
}

/// The cart became an order, and never changes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartConverted {
    /// The newest claim. The order was made under it or, if it was seen to stand only later, under an earlier one.
    pub fence: u64,
    /// The order.
    pub order_id: OrderId,
    /// When.
    pub at: DateTime<Utc>,
}

/// A payment depends on the cart, which therefore neither changes nor expires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartPaymentAttached {
    /// The payment.
    pub payment_id: PaymentId,
    /// When.
    pub at: DateTime<Utc>,
}

/// A payment does not depend on the cart any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartPaymentDetached {
    /// The payment.
    pub payment_id: PaymentId,
    /// When.
    pub at: DateTime<Utc>,
}

/// A guest's cart became a customer's. The guest's contact does not go along: the customer has their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartAssigned {
    /// Whose it is now.
    pub customer_id: CustomerId,
    /// When.
    pub at: DateTime<Utc>,
}

/// The lines left for another cart, and nothing else changes here again. A further one names a third cart: the one before
/// had ended and did not take them in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartMerged {
    /// The cart that takes them in.
    pub into: CartId,
    /// The currency of the lines' prices.
    pub currency: Currency,
    /// The lines.
    pub lines: Vec<CartLine>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The lines of another cart were taken in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartAbsorbed {
    /// The other cart.
    pub from: CartId,
    /// How the lines of both were brought together.
    pub strategy: MergeStrategy,
    /// All lines of the cart from now on.
    pub lines: Vec<CartLine>,
    /// Units that the strategy would have taken, and for which there was no stock, room or price.
    pub left_out: Vec<LeftOut>,
    /// When.
    pub at: DateTime<Utc>,
}

/// Nobody came back to the cart, and it never changes again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartExpired {
    /// When it had last changed.
    pub idle_since: DateTime<Utc>,
    /// When.
    pub at: DateTime<Utc>,
}

/// The contact of a guest is to be readable by nobody: from now on the subject's key is destroyed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartContactErased {
    /// The guest, whose id is the cart's.
    pub subject: SubjectId,
    /// When.
    pub at: DateTime<Utc>,
}
