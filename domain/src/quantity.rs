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
    /// One unit.
    pub const ONE: Self = Self(1);

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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quantity_is_at_least_one_and_bounded() {
        for units in [1, 2, i64::from(Quantity::MAX)] {
            assert_eq!(Quantity::new(units).map(Quantity::as_i64), Ok(units));
        }
        for given in [0, -1, i64::from(Quantity::MAX) + 1, i64::MIN, i64::MAX] {
            assert_eq!(Quantity::new(given), Err(QuantityOutOfRange { given }));
        }
        let refusal = Quantity::new(0).unwrap_err().to_string();
        assert_eq!(refusal, "a quantity is a whole number from 1 to 1000000000, not 0");
    }

    #[test]
    fn json_that_is_no_quantity_is_refused() {
        for json in ["0", "-1", "1000000001", "1.0", "1.5", r#""1""#, "null", "99999999999999999999"] {
            assert!(serde_json::from_str::<Quantity>(json).is_err(), "{json}");
        }
        let error = serde_json::from_str::<Quantity>("0").unwrap_err().to_string();
        assert!(error.contains("a quantity is a whole number from 1 to 1000000000, not 0"), "{error}");
    }

    proptest! {
        #[test]
        fn every_quantity_is_read_back(units in 1..=i64::from(Quantity::MAX)) {
            let quantity = Quantity::new(units).unwrap();
            prop_assert_eq!((quantity.as_i64(), quantity.to_string()), (units, units.to_string()));
            let json = serde_json::to_string(&quantity).unwrap();
            prop_assert_eq!(&json, &units.to_string());
            prop_assert_eq!(serde_json::from_str::<Quantity>(&json).unwrap(), quantity);
        }

        #[test]
        fn what_lies_outside_is_refused(units in prop_oneof![i64::MIN..1, i64::from(Quantity::MAX) + 1..=i64::MAX]) {
            prop_assert!(Quantity::new(units).is_err());
        }
    }
}
