//! Settings of carts: how long one is kept that nobody comes back to.

use super::SettingsError;
use serde::Deserialize;
use tillroll_domain::cart::commands::IdleLimits;

/// About carts. A cart may be given up so long after it last changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CartSettings {
    /// Days that a guest's cart is kept, 1 to 3,650. Default: 7.
    pub guest_days: u32,
    /// Days that a customer's cart is kept, 1 to 3,650. Default: 30.
    pub customer_days: u32,
    /// Hours that a cart without lines is kept, 1 to 87,600, unless it would be given up before that anyway. Default: 48.
    pub empty_hours: u32,
}

impl Default for CartSettings {
    fn default() -> Self {
        Self { guest_days: 7, customer_days: 30, empty_hours: 48 }
    }
}

impl CartSettings {
    const DAYS_MAX: u32 = 3_650;
    const HOURS_MAX: u32 = Self::DAYS_MAX * 24;

    /// The same in seconds, as carts are told.
    #[must_use]
    pub fn idle_limits(&self) -> IdleLimits {
        IdleLimits {
            guest_seconds: self.guest_days.saturating_mul(86_400),
            customer_seconds: self.customer_days.saturating_mul(86_400),
            empty_seconds: self.empty_hours.saturating_mul(3_600),
        }
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for (name, value, max) in [
            ("carts.guest_days", self.guest_days, Self::DAYS_MAX),
            ("carts.customer_days", self.customer_days, Self::DAYS_MAX),
            ("carts.empty_hours", self.empty_hours, Self::HOURS_MAX),
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
    fn carts_are_kept_for_a_week_a_month_or_two_days() {
        let limits = IdleLimits { guest_seconds: 604_800, customer_seconds: 2_592_000, empty_seconds: 172_800 };
        assert_eq!(CartSettings::default().idle_limits(), limits);
        let settings = toml::from_str::<Settings>("[carts]\nguest_days = 2\nempty_hours = 1").unwrap().carts;
        assert_eq!(settings, CartSettings { guest_days: 2, customer_days: 30, empty_hours: 1 });
    }

    #[test]
    fn a_cart_is_kept_for_some_time_and_not_for_ever() {
        let check = |text: &str| {
            let settings = toml::from_str::<Settings>(&format!("[carts]\n{text}")).unwrap();
            settings.carts.check().map_err(|error| error.to_string())
        };
        assert_eq!(check("guest_days = 3650\ncustomer_days = 1\nempty_hours = 87600"), Ok(()));
        assert_eq!(check("guest_days = 0").unwrap_err(), "carts.guest_days is a number from 1 to 3650");
        assert_eq!(check("customer_days = 3651").unwrap_err(), "carts.customer_days is a number from 1 to 3650");
        assert_eq!(check("empty_hours = 87601").unwrap_err(), "carts.empty_hours is a number from 1 to 87600");
    }
}
