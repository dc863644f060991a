//! A customer moves, is turned away, and is welcome again.

use super::{
    events::{CustomerCountryChanged, CustomerDeactivated, CustomerEvent, CustomerReactivated},
    state::{CustomerError, CustomerState},
};
use crate::text::{Country, Note};

type Decision = Result<Vec<CustomerEvent>, CustomerError>;

pub(super) fn change_country(state: &CustomerState, country: &Country) -> Decision {
    let customer = state.known()?;
    if customer.country == *country {
        return Ok(vec![]);
    }
    Ok(vec![CustomerCountryChanged { country: country.clone() }.into()])
}

/// Silent if the customer is deactivated already, whatever the reason was, or was forgotten.
pub(super) fn deactivate(state: &CustomerState, reason: &Note) -> Decision {
    if let CustomerState::Erased(_) = state {
        return Ok(vec![]);
    }
    let customer = state.known()?;
    Ok(if customer.active { vec![CustomerDeactivated { reason: reason.clone() }.into()] } else { vec![] })
}

pub(super) fn reactivate(state: &CustomerState) -> Decision {
    let customer = state.known()?;
    Ok(if customer.active { vec![] } else { vec![CustomerReactivated {}.into()] })
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::CustomerCommand,
        samples::{known, nobody},
    };
    use super::*;

    fn moves(country: &str) -> CustomerCommand {
        CustomerCommand::ChangeCountry { country: country.parse().unwrap() }
    }

    fn turn_away(reason: &str) -> CustomerCommand {
        CustomerCommand::Deactivate { reason: reason.parse().unwrap() }
    }

    #[test]
    fn a_customer_moves_to_another_country() {
        known().when(moves("DE")).then([CustomerCountryChanged { country: "DE".parse().unwrap() }.into()]);
        known().when(moves("FR")).then_nothing();
        known().and(moves("DE")).when(moves("DE")).then_nothing();
        known().and(turn_away("")).and(moves("DE")).when(moves("DE")).then_nothing();
    }

    #[test]
    fn a_customer_is_turned_away_once() {
        known().when(turn_away("debts")).then([CustomerDeactivated { reason: "debts".parse().unwrap() }.into()]);
        known().and(turn_away("debts")).when(turn_away("other")).then_nothing();
    }

    #[test]
    fn a_customer_who_was_turned_away_is_welcome_again() {
        known().when(CustomerCommand::Reactivate).then_nothing();
        let away = || known().and(turn_away("debts"));
        away().when(CustomerCommand::Reactivate).then([CustomerReactivated {}.into()]);
        away().and(CustomerCommand::Reactivate).when(CustomerCommand::Reactivate).then_nothing();
        assert!(away().and(CustomerCommand::Reactivate).state().known().unwrap().active);
        assert!(!away().state().known().unwrap().active);
    }

    #[test]
    fn nothing_happens_to_a_customer_whom_nobody_knows() {
        for command in [moves("DE"), turn_away("debts"), CustomerCommand::Reactivate] {
            nobody().when(command).then_refused(CustomerError::NotRegistered);
        }
    }
}
