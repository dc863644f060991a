//! Settings: one struct per concern, read once at start from a TOML file; `TILLROLL_*` variables go over it, and flags
//! over both.
//!
//! Unknown names are refused, so that a misspelled setting is not silently ignored. No setting is a secret.

mod carts;
mod checkout;
#[cfg(test)]
mod documented;
mod orders;
mod origins;
mod pricing;

pub use carts::CartSettings;
pub use checkout::{CheckoutSettings, ExpiringAuthorization};
pub use orders::OrderSettings;
pub use pricing::{PricingSettings, ShippingSettings};

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::Deserialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};
use thiserror::Error;
use tillroll_domain::{price::UnitPrice, text::LocationId};
use toml::{Table, Value};

/// All settings.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The data folder. Default: `tillroll-data` in the working folder.
    pub data: PathBuf,
    /// The address to listen on. Default: `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// About the store.
    pub store: StoreSettings,
    /// About the log lines that the program writes.
    pub log: LogSettings,
    /// About the HTTP edge.
    pub http: HttpSettings,
    /// About taxes, transport and quotes.
    pub pricing: PricingSettings,
    /// About carts.
    pub carts: CartSettings,
    /// About checkout.
    pub checkout: CheckoutSettings,
    /// About what becomes of orders.
    pub orders: OrderSettings,
}

/// About the store.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// The IANA name of the zone in which the store reckons its days. Default: `UTC`.
    #[serde(deserialize_with = "time_zone")]
    pub time_zone: Tz,
    /// Bytes for cached states of aggregates, by estimate. Default: 256 MiB.
    pub cache_bytes: u64,
    /// The locations whose stock the storefront sells, 1 to 16. Default: `["main"]`.
    pub locations: Vec<LocationId>,
}

/// About the log lines that the program writes to standard error.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// A `tracing` filter, such as `info` or `info,tillroll_infra=debug`. Default: `info` for `serve`, `warn` otherwise.
    pub level: Option<String>,
    /// How lines look. Default: `text`.
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// About the HTTP edge.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpSettings {
    /// Connections at a time, 1 to 65,536. Default: 1,024.
    pub connections_max: usize,
    /// Connections at a time from one address, 1 to 65,536. Default: 256.
    pub connections_per_ip_max: usize,
    /// Milliseconds that a read waits for `Tillroll-After` before it answers 503, 1 to 9,000. Default: 5,000.
    pub read_wait_ms: u64,
    /// Whether callers without a key may see the published catalog and start guest carts. Default: no.
    pub anonymous: bool,
    /// Origins whose pages may call from a browser, such as `https://shop.example`; at most 100. Default: none.
    #[serde(deserialize_with = "origins::deserialize")]
    pub cors_origins: Vec<String>,
    /// Live streams of events at a time, 1 to 65,536; each keeps a connection. Default: 256.
    pub live_streams_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("tillroll-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            store: StoreSettings::default(),
            log: LogSettings::default(),
            http: HttpSettings::default(),
            pricing: PricingSettings::default(),
            carts: CartSettings::default(),
            checkout: CheckoutSettings::default(),
            orders: OrderSettings::default(),
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        let main = "main".parse().expect("the default location is well-formed");
        Self { time_zone: Tz::UTC, cache_bytes: 256 << 20, locations: vec![main] }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: None, format: LogFormat::Text }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            connections_per_ip_max: 256,
            read_wait_ms: 5_000,
            anonymous: false,
            cors_origins: Vec::new(),
            live_streams_max: 256,
        }
    }
}

/// Why settings could not be read.
#[derive(Debug, Error)]
pub enum SettingsError {
    /// The file is not there or cannot be read.
    #[error("the settings file {} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file does not hold settings.
    #[error("the settings file {} is wrong", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Where and why.
        #[source]
        source: toml::de::Error,
    },
    /// A window for returns that no return can have.
    #[error("orders.return_days is a number from 0 to {max}")]
    ReturnDays {
        /// The longest window, in days.
        max: u16,
    },
    /// A number that would make the server useless.
    #[error("{name} is a number from 1 to {max}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// The largest it may be.
        max: u64,
    },
    /// An amount that cannot be the price of transport.
    #[error("{name} is {amount}; it is not negative and no finer than the currency's minor unit")]
    ShippingAmount {
        /// The setting.
        name: String,
        /// The amount.
        amount: UnitPrice,
    },
    /// A list of locations that is empty, too long, or names one twice.
    #[error("store.locations names 1 to {max} locations, each once")]
    Locations {
        /// The most there may be.
        max: usize,
    },
    /// A variable does not hold what its setting needs.
    #[error("the variable {name} is wrong")]
    Variable {
        /// The variable.
        name: &'static str,
        /// Why.
        #[source]
        source: toml::de::Error,
    },
}

impl StoreSettings {
    /// The store's date at an instant.
    #[must_use]
    pub fn date_of(&self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.time_zone).date_naive()
    }

    /// The most locations whose stock is sold together.
    const LOCATIONS_MAX: usize = 16;

    fn check(&self) -> Result<(), SettingsError> {
        let distinct: std::collections::BTreeSet<&LocationId> = self.locations.iter().collect();
        if (1..=Self::LOCATIONS_MAX).contains(&self.locations.len()) && distinct.len() == self.locations.len() {
            return Ok(());
        }
        Err(SettingsError::Locations { max: Self::LOCATIONS_MAX })
    }
}

impl HttpSettings {
    /// The longest that a read may wait: a request is given up after ten seconds.
    const READ_WAIT_MS_MAX: u64 = 9_000;
    const CONNECTIONS_MAX: usize = 65_536;

    fn check(&self) -> Result<(), SettingsError> {
        let connections = 1..=Self::CONNECTIONS_MAX;
        let out_of_range = |name, max: u64| Err(SettingsError::OutOfRange { name, max });
        let most = u64::try_from(Self::CONNECTIONS_MAX).unwrap_or(u64::MAX);
        if !connections.contains(&self.connections_max) {
            return out_of_range("http.connections_max", most);
        }
        if !connections.contains(&self.connections_per_ip_max) {
            return out_of_range("http.connections_per_ip_max", most);
        }
        if !connections.contains(&self.live_streams_max) {
            return out_of_range("http.live_streams_max", most);
        }
        if !(1..=Self::READ_WAIT_MS_MAX).contains(&self.read_wait_ms) {
            return out_of_range("http.read_wait_ms", Self::READ_WAIT_MS_MAX);
        }
        Ok(())
    }
}

/// Settings that have no flag, with their variables.
const VARIABLES: [(&str, &str, &str); 15] = [
    ("TILLROLL_STORE_TIME_ZONE", "store", "time_zone"),
    ("TILLROLL_STORE_CACHE_BYTES", "store", "cache_bytes"),
    ("TILLROLL_PRICING_TAX_RATE", "pricing", "tax_rate"),
    ("TILLROLL_PRICING_QUOTE_MINUTES", "pricing", "quote_minutes"),
    ("TILLROLL_CHECKOUT_RESERVE_MINUTES", "checkout", "reserve_minutes"),
    ("TILLROLL_CHECKOUT_PAYMENT_MINUTES", "checkout", "payment_minutes"),
    ("TILLROLL_CHECKOUT_CAPTURE", "checkout", "capture"),
    ("TILLROLL_CHECKOUT_ON_EXPIRING_AUTHORIZATION", "checkout", "on_expiring_authorization"),
    ("TILLROLL_ORDERS_RETURN_DAYS", "orders", "return_days"),
    ("TILLROLL_HTTP_CONNECTIONS_MAX", "http", "connections_max"),
    ("TILLROLL_HTTP_CONNECTIONS_PER_IP_MAX", "http", "connections_per_ip_max"),
    ("TILLROLL_HTTP_READ_WAIT_MS", "http", "read_wait_ms"),
    ("TILLROLL_HTTP_ANONYMOUS", "http", "anonymous"),
    ("TILLROLL_HTTP_CORS_ORIGINS", "http", "cors_origins"),
    ("TILLROLL_HTTP_LIVE_STREAMS_MAX", "http", "live_streams_max"),
];

impl Settings {
    /// Reads a TOML file, if there is one to be read, and puts variables over it. `variable` looks one up.
    ///
    /// # Errors
    /// Files that cannot be read, and content that does not fit.
    pub fn load(path: Option<&Path>, variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let mut table = path.map(read_table).transpose()?.unwrap_or_default();
        for (name, section, setting) in VARIABLES {
            let Some(text) = variable(name) else { continue };
            let value = match (text.parse(), text.parse()) {
                (Ok(number), _) => Value::Integer(number),
                (_, Ok(switch)) => Value::Boolean(switch),
                _ => Value::String(text),
            };
            let section = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(section) = section {
                section.insert(setting.to_owned(), value);
            }
            Self::deserialize(table.clone()).map_err(|source| SettingsError::Variable { name, source })?;
        }
        // The file was checked when it was read, and every variable when it was put over it.
        let settings =
            Self::deserialize(table).map_err(|source| SettingsError::Variable { name: "TILLROLL_CONFIG", source })?;
        settings.http.check()?;
        settings.store.check()?;
        settings.pricing.check()?;
        settings.carts.check()?;
        settings.checkout.check()?;
        settings.orders.check()?;
        Ok(settings)
    }
}

fn read_table(path: &Path) -> Result<Table, SettingsError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| SettingsError::Unreadable { path: path.to_owned(), source })?;
    let malformed = |source| SettingsError::Malformed { path: path.to_owned(), source };
    toml::from_str::<Settings>(&text).map_err(malformed)?;
    toml::from_str(&text).map_err(malformed)
}

fn time_zone<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
    let name = String::deserialize(deserializer)?;
    let unknown = |_| serde::de::Error::custom(format_args!("{name:?} is no IANA time zone such as Europe/London"));
    Tz::from_str(&name).map_err(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_means_the_defaults() {
        assert_eq!(toml::from_str::<Settings>("").unwrap(), Settings::default());
    }

    #[test]
    fn every_setting_can_be_given() {
        let text = r#"
            data = "shop"
            listen = "0.0.0.0:80"
            [store]
            time_zone = "Europe/London"
            cache_bytes = 1
            locations = ["north", "south"]
            [log]
            level = "debug"
            format = "json"
            [http]
            connections_max = 2
            connections_per_ip_max = 3
            read_wait_ms = 4
            anonymous = true
            cors_origins = ["https://shop.example"]
            live_streams_max = 5
        "#;
        let settings: Settings = toml::from_str(text).unwrap();
        assert_eq!(settings.data, PathBuf::from("shop"));
        let locations = ["north", "south"].map(|location| location.parse().unwrap()).to_vec();
        assert_eq!(settings.store, StoreSettings { time_zone: Tz::Europe__London, cache_bytes: 1, locations });
        assert_eq!(settings.log, LogSettings { level: Some("debug".into()), format: LogFormat::Json });
        let http = HttpSettings {
            connections_max: 2,
            connections_per_ip_max: 3,
            read_wait_ms: 4,
            anonymous: true,
            cors_origins: vec!["https://shop.example".into()],
            live_streams_max: 5,
        };
        assert_eq!(settings.http, http);
    }

    #[test]
    fn origins_come_from_a_variable_with_commas() {
        let set = |name: &str| match name {
            "TILLROLL_HTTP_CORS_ORIGINS" => Some("https://a.example, https://b.example".to_owned()),
            "TILLROLL_HTTP_ANONYMOUS" => Some("true".to_owned()),
            _ => None,
        };
        let http = Settings::load(None, set).unwrap().http;
        assert_eq!(http.cors_origins, ["https://a.example", "https://b.example"]);
        assert!(http.anonymous);
    }

    #[test]
    fn a_misspelled_setting_is_refused_by_name() {
        let error = toml::from_str::<Settings>("[store]\ntimezone = \"UTC\"").unwrap_err().to_string();
        assert!(error.contains("timezone"), "{error}");
    }

    #[test]
    fn variables_go_over_the_file_and_each_is_checked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.toml");
        std::fs::write(&path, "[store]\ntime_zone = \"Europe/Paris\"\ncache_bytes = 7").unwrap();
        let set = |name: &str| (name == "TILLROLL_STORE_TIME_ZONE").then(|| "Europe/London".to_owned());
        let settings = Settings::load(Some(&path), set).unwrap();
        let expected = StoreSettings { time_zone: Tz::Europe__London, cache_bytes: 7, ..StoreSettings::default() };
        assert_eq!(settings.store, expected);
        for (name, _, _) in VARIABLES {
            let wrong = |asked: &str| (asked == name).then(|| "none at all".to_owned());
            let error = Settings::load(None, wrong).unwrap_err().to_string();
            assert_eq!(error, format!("the variable {name} is wrong"));
        }
        assert_eq!(Settings::load(None, |_| None).unwrap(), Settings::default());
    }

    #[test]
    fn numbers_that_make_the_server_useless_are_refused() {
        for (name, wrong) in [
            ("TILLROLL_HTTP_CONNECTIONS_MAX", "0"),
            ("TILLROLL_HTTP_CONNECTIONS_MAX", "65537"),
            ("TILLROLL_HTTP_CONNECTIONS_PER_IP_MAX", "0"),
            ("TILLROLL_HTTP_READ_WAIT_MS", "10000"),
            ("TILLROLL_HTTP_LIVE_STREAMS_MAX", "0"),
        ] {
            let error = Settings::load(None, |asked| (asked == name).then(|| wrong.to_owned())).unwrap_err();
            assert!(matches!(error, SettingsError::OutOfRange { .. }), "{name} {wrong}: {error}");
        }
    }

    #[test]
    fn a_shop_sells_from_one_location_to_sixteen() {
        let with = |locations: &[&str]| StoreSettings {
            locations: locations.iter().map(|location| location.parse().unwrap()).collect(),
            ..StoreSettings::default()
        };
        assert!(with(&["main"]).check().is_ok() && with(&["a", "b"]).check().is_ok());
        assert!(with(&[]).check().is_err() && with(&["a", "b", "a"]).check().is_err());
        let many: Vec<String> = (0..17).map(|number| format!("l{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        assert!(with(&many[..16]).check().is_ok() && with(&many).check().is_err());
    }

    #[test]
    fn an_unknown_time_zone_is_refused_with_an_example() {
        let error = toml::from_str::<Settings>("[store]\ntime_zone = \"London\"").unwrap_err().to_string();
        assert!(error.contains("Europe/London"), "{error}");
    }
}
