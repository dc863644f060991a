//! Money: integer minor units of an ISO 4217 currency, checked arithmetic, named rounding, exact splits.
//!
//! **Invariant:** nothing here is a float, and no operation overflows silently.

use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// A currency of ISO 4217 (list one, amendments to 2024), known with its exponent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// A text that is not the code of a currency we know.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{given:?} is not an ISO 4217 currency code; use three upper-case letters such as EUR")]
pub struct UnknownCurrency {
    /// What was given, cut to 16 characters.
    pub given: String,
}

/// Currencies with no minor unit.
const EXPONENT_0: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
/// Currencies with 100 minor units.
const EXPONENT_2: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD \
    CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL \
    HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK \
    MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS \
    SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD YER ZAR ZMW ZWG";
/// Currencies with 1,000 minor units.
const EXPONENT_3: &str = "BHD IQD JOD KWD LYD OMR TND";
/// Currencies with 10,000 minor units.
const EXPONENT_4: &str = "CLF UYW";

impl Currency {
    /// The three-letter code.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// The number of decimal digits of the minor unit: 0, 2, 3 or 4.
    #[must_use]
    pub fn exponent(self) -> u8 {
        // A value exists only if one of the lists holds it, and most hold two digits.
        match self.code() {
            code if listed(EXPONENT_0, code) => 0,
            code if listed(EXPONENT_3, code) => 3,
            code if listed(EXPONENT_4, code) => 4,
            _ => 2,
        }
    }

    /// Every currency we know, in alphabetical order within each exponent.
    pub fn all() -> impl Iterator<Item = Self> {
        [EXPONENT_0, EXPONENT_2, EXPONENT_3, EXPONENT_4]
            .into_iter()
            .flat_map(str::split_whitespace)
            .filter_map(|code| code.parse().ok())
    }
}

fn listed(list: &str, code: &str) -> bool {
    list.as_bytes().chunks(4).any(|entry| entry.get(..3) == Some(code.as_bytes()))
        // The second list is broken over lines, which moves its entries off the grid of four.
        || list.split_whitespace().any(|entry| entry == code)
}

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let known = [EXPONENT_2, EXPONENT_0, EXPONENT_3, EXPONENT_4].into_iter().any(|list| listed(list, text));
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(code) if known => Ok(Self(code)),
            _ => Err(UnknownCurrency { given: text.chars().take(16).collect() }),
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize_parsed(deserializer)
    }
}

/// An amount of money in minor units; negative amounts are allowed and mean the other direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units (cents, pence, fils …).
    pub minor: i64,
    /// The currency.
    pub currency: Currency,
}

/// Why an operation on money has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum MoneyError {
    /// The amounts are of different currencies.
    #[error("amounts in {left} and {right} cannot be combined")]
    CurrencyMismatch {
        /// Of the left amount.
        left: Currency,
        /// Of the right amount.
        right: Currency,
    },
    /// The result does not fit 64 bits of minor units.
    #[error("the amount is too large")]
    Overflow,
}

/// What to do with what lies between two minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// To the nearest; a half goes away from zero.
    HalfUp,
    /// To the nearest; a half goes to the even neighbor.
    HalfEven,
    /// To the nearest; a half goes towards zero.
    HalfDown,
}

impl Money {
    /// No money, in a currency.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// An amount in minor units.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The sum.
    ///
    /// # Errors
    /// Different currencies, and sums that do not fit.
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_add)
    }

    /// The difference.
    ///
    /// # Errors
    /// Different currencies, and differences that do not fit.
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.combine(other, i64::checked_sub)
    }

    fn combine(self, other: Self, operation: fn(i64, i64) -> Option<i64>) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::CurrencyMismatch { left: self.currency, right: other.currency });
        }
        let minor = operation(self.minor, other.minor).ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, ..self })
    }

    /// Splits the amount by weights with [`allocate`].
    ///
    /// # Errors
    /// See [`allocate`].
    pub fn allocate(self, weights: &[u64]) -> Result<Vec<Self>, AllocationError> {
        Ok(allocate(self.minor, weights)?.into_iter().map(|minor| Self { minor, ..self }).collect())
    }
}

/// The amount in major units with exactly the currency's digits, such as `-12.34` or `500` for yen.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.currency.exponent());
        let sign = if self.minor < 0 { "-" } else { "" };
        let padded = format!("{:0>width$}", self.minor.unsigned_abs(), width = digits + 1);
        let (major, minor) = padded.split_at(padded.len() - digits);
        if digits == 0 { write!(f, "{sign}{major}") } else { write!(f, "{sign}{major}.{minor}") }
    }
}

/// Divides with a named rounding.
///
/// # Panics
/// If `divisor` is not positive; every caller divides by a constant or a checked whole.
#[must_use]
pub fn divide(dividend: i128, divisor: i128, rounding: Rounding) -> i128 {
    assert!(divisor > 0, "a divisor is positive");
    let quotient = dividend / divisor;
    let twice_rest = (dividend % divisor).unsigned_abs() * 2;
    let away = match twice_rest.cmp(&divisor.unsigned_abs()) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Equal => match rounding {
            Rounding::HalfUp => true,
            Rounding::HalfEven => quotient % 2 != 0,
            Rounding::HalfDown => false,
        },
    };
    if away { quotient + dividend.signum() } else { quotient }
}

/// Why an amount cannot be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum AllocationError {
    /// There is something to split, but no part to take it.
    #[error("an amount cannot be split over no parts or over parts whose weights are all zero")]
    NoWeight,
    /// A part was asked for that lies outside the whole.
    #[error("a part must lie between nothing and the whole")]
    OutsideWhole,
}

/// Splits `total` minor units by weights with the largest-remainder method.
///
/// The parts sum to `total`; each is within one unit of its exact share; equal remainders go to the earlier part; the
/// split of `-total` is the negated split of `total`; a part of weight zero gets nothing.
///
/// # Errors
/// [`AllocationError::NoWeight`] if the weights sum to zero and `total` is not zero.
pub fn allocate(total: i64, weights: &[u64]) -> Result<Vec<i64>, AllocationError> {
    let whole: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
    if whole == 0 {
        return if total == 0 { Ok(vec![0; weights.len()]) } else { Err(AllocationError::NoWeight) };
    }
    let amount = u128::from(total.unsigned_abs());
    let mut parts: Vec<u128> = Vec::with_capacity(weights.len());
    let mut by_remainder: Vec<(u128, usize)> = Vec::with_capacity(weights.len());
    for (index, &weight) in weights.iter().enumerate() {
        let exact = amount * u128::from(weight);
        parts.push(exact / whole);
        by_remainder.push((exact % whole, index));
    }
    let missing = amount - parts.iter().sum::<u128>();
    by_remainder.sort_by(|left, right| right.0.cmp(&left.0).then(left.1.cmp(&right.1)));
    for &(_, index) in by_remainder.iter().take(usize::try_from(missing).unwrap_or(usize::MAX)) {
        parts[index] += 1;
    }
    // A part never exceeds the total, which came from an i64.
    Ok(parts.into_iter().map(|part| i64::try_from(part).unwrap_or(i64::MAX) * total.signum()).collect())
}

/// The share of `total` minor units that belongs to the first `part` of `whole` units, half up.
///
/// Refunding `cumulative_share(total, done + now, whole) - refunded` for each step makes the last step take the residue.
///
/// # Errors
/// [`AllocationError::OutsideWhole`] unless `0 <= part <= whole` and `whole > 0`.
pub fn cumulative_share(total: i64, part: u64, whole: u64) -> Result<i64, AllocationError> {
    if whole == 0 || part > whole {
        return Err(AllocationError::OutsideWhole);
    }
    let share = divide(i128::from(total) * i128::from(part), i128::from(whole), Rounding::HalfUp);
    // The share lies between zero and the total, which came from an i64.
    Ok(i64::try_from(share).unwrap_or(total))
}
