//! Settings of checkout: how long stock is held, how long a buyer may take to pay, and when money is taken.

use super::SettingsError;
use serde::Deserialize;
use tillroll_domain::checkout::CapturePolicy;

/// About checkout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CheckoutSettings {
    /// Minutes for which the stock of an order is held until its payment begins, 1 to 1,440. Default: 15.
    pub reserve_minutes: u32,
    /// Minutes within which an order must be paid, from when its stock is held, 1 to 43,200; its stock is held for as long.
    /// Default: 30.
    pub payment_minutes: u32,
    /// When the money that was set aside is taken: `at_once`, when the order is confirmed, or `at_fulfillment`, for each
    /// shipment before it leaves. An order keeps what held when its checkout began. Default: `at_fulfillment`.
    pub capture: CapturePolicy,
    /// What happens to money that was set aside and would soon lapse at the provider. Default: `capture`.
    pub on_expiring_authorization: ExpiringAuthorization,
}

/// What happens to money that was set aside and would soon lapse at the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpiringAuthorization {
    /// It is taken, before the goods have left.
    Capture,
    /// It is left to lapse; then nothing of the order leaves any more.
    Hold,
}

impl Default for CheckoutSettings {
    fn default() -> Self {
        Self {
            reserve_minutes: 15,
            payment_minutes: 30,
            capture: CapturePolicy::AtFulfillment,
            on_expiring_authorization: ExpiringAuthorization::Capture,
        }
    }
}

impl CheckoutSettings {
    const RESERVE_MINUTES_MAX: u32 = 1_440;
    const PAYMENT_MINUTES_MAX: u32 = 43_200;

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for (name, value, max) in [
            ("checkout.reserve_minutes", self.reserve_minutes, Self::RESERVE_MINUTES_MAX),
            ("checkout.payment_minutes", self.payment_minutes, Self::PAYMENT_MINUTES_MAX),
        ] {
            if !(1..=max).contains(&value) {
                return Err(SettingsError::OutOfRange { name, max: u64::from(max) });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Settings;
    use super::*;

    #[test]
    fn every_setting_of_checkout_can_be_given() {
        let text = "[checkout]\nreserve_minutes = 5\npayment_minutes = 60\ncapture = \"at_once\"\n\
                    on_expiring_authorization = \"hold\"";
        let expected = CheckoutSettings {
            reserve_minutes: 5,
            payment_minutes: 60,
            capture: CapturePolicy::AtOnce,
            on_expiring_authorization: ExpiringAuthorization::Hold,
        };
        assert_eq!(toml::from_str::<Settings>(text).unwrap().checkout, expected);
        let set = |name: &str| (name == "TILLROLL_CHECKOUT_CAPTURE").then(|| "at_once".to_owned());
        assert_eq!(Settings::load(None, set).unwrap().checkout.capture, CapturePolicy::AtOnce);
    }

    #[test]
    fn stock_is_held_for_some_time_and_not_for_ever() {
        let check = |text: &str| {
            let settings = toml::from_str::<Settings>(&format!("[checkout]\n{text}")).unwrap();
            settings.checkout.check().map_err(|error| error.to_string())
        };
        assert_eq!(check("reserve_minutes = 1440\npayment_minutes = 43200"), Ok(()));
        assert_eq!(check("reserve_minutes = 0").unwrap_err(), "checkout.reserve_minutes is a number from 1 to 1440");
        assert_eq!(
            check("payment_minutes = 43201").unwrap_err(),
            "checkout.payment_minutes is a number from 1 to 43200"
        );
    }
}
