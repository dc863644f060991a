//! What several resources show: money, the imported document, and what read models keep as JSON text.

use crate::answer::broken;
use serde::{Serialize, de::DeserializeOwned};
use tillroll_domain::money::{Currency, Money};
use tillroll_http::{MoneyJson, Problem};
use utoipa::ToSchema;

/// An amount of a read model, whose currencies all come from events.
pub(crate) fn money(minor: i64, currency: &str) -> MoneyJson {
    match currency.parse::<Currency>() {
        Ok(known) => Money::new(minor, known).into(),
        // An event of a newer program may know a currency that this one does not.
        Err(_) => MoneyJson { amount: minor.to_string(), minor, currency: currency.to_owned() },
    }
}

/// The document of another system that an imported fact stands on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Source {
    /// The import's name.
    #[schema(example = "online-retail")]
    system: String,
    /// The document's number there.
    #[schema(example = "536365")]
    number: String,
    /// The wall-clock time that it states.
    #[serde(skip_serializing_if = "Option::is_none")]
    local_time: Option<String>,
}

impl Source {
    /// The document, if the row has one.
    pub(crate) fn of(system: Option<String>, number: Option<String>, local_time: Option<String>) -> Option<Self> {
        Some(Self { system: system?, number: number?, local_time })
    }
}

/// Reads what a read model keeps as JSON text.
///
/// # Errors
/// 500 if it is not what this code wrote.
pub(crate) fn decode<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| broken(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_in_an_unknown_currency_is_a_plain_number() {
        assert_eq!(money(0, "XXX").amount, "0");
        assert_eq!(money(974_774_793, "GBP").amount, "9747747.93");
    }
}
