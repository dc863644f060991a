//! Settings of what becomes of orders.

use super::SettingsError;
use serde::Deserialize;
use tillroll_domain::returns::commands::WINDOW_DAYS_MAX;

/// About what becomes of orders.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OrderSettings {
    /// Days after its delivery during which goods of an order can be sent back, 0 to 3,650; 0 is the day of delivery alone.
    /// A return keeps the window under which it was requested. Default: 30.
    pub return_days: u16,
}

impl Default for OrderSettings {
    fn default() -> Self {
        Self { return_days: 30 }
    }
}

impl OrderSettings {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if self.return_days <= WINDOW_DAYS_MAX {
            return Ok(());
        }
        Err(SettingsError::ReturnDays { max: WINDOW_DAYS_MAX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    #[test]
    fn a_return_window_is_bounded() {
        assert!(OrderSettings { return_days: WINDOW_DAYS_MAX }.check().is_ok());
        let error = OrderSettings { return_days: WINDOW_DAYS_MAX + 1 }.check().unwrap_err().to_string();
        assert!(error.contains("orders.return_days"), "{error}");
    }

    #[test]
    fn a_return_window_comes_from_a_file_or_a_variable() {
        assert_eq!(toml::from_str::<Settings>("[orders]\nreturn_days = 14").unwrap().orders.return_days, 14);
        let set = |name: &str| (name == "TILLROLL_ORDERS_RETURN_DAYS").then(|| "0".to_owned());
        assert_eq!(Settings::load(None, set).unwrap().orders.return_days, 0);
        let too_long = |name: &str| (name == "TILLROLL_ORDERS_RETURN_DAYS").then(|| "3651".to_owned());
        assert!(Settings::load(None, too_long).is_err());
    }
}
