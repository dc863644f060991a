//! Why a command on a cart is refused.

use crate::{
    ids::{CartId, CartLineId, CustomerId, OrderId},
    money::Currency,
    pricing::QuoteHash,
    text::{Country, Name, Sku},
};
use chrono::{DateTime, Utc};
use thiserror::Error;

/// How a cart ended, as one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndingName {
    /// Its lines went into another cart.
    Merged,
    /// It became an order.
    Converted,
    /// Nobody came back to it.
    Expired,
}

impl EndingName {
    /// The word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::Converted => "converted",
            Self::Expired => "expired",
        }
    }
}

/// Why a cart refused a command; nothing changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CartError {
    /// Nobody created the cart.
    #[error("the cart does not exist")]
    NotFound,
    /// The cart exists with another owner, currency or country.
    #[error("the cart exists already, with another owner, currency or country")]
    ExistsDifferently,
    /// The cart has ended and never changes again.
    #[error("the cart is closed: it is {}", ending.as_str())]
    Closed {
        /// How it ended.
        ending: EndingName,
        /// The order it became, if it became one.
        order_id: Option<OrderId>,
    },
    /// An order is being made of the cart.
    #[error("an order is being made of the cart until {until} at the latest")]
    CompletionInProgress {
        /// When the claim lapses.
        until: DateTime<Utc>,
    },
    /// The checkout of an order runs, however long it takes.
    #[error("the checkout of {order_id} is in progress")]
    CheckoutInProgress {
        /// The order.
        order_id: OrderId,
    },
    /// No checkout of this order runs.
    #[error("no checkout of {order_id} is in progress")]
    CheckoutNotRunning {
        /// The order.
        order_id: OrderId,
    },
    /// As many checkouts of the cart as there may be have come to nothing.
    #[error("at most {max} checkouts of a cart come to nothing")]
    TooManyCheckouts {
        /// The bound.
        max: usize,
    },
    /// There is something to pay, and nothing says how.
    #[error("there are {total_minor} minor units to pay, so the checkout must say how")]
    PaymentRequired {
        /// What the quote comes to, in minor units.
        total_minor: i64,
    },
    /// Money is attached to the cart, so that it may not change.
    #[error("a payment is attached to the cart, which therefore does not change")]
    PaymentAttached,
    /// The cart has no such line.
    #[error("the cart has no line {line_id}")]
    LineNotFound {
        /// The line.
        line_id: CartLineId,
    },
    /// The id is that of a line that asks for something else.
    #[error("the line {line_id} asks for something else")]
    LineIdReused {
        /// The line.
        line_id: CartLineId,
    },
    /// The cart has as many lines as it may have.
    #[error("a cart has at most {max} lines")]
    TooManyLines {
        /// The bound.
        max: usize,
    },
    /// More units than a cart holds.
    #[error("a cart holds at most {max} units of {sku}, not {requested}")]
    TooManyUnits {
        /// What.
        sku: Sku,
        /// Units that the cart would hold.
        requested: u32,
        /// The bound.
        max: u32,
    },
    /// Not so much is available.
    #[error("the cart asks for {requested} units of {sku} and {available} are available")]
    InsufficientStock {
        /// What.
        sku: Sku,
        /// Units over all lines, with those asked for.
        requested: u32,
        /// Units that are available in all.
        available: u32,
    },
    /// A line has more options than it may have.
    #[error("a line has at most {max} options")]
    TooManyOptions {
        /// The bound.
        max: usize,
    },
    /// A line's options are too long together.
    #[error("the options of a line have at most {max} characters together")]
    OptionsTooLong {
        /// The bound.
        max: usize,
    },
    /// A line has an option twice.
    #[error("the option {name} is given twice")]
    DuplicateOption {
        /// The option.
        name: Name,
    },
    /// A price below zero.
    #[error("a price is not negative")]
    NegativePrice,
    /// A line has no price in a currency.
    #[error("{sku} has no price in {currency}")]
    NoPrice {
        /// What.
        sku: Sku,
        /// The currency.
        currency: Currency,
    },
    /// The shipping address lies elsewhere.
    #[error("the address and the cart name different countries; the address lies in {country}")]
    CountryDiffers {
        /// Where the address lies.
        country: Country,
    },
    /// There is nothing in the cart.
    #[error("the cart is empty")]
    Empty,
    /// No shipping method was selected.
    #[error("no shipping method is selected")]
    ShippingNotSelected,
    /// The cart is not what the quote or the client says it is.
    #[error("the cart has changed; ask for a quote again")]
    Changed {
        /// The hash of the quote that holds; `None` if none does.
        current: Option<QuoteHash>,
    },
    /// The quote has expired.
    #[error("the quote expired at {expired_at}; ask for a quote again")]
    QuoteExpired {
        /// When.
        expired_at: DateTime<Utc>,
    },
    /// A lease that is too short or too long.
    #[error("a lease lasts 1 to {max} seconds")]
    LeaseOutOfRange {
        /// The bound, in seconds.
        max: u32,
    },
    /// Somebody else claimed the cart since.
    #[error("the fence {given} is not the current one, {current}")]
    StaleFence {
        /// The fence of the caller.
        given: u64,
        /// The newest fence; 0 if there never was one.
        current: u64,
    },
    /// The cart belongs to somebody else.
    #[error("the cart belongs to another customer")]
    OwnedByAnother {
        /// Whose it is.
        owner: CustomerId,
    },
    /// Only a guest's cart can be merged, assigned or have its contact erased.
    #[error("the cart belongs to a customer, not to a guest")]
    NotAGuest,
    /// A cart cannot be merged into itself.
    #[error("a cart is not merged into itself")]
    MergeIntoItself,
    /// The lines of the cart were not left for this one.
    #[error("the lines were not left for the cart {cart_id}")]
    NotMergedInto {
        /// The cart for which they were said to be.
        cart_id: CartId,
    },
    /// The cart has taken in as many carts as it may.
    #[error("a cart takes in at most {max} carts")]
    TooManyMerges {
        /// The bound.
        max: usize,
    },
    /// The cart has as many payments as it may have.
    #[error("a cart has at most {max} payments")]
    TooManyPayments {
        /// The bound.
        max: usize,
    },
    /// It is too early.
    #[error("the cart expires at {due_at} unless it changes before")]
    NotDue {
        /// When it may expire.
        due_at: DateTime<Utc>,
    },
    /// The personal data is not that of the cart's owner.
    #[error("the personal data is not that of the cart's owner")]
    WrongSubject,
    /// The contact of the guest was erased.
    #[error("the contact was erased, and none is stored for this cart any more")]
    ContactErased,
}
