//! An e-mail address that mail can be sent to and that is the same however it was typed.

use serde::{Deserialize, Deserializer, Serialize};
use std::{
    fmt::{self, Debug},
    str::FromStr,
};
use thiserror::Error;

/// An e-mail address in lower case, at most [`Email::MAX_CHARS`] characters.
///
/// Read in the grammar that browsers use for the field of a form, with at least two labels behind the `@`: ASCII, no
/// quoted or commented parts. Capitals are made small everywhere, since no provider of our time tells them apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(Box<str>);

/// Why a text is not an e-mail address. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ParseEmailError {
    /// More characters than an address may have.
    #[error("an e-mail address has at most 254 characters, 64 of them before the @")]
    TooLong,
    /// Not a name, an `@` and a domain.
    #[error("an e-mail address is a name, an @ and a domain, such as anna@example.com")]
    Malformed,
}

impl Email {
    /// The most characters that an address may have.
    pub const MAX_CHARS: usize = 254;
    /// The most characters before the `@`.
    pub const MAX_LOCAL_CHARS: usize = 64;
    /// What is read, as a regular expression; the bounds of the whole are [`Self::MAX_CHARS`].
    pub const PATTERN: &'static str = concat!(
        r"^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}",
        r"@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$",
    );

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = ParseEmailError;

    fn from_str(text: &str) -> Result<Self, ParseEmailError> {
        let (local, domain) = text.split_once('@').ok_or(ParseEmailError::Malformed)?;
        if text.len() > Self::MAX_CHARS || local.len() > Self::MAX_LOCAL_CHARS {
            return Err(ParseEmailError::TooLong);
        }
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
        let known = !local.is_empty() && local.bytes().all(fits) && domain.contains('.');
        if !known || !domain.split('.').all(is_label) {
            return Err(ParseEmailError::Malformed);
        }
        Ok(Self(text.to_ascii_lowercase().into()))
    }
}

fn is_label(label: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len()) && label.bytes().all(fits) && !label.starts_with('-') && !label.ends_with('-')
}

impl Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(***)")
    }
}

impl<'de> Deserialize<'de> for Email {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        crate::text::deserialize_parsed(deserializer)
    }
}
