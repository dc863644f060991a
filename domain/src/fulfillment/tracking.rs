//! Tracking: the number under which a carrier knows a parcel, and where its way can be followed.

use crate::text::Reference;
use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// A parcel's number at its carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tracking {
    /// The number.
    pub number: Reference,
    /// A page that follows the parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<TrackingUrl>,
}

/// The address of a page on the web: `http://` or `https://`, printable ASCII without blanks, at most 500 characters.
///
/// Other schemes are refused because storefronts show it as a link.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TrackingUrl(Box<str>);

/// A text that is not such an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("must be an http or https address of at most {} printable ASCII characters", TrackingUrl::MAX_CHARS)]
pub struct ParseTrackingUrlError;

impl TrackingUrl {
    /// The most characters it may have.
    pub const MAX_CHARS: usize = 500;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TrackingUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TrackingUrl {
    type Err = ParseTrackingUrlError;

    fn from_str(text: &str) -> Result<Self, ParseTrackingUrlError> {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
        let has_host = rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        let printable = text.bytes().all(|byte| byte.is_ascii_graphic());
        if has_host && printable && text.len() <= Self::MAX_CHARS {
            Ok(Self(text.into()))
        } else {
            Err(ParseTrackingUrlError)
        }
    }
}

impl<'de> Deserialize<'de> for TrackingUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize_parsed(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_the_web() {
        for text in ["https://carrier.example/t?n=1%20Z", "http://1.2.3.4/"] {
            assert_eq!(text.parse::<TrackingUrl>().unwrap().as_str(), text);
        }
        for text in [
            "",
            "https://",
            "https:///x",
            "javascript:alert(1)",
            "ftp://a.b",
            "https://a b",
            "https://a/ü",
            "https://a\n",
        ] {
            assert_eq!(text.parse::<TrackingUrl>(), Err(ParseTrackingUrlError), "{text:?}");
        }
    }

    #[test]
    fn an_address_is_bounded() {
        let longest = format!("https://{}", "a".repeat(TrackingUrl::MAX_CHARS - 8));
        assert!(longest.parse::<TrackingUrl>().is_ok());
        assert!((longest + "a").parse::<TrackingUrl>().is_err());
    }
}
