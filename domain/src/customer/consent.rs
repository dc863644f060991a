//! What a customer agrees to.

use super::{
    CONSENTS_MAX,
    events::{CustomerConsentChanged, CustomerEvent},
    state::{CustomerError, CustomerState},
};
use crate::{
    aggregate::Moment,
    text::{ConsentPurpose, Reference},
};

/// That a customer does not agree is recorded also where nobody was asked before: it is a word that counts.
pub(super) fn set(
    state: &CustomerState,
    purpose: &ConsentPurpose,
    granted: bool,
    source: &Reference,
    moment: &Moment,
) -> Result<Vec<CustomerEvent>, CustomerError> {
    let customer = state.known()?;
    match customer.consents.iter().find(|known| known.purpose == *purpose) {
        Some(known) if known.granted == granted => return Ok(vec![]),
        None if customer.consents.len() >= CONSENTS_MAX => {
            return Err(CustomerError::TooManyConsents { max: CONSENTS_MAX });
        }
        _ => {}
    }
    let (purpose, source) = (purpose.clone(), source.clone());
    Ok(vec![CustomerConsentChanged { purpose, granted, source, changed_at: moment.now }.into()])
}

#[cfg(test)]
mod tests {
    use super::super::{
        commands::CustomerCommand as Command,
        samples::{known, nobody},
    };
    use super::*;
    use crate::testing::moment;
    use chrono::TimeDelta;

    fn say(purpose: &str, granted: bool) -> Command {
        Command::SetConsent { purpose: purpose.parse().unwrap(), granted, source: "checkout".parse().unwrap() }
    }

    fn said(purpose: &str, granted: bool, moment: Moment) -> CustomerEvent {
        let source = "checkout".parse().unwrap();
        CustomerConsentChanged { purpose: purpose.parse().unwrap(), granted, source, changed_at: moment.now }.into()
    }

    #[test]
    fn a_consent_says_when_and_where_it_was_given() {
        known().when(say("newsletter", true)).then([said("newsletter", true, moment())]);
        let later = Moment { now: moment().now + TimeDelta::hours(1), ..moment() };
        let withdrawn = said("newsletter", false, later);
        known().and(say("newsletter", true)).at(later).when(say("newsletter", false)).then([withdrawn]);
    }

    #[test]
    fn saying_the_same_again_is_silent_and_purposes_do_not_mix() {
        known().and(say("newsletter", true)).when(say("newsletter", true)).then_nothing();
        known().and(say("newsletter", true)).when(say("profiling", true)).then([said("profiling", true, moment())]);
        let said_no = known().and(say("newsletter", true)).and(say("newsletter", false));
        said_no.when(say("newsletter", false)).then_nothing();
    }

    #[test]
    fn not_to_agree_is_a_word_that_counts() {
        known().when(say("profiling", false)).then([said("profiling", false, moment())]);
    }

    #[test]
    fn a_customer_is_asked_about_a_bounded_number_of_purposes() {
        let asked = || (0..50).fold(known(), |customer, number| customer.and(say(&format!("p{number}"), true)));
        asked().when(say("p50", true)).then_refused(CustomerError::TooManyConsents { max: 50 });
        asked().when(say("p49", false)).then([said("p49", false, moment())]);
    }

    #[test]
    fn nobody_unknown_agrees_to_anything() {
        nobody().when(say("newsletter", true)).then_refused(CustomerError::NotRegistered);
    }
}
