//! Messages that a provider sends by itself: what is handed to it for verification, and what it reads out of them.

use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use thiserror::Error;
use tillroll_domain::{provider_message::ProviderFact, text::Reference};

/// The most bytes of a message's body.
pub const WEBHOOK_BYTES_MAX: usize = 64 << 10;

/// The headers of a message, by name in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookHeaders(BTreeMap<String, Option<String>>);

impl WebhookHeaders {
    /// The value of a header; `None` if it is missing or was sent several times, so that nobody can choose which one is
    /// looked at.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_deref()
    }
}

impl<N: AsRef<str>, V: Into<String>> FromIterator<(N, V)> for WebhookHeaders {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(headers: I) -> Self {
        let mut map = BTreeMap::new();
        for (name, value) in headers {
            let value = Some(value.into());
            map.entry(name.as_ref().to_ascii_lowercase()).and_modify(|first| *first = None).or_insert(value);
        }
        Self(map)
    }
}

/// A genuine message, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedWebhook {
    /// The provider's id of it; the same for every redelivery.
    pub message_id: Reference,
    /// When this delivery was signed.
    pub signed_at: DateTime<Utc>,
    /// What it says.
    pub fact: ProviderFact,
}

/// Why a message is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WebhookError {
    /// There is no signature, or not a readable one.
    #[error("the message carries no readable signature")]
    NotSigned,
    /// The signature is not the provider's for this body.
    #[error("the signature is not the provider's")]
    BadSignature,
    /// The signature is right and too old, or too far in the future.
    #[error("the message was signed at {signed_at}, which is too far from now")]
    Stale {
        /// When it was signed.
        signed_at: DateTime<Utc>,
    },
    /// The signature is right, and the body cannot be read.
    #[error("the message cannot be read: {reason}")]
    Malformed {
        /// For operators, who log it; so it quotes nothing of the body.
        reason: String,
    },
}

impl WebhookError {
    /// True if it may come from anybody: nothing proves that the provider sent it.
    #[must_use]
    pub const fn is_unproven(&self) -> bool {
        match self {
            Self::NotSigned | Self::BadSignature | Self::Stale { .. } => true,
            Self::Malformed { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_found_by_its_name_in_lower_case() {
        let headers = WebhookHeaders::from_iter([("Tillroll-Signature", "a"), ("X", "b")]);
        assert_eq!(
            (headers.get("tillroll-signature"), headers.get("x"), headers.get("y")),
            (Some("a"), Some("b"), None)
        );
    }

    #[test]
    fn a_header_that_comes_twice_is_none() {
        for values in [["a", "b"], ["a", "a"]] {
            let headers = WebhookHeaders::from_iter(values.map(|value| ("Signature", value)));
            assert_eq!(headers.get("signature"), None);
        }
        let thrice = WebhookHeaders::from_iter([("s", "a"), ("S", "b"), ("s", "c")]);
        assert_eq!(thrice.get("s"), None, "an odd number is no better");
    }
}
