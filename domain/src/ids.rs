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
    /// A person whose data is sealed under a key of its own. Random, and nothing about the person.
    SubjectId = "sub";
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
    /// A taking back of units that were promised to an order.
    ReleaseId = "rel";
    /// Goods that leave a location for one order.
    ShipmentId = "shp";
    /// Goods that come back.
    ReturnId = "ret";
    /// Goods that arrive at a location.
    ReceiptId = "rcp";
    /// A command; the same id with the same content is answered once.
    CommandId = "cmd";
    /// A cart.
    CartId = "crt";
    /// One line of a cart, and of the quote and the order made from it.
    CartLineId = "lin";
    /// A category of the catalog's tree.
    CategoryId = "cat";
    /// An address in a customer's address book.
    AddressId = "adr";
    /// One row of a price schedule.
    PriceRowId = "prw";
    /// A message from a payment provider.
    ProviderMessageId = "pvm";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    const TEXT: &str = "ord_01924c3e-5a00-7000-8000-00000000002a";

    #[test]
    fn an_id_in_text_is_its_prefix_and_a_uuid() {
        let id: OrderId = TEXT.parse().unwrap();
        assert_eq!(id.uuid(), Uuid::from_u128(0x0192_4c3e_5a00_7000_8000_0000_0000_002a));
        assert_eq!(id, OrderId::new(id.uuid()));
        assert_eq!((id.to_string(), format!("{id:?}")), (TEXT.to_owned(), TEXT.to_owned()));
    }

    #[test]
    fn an_order_is_never_taken_for_a_payment() {
        let error = TEXT.parse::<PaymentId>().unwrap_err();
        assert_eq!(error, ParseIdError::Prefix { expected: "pay" });
        assert_eq!(error.to_string(), "an id of this kind starts with pay_");
        for text in ["", "ord", "01924c3e-5a00-7000-8000-00000000002a", "ORD_01924c3e-5a00-7000-8000-00000000002a"] {
            assert_eq!(text.parse::<OrderId>(), Err(ParseIdError::Prefix { expected: "ord" }), "{text}");
        }
    }

    #[test]
    fn a_uuid_has_one_spelling() {
        for rest in [
            "",
            "01924C3E-5A00-7000-8000-00000000002A",
            "01924c3e5a0070008000000000000000002a",
            "01924c3e5a007000800000000000002a",
            "{01924c3e-5a00-7000-8000-00000000002a}",
            "urn:uuid:01924c3e-5a00-7000-8000-00000000002a",
            "01924c3e-5a00-7000-8000-00000000002g",
            "01924c3e-5a00-7000-8000-00000000002a ",
            " 1924c3e-5a00-7000-8000-00000000002a",
        ] {
            assert_eq!(format!("ord_{rest}").parse::<OrderId>(), Err(ParseIdError::Uuid), "{rest}");
        }
        assert_eq!(ParseIdError::Uuid.to_string(), "what follows the prefix is not a UUID in lower case with hyphens");
    }

    #[test]
    fn no_two_kinds_share_a_prefix() {
        let prefixes = [
            ProductId::PREFIX,
            CustomerId::PREFIX,
            SubjectId::PREFIX,
            OrderId::PREFIX,
            PaymentId::PREFIX,
            OperationId::PREFIX,
            CreditNoteId::PREFIX,
            ExpenseId::PREFIX,
            StockDocumentId::PREFIX,
            ReservationId::PREFIX,
            ReleaseId::PREFIX,
            ShipmentId::PREFIX,
            ReturnId::PREFIX,
            ReceiptId::PREFIX,
            CommandId::PREFIX,
            CartId::PREFIX,
            CartLineId::PREFIX,
            CategoryId::PREFIX,
            AddressId::PREFIX,
            PriceRowId::PREFIX,
            ProviderMessageId::PREFIX,
        ];
        assert_eq!(prefixes.iter().collect::<BTreeSet<_>>().len(), prefixes.len());
    }

    #[test]
    fn json_that_is_not_such_an_id_is_refused_with_the_reason() {
        let error = serde_json::from_str::<PaymentId>(&format!("{TEXT:?}")).unwrap_err().to_string();
        assert!(error.contains("an id of this kind starts with pay_"), "{error}");
        assert!(serde_json::from_str::<OrderId>("7").is_err());
    }

    proptest! {
        #[test]
        fn every_id_is_read_back(number in any::<u128>()) {
            let id = ReservationId::new(Uuid::from_u128(number));
            prop_assert_eq!(id.to_string().parse::<ReservationId>(), Ok(id));
            let json = serde_json::to_string(&id).unwrap();
            prop_assert_eq!(&json, &format!("\"{id}\""));
            prop_assert_eq!(serde_json::from_str::<ReservationId>(&json).unwrap(), id);
        }

        #[test]
        fn reading_never_panics(text in any::<String>()) {
            prop_assert!(text.parse::<OrderId>().is_err());
            prop_assert_eq!(format!("ord_{text}").parse::<OrderId>(), Err(ParseIdError::Uuid));
        }
    }
}
