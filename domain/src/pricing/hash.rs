//! Digests that stand for a quote and for what a shipping rate was asked for.
//!
//! Both are SHA-256 over a canonical form: a sequence of fields, each written as the number of its bytes (64 bits, most
//! significant first) and the bytes, so that no two sequences share a form. Texts are UTF-8, numbers are decimal. The first
//! field names the form and its version.

use super::quote::{Quote, QuoteLine};
use crate::{
    money::Currency,
    text::{Country, Reference},
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};
use thiserror::Error;

/// A text that is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a hash is 64 digits of 0-9 and a-f")]
pub struct ParseHashError;

macro_rules! digests {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[doc = "\n\nIn text: 64 hexadecimal digits in lower case."]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; 32]);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }

        impl FromStr for $name {
            type Err = ParseHashError;
            fn from_str(text: &str) -> Result<Self, ParseHashError> { parse(text).map(Self) }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.collect_str(self) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::deserialize_parsed(deserializer)
            }
        }
    )+};
}

digests! {
    /// Stands for all that a customer agrees to by accepting a quote: currency and country, the lines with what they are,
    /// how many, at what price, amount and tax, the way of shipping and its cost, the tax with its rate, treatment and
    /// jurisdiction, and the total.
    ///
    /// Not part of it: the times, so that the same offer made again has the same hash; the order of the lines; why a
    /// price applies, which policy answered and what rounding did, since the amounts that came of it are part.
    QuoteHash;
    /// Stands for everything that a shipping rate was asked for: currency, country, method, and each line's SKU, quantity
    /// and amount.
    ShippingInputsHash;
}

fn parse(text: &str) -> Result<[u8; 32], ParseHashError> {
    let digits = <&[u8; 64]>::try_from(text.as_bytes()).map_err(|_| ParseHashError)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Ok(bytes)
}

fn digit(byte: u8) -> Result<u8, ParseHashError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(ParseHashError),
    }
}

/// Digests the fields of a canonical form one after the other.
struct Form(Sha256);

impl Form {
    /// Begins the form of a name, which tells it from every other one.
    fn new(name: &str) -> Self {
        let mut form = Self(Sha256::new());
        form.field(name);
        form
    }

    fn field(&mut self, value: impl fmt::Display) {
        let text = value.to_string();
        self.0.update(u64::try_from(text.len()).unwrap_or(u64::MAX).to_be_bytes());
        self.0.update(text.as_bytes());
    }

    fn finish(self) -> [u8; 32] {
        self.0.finalize().into()
    }
}

impl QuoteHash {
    /// Stands in a quote until its hash is known.
    pub(super) const NONE: Self = Self([0; 32]);

    /// The hash that a quote with these facts has, whatever stands in its field `hash`.
    #[must_use]
    pub fn of(quote: &Quote) -> Self {
        let mut form = Form::new("tillroll.quote.1");
        form.field(quote.currency);
        form.field(&quote.country);
        let lines = by_id(&quote.lines);
        form.field(lines.len());
        for line in lines {
            form.field(line.line_id);
            form.field(&line.sku);
            form.field(&line.description);
            form.field(line.quantity);
            form.field(line.unit_price);
            form.field(line.amount_minor);
            form.field(line.tax_minor);
        }
        form.field(quote.goods_minor);
        form.field(&quote.shipping.method);
        form.field(quote.shipping.amount_minor);
        form.field(quote.tax.amount_minor);
        form.field(quote.tax.base_minor);
        form.field(quote.tax.rate);
        form.field(quote.tax.treatment.as_str());
        form.field(&quote.tax.jurisdiction);
        form.field(quote.total_minor);
        Self(form.finish())
    }
}

impl ShippingInputsHash {
    pub(super) fn of(currency: Currency, country: &Country, method: &Reference, lines: &[QuoteLine]) -> Self {
        let mut form = Form::new("tillroll.shipping_inputs.1");
        form.field(currency);
        form.field(country);
        form.field(method);
        let lines = by_id(lines);
        form.field(lines.len());
        for line in lines {
            form.field(&line.sku);
            form.field(line.quantity);
            form.field(line.amount_minor);
        }
        Self(form.finish())
    }
}

/// The lines in an order that does not depend on how they were given.
fn by_id(lines: &[QuoteLine]) -> Vec<&QuoteLine> {
    let mut sorted: Vec<&QuoteLine> = lines.iter().collect();
    sorted.sort_by_key(|line| line.line_id);
    sorted
}

#[cfg(test)]
mod tests;
