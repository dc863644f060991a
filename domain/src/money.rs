//! Money: integer minor units of an ISO 4217 currency, checked arithmetic, named rounding, exact splits.
//!
//! **Invariant:** nothing here is a float, and no operation overflows silently.

use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// A currency of ISO 4217 (list one, amendments to 2024), known with its exponent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    code: [u8; 3],
    /// Follows from the code; kept beside it because every amount that is computed or shown asks for it.
    exponent: u8,
}

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

/// The number of codes of three letters.
const CODES: usize = 26 * 26 * 26;
/// Stands in [`EXPONENTS`] for a code that is not a currency's.
const NO_CURRENCY: u8 = u8::MAX;
/// The exponent of every code of three letters, by [`code_index`], so that parsing is one look-up.
static EXPONENTS: [u8; CODES] = {
    let table = listed([NO_CURRENCY; CODES], EXPONENT_0, 0);
    let table = listed(table, EXPONENT_2, 2);
    let table = listed(table, EXPONENT_3, 3);
    listed(table, EXPONENT_4, 4)
};

/// Enters the codes of a list into the table; whatever is not a letter separates them.
const fn listed(mut table: [u8; CODES], list: &str, exponent: u8) -> [u8; CODES] {
    let bytes = list.as_bytes();
    let mut at = 0;
    while at + 3 <= bytes.len() {
        match code_index([bytes[at], bytes[at + 1], bytes[at + 2]]) {
            Some(index) => {
                table[index] = exponent;
                at += 3;
            }
            None => at += 1,
        }
    }
    table
}

/// Where a code stands among all codes of three upper-case letters in alphabetical order.
const fn code_index(code: [u8; 3]) -> Option<usize> {
    let [a, b, c] = code;
    if !a.is_ascii_uppercase() || !b.is_ascii_uppercase() || !c.is_ascii_uppercase() {
        return None;
    }
    let [a, b, c] = [(a - b'A') as usize, (b - b'A') as usize, (c - b'A') as usize];
    Some((a * 26 + b) * 26 + c)
}

impl Currency {
    /// The three-letter code.
    #[must_use]
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or("???")
    }

    /// The number of decimal digits of the minor unit: 0, 2, 3 or 4.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        self.exponent
    }

    /// Every currency we know, in alphabetical order within each exponent.
    pub fn all() -> impl Iterator<Item = Self> {
        [EXPONENT_0, EXPONENT_2, EXPONENT_3, EXPONENT_4]
            .into_iter()
            .flat_map(str::split_whitespace)
            .filter_map(|code| code.parse().ok())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let code = <[u8; 3]>::try_from(text.as_bytes()).ok();
        let known = code.and_then(|code| Some((code, EXPONENTS[code_index(code)?])));
        match known {
            Some((code, exponent)) if exponent != NO_CURRENCY => Ok(Self { code, exponent }),
            Some(_) | None => Err(UnknownCurrency { given: text.chars().take(16).collect() }),
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
        let minor = self.minor.unsigned_abs();
        if digits == 0 {
            return write!(f, "{sign}{minor}");
        }
        let per_major = 10_u64.pow(u32::from(self.currency.exponent()));
        write!(f, "{sign}{}.{:0digits$}", minor / per_major, minor % per_major)
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
    // A part lies between nothing and the total, so that with the total's sign it fits.
    let signed =
        |part: u128| i128::try_from(part).ok().and_then(|part| (part * i128::from(total.signum())).try_into().ok());
    Ok(parts.into_iter().map(|part| signed(part).unwrap_or(total)).collect())
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

#[cfg(test)]
mod tests;
