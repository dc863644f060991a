//! How a person is reached, as answers show it.

use serde::Serialize;
use tillroll_domain::contact::{Address, Phone, Profile};
use utoipa::ToSchema;

/// What a customer is called.
#[derive(Serialize, ToSchema)]
#[schema(as = Profile)]
pub(crate) struct ProfileJson {
    #[schema(example = "Anna")]
    first_name: String,
    #[schema(example = "Berg")]
    last_name: String,
    /// A telephone number, if one is known.
    phone: Option<String>,
}

/// A postal address.
#[derive(Serialize, ToSchema)]
#[schema(as = Address)]
pub(crate) struct AddressJson {
    #[schema(example = "Anna Berg")]
    recipient: String,
    #[schema(example = "Torggata 1")]
    line1: String,
    line2: Option<String>,
    #[schema(example = "Oslo")]
    city: String,
    region: Option<String>,
    postal_code: Option<String>,
    #[schema(example = "NO")]
    country: String,
    phone: Option<String>,
}

impl From<Profile> for ProfileJson {
    fn from(profile: Profile) -> Self {
        Self {
            first_name: profile.first_name.to_string(),
            last_name: profile.last_name.to_string(),
            phone: profile.phone.as_ref().map(number),
        }
    }
}

impl From<Address> for AddressJson {
    fn from(address: Address) -> Self {
        Self {
            recipient: address.recipient.to_string(),
            line1: address.line1.to_string(),
            line2: address.line2.map(|line| line.to_string()),
            city: address.city.to_string(),
            region: address.region.map(|region| region.to_string()),
            postal_code: address.postal_code.map(|code| code.to_string()),
            country: address.country.to_string(),
            phone: address.phone.as_ref().map(number),
        }
    }
}

fn number(phone: &Phone) -> String {
    phone.as_str().to_owned()
}

impl std::fmt::Debug for ProfileJson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProfileJson(***)")
    }
}

impl std::fmt::Debug for AddressJson {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AddressJson(***)")
    }
}
