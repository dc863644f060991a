//! What decisions on a customer need to know, and why they refuse.

use super::events::{AddressKind, CustomerEvent};
use crate::{
    contact::{Address, Email, Profile},
    ids::{AddressId, SubjectId},
    personal::Personal,
    text::{ConsentPurpose, Country, Reference},
};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What is known of a customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CustomerState {
    /// Nothing.
    Unknown,
    /// The customer was registered.
    Known(Box<KnownCustomer>),
    /// The person was forgotten. No further orders are taken.
    Erased(ErasedCustomer),
}

/// A registered customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownCustomer {
    /// Where the customer is now.
    pub country: Country,
    /// The customer's number in another system.
    pub external_reference: Option<Reference>,
    /// Whether further orders are taken.
    pub active: bool,
    /// What the customer is called.
    pub profile: Option<Personal<Profile>>,
    /// Where the customer gets mail.
    pub email: Option<Personal<Email>>,
    /// The address book, in the order in which it was filled; at most [`super::ADDRESSES_MAX`].
    pub addresses: Vec<KnownAddress>,
    /// The defaults; one of each kind as soon as there are addresses.
    pub defaults: DefaultAddresses,
    /// The last word on each purpose; at most [`super::CONSENTS_MAX`].
    pub consents: Vec<Consent>,
}

/// An address of the address book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownAddress {
    /// Its id.
    pub address_id: AddressId,
    /// What is written on a label.
    pub address: Personal<Address>,
}

/// Which address is the default of each kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultAddresses {
    /// For goods.
    pub shipping: Option<AddressId>,
    /// For bills.
    pub billing: Option<AddressId>,
}

/// The last word of a customer on one purpose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consent {
    /// The purpose.
    pub purpose: ConsentPurpose,
    /// Whether the customer agrees.
    pub granted: bool,
}

/// What is left of a customer who was forgotten: nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErasedCustomer {
    /// The customer's number in another system.
    pub external_reference: Option<Reference>,
    /// Whose key is to be destroyed.
    pub subject: SubjectId,
}

/// Why a customer refused a command.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CustomerError {
    /// Nobody registered the customer.
    #[error("the customer is not registered")]
    NotRegistered,
    /// The customer is registered with another country or number.
    #[error("the customer is registered already, in {country}")]
    RegisteredDifferently {
        /// Where the customer is.
        country: Country,
        /// The customer's number in another system.
        external_reference: Option<Reference>,
    },
    /// The person was forgotten.
    #[error("the person was erased; nothing is stored for it any more")]
    Erased {
        /// The subject of the data that was erased.
        subject: SubjectId,
    },
    /// The address book has no such address.
    #[error("the customer has no address {address_id}")]
    AddressUnknown {
        /// What was asked for.
        address_id: AddressId,
    },
    /// The address book has this address with other content.
    #[error("the customer has another address {address_id}")]
    AddressExists {
        /// The address.
        address_id: AddressId,
    },
    /// The address book is full.
    #[error("a customer has at most {max} addresses")]
    TooManyAddresses {
        /// The bound.
        max: usize,
    },
    /// The customer has been asked about too many purposes.
    #[error("a customer has at most {max} consents")]
    TooManyConsents {
        /// The bound.
        max: usize,
    },
}

impl CustomerState {
    /// The customer, or the refusal that there is none or none any more.
    pub(super) fn known(&self) -> Result<&KnownCustomer, CustomerError> {
        match self {
            Self::Unknown => Err(CustomerError::NotRegistered),
            Self::Known(customer) => Ok(customer),
            Self::Erased(customer) => Err(customer.refusal()),
        }
    }

    pub(super) fn apply(self, event: &CustomerEvent) -> Self {
        match event {
            CustomerEvent::CustomerRegistered(e) => Self::Known(Box::new(KnownCustomer {
                country: e.country.clone(),
                external_reference: e.external_reference.clone(),
                active: true,
                profile: None,
                email: None,
                addresses: vec![],
                defaults: DefaultAddresses::default(),
                consents: vec![],
            })),
            CustomerEvent::CustomerCountryChanged(e) => self.change(|customer| customer.country = e.country.clone()),
            CustomerEvent::CustomerDeactivated(_) => self.change(|customer| customer.active = false),
            CustomerEvent::CustomerReactivated(_) => self.change(|customer| customer.active = true),
            CustomerEvent::CustomerProfileChanged(e) => {
                self.change(|customer| customer.profile = Some(e.profile.clone()))
            }
            CustomerEvent::CustomerEmailChanged(e) => self.change(|customer| customer.email = Some(e.email.clone())),
            CustomerEvent::CustomerAddressAdded(e) => self.change(|customer| {
                customer.addresses.push(KnownAddress { address_id: e.address_id, address: e.address.clone() });
            }),
            CustomerEvent::CustomerAddressChanged(e) => self.change(|customer| {
                if let Some(known) = customer.addresses.iter_mut().find(|known| known.address_id == e.address_id) {
                    known.address = e.address.clone();
                }
            }),
            CustomerEvent::CustomerAddressRemoved(e) => self.change(|customer| customer.forget_address(e.address_id)),
            CustomerEvent::CustomerDefaultAddressChanged(e) => {
                self.change(|customer| *customer.defaults.of_mut(e.kind) = Some(e.address_id))
            }
            CustomerEvent::CustomerConsentChanged(e) => {
                self.change(|customer| customer.hear(Consent { purpose: e.purpose.clone(), granted: e.granted }))
            }
            CustomerEvent::CustomerErased(e) => match self {
                Self::Known(customer) => {
                    Self::Erased(ErasedCustomer { external_reference: customer.external_reference, subject: e.subject })
                }
                other @ (Self::Unknown | Self::Erased(_)) => other.impossible(),
            },
        }
    }

    fn change(mut self, change: impl FnOnce(&mut KnownCustomer)) -> Self {
        match &mut self {
            Self::Known(customer) => {
                change(customer);
                self
            }
            Self::Unknown | Self::Erased(_) => self.impossible(),
        }
    }

    fn impossible(self) -> Self {
        debug_assert!(false, "the first event registers the customer, and after the erasure there is none");
        self
    }
}

impl ErasedCustomer {
    pub(super) const fn refusal(&self) -> CustomerError {
        CustomerError::Erased { subject: self.subject }
    }
}

impl DefaultAddresses {
    /// The default of a kind.
    #[must_use]
    pub const fn of(&self, kind: AddressKind) -> Option<AddressId> {
        match kind {
            AddressKind::Shipping => self.shipping,
            AddressKind::Billing => self.billing,
        }
    }

    fn of_mut(&mut self, kind: AddressKind) -> &mut Option<AddressId> {
        match kind {
            AddressKind::Shipping => &mut self.shipping,
            AddressKind::Billing => &mut self.billing,
        }
    }
}

impl KnownCustomer {
    /// The address with this id.
    pub(super) fn address(&self, address_id: AddressId) -> Result<&KnownAddress, CustomerError> {
        let found = self.addresses.iter().find(|known| known.address_id == address_id);
        found.ok_or(CustomerError::AddressUnknown { address_id })
    }

    pub(super) fn registered_differently(&self) -> CustomerError {
        CustomerError::RegisteredDifferently {
            country: self.country.clone(),
            external_reference: self.external_reference.clone(),
        }
    }

    fn forget_address(&mut self, address_id: AddressId) {
        self.addresses.retain(|known| known.address_id != address_id);
        for kind in AddressKind::ALL {
            let default = self.defaults.of_mut(kind);
            *default = default.filter(|&default| default != address_id);
        }
    }

    fn hear(&mut self, consent: Consent) {
        match self.consents.iter_mut().find(|known| known.purpose == consent.purpose) {
            Some(known) => *known = consent,
            None => self.consents.push(consent),
        }
    }
}
