//! The port to whoever knows taxes, and the demo policy: one rate on the goods.

use super::{
    PricingError,
    quote::{PolicyVersion, QuoteLine},
};
use crate::{
    ids::CartLineId,
    money::{Currency, Rounding, allocate, divide},
    text::Country,
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// A tax rate from 0 to 100 %, in millionths of the base.
///
/// In text and JSON it is the percentage as a decimal string in its shortest form with at most four decimals: `"8"`,
/// `"8.875"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaxRate(u32);

/// A text that is not a tax rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a tax rate is a percentage from 0 to 100 with at most four decimals, such as 8 or 8.875")]
pub struct ParseTaxRateError;

/// On which legal ground a tax is what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxTreatment {
    /// The standard rate.
    Standard,
    /// A reduced rate.
    Reduced,
    /// Taxable at zero.
    Zero,
    /// Not taxable.
    Exempt,
    /// The buyer owes the tax.
    ReverseCharge,
    /// The goods leave the tax territory.
    Export,
}

/// What a tax policy is told.
#[derive(Debug, Clone, Copy)]
pub struct TaxRequest<'a> {
    /// The currency of every amount.
    pub currency: Currency,
    /// Where the goods go.
    pub country: &'a Country,
    /// The goods with their amounts; their tax is not known yet and stands at zero.
    pub lines: &'a [QuoteLine],
    /// The sum of the lines' amounts.
    pub goods_minor: i64,
    /// What the transport costs.
    pub shipping_minor: i64,
    /// The instant whose rates apply.
    pub at: DateTime<Utc>,
}

/// What a tax policy answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxAssessment {
    /// The tax in minor units; not negative.
    pub amount_minor: i64,
    /// What was taxed, in minor units; not negative.
    pub base_minor: i64,
    /// At which rate.
    pub rate: TaxRate,
    /// On which legal ground.
    pub treatment: TaxTreatment,
    /// Whose tax it is.
    pub jurisdiction: Country,
    /// Who decided so.
    pub policy: PolicyVersion,
    /// How the tax was rounded.
    pub rounding: Rounding,
    /// The rounded less the exact tax, in millionths of the minor unit.
    pub rounding_millionths: i64,
    /// Each line's part, in the order of the request's lines; they sum to the tax.
    pub parts: Vec<TaxPart>,
}

/// A line's part of the tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxPart {
    /// The part in minor units; not negative.
    pub amount_minor: i64,
    /// What of it is more than the line's exact share rounded down; 0 to `amount_minor`.
    pub residue_minor: i64,
}

/// Whoever knows taxes. Pure: a policy that asks a remote service gathers the answer first and carries it as data.
pub trait TaxPolicy: Send + Sync {
    /// The tax on the goods of a request. [`super::price`] checks what comes back.
    ///
    /// # Errors
    /// Whatever of [`PricingError`] keeps the policy from answering.
    fn assess(&self, request: &TaxRequest<'_>) -> Result<TaxAssessment, PricingError>;
}

/// One standard rate on the sum of the goods, rounded once (a half away from zero) and split over the lines by their
/// amounts with the largest remainder, ties to the smaller line id. Transport is not taxed. The jurisdiction is the
/// country of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlatTax {
    /// The rate.
    pub rate: TaxRate,
}

impl FlatTax {
    /// The name under which quotes record this policy.
    pub const NAME: &'static str = "flat_tax";
    /// The version of its rules.
    pub const VERSION: u32 = 1;
}

impl TaxPolicy for FlatTax {
    fn assess(&self, request: &TaxRequest<'_>) -> Result<TaxAssessment, PricingError> {
        let exact_millionths = i128::from(request.goods_minor) * i128::from(self.rate.millionths());
        let amount = divide(exact_millionths, i128::from(TaxRate::WHOLE), Rounding::HalfUp);
        let rounding = amount * i128::from(TaxRate::WHOLE) - exact_millionths;
        let amount_minor = i64::try_from(amount).map_err(|_| PricingError::TooLarge)?;
        Ok(TaxAssessment {
            amount_minor,
            base_minor: request.goods_minor,
            rate: self.rate,
            treatment: TaxTreatment::Standard,
            jurisdiction: request.country.clone(),
            policy: PolicyVersion::named(Self::NAME, Self::VERSION),
            rounding: Rounding::HalfUp,
            rounding_millionths: i64::try_from(rounding).map_err(|_| PricingError::TooLarge)?,
            parts: split(amount_minor, request.lines)?,
        })
    }
}

/// Splits a tax over lines by their amounts with the largest remainder; ties go to the smaller line id.
fn split(tax_minor: i64, lines: &[QuoteLine]) -> Result<Vec<TaxPart>, PricingError> {
    let mut by_id: Vec<(CartLineId, usize, u64)> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        by_id.push((line.line_id, index, u64::try_from(line.amount_minor).map_err(|_| PricingError::TooLarge)?));
    }
    by_id.sort_unstable();
    let weights: Vec<u64> = by_id.iter().map(|(_, _, weight)| *weight).collect();
    let whole: i128 = weights.iter().map(|&weight| i128::from(weight)).sum();
    // Without any amount to tax there is no tax to split either.
    let amounts = allocate(tax_minor, &weights).map_err(|_| PricingError::TooLarge)?;
    let mut parts = vec![TaxPart { amount_minor: 0, residue_minor: 0 }; lines.len()];
    for ((_, index, weight), amount_minor) in by_id.into_iter().zip(amounts) {
        let share = (i128::from(tax_minor) * i128::from(weight)).checked_div(whole).unwrap_or(0);
        let residue = i64::try_from(i128::from(amount_minor) - share).map_err(|_| PricingError::TooLarge)?;
        parts[index] = TaxPart { amount_minor, residue_minor: residue };
    }
    Ok(parts)
}

impl TaxTreatment {
    /// The word in which it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Reduced => "reduced",
            Self::Zero => "zero",
            Self::Exempt => "exempt",
            Self::ReverseCharge => "reverse_charge",
            Self::Export => "export",
        }
    }
}

impl TaxRate {
    /// 100 %, in millionths.
    pub const WHOLE: u32 = 1_000_000;
    /// No tax.
    pub const ZERO: Self = Self(0);
    /// Millionths of one percent.
    const PER_PERCENT: u32 = Self::WHOLE / 100;

    /// A rate in millionths of the base; `None` above 100 %.
    #[must_use]
    pub const fn from_millionths(millionths: u32) -> Option<Self> {
        if millionths <= Self::WHOLE { Some(Self(millionths)) } else { None }
    }

    /// The rate in millionths of the base.
    #[must_use]
    pub const fn millionths(self) -> u32 {
        self.0
    }
}

impl FromStr for TaxRate {
    type Err = ParseTaxRateError;
    fn from_str(text: &str) -> Result<Self, ParseTaxRateError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(ParseTaxRateError),
            Some(parts) => parts,
            None => (text, ""),
        };
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(fraction) {
            return Err(ParseTaxRateError);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > 4 {
            return Err(ParseTaxRateError);
        }
        let percent: u32 = whole.parse().map_err(|_| ParseTaxRateError)?;
        let rest: u32 = format!("{fraction:0<4}").parse().map_err(|_| ParseTaxRateError)?;
        let millionths = percent.checked_mul(Self::PER_PERCENT).and_then(|millionths| millionths.checked_add(rest));
        millionths.and_then(Self::from_millionths).ok_or(ParseTaxRateError)
    }
}

impl fmt::Display for TaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (percent, rest) = (self.0 / Self::PER_PERCENT, self.0 % Self::PER_PERCENT);
        if rest == 0 {
            return write!(f, "{percent}");
        }
        let decimals = format!("{rest:04}");
        write!(f, "{percent}.{}", decimals.trim_end_matches('0'))
    }
}

impl fmt::Debug for TaxRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} %")
    }
}

impl Serialize for TaxRate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TaxRate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize_parsed(deserializer)
    }
}
