//! The one pricing function that a quote, an order and a preview share.
//!
//! [`price`] turns lines with selected prices into a [`Quote`]: every amount an integer of minor units, every rounding
//! named and recorded, tax and shipping asked of policies behind the ports [`TaxPolicy`] and [`ShippingPolicy`]. Nothing
//! finer than a minor unit leaves it. [`select`] finds the price that applies to a line, [`lowest_prior`] the lowest one
//! that applied before it; neither knows tax or shipping.
//!
//! **Invariant:** whoever needs an amount later carries the quote along; nobody prices again and hopes for the same.

pub mod explain;
pub mod hash;
pub mod lowest_prior;
pub mod quote;
pub mod select;
pub mod shipping;
pub mod tax;

mod calculate;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use calculate::price;
pub use explain::{Cause, Explanation};
pub use hash::{QuoteHash, ShippingInputsHash};
pub use quote::{PolicyVersion, Quote, QuoteLine, QuoteRounding, QuotedShipping, QuotedTax, TaxResidue};
pub use select::{PriceReason, SelectedPrice};
pub use shipping::{ShippingPolicy, ShippingReason, ThresholdShipping};
pub use tax::{FlatTax, TaxPolicy, TaxRate, TaxTreatment};

use crate::{
    ids::CartLineId,
    money::Currency,
    price::UnitPrice,
    quantity::Quantity,
    text::{Country, Note, Reference, Sku},
};
use chrono::{DateTime, TimeDelta, Utc};
use thiserror::Error;

/// The most lines that are priced together.
pub const LINES_MAX: usize = 200;
/// The longest time for which a quote holds.
pub const VALID_FOR_MAX: TimeDelta = TimeDelta::days(30);
/// The one shipping method of the demo policy [`ThresholdShipping`].
pub const STANDARD_SHIPPING: &str = "standard";

/// What is to be priced. Prices were selected before; see [`select`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingRequest {
    /// The one currency of every amount.
    pub currency: Currency,
    /// Where the goods go, which decides about tax and shipping.
    pub country: Country,
    /// 1 to [`LINES_MAX`] lines, each id once. Their order changes no amount.
    pub lines: Vec<PricingLine>,
    /// How the goods travel, in the words of the shipping policy, such as [`STANDARD_SHIPPING`].
    pub shipping_method: Reference,
    /// The instant of pricing.
    pub at: DateTime<Utc>,
    /// How long the quote holds from then on; more than nothing, at most [`VALID_FOR_MAX`].
    pub valid_for: TimeDelta,
}

/// One line to be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricingLine {
    /// The line; ties in splitting go to the smaller id.
    pub line_id: CartLineId,
    /// What is bought.
    pub sku: Sku,
    /// Its name at that time.
    pub description: Note,
    /// How many units.
    pub quantity: Quantity,
    /// What one unit costs in the request's currency, and why.
    pub price: SelectedPrice,
}

/// Why there is no quote.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PricingError {
    /// Nothing is to be priced.
    #[error("there is nothing to price")]
    NoLines,
    /// More than [`LINES_MAX`] lines.
    #[error("at most {max} lines are priced together")]
    TooManyLines {
        /// The bound.
        max: usize,
    },
    /// Two lines have one id.
    #[error("the line {line_id} is given twice")]
    DuplicateLine {
        /// The id.
        line_id: CartLineId,
    },
    /// A unit price below zero.
    #[error("the unit price of the line {line_id} is {amount}, and a price must not be negative")]
    NegativePrice {
        /// The line.
        line_id: CartLineId,
        /// The price.
        amount: UnitPrice,
    },
    /// The quote would hold for no time, or for longer than [`VALID_FOR_MAX`].
    #[error("a quote holds for more than no time and at most 30 days")]
    Validity,
    /// An amount or sum does not fit 64 bits of minor units.
    #[error("the amounts are too large")]
    TooLarge,
    /// The shipping policy has no rates in this currency; nothing is ever converted.
    #[error("nothing is configured for {currency}")]
    CurrencyNotConfigured {
        /// The currency.
        currency: Currency,
    },
    /// The shipping policy does not know the method.
    #[error("there is no shipping method {method}")]
    UnknownShippingMethod {
        /// The method.
        method: Reference,
    },
    /// A policy answered what cannot be: a negative amount, or parts that are not those of the whole.
    #[error("the policy {} version {} contradicts itself: {problem}", policy.name, policy.version)]
    PolicyContradiction {
        /// The policy.
        policy: PolicyVersion,
        /// What is wrong.
        problem: &'static str,
    },
}
