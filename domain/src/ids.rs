//! Typed identifiers: a UUID with a type prefix in text, so that an order's id is never taken for a payment's.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use thiserror::Error;
use uuid::Uuid;

/// Why a text is not an identifier.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ParseIdError {
    /// The prefix is missing or another type's.
    #[error("an id of this kind starts with {expected}_")]
    Prefix {
        /// The prefix that was expected, without the underscore.
        expected: &'static str,
    },
    /// What follows the prefix is not a hyphenated UUID in lower case.
    #[error("what follows the prefix is not a UUID in lower case with hyphens")]
    Uuid,
}

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$meta])*
        #[doc = concat!("\n\nIn text: `", $prefix, "_` and a hyphenated lower-case UUID (v7, or v5 where derived).")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// The text prefix, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// Makes the typed id of a UUID.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self { Self(uuid) }

            /// The UUID without its type; also the `id` part of the aggregate's stream.
            #[must_use]
            pub const fn uuid(self) -> Uuid { self.0 }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, concat!($prefix, "_{}"), self.0.hyphenated()) }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { fmt::Display::fmt(self, f) }
        }

        impl FromStr for $name {
            type Err = ParseIdError;
            fn from_str(text: &str) -> Result<Self, ParseIdError> { parse(text, $prefix).map(Self) }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> { serializer.collect_str(self) }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::text::deserialize_parsed(deserializer)
            }
        }
    )+};
}

fn parse(text: &str, prefix: &'static str) -> Result<Uuid, ParseIdError> {
    let rest = text.strip_prefix(prefix).and_then(|rest| rest.strip_prefix('_'));
    let rest = rest.ok_or(ParseIdError::Prefix { expected: prefix })?;
    let canonical = rest.len() == 36 && !rest.bytes().any(|byte| byte.is_ascii_uppercase());
    if !canonical {
        return Err(ParseIdError::Uuid);
    }
    Uuid::try_parse(rest).map_err(|_| ParseIdError::Uuid)
}

ids! {
    /// A product with its variants.
    ProductId = "prd";
    /// A customer.
    CustomerId = "cus";
    /// An order.
    OrderId = "ord";
    /// A payment: one intent to pay, with its attempts.
    PaymentId = "pay";
    /// One operation on a payment at a provider; also the idempotency key sent there.
    OperationId = "opn";
    /// A credit note.
    CreditNoteId = "crn";
    /// An expense document.
    ExpenseId = "exp";
    /// A document that corrects stock.
    StockDocumentId = "sdc";
    /// A hold on stock.
    ReservationId = "rsv";
    /// Goods that leave a location for one order.
    ShipmentId = "shp";
    /// Goods that come back.
    ReturnId = "ret";
    /// Goods that arrive at a location.
    ReceiptId = "rcp";
    /// A command; the same id with the same content is answered once.
    CommandId = "cmd";
}
