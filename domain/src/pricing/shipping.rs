//! The port to whoever knows what transport costs, and the demo policy: a flat price, free from a subtotal on.

use super::{
    PricingError, STANDARD_SHIPPING,
    quote::{PolicyVersion, QuoteLine},
};
use crate::{
    money::Currency,
    text::{Country, Reference},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// By which rule transport costs what it costs. Amounts are minor units of the quote's currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "rule", deny_unknown_fields)]
pub enum ShippingReason {
    /// The flat price, since the goods cost less than the bound.
    BelowThreshold {
        /// From which sum of goods on transport is free.
        free_from_minor: i64,
    },
    /// Free, since the goods cost at least the bound.
    FreeFromThreshold {
        /// From which sum of goods on transport is free.
        free_from_minor: i64,
        /// What it costs otherwise.
        regular_minor: i64,
    },
    /// A carrier's own rate.
    CarrierRate {
        /// How the carrier calls it.
        reference: Reference,
    },
}

/// What a shipping policy is told.
#[derive(Debug, Clone, Copy)]
pub struct ShippingRequest<'a> {
    /// The currency of every amount.
    pub currency: Currency,
    /// Where the goods go.
    pub country: &'a Country,
    /// How they travel.
    pub method: &'a Reference,
    /// The goods with their amounts; tax is not known yet and stands at zero.
    pub lines: &'a [QuoteLine],
    /// The sum of the lines' amounts.
    pub goods_minor: i64,
}

/// What a shipping policy answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShippingRate {
    /// The cost in minor units; not negative.
    pub amount_minor: i64,
    /// By which rule.
    pub reason: ShippingReason,
    /// Who decided so.
    pub policy: PolicyVersion,
}

/// Whoever knows what transport costs. Pure: a policy that asks a carrier gathers the answer first and carries it as data.
pub trait ShippingPolicy: Send + Sync {
    /// What the transport of a request's goods costs.
    ///
    /// # Errors
    /// [`PricingError::CurrencyNotConfigured`], [`PricingError::UnknownShippingMethod`], and whatever else of
    /// [`PricingError`] keeps the policy from answering.
    fn rate(&self, request: &ShippingRequest<'_>) -> Result<ShippingRate, PricingError>;
}

/// One method, [`STANDARD_SHIPPING`], at a flat price that falls away from a sum of goods on; stated per currency, and
/// refused in every other one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ThresholdShipping {
    /// What applies in each currency.
    pub tariffs: BTreeMap<Currency, ShippingTariff>,
}

/// What transport costs in one currency, in its minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShippingTariff {
    /// The flat price; not negative.
    pub price_minor: i64,
    /// The sum of goods from which on transport is free; not negative.
    pub free_from_minor: i64,
}

impl ThresholdShipping {
    /// The name under which quotes record this policy.
    pub const NAME: &'static str = "threshold_shipping";
    /// The version of its rules.
    pub const VERSION: u32 = 1;
}

impl ShippingPolicy for ThresholdShipping {
    fn rate(&self, request: &ShippingRequest<'_>) -> Result<ShippingRate, PricingError> {
        if request.method.as_str() != STANDARD_SHIPPING {
            return Err(PricingError::UnknownShippingMethod { method: request.method.clone() });
        }
        let currency = request.currency;
        let Some(tariff) = self.tariffs.get(&currency) else {
            return Err(PricingError::CurrencyNotConfigured { currency });
        };
        let free_from_minor = tariff.free_from_minor;
        let (amount_minor, reason) = if request.goods_minor < free_from_minor {
            (tariff.price_minor, ShippingReason::BelowThreshold { free_from_minor })
        } else {
            (0, ShippingReason::FreeFromThreshold { free_from_minor, regular_minor: tariff.price_minor })
        };
        Ok(ShippingRate { amount_minor, reason, policy: PolicyVersion::named(Self::NAME, Self::VERSION) })
    }
}
