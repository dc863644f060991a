//! Parts of bodies that several routes share. Types named in `value_type` only document what the domain's types read.

use serde::Deserialize;
use tillroll_domain::{
    contact::{Address, Phone},
    text::{Country, Name, Note, Reference},
};
use tillroll_http::schema;
use utoipa::ToSchema;

/// An amount as a decimal string, never a JSON number.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it only documents the form; the domain's Price is what is read")]
pub(crate) struct Amount {
    /// In major units; unit prices may have up to six decimals.
    amount: schema::Decimal,
    /// ISO 4217.
    currency: schema::Currency,
}

/// Some units of one line of an order.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it only documents the form; the domain's LineQuantity is what is read")]
pub(crate) struct LineUnits {
    /// The line's number, from 1.
    #[schema(minimum = 1)]
    line: u32,
    /// How many units.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    quantity: u32,
}

/// A postal address. What a line means is the country's business.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostalAddress {
    /// Who receives what is sent there: a person or a company.
    #[schema(value_type = schema::Name)]
    recipient: Name,
    /// Street and number, or what stands in their place.
    #[schema(value_type = schema::Name)]
    line1: Name,
    /// A second line: floor, building, in care of.
    #[schema(value_type = Option<schema::Name>)]
    line2: Option<Name>,
    /// City, town or village.
    #[schema(value_type = schema::Name)]
    city: Name,
    /// State, province or county, where addresses have one.
    #[schema(value_type = Option<schema::Name>)]
    region: Option<Name>,
    /// The postal code as it is written there; some countries have none.
    #[schema(value_type = Option<schema::Reference>)]
    postal_code: Option<Reference>,
    /// An ISO 3166-1 alpha-2 code.
    #[schema(value_type = schema::Country)]
    country: Country,
    /// A number at which a carrier can ask.
    #[schema(value_type = Option<schema::Phone>)]
    phone: Option<Phone>,
}

impl From<PostalAddress> for Address {
    fn from(address: PostalAddress) -> Self {
        let PostalAddress { recipient, line1, line2, city, region, postal_code, country, phone } = address;
        Self { recipient, line1, line2, city, region, postal_code, country, phone }
    }
}

/// Why something is done.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reason {
    /// Why; nothing personal. May be empty.
    #[schema(value_type = schema::Note)]
    pub(crate) reason: Note,
}
