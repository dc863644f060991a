//! What can be asked of a customer.

use super::events::AddressKind;
use crate::{
    contact::{Address, Email, Profile},
    ids::{AddressId, SubjectId},
    personal::Personal,
    text::{ConsentPurpose, Country, Note, Reference},
};
use serde::{Deserialize, Serialize};

/// Commands on a customer.
///
/// The subject of all personal data is the customer: the caller makes it from the customer's id. After [`Self::Erase`] all of
/// them are refused, but for those that find everything as they ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum CustomerCommand {
    /// Make the customer known.
    Register {
        /// Where the customer is.
        country: Country,
        /// The customer's number in another system.
        external_reference: Option<Reference>,
    },
    /// Move the customer to another country. Silent if it is the same.
    ChangeCountry {
        /// The new country.
        country: Country,
    },
    /// Refuse further orders of the customer.
    Deactivate {
        /// Why; nothing personal.
        reason: Note,
    },
    /// Take further orders of the customer again.
    Reactivate,
    /// Note what the customer is called. Silent if it is the same.
    SetProfile {
        /// The name, and a number to call.
        profile: Personal<Profile>,
    },
    /// Note where the customer gets mail. Silent if it is the same. Several customers may have the same address.
    SetEmail {
        /// The e-mail address.
        email: Personal<Email>,
    },
    /// Add an address to the address book, at most [`ADDRESSES_MAX`](super::ADDRESSES_MAX). The first one becomes the default
    /// of every kind. Silent if it is there already, with the same content and as the default of these kinds.
    AddAddress {
        /// The new address; never used for another one.
        address_id: AddressId,
        /// What is written on a label.
        address: Personal<Address>,
        /// What it shall be the default for.
        default_for: Vec<AddressKind>,
    },
    /// Correct an address of the address book. Silent if it is the same.
    ChangeAddress {
        /// Which one.
        address_id: AddressId,
        /// What is written on a label from now on.
        address: Personal<Address>,
    },
    /// Take an address out of the address book. Where it was the default, the one that was added first of those that remain
    /// takes its place.
    RemoveAddress {
        /// Which one.
        address_id: AddressId,
    },
    /// Make an address the default of a kind. Silent if it is.
    SetDefaultAddress {
        /// Which one.
        address_id: AddressId,
        /// For what.
        kind: AddressKind,
    },
    /// Note what the customer agrees to, or does not. Silent if that was the last word already, wherever it was said.
    SetConsent {
        /// To what.
        purpose: ConsentPurpose,
        /// Whether the customer agrees.
        granted: bool,
        /// Where it was said, such as `checkout`; nothing personal.
        source: Reference,
    },
    /// Forget the person for ever. Whoever sends it destroys the subject's key as soon as the event is durable. Silent if
    /// it was done.
    Erase {
        /// The subject of the customer's personal data.
        subject: SubjectId,
    },
    /// Import: a customer that a source document names. Silent if known with that reference; refused with another.
    RecordCustomer {
        /// Where the first document says the customer is.
        country: Country,
        /// The customer's number in the source.
        external_reference: Reference,
    },
}
