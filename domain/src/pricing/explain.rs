//! Says of each minor unit of a quote's total what made it.

use super::{
    quote::{PolicyVersion, Quote, TaxResidue},
    select::PriceReason,
    shipping::ShippingReason,
    tax::{TaxRate, TaxTreatment},
};
use crate::{
    ids::CartLineId,
    money::{Money, Rounding},
    price::UnitPrice,
    quantity::Quantity,
    text::{Country, Reference, Sku},
};
use serde::Serialize;
use std::fmt;

/// An amount that is part of the total, and what made it.
///
/// As text it is one sentence in English.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The amount; the amounts of all explanations sum to the quote's total.
    pub amount: Money,
    /// What made it.
    pub cause: Cause,
}

/// What made an amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "cause")]
pub enum Cause {
    /// A line: quantity times unit price, rounded once.
    Line {
        /// The line.
        line_id: CartLineId,
        /// What is bought.
        sku: Sku,
        /// How many units.
        quantity: Quantity,
        /// Per unit.
        unit_price: UnitPrice,
        /// Which row or list price it is.
        price_reason: PriceReason,
        /// How the amount was rounded.
        rounding: Rounding,
        /// The rounded less the exact amount, in millionths of the major unit.
        rounding_micros: i64,
    },
    /// The transport, by a rule.
    Shipping {
        /// How the goods travel.
        method: Reference,
        /// By which rule.
        reason: ShippingReason,
        /// Whose rule.
        policy: PolicyVersion,
    },
    /// The tax: rate times base, rounded once and split over the lines.
    Tax {
        /// What was taxed.
        base: Money,
        /// At which rate.
        rate: TaxRate,
        /// On which legal ground.
        treatment: TaxTreatment,
        /// Whose tax it is.
        jurisdiction: Country,
        /// Whose rule.
        policy: PolicyVersion,
        /// How the tax was rounded.
        rounding: Rounding,
        /// The rounded less the exact tax, in millionths of the minor unit.
        rounding_millionths: i64,
        /// What each line took, in the order of the lines; they sum to the amount.
        parts: Vec<LineTax>,
        /// The lines that took what rounding the shares down left over; contained in their parts.
        residue: Vec<TaxResidue>,
    },
}

/// A line's part of the tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct LineTax {
    /// The line.
    pub line_id: CartLineId,
    /// Its part, in minor units.
    pub amount_minor: i64,
}

impl Quote {
    /// What made each minor unit of the total: one explanation per line in their order, one of the transport, one of the
    /// tax. Whatever is free is explained as well, at zero.
    #[must_use]
    pub fn explain(&self) -> Vec<Explanation> {
        let money = |minor| Money::new(minor, self.currency);
        let mut explanations = Vec::with_capacity(self.lines.len() + 2);
        for line in &self.lines {
            let cause = Cause::Line {
                line_id: line.line_id,
                sku: line.sku.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price,
                price_reason: line.price_reason,
                rounding: self.rounding.line,
                rounding_micros: line.rounding_micros,
            };
            explanations.push(Explanation { amount: money(line.amount_minor), cause });
        }
        let shipping = Cause::Shipping {
            method: self.shipping.method.clone(),
            reason: self.shipping.reason.clone(),
            policy: self.shipping.policy.clone(),
        };
        explanations.push(Explanation { amount: money(self.shipping.amount_minor), cause: shipping });
        let part = |line: &super::QuoteLine| LineTax { line_id: line.line_id, amount_minor: line.tax_minor };
        let tax = Cause::Tax {
            base: money(self.tax.base_minor),
            rate: self.tax.rate,
            treatment: self.tax.treatment,
            jurisdiction: self.tax.jurisdiction.clone(),
            policy: self.tax.policy.clone(),
            rounding: self.rounding.tax,
            rounding_millionths: self.tax.rounding_millionths,
            parts: self.lines.iter().map(part).collect(),
            residue: self.tax.residue.clone(),
        };
        explanations.push(Explanation { amount: money(self.tax.amount_minor), cause: tax });
        explanations
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let currency = self.amount.currency;
        write!(f, "{} {currency}: ", self.amount)?;
        match &self.cause {
            Cause::Line { sku, quantity, unit_price, price_reason, rounding, rounding_micros, .. } => {
                write!(f, "{quantity} x {sku} at {unit_price} each ")?;
                match price_reason {
                    PriceReason::Row { row_id, priority } => write!(f, "(price row {row_id} of priority {priority})")?,
                    PriceReason::ListPrice => f.write_str("(list price)")?,
                }
                if *rounding_micros == 0 {
                    return Ok(());
                }
                write!(
                    f,
                    ", rounded {} by {}",
                    in_words(*rounding),
                    Signed(*rounding_micros, " millionths of the major unit")
                )
            }
            Cause::Shipping { method, reason, policy } => {
                write!(f, "shipping {method}, ")?;
                let money = |minor| Money::new(minor, currency);
                match reason {
                    ShippingReason::BelowThreshold { free_from_minor } => {
                        write!(f, "since the goods cost less than {} {currency}", money(*free_from_minor))?;
                    }
                    ShippingReason::FreeFromThreshold { free_from_minor, regular_minor } => write!(
                        f,
                        "free since the goods cost at least {} {currency}, otherwise {} {currency}",
                        money(*free_from_minor),
                        money(*regular_minor)
                    )?,
                    ShippingReason::CarrierRate { reference } => write!(f, "the carrier's rate {reference}")?,
                }
                write!(f, " ({policy})")
            }
            Cause::Tax {
                base, rate, treatment, jurisdiction, policy, rounding, rounding_millionths, residue, ..
            } => {
                let treatment = treatment.as_str();
                write!(f, "tax of {jurisdiction}, {rate} % ({treatment}) of {base} {currency} ({policy})")?;
                if *rounding_millionths != 0 {
                    let by = Signed(*rounding_millionths, " millionths of the minor unit");
                    write!(f, ", rounded {} by {by}", in_words(*rounding))?;
                }
                for TaxResidue { line_id, minor } in residue {
                    write!(f, "; the line {line_id} takes {} {currency} of the residue", Money::new(*minor, currency))?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Display for PolicyVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy {} version {}", self.name, self.version)
    }
}

const fn in_words(rounding: Rounding) -> &'static str {
    match rounding {
        Rounding::HalfUp => "half up",
        Rounding::HalfEven => "half to even",
        Rounding::HalfDown => "half down",
    }
}

/// A number with its sign and unit.
struct Signed(i64, &'static str);

impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:+}{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests;
