//! Who buys and how they are reached: addresses, e-mail, the customer a guest turns out to be, and erasure.

use super::{
    Decision,
    error::CartError,
    events::{CartAddressSet, CartAssigned, CartContactErased, CartEmailSet, CartEvent, CartOwner},
    over_lapsed_claim,
    state::{CartState, GuestContact, OpenCart, guest_subject},
};
use crate::{
    contact::{Address, Email},
    customer::events::AddressKind,
    ids::{CartId, CustomerId},
    personal::Personal,
    text::Country,
};
use chrono::{DateTime, Utc};

pub(super) fn set_address(
    cart: &OpenCart,
    kind: AddressKind,
    address: &Personal<Address>,
    country: &Country,
    at: DateTime<Utc>,
) -> Decision {
    let value = storable(cart, address)?;
    if value.country != *country {
        return Err(CartError::CountryDiffers { country: value.country.clone() });
    }
    let before = match kind {
        AddressKind::Shipping => &cart.shipping_address,
        AddressKind::Billing => &cart.billing_address,
    };
    if before.as_ref() == Some(address) {
        return Ok(vec![]);
    }
    Ok(vec![CartAddressSet { kind, address: address.clone(), country: country.clone(), at }.into()])
}

pub(super) fn set_email(cart: &OpenCart, email: &Personal<Email>, at: DateTime<Utc>) -> Decision {
    storable(cart, email)?;
    if cart.email.as_ref() == Some(email) {
        return Ok(vec![]);
    }
    Ok(vec![CartEmailSet { email: email.clone(), at }.into()])
}

/// The value, if it may be stored here: it is the owner's, and there is one.
fn storable<'a, T>(cart: &OpenCart, data: &'a Personal<T>) -> Result<&'a T, CartError> {
    if data.subject() != cart.subject() {
        return Err(CartError::WrongSubject);
    }
    if cart.owner == CartOwner::Guest && cart.guest_contact == GuestContact::Erased {
        return Err(CartError::ContactErased);
    }
    data.value().ok_or(CartError::ContactErased)
}

pub(super) fn assign(cart: &OpenCart, customer_id: CustomerId, at: DateTime<Utc>) -> Decision {
    match cart.owner {
        CartOwner::Customer(owner) if owner == customer_id => Ok(vec![]),
        CartOwner::Customer(owner) => Err(CartError::OwnedByAnother { owner }),
        CartOwner::Guest => {
            let mut events = vec![CartAssigned { customer_id, at }.into()];
            events.extend(erasure(cart.cart_id, cart.guest_contact, at));
            Ok(events)
        }
    }
}

/// Money does not stand in the way of an erasure; an order that is being made does, for as long as its claim lasts.
pub(super) fn erase(state: &CartState, at: DateTime<Utc>) -> Decision {
    let (cart_id, owner, contact) = match state {
        CartState::Absent => return Err(CartError::NotFound),
        CartState::Open(cart) => {
            cart.free_of_claim(at)?;
            (cart.cart_id, cart.owner, cart.guest_contact)
        }
        CartState::Closed(cart) => (cart.cart_id, cart.owner, cart.guest_contact),
    };
    if owner != CartOwner::Guest {
        return Err(CartError::NotAGuest);
    }
    let events: Vec<CartEvent> = erasure(cart_id, contact, at).into_iter().collect();
    Ok(match state {
        CartState::Open(cart) => over_lapsed_claim(cart, events, at),
        CartState::Absent | CartState::Closed(_) => events,
    })
}

/// The event by which what a guest said of themselves is to become unreadable; none if there is nothing to erase.
pub(super) fn erasure(cart_id: CartId, contact: GuestContact, at: DateTime<Utc>) -> Option<CartEvent> {
    match contact {
        GuestContact::Given => Some(CartContactErased { subject: guest_subject(cart_id), at }.into()),
        GuestContact::Never | GuestContact::Erased => None,
    }
}

#[cfg(test)]
mod tests;
