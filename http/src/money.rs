//! Money in JSON.

use serde::{Deserialize, Serialize};
use tillroll_domain::money::Money;
use utoipa::ToSchema;

/// An amount of money: in major units for people, in minor units for sums.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Money)]
pub struct MoneyJson {
    /// In major units, with exactly the currency's digits.
    #[schema(example = "12.34")]
    pub amount: String,
    /// In minor units: cents, pence, fils.
    #[schema(example = 1234)]
    pub minor: i64,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
}

impl From<Money> for MoneyJson {
    fn from(money: Money) -> Self {
        Self { amount: money.to_string(), minor: money.minor, currency: money.currency.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_shows_the_digits_of_its_currency() {
        let json = |minor, currency: &str| {
            serde_json::to_string(&MoneyJson::from(Money::new(minor, currency.parse().unwrap()))).unwrap()
        };
        assert_eq!(json(1234, "EUR"), r#"{"amount":"12.34","minor":1234,"currency":"EUR"}"#);
        assert_eq!(json(-5, "JPY"), r#"{"amount":"-5","minor":-5,"currency":"JPY"}"#);
        assert_eq!(json(1, "BHD"), r#"{"amount":"0.001","minor":1,"currency":"BHD"}"#);
    }
}
