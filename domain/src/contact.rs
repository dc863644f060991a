//! How a person is reached: postal address, e-mail address, telephone number, name.
//!
//! These are the values inside [`crate::personal::Personal`]. They are checked once, at the edge, and know nothing of whose
//! they are.
//!
//! **Invariant:** neither `Debug` nor an error message shows a value. (A refused text names at most the one character that
//! it may not contain.)

mod email;
mod phone;

#[cfg(test)]
mod tests;

pub use email::{Email, ParseEmailError};
pub use phone::{ParsePhoneError, Phone};

use crate::{
    personal::PersonalData,
    text::{Country, Name, Reference},
};
use serde::{Deserialize, Serialize};
use std::fmt::{self, Debug};

/// A postal address, with the lines that a label has. What a line means is the country's business.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Who receives what is sent there: a person or a company.
    pub recipient: Name,
    /// Street and number, or what stands in their place.
    pub line1: Name,
    /// A second line: floor, building, in care of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line2: Option<Name>,
    /// City, town or village.
    pub city: Name,
    /// State, province or county, where addresses have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<Name>,
    /// The postal code as it is written there; some countries have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<Reference>,
    /// The country.
    pub country: Country,
    /// A number at which a carrier can ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
}

/// What a customer is called, and a number to call.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// The given name.
    pub first_name: Name,
    /// The family name.
    pub last_name: Name,
    /// A telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Phone>,
}

impl PersonalData for Address {
    const FIELD: &'static str = "address";
}

impl PersonalData for Email {
    const FIELD: &'static str = "email";
}

impl PersonalData for Profile {
    const FIELD: &'static str = "profile";
}

impl Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(***)")
    }
}

impl Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Profile(***)")
    }
}
