//! What a quote says: everything that an order needs and that the customer agrees to.

use super::{
    hash::{QuoteHash, ShippingInputsHash},
    select::PriceReason,
    shipping::ShippingReason,
    tax::{TaxRate, TaxTreatment},
};
use crate::{
    ids::CartLineId,
    money::{Currency, Rounding},
    price::UnitPrice,
    quantity::Quantity,
    text::{Country, Note, Reference, Sku},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a purchase costs, in minor units of one currency, and how that came about.
///
/// `goods_minor + shipping.amount_minor + tax.amount_minor = total_minor`, the lines' amounts sum to `goods_minor` and
/// their tax to `tax.amount_minor`; no amount is negative. Only [`super::price`] makes quotes. They are stored in events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// The currency of every amount.
    pub currency: Currency,
    /// Where the goods go.
    pub country: Country,
    /// The lines in the order in which they were given, 1 to [`super::LINES_MAX`].
    pub lines: Vec<QuoteLine>,
    /// The sum of the lines' amounts.
    pub goods_minor: i64,
    /// What the transport costs.
    pub shipping: QuotedShipping,
    /// The tax on top.
    pub tax: QuotedTax,
    /// What the customer owes; may be nothing.
    pub total_minor: i64,
    /// How amounts were rounded at each stage.
    pub rounding: QuoteRounding,
    /// The instant for which prices and policies were taken.
    pub priced_at: DateTime<Utc>,
    /// The first instant at which the quote does not hold any more.
    pub expires_at: DateTime<Utc>,
    /// Stands for all that the customer agrees to; the times are not part of it.
    pub hash: QuoteHash,
}

/// One line of a quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteLine {
    /// The line of the cart.
    pub line_id: CartLineId,
    /// What is bought.
    pub sku: Sku,
    /// Its name at that time.
    pub description: Note,
    /// How many units.
    pub quantity: Quantity,
    /// Per unit, never negative.
    pub unit_price: UnitPrice,
    /// Why this price applies.
    pub price_reason: PriceReason,
    /// Quantity times unit price, rounded once.
    pub amount_minor: i64,
    /// The rounded less the exact amount, in millionths of the major unit; zero if nothing was rounded.
    pub rounding_micros: i64,
    /// The line's part of the tax.
    pub tax_minor: i64,
}

/// What the transport costs. Free transport stands here too, at zero and with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotedShipping {
    /// How the goods travel.
    pub method: Reference,
    /// The cost, untaxed; not negative.
    pub amount_minor: i64,
    /// Who decided so.
    pub policy: PolicyVersion,
    /// By which rule.
    pub reason: ShippingReason,
    /// Stands for everything that the policy was told, so that a rate for other goods is recognized as stale.
    pub inputs_hash: ShippingInputsHash,
}

/// The tax on top of the goods.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotedTax {
    /// The tax; not negative.
    pub amount_minor: i64,
    /// What was taxed.
    pub base_minor: i64,
    /// At which rate.
    pub rate: TaxRate,
    /// On which legal ground; no tax for different reasons is different facts.
    pub treatment: TaxTreatment,
    /// Whose tax it is.
    pub jurisdiction: Country,
    /// Who decided so.
    pub policy: PolicyVersion,
    /// The rounded less the exact tax, in millionths of the *minor* unit, in which it is always exact: the rate has six
    /// decimals.
    pub rounding_millionths: i64,
    /// The lines that took what rounding their exact shares down left over, in the order of the lines.
    pub residue: Vec<TaxResidue>,
}

/// A line that took more tax than its exact share rounded down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxResidue {
    /// The line.
    pub line_id: CartLineId,
    /// How much more, at least 1; contained in the line's tax.
    pub minor: i64,
}

/// A policy with the version of its rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyVersion {
    /// The policy's name.
    pub name: Reference,
    /// The version of its rules, from 1. Rates and amounts are data and stand beside it.
    pub version: u32,
}

/// How amounts were rounded to minor units, by stage. Nothing else is rounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuoteRounding {
    /// Each line's amount, once.
    pub line: Rounding,
    /// The tax, once, on its whole base; the lines' parts follow by largest remainder.
    pub tax: Rounding,
}

impl Quote {
    /// Whether the quote holds at an instant: before it expires.
    #[must_use]
    pub fn holds_at(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }
}

impl PolicyVersion {
    /// A policy of this code.
    ///
    /// # Panics
    /// If the name is not a [`Reference`]; it is a constant.
    #[must_use]
    pub fn named(name: &'static str, version: u32) -> Self {
        Self { name: name.parse().expect("a policy is named by a constant"), version }
    }
}
