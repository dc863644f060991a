//! What can come and be inspected, and how often.

use super::super::{
    fixtures::{
        approved, cancelled, inspected, inspection, parcel, receipt_id, received, rejected, requested, resolved,
    },
    state::{Parcel, ReturnLineProgress},
};
use super::*;
use crate::quantity::Quantity;
use GoodsCondition::{Damaged, Resellable};

fn received_line(line: u32, quantity: i64, condition: GoodsCondition) -> ReceivedLine {
    ReceivedLine { line, quantity: Quantity::new(quantity).unwrap(), condition }
}

fn came(receipt: u128, lines: &[(u32, i64, GoodsCondition)]) -> ReturnEvent {
    let lines = lines.iter().map(|&(line, quantity, condition)| received_line(line, quantity, condition)).collect();
    ReturnReceived { receipt_id: receipt_id(receipt), location: None, lines }.into()
}

/// Case 26: some units of a line come damaged, others do not.
#[test]
fn a_parcel_holds_units_of_a_line_in_both_conditions() {
    let lines = [(1, 1, Damaged), (1, 2, Resellable)];
    let sorted = [(1, 2, Resellable), (1, 1, Damaged)];
    approved().when(parcel(1, &lines)).then([came(1, &sorted)]);
    let state = approved().when(parcel(1, &lines)).then_state();
    let ReturnLineProgress { received_resellable, received_damaged, .. } = state.known().unwrap().lines[&1];
    assert_eq!((received_resellable, received_damaged), (2, 1));
}

/// Case 26: a return that comes in several parcels.
#[test]
fn a_return_comes_in_several_parcels_and_never_exceeds_the_request() {
    let first = || approved().and(parcel(1, &[(1, 2, Resellable)]));
    first()
        .when(parcel(2, &[(1, 1, Damaged), (2, 1, Resellable)]))
        .then([came(2, &[(1, 1, Damaged), (2, 1, Resellable)])]);
    let too_much = ReturnError::ReceivedTooMuch { line: 1, received: 4, requested: 3 };
    first().when(parcel(2, &[(1, 2, Damaged)])).then_refused(too_much.clone());
    approved().when(parcel(1, &[(1, 2, Resellable), (1, 2, Damaged)])).then_refused(too_much);
}

#[test]
fn a_parcel_counts_once() {
    let history = || approved().and(parcel(1, &[(1, 1, Resellable)]));
    history().when(parcel(1, &[(1, 1, Resellable)])).then_nothing();
    history()
        .when(parcel(1, &[(1, 1, Damaged)]))
        .then_refused(ReturnError::ReceiptIdReused { receipt_id: receipt_id(1) });
    resolved().when(parcel(1, &[(1, 3, Resellable)])).then_nothing();
}

#[test]
fn goods_come_only_to_an_approved_return() {
    let histories = [
        (requested(), ReturnStatus::Requested),
        (rejected(), ReturnStatus::Rejected),
        (cancelled(), ReturnStatus::Cancelled),
        (resolved(), ReturnStatus::Resolved),
    ];
    for (history, status) in histories {
        history.when(parcel(9, &[(2, 1, Resellable)])).then_refused(ReturnError::WrongStatus { status });
    }
}

#[test]
fn lines_of_a_parcel_are_known_named_once_and_at_least_one() {
    approved().when(parcel(1, &[])).then_refused(ReturnError::NoLines);
    approved().when(parcel(1, &[(3, 1, Damaged)])).then_refused(ReturnError::UnknownLine { line: 3 });
    let twice = parcel(1, &[(1, 1, Damaged), (1, 1, Damaged)]);
    approved().when(twice).then_refused(ReturnError::LineRepeated { line: 1 });
}

#[test]
fn parcels_are_bounded() {
    let many = approved().and(parcel(1, &[(1, 1, Resellable)]));
    let state = many.state();
    let mut known = state.known().unwrap().clone();
    for receipt in 0..100 {
        known.parcels.insert(receipt_id(receipt), Parcel { location: None, lines: [].into() });
    }
    let refusal = receive(&known, receipt_id(200), None, &[received_line(1, 1, Resellable)]);
    assert_eq!(refusal, Err(ReturnError::TooManyParcels { max: 100 }));
}

#[test]
fn an_inspection_says_how_a_line_stands() {
    let event = ReturnInspected { lines: vec![InspectedLine { line: 1, accepted: 2, refused: 1 }] };
    received().when(inspection(&[(1, 2, 1)])).then([event.into()]);
    inspected().when(inspection(&[(1, 2, 1)])).then_nothing();
    resolved().when(inspection(&[(1, 2, 1)])).then_nothing();
}

#[test]
fn an_inspection_goes_on_and_never_back() {
    let some = || received().and(inspection(&[(1, 1, 1)]));
    let event = ReturnInspected { lines: vec![InspectedLine { line: 1, accepted: 2, refused: 1 }] };
    some().when(inspection(&[(1, 2, 1)])).then([event.into()]);
    for lines in [(1, 0, 2), (1, 2, 0)] {
        let refusal = ReturnError::InspectionWentBack { line: 1, accepted: 1, refused: 1 };
        some().when(inspection(&[lines])).then_refused(refusal);
    }
}

#[test]
fn no_more_is_inspected_than_came() {
    let refusal = ReturnError::InspectedTooMuch { line: 1, inspected: 4, received: 3 };
    received().when(inspection(&[(1, 2, 2)])).then_refused(refusal);
    let refusal = ReturnError::InspectedTooMuch { line: 2, inspected: 1, received: 0 };
    received().when(inspection(&[(2, 1, 0)])).then_refused(refusal);
    let huge = ReturnError::InspectedTooMuch { line: 1, inspected: 2 * u64::from(u32::MAX), received: 3 };
    received().when(inspection(&[(1, u32::MAX, u32::MAX)])).then_refused(huge);
}

#[test]
fn lines_of_an_inspection_are_known_named_once_and_at_least_one() {
    received().when(inspection(&[])).then_refused(ReturnError::NoLines);
    received().when(inspection(&[(3, 0, 0)])).then_refused(ReturnError::UnknownLine { line: 3 });
    received().when(inspection(&[(1, 1, 0), (1, 0, 1)])).then_refused(ReturnError::LineRepeated { line: 1 });
}

#[test]
fn nothing_is_inspected_once_the_return_is_over() {
    let status = ReturnStatus::Resolved;
    let partly = approved()
        .and(parcel(1, &[(1, 2, Resellable)]))
        .and(inspection(&[(1, 2, 0)]))
        .and(super::super::fixtures::resolution(super::super::status::ReturnOutcome::Refund));
    partly.when(parcel(2, &[(1, 1, Resellable)])).then_refused(ReturnError::WrongStatus { status });
}
