//! What a customer is called, and where the customer gets mail.

use super::{
    events::{CustomerEmailChanged, CustomerEvent, CustomerProfileChanged},
    state::{CustomerError, CustomerState},
};
use crate::{
    contact::{Email, Profile},
    personal::Personal,
};

type Decision = Result<Vec<CustomerEvent>, CustomerError>;

pub(super) fn set_profile(state: &CustomerState, profile: &Personal<Profile>) -> Decision {
    let customer = state.known()?;
    if same_as(customer.profile.as_ref(), profile)? {
        return Ok(vec![]);
    }
    Ok(vec![CustomerProfileChanged { profile: profile.clone() }.into()])
}

pub(super) fn set_email(state: &CustomerState, email: &Personal<Email>) -> Decision {
    let customer = state.known()?;
    if same_as(customer.email.as_ref(), email)? {
        return Ok(vec![]);
    }
    Ok(vec![CustomerEmailChanged { email: email.clone() }.into()])
}

/// Whether a value that is given is the one that is known. What was erased is never the same as anything.
///
/// # Errors
/// [`CustomerError::Erased`] if what is given was erased.
pub(super) fn same_as<T: PartialEq>(known: Option<&Personal<T>>, given: &Personal<T>) -> Result<bool, CustomerError> {
    if given.is_erased() {
        return Err(CustomerError::Erased { subject: given.subject() });
    }
    Ok(known == Some(given))
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::CustomerCommand as Command,
        samples::{SUBJECT, email, known, nobody, profile},
    };
    use super::*;

    fn called(first_name: &str) -> Command {
        Command::SetProfile { profile: profile(first_name) }
    }

    fn mailed(address: &str) -> Command {
        Command::SetEmail { email: email(address) }
    }

    #[test]
    fn a_customer_gets_a_name_and_another_one() {
        known().when(called("Anna")).then([CustomerProfileChanged { profile: profile("Anna") }.into()]);
        known().and(called("Anna")).when(called("Anna")).then_nothing();
        let renamed = CustomerProfileChanged { profile: profile("Berta") };
        known().and(called("Anna")).when(called("Berta")).then([renamed.into()]);
    }

    #[test]
    fn a_customer_gets_mail_at_one_address_in_any_case() {
        known()
            .when(mailed("anna@example.com"))
            .then([CustomerEmailChanged { email: email("anna@example.com") }.into()]);
        known().and(mailed("anna@example.com")).when(mailed("Anna@Example.com")).then_nothing();
        let moved = CustomerEmailChanged { email: email("berg@example.com") };
        known().and(mailed("anna@example.com")).when(mailed("berg@example.com")).then([moved.into()]);
    }

    #[test]
    fn nobody_unknown_is_called_anything() {
        nobody().when(called("Anna")).then_refused(CustomerError::NotRegistered);
        nobody().when(mailed("anna@example.com")).then_refused(CustomerError::NotRegistered);
    }

    #[test]
    fn what_was_erased_is_never_the_same() {
        known()
            .when(Command::SetProfile { profile: Personal::erased(SUBJECT) })
            .then_refused(CustomerError::Erased { subject: SUBJECT });
        known()
            .when(Command::SetEmail { email: Personal::erased(SUBJECT) })
            .then_refused(CustomerError::Erased { subject: SUBJECT });
        // The key may be destroyed by somebody else, without an event on this stream.
        let forgotten = known().and_happened([CustomerEmailChanged { email: Personal::erased(SUBJECT) }.into()]);
        forgotten
            .when(mailed("anna@example.com"))
            .then([CustomerEmailChanged { email: email("anna@example.com") }.into()]);
        let forgotten = known().and_happened([CustomerEmailChanged { email: Personal::erased(SUBJECT) }.into()]);
        forgotten
            .when(Command::SetEmail { email: Personal::erased(SUBJECT) })
            .then_refused(CustomerError::Erased { subject: SUBJECT });
    }
}
