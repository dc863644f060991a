//! Requests and policies that the tests of pricing begin with.

use super::{
    FlatTax, PriceReason, PricingLine, PricingRequest, STANDARD_SHIPPING, SelectedPrice, ThresholdShipping,
    shipping::ShippingTariff,
};
use crate::{ids::CartLineId, quantity::Quantity, testing::moment};
use chrono::TimeDelta;
use std::collections::BTreeMap;
use uuid::Uuid;

/// 8 % on the goods.
pub(super) fn tax() -> FlatTax {
    FlatTax { rate: "8".parse().unwrap() }
}

/// 5.99 under 50 in euros and dollars.
pub(super) fn shipping() -> ThresholdShipping {
    let tariff = ShippingTariff { price_minor: 599, free_from_minor: 5_000 };
    ThresholdShipping { tariffs: BTreeMap::from(["EUR", "USD"].map(|code| (code.parse().unwrap(), tariff))) }
}

pub(super) fn line_id(number: u128) -> CartLineId {
    CartLineId::new(Uuid::from_u128(number))
}

/// A line at its list price.
pub(super) fn line(number: u128, sku: &str, quantity: i64, price: &str) -> PricingLine {
    PricingLine {
        line_id: line_id(number),
        sku: sku.parse().unwrap(),
        description: format!("The {sku}").parse().unwrap(),
        quantity: Quantity::new(quantity).unwrap(),
        price: SelectedPrice { amount: price.parse().unwrap(), reason: PriceReason::ListPrice },
    }
}

/// In euros to Germany, for a quarter of an hour.
pub(super) fn request(lines: impl IntoIterator<Item = PricingLine>) -> PricingRequest {
    PricingRequest {
        currency: "EUR".parse().unwrap(),
        country: "DE".parse().unwrap(),
        lines: lines.into_iter().collect(),
        shipping_method: STANDARD_SHIPPING.parse().unwrap(),
        at: moment().now,
        valid_for: TimeDelta::minutes(15),
    }
}
