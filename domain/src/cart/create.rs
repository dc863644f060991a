//! Somebody begins to collect what they may buy.

use super::{
    Decision,
    error::CartError,
    events::{CartCreated, CartOwner},
    state::CartState,
};
use crate::{ids::CartId, money::Currency, text::Country};
use chrono::{DateTime, Utc};

pub(super) fn create(
    state: &CartState,
    cart_id: CartId,
    owner: CartOwner,
    currency: Currency,
    country: &Country,
    at: DateTime<Utc>,
) -> Decision {
    match state {
        CartState::Absent => Ok(vec![CartCreated { cart_id, owner, currency, country: country.clone(), at }.into()]),
        CartState::Open(cart)
            if (cart.cart_id, cart.owner, cart.currency) == (cart_id, owner, currency) && cart.country == *country =>
        {
            Ok(vec![])
        }
        CartState::Open(_) => Err(CartError::ExistsDifferently),
        CartState::Closed(_) => Err(state.open().err().unwrap_or(CartError::ExistsDifferently)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{at, cart_id, country, create, currency, customer, filled, guest, nothing};
    use super::*;
    use crate::cart::commands::CartCommand as Command;

    #[test]
    fn a_cart_begins_empty_in_one_currency() {
        let begun = CartCreated {
            cart_id: cart_id(1),
            owner: CartOwner::Guest,
            currency: currency("EUR"),
            country: country("DE"),
            at: at(0).now,
        };
        nothing().when(create(CartOwner::Guest)).then([begun.into()]);
        guest().when(create(CartOwner::Guest)).then_nothing();
    }

    #[test]
    fn a_cart_is_not_begun_again_with_other_facts() {
        guest().when(create(CartOwner::Customer(customer(1)))).then_refused(CartError::ExistsDifferently);
        guest()
            .and(Command::SetCountry { country: country("FR") })
            .when(create(CartOwner::Guest))
            .then_refused(CartError::ExistsDifferently);
    }

    #[test]
    fn nothing_happens_to_a_cart_that_nobody_began() {
        for command in [Command::Clear, Command::EraseContact, Command::AbortCompletion { fence: 0 }] {
            nothing().when(command).then_refused(CartError::NotFound);
        }
        assert!(filled().state().open().is_ok());
    }
}
