//! Parts of bodies that several routes share. Types named in `value_type` only document what the domain's types read.

use serde::Deserialize;
use tillroll_domain::text::Note;
use utoipa::ToSchema;

/// An amount as a decimal string, never a JSON number.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only documents the form; the domain's Price is what is read")]
pub(crate) struct Amount {
    /// In major units; unit prices may have up to six decimals.
    #[schema(example = "12.34")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
}

/// Some units of one line of an order.
#[derive(ToSchema)]
#[expect(dead_code, reason = "it only documents the form; the domain's LineQuantity is what is read")]
pub(crate) struct LineUnits {
    /// The line's number, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// How many units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: u32,
}

/// Why something is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// Why; nothing personal. May be empty.
    #[schema(value_type = String, max_length = 500)]
    pub(crate) reason: Note,
}
