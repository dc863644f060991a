//! A telephone number as a person writes it.

use serde::{Deserialize, Deserializer, Serialize};
use std::{
    fmt::{self, Debug},
    str::FromStr,
};
use thiserror::Error;

/// A telephone number, kept as it came: 3 to 15 digits, perhaps with a `+` in front, and blanks, `( ) . / -` between.
///
/// At most [`Phone::MAX_CHARS`] characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Phone(Box<str>);

/// Why a text is not a telephone number. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParsePhoneError {
    /// Too many characters.
    #[error("a telephone number has at most 32 characters")]
    TooLong,
    /// Other characters, or too few or too many digits.
    #[error("a telephone number has 3 to 15 digits, perhaps + in front, and blanks or ( ) . / - between")]
    Malformed,
}

impl Phone {
    /// The most characters that a number may have.
    pub const MAX_CHARS: usize = 32;
    /// What is read, as a regular expression; the bounds of the whole are [`Self::MAX_CHARS`].
    pub const PATTERN: &'static str = r"^\+?[ ()./-]{0,3}[0-9]([ ()./-]{0,3}[0-9]){2,14}$";

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Phone {
    type Err = ParsePhoneError;

    fn from_str(text: &str) -> Result<Self, ParsePhoneError> {
        if text.len() > Self::MAX_CHARS {
            return Err(ParsePhoneError::TooLong);
        }
        let (mut digits, mut between) = (0, 0);
        for byte in text.strip_prefix('+').unwrap_or(text).bytes() {
            match byte {
                b'0'..=b'9' => (digits, between) = (digits + 1, 0),
                b' ' | b'(' | b')' | b'.' | b'/' | b'-' if between < 3 => between += 1,
                _ => return Err(ParsePhoneError::Malformed),
            }
        }
        if !(3..=15).contains(&digits) || between > 0 {
            return Err(ParsePhoneError::Malformed);
        }
        Ok(Self(text.into()))
    }
}

impl Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Phone(***)")
    }
}

impl<'de> Deserialize<'de> for Phone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize_parsed(deserializer)
    }
}
