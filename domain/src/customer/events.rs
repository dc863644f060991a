//! What can have happened to a customer.

use crate::{
    common::Basis,
    events,
    text::{Country, Note, Reference},
};
use serde::{Deserialize, Serialize};

events! {
    /// The history of a customer.
    pub enum CustomerEvent {
        CustomerRegistered = 1;
        CustomerCountryChanged = 1;
        CustomerDeactivated = 1;
        CustomerReactivated = 1;
    }
}

/// The customer is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerRegistered {
    /// Where the customer is.
    pub country: Country,
    /// The customer's number in another system.
    pub external_reference: Option<Reference>,
    /// How we know it.
    pub basis: Basis,
}

/// The customer is in another country now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerCountryChanged {
    /// The new country.
    pub country: Country,
}

/// The customer may not buy any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerDeactivated {
    /// Why; nothing personal.
    pub reason: Note,
}

/// The customer may buy again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerReactivated {}
