//! How the OpenAPI documents describe the domain's checked texts: ids, codes, names. They only document; the domain's own
//! types are what is read.
//!
//! In a body: `#[schema(value_type = schema::Sku)]`. In a path: `("sku" = inline(schema::Sku), Path)`. In a query or a
//! header, where there is no null: `#[param(value_type = schema::Sku, inline, required = false)]`.

use crate::page::CURSOR_CHARS_MAX;
use tillroll_domain::{contact, ids, money, text};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr,
        schema::{KnownFormat, Object, ObjectBuilder, Schema, SchemaFormat, Type},
    },
};

/// One printable character that is not blank, with printable characters before and behind it.
const NOT_BLANK: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x1f\x7f-\x9f\s\x85\xa0][^\x00-\x1f\x7f-\x9f]*$";
const PRINTABLE: &str = r"^[^\x00-\x1f\x7f-\x9f]*$";
const UUID: &str = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
const EXAMPLE_UUID: &str = "01980000-0000-7000-8000-000000000000";

fn string() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String)
}

fn id(prefix: &str) -> Object {
    string().pattern(Some(format!("^{prefix}_{UUID}$"))).examples([format!("{prefix}_{EXAMPLE_UUID}")]).build()
}

fn bounded(pattern: &str, min: usize, max: usize, example: &str) -> Object {
    string().pattern(Some(pattern)).min_length(Some(min)).max_length(Some(max)).examples([example]).build()
}

macro_rules! documented {
    ($($(#[$meta:meta])* $name:ident = $schema:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                RefOr::T(Schema::Object($schema))
            }
        }

        impl ToSchema for $name {}
    )+};
}

documented! {
    /// See [`ids::ProductId`].
    ProductId = id(ids::ProductId::PREFIX);
    /// See [`ids::CategoryId`].
    CategoryId = id(ids::CategoryId::PREFIX);
    /// See [`ids::CustomerId`].
    CustomerId = id(ids::CustomerId::PREFIX);
    /// See [`ids::AddressId`].
    AddressId = id(ids::AddressId::PREFIX);
    /// See [`ids::CartId`].
    CartId = id(ids::CartId::PREFIX);
    /// See [`ids::CartLineId`].
    CartLineId = id(ids::CartLineId::PREFIX);
    /// See [`ids::OrderId`].
    OrderId = id(ids::OrderId::PREFIX);
    /// See [`ids::PaymentId`].
    PaymentId = id(ids::PaymentId::PREFIX);
    /// See [`ids::CreditNoteId`].
    CreditNoteId = id(ids::CreditNoteId::PREFIX);
    /// See [`ids::ReservationId`].
    ReservationId = id(ids::ReservationId::PREFIX);
    /// See [`ids::ShipmentId`].
    ShipmentId = id(ids::ShipmentId::PREFIX);
    /// See [`ids::ReturnId`].
    ReturnId = id(ids::ReturnId::PREFIX);
    /// See [`ids::ReceiptId`].
    ReceiptId = id(ids::ReceiptId::PREFIX);
    /// See [`ids::PriceRowId`].
    PriceRowId = id(ids::PriceRowId::PREFIX);
    /// See [`text::Sku`].
    Sku = bounded("^[A-Z0-9][A-Z0-9._-]*$", 1, text::Sku::MAX_CHARS, "MUG-BLUE");
    /// See [`text::LocationId`].
    Location = bounded("^[a-z0-9][a-z0-9_-]*$", 1, text::LocationId::MAX_CHARS, "main");
    /// See [`text::Name`].
    Name = bounded(NOT_BLANK, 1, text::Name::MAX_CHARS, "Blue mug");
    /// See [`text::Country`].
    Country = bounded(NOT_BLANK, 1, text::Country::MAX_CHARS, "DE");
    /// See [`text::Note`].
    Note = bounded(PRINTABLE, 0, text::Note::MAX_CHARS, "asked by phone");
    /// See [`text::Reference`].
    Reference = bounded(NOT_BLANK, 1, text::Reference::MAX_CHARS, "17850");
    /// See [`text::Slug`].
    Slug = bounded("^[a-z0-9]+(-[a-z0-9]+)*$", 1, text::Slug::MAX_CHARS, "blue-mug");
    /// See [`text::Description`].
    Description = bounded(r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f]*$", 0, text::Description::MAX_CHARS, "A mug.\nBlue.");
    /// See [`text::MediaUrl`].
    MediaUrl = bounded(
        r"^https://[A-Za-z0-9][A-Za-z0-9.:-]*([/?#][!#-&(-;=?-\[\]_a-~^]*)?$",
        9,
        text::MediaUrl::MAX_CHARS,
        "https://cdn.example/blue-mug.jpg",
    );
    /// See [`contact::Email`].
    Email = string()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Email)))
        .pattern(Some(contact::Email::PATTERN))
        .max_length(Some(contact::Email::MAX_CHARS))
        .examples(["anna@example.com"])
        .build();
    /// See [`contact::Phone`].
    Phone = bounded(contact::Phone::PATTERN, 3, contact::Phone::MAX_CHARS, "+47 22 33 44 55");
    /// See [`text::ConsentPurpose`].
    ConsentPurpose = bounded("^[a-z0-9][a-z0-9._-]*$", 1, text::ConsentPurpose::MAX_CHARS, "newsletter");
    /// An ISO 4217 code that [`money::Currency`] knows.
    Currency = string()
        .enum_values(Some(money::Currency::all().map(|currency| currency.code().to_owned())))
        .examples(["EUR"])
        .build();
    /// A decimal string of at most six decimals, in major units. See [`tillroll_domain::price::UnitPrice`].
    Decimal = string().pattern(Some(r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$")).examples(["12.34"]).build();
    /// A decimal string as in [`Decimal`] that is not negative.
    PositiveDecimal = string().pattern(Some(r"^[0-9]{1,12}(\.[0-9]{1,6})?$")).examples(["12.34"]).build();
    /// A date without a time, such as `2010-12-01`.
    Date = string()
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
        .pattern(Some(r"^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"))
        .examples(["2010-12-01"])
        .build();
    /// A month, such as `2010-12`.
    Month = string().pattern(Some(r"^[12][0-9]{3}-(0[1-9]|1[0-2])$")).examples(["2010-12"]).build();
    /// The value of `cursor`: what a list answered as `next_cursor`. See [`crate::Cursor`].
    Cursor = bounded("^[A-Za-z0-9_-]+$", 1, CURSOR_CHARS_MAX, "eyJvZiI6");
    /// A position of the log.
    Position = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(0)).maximum(Some(i64::MAX)).build();
    /// The value of `If-Match`: one strong entity tag that begins with a revision.
    RevisionTag = string().pattern(Some(r#"^"[0-9]{1,18}(\.[!#-~]*)?"$"#)).examples(["\"7\""]).build();
    /// The value of `If-None-Match`: any text of visible characters.
    EntityTags = bounded(r"^[!-~]+$", 1, 1_024, "\"7\"");
    /// The value of `Prefer` that a write knows.
    Preference = string().pattern(Some("^wait=[0-9]{1,9}$")).examples(["wait=5"]).build();
    /// The value of `Idempotency-Key`: a quoted string.
    Key = bounded(r#"^"([ !#-\[\]-~]|\\["\\]){1,255}"$"#, 3, 512, "\"8e03978e\"");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text_of<T: PartialSchema>() -> String {
        serde_json::to_string(&T::schema()).unwrap()
    }

    #[test]
    fn an_id_is_described_with_its_prefix() {
        let text = text_of::<OrderId>();
        assert!(text.contains(r#""pattern":"^ord_[0-9a-f]{8}-"#), "{text}");
        let example = format!("ord_{EXAMPLE_UUID}");
        assert!(text.contains(&example) && example.parse::<ids::OrderId>().is_ok(), "{text}");
    }

    #[test]
    fn the_bounds_are_those_of_the_domain() {
        assert!(text_of::<Sku>().contains(r#""maxLength":64"#));
        assert!(text_of::<Note>().contains(r#""maxLength":500"#));
    }

    #[test]
    fn every_currency_is_listed() {
        let text = text_of::<Currency>();
        for code in ["EUR", "JPY", "KWD"] {
            assert!(text.contains(&format!("{code:?}")), "{text}");
        }
    }
}
