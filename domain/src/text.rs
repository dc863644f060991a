//! Bounded texts: codes, names and notes that are checked once, at the edge.

use serde::{Deserialize, Deserializer, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseTextError {
    /// Nothing but blanks, where something is needed.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must not be longer than {max} characters")]
    TooLong {
        /// The bound, in characters.
        max: usize,
    },
    /// A character that this text may not contain.
    #[error("must not contain {found:?}; {allowed}")]
    Character {
        /// The offending character.
        found: char,
        /// What is allowed, in words.
        allowed: &'static str,
    },
}

/// Deserializes through [`FromStr`], borrowing the text where the format allows.
pub(crate) fn deserialize_parsed<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr,
    T::Err: fmt::Display,
{
    struct Visitor<T>(std::marker::PhantomData<T>);
    impl<T: FromStr> serde::de::Visitor<'_> for Visitor<T>
    where
        T::Err: fmt::Display,
    {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a text")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            text.parse().map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Visitor(std::marker::PhantomData))
}

macro_rules! texts {
    ($($(#[$meta:meta])* $name:ident: $max:literal, $check:expr;)+) => {$(
        $(#[$meta])*
        #[doc = concat!("\n\nAt most ", stringify!($max), " characters.")]
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(Box<str>);

        impl $name {
            /// The most characters it may have.
            pub const MAX_CHARS: usize = $max;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str { &self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }

        impl FromStr for $name {
            type Err = ParseTextError;
            fn from_str(text: &str) -> Result<Self, ParseTextError> {
                let check: fn(&str) -> Result<(), ParseTextError> = $check;
                if text.chars().count() > $max {
                    return Err(ParseTextError::TooLong { max: $max });
                }
                check(text)?;
                Ok(Self(text.into()))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> { deserialize_parsed(deserializer) }
        }
    )+};
}

texts! {
    /// A stock keeping unit: what is counted and sold. Upper case, `[A-Z0-9][A-Z0-9._-]*`.
    Sku: 64, |text| code(text, |c| c.is_ascii_uppercase() || c.is_ascii_digit(), "use A-Z, 0-9 and, after the first, . _ or -");
    /// A place that holds stock: `[a-z0-9][a-z0-9_-]*`.
    LocationId: 32, |text| match text.chars().find(|&c| c == '.') {
        Some(found) => Err(ParseTextError::Character { found, allowed: "use a-z, 0-9 and, after the first, _ or -" }),
        None => code(text, |c| c.is_ascii_lowercase() || c.is_ascii_digit(), "use a-z, 0-9 and, after the first, _ or -"),
    };
    /// A name that people read; not blank, no control characters.
    Name: 200, |text| if text.trim().is_empty() { Err(ParseTextError::Empty) } else { printable(text) };
    /// A country as the document states it: an ISO 3166-1 alpha-2 code where we chose it, free text where history did.
    Country: 64, |text| if text.trim().is_empty() { Err(ParseTextError::Empty) } else { printable(text) };
    /// Free text on a line or an event, which may be empty; no control characters.
    Note: 500, printable;
    /// A code or reference from elsewhere, kept as it came; not blank, no control characters.
    Reference: 100, |text| if text.trim().is_empty() { Err(ParseTextError::Empty) } else { printable(text) };
}

fn code(text: &str, first: fn(char) -> bool, allowed: &'static str) -> Result<(), ParseTextError> {
    let mut chars = text.chars();
    match chars.next() {
        None => return Err(ParseTextError::Empty),
        Some(c) if !first(c) => return Err(ParseTextError::Character { found: c, allowed }),
        Some(_) => {}
    }
    match chars.find(|&c| !(first(c) || matches!(c, '.' | '_' | '-'))) {
        Some(found) => Err(ParseTextError::Character { found, allowed }),
        None => Ok(()),
    }
}

fn printable(text: &str) -> Result<(), ParseTextError> {
    match text.chars().find(|c| c.is_control()) {
        Some(found) => Err(ParseTextError::Character { found, allowed: "control characters are not allowed" }),
        None => Ok(()),
    }
}
