//! The address book: what is in it, and which address is the default of each kind.
//!
//! **Invariant:** as long as there is an address, each kind has exactly one default, and it is in the book.

use super::{
    ADDRESSES_MAX,
    events::{
        AddressKind, CustomerAddressAdded, CustomerAddressChanged, CustomerAddressRemoved,
        CustomerDefaultAddressChanged, CustomerEvent,
    },
    identity::same_as,
    state::{CustomerError, CustomerState},
};
use crate::{contact::Address, ids::AddressId, personal::Personal, text::Country};

type Decision = Result<Vec<CustomerEvent>, CustomerError>;

pub(super) fn add(
    state: &CustomerState,
    address_id: AddressId,
    address: &Personal<Address>,
    default_for: &[AddressKind],
) -> Decision {
    let customer = state.known()?;
    let country = country(address)?;
    let is_first = customer.addresses.is_empty();
    let mut events = vec![];
    match customer.address(address_id) {
        Ok(known) if same_as(Some(&known.address), address)? => {}
        Ok(_) => return Err(CustomerError::AddressExists { address_id }),
        Err(_) if customer.addresses.len() >= ADDRESSES_MAX => {
            return Err(CustomerError::TooManyAddresses { max: ADDRESSES_MAX });
        }
        Err(_) => events.push(CustomerAddressAdded { address_id, address: address.clone(), country }.into()),
    }
    for kind in AddressKind::ALL {
        let wanted = is_first || default_for.contains(&kind);
        if wanted && customer.defaults.of(kind) != Some(address_id) {
            events.push(CustomerDefaultAddressChanged { kind, address_id }.into());
        }
    }
    Ok(events)
}

pub(super) fn change(state: &CustomerState, address_id: AddressId, address: &Personal<Address>) -> Decision {
    let customer = state.known()?;
    let country = country(address)?;
    let known = customer.address(address_id)?;
    if same_as(Some(&known.address), address)? {
        return Ok(vec![]);
    }
    Ok(vec![CustomerAddressChanged { address_id, address: address.clone(), country }.into()])
}

pub(super) fn remove(state: &CustomerState, address_id: AddressId) -> Decision {
    let customer = state.known()?;
    customer.address(address_id)?;
    let mut events = vec![CustomerAddressRemoved { address_id }.into()];
    let Some(next) = customer.addresses.iter().find(|known| known.address_id != address_id) else {
        return Ok(events);
    };
    for kind in AddressKind::ALL {
        if customer.defaults.of(kind) == Some(address_id) {
            events.push(CustomerDefaultAddressChanged { kind, address_id: next.address_id }.into());
        }
    }
    Ok(events)
}

pub(super) fn set_default(state: &CustomerState, address_id: AddressId, kind: AddressKind) -> Decision {
    let customer = state.known()?;
    customer.address(address_id)?;
    if customer.defaults.of(kind) == Some(address_id) {
        return Ok(vec![]);
    }
    Ok(vec![CustomerDefaultAddressChanged { kind, address_id }.into()])
}

fn country(address: &Personal<Address>) -> Result<Country, CustomerError> {
    let subject = address.subject();
    address.value().map(|address| address.country.clone()).ok_or(CustomerError::Erased { subject })
}

#[cfg(test)]
mod tests;
