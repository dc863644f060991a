//! Unit prices: decimals finer than a minor unit, and the one place where they become money.

use crate::money::{Currency, MoneyError, Rounding, divide};
use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// A price per unit in major units with at most six decimals; its currency stands beside it.
///
/// In text and JSON it is a decimal string in its shortest form, such as `"2.55"` or `"-0.001"`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitPrice(i64);

/// Why a text is not a unit price.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseUnitPriceError {
    /// Not digits with an optional sign and an optional fraction.
    #[error("a unit price is a decimal number such as 2.55")]
    Malformed,
    /// More than six decimals.
    #[error("a unit price has at most six decimals")]
    TooFine,
    /// More than [`UnitPrice::MAX_MICROS`].
    #[error("a unit price is at most 1000000000000")]
    TooLarge,
}

/// A unit price with its currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Per unit, in major units.
    pub amount: UnitPrice,
    /// The currency.
    pub currency: Currency,
}

/// A line's amount after rounding, and what the rounding did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RoundedAmount {
    /// The amount in minor units.
    pub minor: i64,
    /// The rounded less the exact amount, in millionths of the major unit.
    pub rounding_micros: i64,
}

impl UnitPrice {
    /// Decimal places that are kept.
    pub const SCALE: u32 = 6;
    /// The largest magnitude, in millionths of the major unit: a million million.
    pub const MAX_MICROS: i64 = 1_000_000_000_000_000_000;
    /// Free of charge.
    pub const ZERO: Self = Self(0);

    /// A price in millionths of the major unit; `None` beyond [`Self::MAX_MICROS`].
    #[must_use]
    pub const fn from_micros(micros: i64) -> Option<Self> {
        if micros.unsigned_abs() <= Self::MAX_MICROS.unsigned_abs() { Some(Self(micros)) } else { None }
    }

    /// The price in millionths of the major unit.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// True below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// `units` times this price, rounded once to minor units.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] if the amount does not fit.
    pub fn times(self, units: i64, currency: Currency, rounding: Rounding) -> Result<RoundedAmount, MoneyError> {
        let micros_per_minor = 10_i64.pow(Self::SCALE - u32::from(currency.exponent()));
        // Nearly every amount fits 64 bits, where dividing is several times faster.
        if let Some(exact_micros) = self.0.checked_mul(units)
            && exact_micros % micros_per_minor == 0
        {
            return Ok(RoundedAmount { minor: exact_micros / micros_per_minor, rounding_micros: 0 });
        }
        let micros_per_minor = i128::from(micros_per_minor);
        let exact_micros = i128::from(self.0) * i128::from(units);
        let minor = divide(exact_micros, micros_per_minor, rounding);
        let residue = minor * micros_per_minor - exact_micros;
        Ok(RoundedAmount {
            minor: i64::try_from(minor).map_err(|_| MoneyError::Overflow)?,
            rounding_micros: i64::try_from(residue).map_err(|_| MoneyError::Overflow)?,
        })
    }
}

impl FromStr for UnitPrice {
    type Err = ParseUnitPriceError;
    fn from_str(text: &str) -> Result<Self, ParseUnitPriceError> {
        use ParseUnitPriceError::{Malformed, TooFine, TooLarge};
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return Err(Malformed),
            Some(parts) => parts,
            None => (digits, ""),
        };
        if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
            return Err(Malformed);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > Self::SCALE as usize {
            return Err(TooFine);
        }
        let zeros = Self::SCALE as usize - fraction.len();
        let digits = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', zeros));
        let micros = digits
            .into_iter()
            .try_fold(0_i64, |micros, digit| micros.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
        let micros = micros.ok_or(TooLarge)?;
        Self::from_micros(if negative { -micros } else { micros }).ok_or(TooLarge)
    }
}

impl fmt::Display for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let (whole, mut fraction) = (self.0.unsigned_abs() / 1_000_000, self.0.unsigned_abs() % 1_000_000);
        if fraction == 0 {
            return write!(f, "{sign}{whole}");
        }
        let mut decimals = Self::SCALE as usize;
        while fraction % 10 == 0 {
            fraction /= 10;
            decimals -= 1;
        }
        write!(f, "{sign}{whole}.{fraction:0decimals$}")
    }
}

impl fmt::Debug for UnitPrice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for UnitPrice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UnitPrice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize_parsed(deserializer)
    }
}

#[cfg(test)]
mod tests;
