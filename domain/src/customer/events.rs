//! What can have happened to a customer.

use crate::{
    common::Basis,
    contact::{Address, Email, Profile},
    events,
    ids::{AddressId, SubjectId},
    personal::Personal,
    text::{ConsentPurpose, Country, Note, Reference},
};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

events! {
    /// The history of a customer.
    pub enum CustomerEvent {
        CustomerRegistered = 1;
        CustomerCountryChanged = 1;
        CustomerDeactivated = 1;
        CustomerReactivated = 1;
        CustomerProfileChanged = 1;
        CustomerEmailChanged = 1;
        CustomerAddressAdded = 1;
        CustomerAddressChanged = 1;
        CustomerAddressRemoved = 1;
        CustomerDefaultAddressChanged = 1;
        CustomerConsentChanged = 1;
        CustomerErased = 1;
    }
}

/// What an address can be the default for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// Where goods are sent.
    Shipping,
    /// Where bills are sent.
    Billing,
}

impl AddressKind {
    /// Every kind.
    pub const ALL: [Self; 2] = [Self::Shipping, Self::Billing];
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

/// The customer is called otherwise now, or for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerProfileChanged {
    /// The name, and a number to call.
    pub profile: Personal<Profile>,
}

/// The customer gets mail elsewhere now, or for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerEmailChanged {
    /// The e-mail address.
    pub email: Personal<Email>,
}

/// There is one more address in the address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerAddressAdded {
    /// Its id.
    pub address_id: AddressId,
    /// What is written on a label.
    pub address: Personal<Address>,
    /// The country of the address, which alone says nothing of the person.
    pub country: Country,
}

/// An address was corrected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerAddressChanged {
    /// Which one.
    pub address_id: AddressId,
    /// What is written on a label from now on.
    pub address: Personal<Address>,
    /// The country of the address, which alone says nothing of the person.
    pub country: Country,
}

/// An address is no longer in the address book. If it was a default, the next default follows in the same append.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerAddressRemoved {
    /// Which one.
    pub address_id: AddressId,
}

/// Another address is the default of a kind, instead of the one before if there was one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerDefaultAddressChanged {
    /// Of which kind.
    pub kind: AddressKind,
    /// Which address.
    pub address_id: AddressId,
}

/// The customer agreed to something, or no longer does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerConsentChanged {
    /// To what.
    pub purpose: ConsentPurpose,
    /// Whether the customer agrees.
    pub granted: bool,
    /// Where it was said; nothing personal.
    pub source: Reference,
    /// When it was said.
    pub changed_at: DateTime<Utc>,
}

/// The person is forgotten: the subject's key is destroyed, now or as soon as the engine gets to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerErased {
    /// The subject of the customer's personal data.
    pub subject: SubjectId,
}
