//! Settings: one struct per concern, read once at start from a TOML file; `TILLROLL_*` variables go over it, and flags
//! over both.
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
        Self { time_zone: Tz::UTC, cache_bytes: 256 << 20 }
    }
}

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: None, format: LogFormat::Text }
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
    /// A number that would make the server useless.
    #[error("{name} is a number from 1 to {max}")]
    OutOfRange {
        /// The setting.
        name: &'static str,
        /// The largest it may be.
        max: u64,
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
        if !(1..=Self::READ_WAIT_MS_MAX).contains(&self.read_wait_ms) {
            return out_of_range("http.read_wait_ms", Self::READ_WAIT_MS_MAX);
        }
        Ok(())
    }
}

/// Settings that have no flag, with their variables.
const VARIABLES: [(&str, &str, &str); 5] = [
    ("TILLROLL_STORE_TIME_ZONE", "store", "time_zone"),
    ("TILLROLL_STORE_CACHE_BYTES", "store", "cache_bytes"),
    ("TILLROLL_HTTP_CONNECTIONS_MAX", "http", "connections_max"),
    ("TILLROLL_HTTP_CONNECTIONS_PER_IP_MAX", "http", "connections_per_ip_max"),
    ("TILLROLL_HTTP_READ_WAIT_MS", "http", "read_wait_ms"),
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
            let value = text.parse().map_or_else(|_| Value::String(text), Value::Integer);
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
        assert_eq!(settings.log, LogSettings { level: Some("debug".into()), format: LogFormat::Json });
        let http = HttpSettings { connections_max: 2, connections_per_ip_max: 3, read_wait_ms: 4 };
        assert_eq!(settings.http, http);
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
        assert_eq!(settings.store, StoreSettings { time_zone: Tz::Europe__London, cache_bytes: 7 });
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
        ] {
            let error = Settings::load(None, |asked| (asked == name).then(|| wrong.to_owned())).unwrap_err();
            assert!(matches!(error, SettingsError::OutOfRange { .. }), "{name} {wrong}: {error}");
        }
    }

    #[test]
    fn an_unknown_time_zone_is_refused_with_an_example() {
        let error = toml::from_str::<Settings>("[store]\ntime_zone = \"London\"").unwrap_err().to_string();
        assert!(error.contains("Europe/London"), "{error}");
    }
}
