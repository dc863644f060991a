//! Disputes, and what they leave to be refunded.

use super::{
    super::fixtures::{AMOUNT, captured, created, dispute, payment, refund, success},
    *,
};

fn opened(name: &str, amount_minor: i64) -> PaymentEvent {
    PaymentDisputeOpened { dispute: name.parse().unwrap(), amount_minor }.into()
}

fn closed(name: &str, amount_minor: i64, outcome: DisputeOutcome) -> PaymentEvent {
    PaymentDisputeClosed { dispute: name.parse().unwrap(), amount_minor, outcome }.into()
}

#[test]
fn a_dispute_is_opened_and_ends() {
    captured().when(dispute("d1", 600, DisputeStatus::Open)).then([opened("d1", 600)]);
    let open = || captured().and(dispute("d1", 600, DisputeStatus::Open));
    open().when(dispute("d1", 600, DisputeStatus::Open)).then_nothing();
    open().when(dispute("d1", 600, DisputeStatus::Won)).then([closed("d1", 600, DisputeOutcome::Won)]);
    open().when(dispute("d1", 500, DisputeStatus::Lost)).then([closed("d1", 500, DisputeOutcome::Lost)]);
}

/// Case 10: the end of a dispute may be told before its beginning.
#[test]
fn a_dispute_that_ended_is_not_opened_again() {
    let ended = || captured().and(dispute("d1", 600, DisputeStatus::Lost));
    ended().when(dispute("d1", 600, DisputeStatus::Open)).then_nothing();
    ended().when(dispute("d1", 600, DisputeStatus::Won)).then_nothing();
    let won = captured().and(dispute("d1", 600, DisputeStatus::Won));
    won.when(dispute("d1", 600, DisputeStatus::Lost)).then([closed("d1", 600, DisputeOutcome::Lost)]);
}

/// Case 29: what the bank takes back is not refunded as well.
#[test]
fn disputed_and_lost_money_is_not_refunded() {
    let open = || captured().and(dispute("d1", 6_000, DisputeStatus::Open));
    assert_eq!((payment(&open()).disputed_minor(), payment(&open()).refundable_minor()), (6_000, AMOUNT - 6_000));
    let refusal = PaymentError::RefundExceedsCaptured { requested_minor: 4_001, available_minor: 4_000 };
    open().when(refund(3, 4_001)).then_refused(refusal.clone());
    open().and(dispute("d1", 6_000, DisputeStatus::Lost)).when(refund(3, 4_001)).then_refused(refusal);
    let won = payment(&open().and(dispute("d1", 6_000, DisputeStatus::Won)));
    assert_eq!((won.disputed_minor(), won.refundable_minor()), (0, AMOUNT));
}

#[test]
fn a_dispute_of_what_was_refunded_leaves_nothing_rather_than_less() {
    let refunded = captured().and(refund(3, AMOUNT)).and(success(3, AMOUNT));
    assert_eq!(payment(&refunded.and(dispute("d1", AMOUNT, DisputeStatus::Open))).refundable_minor(), 0);
}

#[test]
fn a_dispute_is_about_more_than_nothing_and_there_are_only_so_many() {
    let refusal = PaymentError::AmountNotPositive { given_minor: 0 };
    captured().when(dispute("d1", 0, DisputeStatus::Open)).then_refused(refusal);
    created().when(dispute("d1", 1, DisputeStatus::Open)).then([opened("d1", 1)]);
    let mut many = captured();
    for number in 1..=DISPUTES_MAX {
        many = many.and(dispute(&format!("d{number}"), 1, DisputeStatus::Open));
    }
    let many = many.and(dispute("d7", 1, DisputeStatus::Won));
    many.when(dispute("one more", 1, DisputeStatus::Open))
        .then_refused(PaymentError::TooManyDisputes { max: DISPUTES_MAX });
}
