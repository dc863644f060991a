//! Settings: one struct per concern, read once at start from a TOML file; flags and `TILLROLL_*` variables go over it.
//!
//! Unknown names are refused, so that a misspelled setting is not silently ignored. No setting is a secret.

use chrono_tz::Tz;
use serde::Deserialize;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    str::FromStr,
};
use thiserror::Error;

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
}

/// About the store.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StoreSettings {
    /// The IANA name of the zone in which the store reckons its days. Default: `UTC`.
    #[serde(deserialize_with = "time_zone")]
    pub time_zone: Tz,
    /// Bytes for cached states of aggregates, by estimate, which is on the high side. Default: 64 MiB.
    pub cache_bytes: u64,
}

/// About the log lines that the program writes to standard error.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LogSettings {
    /// A `tracing` filter, such as `info` or `info,tillroll_infra=debug`. Default: `info`.
    pub level: String,
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
    /// Connections at a time. Default: 1,024.
    pub connections_max: usize,
    /// Connections at a time from one address. Default: 256.
    pub connections_per_ip_max: usize,
    /// Milliseconds that a read waits for `Tillroll-After` before it answers 503. Default: 5,000.
    pub read_wait_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            data: PathBuf::from("tillroll-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            store: StoreSettings::default(),
            log: LogSettings::default(),
            http: HttpSettings::default(),
        }
    }
}

impl Default for StoreSettings {
    fn default() -> Self {
        Self { time_zone: Tz::UTC, cache_bytes: 64 << 20 }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Text }
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self { connections_max: 1_024, connections_per_ip_max: 256, read_wait_ms: 5_000 }
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
}

impl Settings {
    /// Reads a TOML file.
    ///
    /// # Errors
    /// Files that cannot be read, and content that does not fit.
    pub fn from_file(path: &Path) -> Result<Self, SettingsError> {
        let unreadable = |source| SettingsError::Unreadable { path: path.to_owned(), source };
        let text = std::fs::read_to_string(path).map_err(unreadable)?;
        toml::from_str(&text).map_err(|source| SettingsError::Malformed { path: path.to_owned(), source })
    }
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
            [log]
            level = "debug"
            format = "json"
            [http]
            connections_max = 2
            connections_per_ip_max = 3
            read_wait_ms = 4
        "#;
        let settings: Settings = toml::from_str(text).unwrap();
        assert_eq!(settings.data, PathBuf::from("shop"));
        assert_eq!(settings.store, StoreSettings { time_zone: Tz::Europe__London, cache_bytes: 1 });
        assert_eq!(settings.log, LogSettings { level: "debug".into(), format: LogFormat::Json });
        let http = HttpSettings { connections_max: 2, connections_per_ip_max: 3, read_wait_ms: 4 };
        assert_eq!(settings.http, http);
    }

    #[test]
    fn a_misspelled_setting_is_refused_by_name() {
        let error = toml::from_str::<Settings>("[store]\ntimezone = \"UTC\"").unwrap_err().to_string();
        assert!(error.contains("timezone"), "{error}");
    }

    #[test]
    fn an_unknown_time_zone_is_refused_with_an_example() {
        let error = toml::from_str::<Settings>("[store]\ntime_zone = \"London\"").unwrap_err().to_string();
        assert!(error.contains("Europe/London"), "{error}");
    }
}
