//! Which expense documents can be recorded, and what they come to.

use super::{
    events::{ExpenseKind, ExpenseLine, ExpenseRecorded},
    *,
};
use crate::{
    common::Basis,
    document::{DocumentError, SourceConflict},
    money::Rounding,
    order::fixtures::{HALF_UP, pounds, source},
    price::UnitPrice,
    testing::{given, moment},
};
use proptest::prelude::*;

/// A line whose amount follows from quantity and price.
fn line(number: u32, kind: ExpenseKind, quantity: i64, unit_price: &str) -> ExpenseLine {
    let unit_price: UnitPrice = unit_price.parse().unwrap();
    let amount = unit_price.times(quantity, pounds(), Rounding::HalfUp).unwrap();
    ExpenseLine {
        line: number,
        kind,
        code: "AMAZONFEE".parse().unwrap(),
        description: "AMAZON FEE".parse().unwrap(),
        quantity,
        unit_price,
        amount_minor: amount.minor,
        rounding_micros: (amount.rounding_micros != 0).then_some(amount.rounding_micros),
    }
}

fn record(lines: Vec<ExpenseLine>, digest: &str) -> ExpenseCommand {
    ExpenseCommand::Record {
        customer_id: None,
        country: "United Kingdom".parse().unwrap(),
        currency: pounds(),
        lines,
        rounding: HALF_UP,
        source: source("C537600", digest),
    }
}

fn recorded(lines: Vec<ExpenseLine>, total_minor: i64) -> ExpenseEvent {
    ExpenseRecorded {
        customer_id: None,
        country: "United Kingdom".parse().unwrap(),
        currency: pounds(),
        lines,
        total_minor,
        rounding: HALF_UP,
        business_date: moment().business_date,
        source: source("C537600", "aa"),
        basis: Basis::Recorded,
    }
    .into()
}

fn usual_lines() -> Vec<ExpenseLine> {
    vec![line(1, ExpenseKind::MarketplaceFee, -1, "1.005"), line(2, ExpenseKind::BadDebt, 1, "-11062.06")]
}

#[track_caller]
fn refused(change: fn(&mut Vec<ExpenseLine>), expected: DocumentError) {
    let mut lines = usual_lines();
    change(&mut lines);
    given::<Expense>([]).when(record(lines, "aa")).then_refused(expected.into());
}

#[test]
fn a_document_is_recorded_with_the_signs_of_its_source() {
    given::<Expense>([]).when(record(usual_lines(), "aa")).then([recorded(usual_lines(), -101 - 1_106_206)]);
    let reversal = vec![line(1, ExpenseKind::BankCharges, 1, "15")];
    given::<Expense>([]).when(record(reversal.clone(), "aa")).then([recorded(reversal, 1_500)]);
}

#[test]
fn the_same_document_again_is_silent() {
    given::<Expense>([]).and(record(usual_lines(), "aa")).when(record(usual_lines(), "aa")).then_nothing();
}

#[test]
fn a_changed_document_is_refused_with_both_digests() {
    let refusal = SourceConflict::Changed {
        number: "C537600".parse().unwrap(),
        recorded_digest: "aa".parse().unwrap(),
        given_digest: "bb".parse().unwrap(),
    };
    let history = given::<Expense>([]).and(record(usual_lines(), "aa"));
    history.when(record(usual_lines(), "bb")).then_refused(refusal.into());
}

#[test]
fn documents_obey_the_rules_of_their_lines() {
    refused(Vec::clear, DocumentError::NoLines);
    let too_many = DocumentError::TooManyLines { given: 2_001, max: 2_000 };
    refused(|lines| *lines = (1..=2_001).map(|number| line(number, ExpenseKind::Charity, 1, "1")).collect(), too_many);
    refused(|lines| lines.swap(0, 1), DocumentError::LineNumber { expected: 1, given: 2 });
    let mismatch = DocumentError::AmountMismatch { line: 1, expected_minor: -101, given_minor: -100 };
    refused(|lines| lines[0].amount_minor = -100, mismatch);
    let rounding =
        DocumentError::RoundingMismatch { line: 1, expected_micros: Some(-5_000), given_micros: Some(5_000) };
    refused(|lines| lines[0].rounding_micros = Some(5_000), rounding);
    refused(|lines| lines[0].unit_price = UnitPrice::from_micros(UnitPrice::MAX_MICROS).unwrap(), {
        DocumentError::AmountMismatch { line: 1, expected_minor: -100_000_000_000_000, given_minor: -101 }
    });
}

#[test]
fn a_quantity_is_other_than_zero_and_bounded_either_way() {
    let out_of_range = |given| DocumentError::QuantityOutOfRange { line: 1, given, max: 1_000_000_000 };
    refused(|lines| lines[0].quantity = 0, out_of_range(0));
    refused(|lines| lines[0].quantity = 1_000_000_001, out_of_range(1_000_000_001));
    refused(|lines| lines[0].quantity = i64::MIN, out_of_range(i64::MIN));
}

proptest! {
    #[test]
    fn the_total_is_the_sum_of_the_lines_with_their_signs(
        rows in prop::collection::vec((-50_i64..50, -20_000_000_i64..20_000_000), 1..20),
    ) {
        let rows = rows.into_iter().filter(|(quantity, _)| *quantity != 0);
        let lines: Vec<_> = (1..).zip(rows).map(|(number, (quantity, micros))| {
            line(number, ExpenseKind::Charity, quantity, &UnitPrice::from_micros(micros).unwrap().to_string())
        }).collect();
        prop_assume!(!lines.is_empty());
        let total = lines.iter().map(|line| line.amount_minor).sum();
        let events = crate::testing::decide::<Expense>(&[], &record(lines.clone(), "aa"), &moment());
        prop_assert_eq!(events, Ok(vec![recorded(lines, total)]));
    }
}
