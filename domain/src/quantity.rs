//! Counts of goods.

use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use thiserror::Error;

/// A number of units, 1 to 1,000,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Quantity(u32);

/// A number of units outside 1 to 1,000,000,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a quantity is a whole number from 1 to {}, not {given}", Quantity::MAX)]
pub struct QuantityOutOfRange {
    /// What was given.
    pub given: i64,
}

impl Quantity {
    /// The largest quantity.
    pub const MAX: u32 = 1_000_000_000;

    /// Checks a count.
    ///
    /// # Errors
    /// Zero, negative counts and counts above [`Self::MAX`] are refused.
    pub fn new(units: i64) -> Result<Self, QuantityOutOfRange> {
        match u32::try_from(units) {
            Ok(count) if (1..=Self::MAX).contains(&count) => Ok(Self(count)),
            _ => Err(QuantityOutOfRange { given: units }),
        }
    }

    /// The number of units.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number of units as a signed number, for sums and differences.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        i64::from(self.0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}
