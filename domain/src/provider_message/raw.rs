//! A provider's message, word for word.
//!
//! **Invariant:** neither `Debug` nor an error message shows what it says; it may name a person.

use crate::personal::PersonalData;
use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// The most bytes of a message.
pub const RAW_MESSAGE_BYTES_MAX: usize = 64 * 1_024;

/// What a provider sent, as text, of at most [`RAW_MESSAGE_BYTES_MAX`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct RawMessage(Box<str>);

/// A text that is too long to be a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a message has at most {RAW_MESSAGE_BYTES_MAX} bytes")]
pub struct ParseRawMessageError;

impl RawMessage {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for RawMessage {
    type Err = ParseRawMessageError;
    fn from_str(text: &str) -> Result<Self, ParseRawMessageError> {
        if text.len() > RAW_MESSAGE_BYTES_MAX { Err(ParseRawMessageError) } else { Ok(Self(text.into())) }
    }
}

impl<'de> Deserialize<'de> for RawMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl fmt::Debug for RawMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawMessage(***)")
    }
}

impl PersonalData for RawMessage {
    const FIELD: &'static str = "provider_message";
}
