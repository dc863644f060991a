//! Settings of prices: the tax rate, what transport costs, how long a quote holds.
//!
//! Rates and amounts are texts or whole numbers, never floats. Where nothing is configured for a currency, nothing is sold
//! in it; nothing is ever converted.

use super::SettingsError;
use chrono::TimeDelta;
use serde::{Deserialize, Deserializer, de::Error};
use std::collections::BTreeMap;
use tillroll_domain::{
    money::{Currency, Rounding},
    price::UnitPrice,
    pricing::{FlatTax, TaxRate, ThresholdShipping, shipping::ShippingTariff},
};

/// About taxes, transport and quotes.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PricingSettings {
    /// Percent of the goods, 0 to 100 with at most four decimals, such as `"8.875"` or `8`. Default: 8.
    #[serde(deserialize_with = "tax_rate")]
    pub tax_rate: TaxRate,
    /// What transport costs by currency. A table given here replaces the default one: `price` 5.99, `free_from` 50 in EUR,
    /// GBP and USD.
    pub shipping: BTreeMap<Currency, ShippingSettings>,
    /// Minutes that a quote holds, 1 to 43,200. Default: 15.
    pub quote_minutes: u32,
}

/// What transport costs in one currency. Amounts are decimals in major units, not negative and whole minor units.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShippingSettings {
    /// The flat price.
    pub price: UnitPrice,
    /// The sum of goods from which on transport is free.
    pub free_from: UnitPrice,
}

impl Default for PricingSettings {
    fn default() -> Self {
        let known = "the default prices are well-formed";
        let amount = |text: &str| text.parse().expect(known);
        let shipping = ShippingSettings { price: amount("5.99"), free_from: amount("50") };
        let currencies = ["EUR", "GBP", "USD"].map(|code| (code.parse().expect(known), shipping));
        Self { tax_rate: "8".parse().expect(known), shipping: BTreeMap::from(currencies), quote_minutes: 15 }
    }
}

impl PricingSettings {
    /// The longest time that a quote holds, in minutes: 30 days.
    const QUOTE_MINUTES_MAX: u32 = 30 * 24 * 60;

    /// The policy that takes this rate of the goods.
    #[must_use]
    pub fn tax(&self) -> FlatTax {
        FlatTax { rate: self.tax_rate }
    }

    /// The policy that takes these prices for transport.
    ///
    /// # Errors
    /// An amount that is negative, finer than its currency's minor unit, or too large.
    pub fn shipping(&self) -> Result<ThresholdShipping, SettingsError> {
        let mut tariffs = BTreeMap::new();
        for (&currency, tariff) in &self.shipping {
            let price_minor = minor("price", currency, tariff.price)?;
            let free_from_minor = minor("free_from", currency, tariff.free_from)?;
            tariffs.insert(currency, ShippingTariff { price_minor, free_from_minor });
        }
        Ok(ThresholdShipping { tariffs })
    }

    /// How long a quote holds.
    #[must_use]
    pub fn valid_for(&self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.quote_minutes))
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if !(1..=Self::QUOTE_MINUTES_MAX).contains(&self.quote_minutes) {
            let max = u64::from(Self::QUOTE_MINUTES_MAX);
            return Err(SettingsError::OutOfRange { name: "pricing.quote_minutes", max });
        }
        self.shipping().map(drop)
    }
}

fn minor(field: &str, currency: Currency, amount: UnitPrice) -> Result<i64, SettingsError> {
    let wrong = || SettingsError::ShippingAmount { name: format!("pricing.shipping.{currency}.{field}"), amount };
    match amount.times(1, currency, Rounding::HalfUp) {
        Ok(exact) if exact.rounding_micros == 0 && exact.minor >= 0 => Ok(exact.minor),
        Ok(_) | Err(_) => Err(wrong()),
    }
}

/// A text, or a whole number, which is what a variable without a point is.
fn tax_rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TaxRate, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Given {
        Text(String),
        Whole(u32),
    }
    let text = match Given::deserialize(deserializer) {
        Ok(Given::Text(text)) => text,
        Ok(Given::Whole(percent)) => percent.to_string(),
        Err(_) => return Err(D::Error::custom("a tax rate is a text such as \"8.875\" or a whole number")),
    };
    text.parse().map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    fn read(text: &str) -> Result<PricingSettings, String> {
        let settings = toml::from_str::<Settings>(text).map_err(|error| error.to_string())?;
        settings.pricing.check().map_err(|error| error.to_string())?;
        Ok(settings.pricing)
    }

    #[test]
    fn by_default_the_demo_policies_apply() {
        let settings = read("").unwrap();
        assert_eq!(settings.tax().rate.to_string(), "8");
        let tariff = ShippingTariff { price_minor: 599, free_from_minor: 5_000 };
        let currencies = ["EUR", "GBP", "USD"].map(|code| (code.parse().unwrap(), tariff));
        assert_eq!(settings.shipping().unwrap().tariffs, BTreeMap::from(currencies));
        assert_eq!(settings.valid_for(), TimeDelta::minutes(15));
    }

    #[test]
    fn what_is_given_replaces_the_defaults() {
        let text = r#"
            [pricing]
            tax_rate = "8.875"
            quote_minutes = 60
            [pricing.shipping.JPY]
            price = "500"
            free_from = "5000"
            [pricing.shipping.KWD]
            price = "1.250"
            free_from = "0"
        "#;
        let settings = read(text).unwrap();
        assert_eq!((settings.tax_rate.millionths(), settings.quote_minutes), (88_750, 60));
        let tariff = |price_minor, free_from_minor| ShippingTariff { price_minor, free_from_minor };
        let expected = [("JPY", tariff(500, 5_000)), ("KWD", tariff(1_250, 0))];
        let expected = expected.map(|(code, tariff)| (code.parse().unwrap(), tariff));
        assert_eq!(settings.shipping().unwrap().tariffs, BTreeMap::from(expected));
    }

    #[test]
    fn a_rate_is_a_text_or_a_whole_number_and_never_a_float() {
        assert_eq!(read("[pricing]\ntax_rate = 19").unwrap().tax_rate.to_string(), "19");
        for wrong in ["8.5", "-8", "101", "\"8 %\"", "true"] {
            let error = read(&format!("[pricing]\ntax_rate = {wrong}")).unwrap_err();
            assert!(error.contains("a tax rate is a"), "{wrong}: {error}");
        }
    }

    #[test]
    fn amounts_are_whole_minor_units_and_not_negative() {
        for (code, price) in [("EUR", "-1"), ("EUR", "0.001"), ("JPY", "0.5")] {
            let text = format!("[pricing.shipping.{code}]\nprice = \"{price}\"\nfree_from = \"0\"");
            let error = read(&text).unwrap_err();
            let expected = format!("pricing.shipping.{code}.price is {price}; ");
            assert!(error.starts_with(&expected), "{error}");
        }
        assert!(read("[pricing.shipping.EUR]\nprice = 5.99\nfree_from = \"0\"").is_err(), "a float");
        assert!(read("[pricing.shipping.XXX]\nprice = \"5\"\nfree_from = \"0\"").is_err(), "no currency");
    }

    #[test]
    fn a_quote_holds_some_minutes_and_at_most_thirty_days() {
        assert!(read("[pricing]\nquote_minutes = 43200").is_ok());
        for wrong in ["0", "43201"] {
            let error = read(&format!("[pricing]\nquote_minutes = {wrong}")).unwrap_err();
            assert_eq!(error, "pricing.quote_minutes is a number from 1 to 43200");
        }
    }
}
