//! Which credit notes can be issued and recorded, and what they come to.

use super::{
    commands::CreditNoteContent,
    events::{CreditLine, CreditMatch, CreditNoteIssued},
    *,
};
use crate::{
    common::{Basis, LineKind},
    document::{DocumentError, SourceConflict},
    ids::OrderId,
    money::{Money, cumulative_share},
    order::{
        events::Tax,
        fixtures::{HALF_UP, line as order_line, pounds, source, units},
    },
    testing::{given, moment},
};
use proptest::prelude::*;
use uuid::Uuid;

fn matched(order: u128, quantity: u32) -> CreditMatch {
    CreditMatch { order_id: OrderId::new(Uuid::from_u128(order)), line: 1, quantity: units(quantity), same_price: true }
}

/// A line whose amounts follow from quantity, price and matches.
fn line(number: u32, kind: LineKind, quantity: u32, unit_price: &str, matches: Vec<CreditMatch>) -> CreditLine {
    let line = order_line(number, kind, quantity, unit_price);
    let answered: u32 = matches.iter().map(|one| one.quantity.get()).sum();
    let matched_minor = cumulative_share(line.amount_minor, answered.into(), quantity.into()).unwrap();
    CreditLine {
        line: number,
        kind,
        code: line.code,
        sku: line.sku,
        description: line.description,
        quantity: line.quantity,
        unit_price: line.unit_price,
        amount_minor: line.amount_minor,
        rounding_micros: line.rounding_micros,
        matches,
        unmatched: quantity - answered,
        unmatched_minor: line.amount_minor - matched_minor,
    }
}

fn content(lines: Vec<CreditLine>) -> CreditNoteContent {
    CreditNoteContent {
        customer_id: None,
        country: "France".parse().unwrap(),
        currency: pounds(),
        lines,
        tax: Tax::NotStated,
        rounding: HALF_UP,
        reason: "".parse().unwrap(),
    }
}

/// 3 goods at 2.00 of two orders, and a later discount of 1.00.
fn matched_content() -> CreditNoteContent {
    content(vec![
        line(1, LineKind::Goods, 3, "2", vec![matched(1, 1), matched(2, 2)]),
        line(2, LineKind::Discount, 1, "1", vec![matched(1, 1)]),
    ])
}

/// 3 goods at 0.35, of which one is matched.
fn unmatched_content() -> CreditNoteContent {
    content(vec![line(1, LineKind::Goods, 3, "0.35", vec![matched(1, 1)])])
}

fn record(content: CreditNoteContent, digest: &str) -> CreditNoteCommand {
    CreditNoteCommand::Record { content, source: source("C536379", digest) }
}

fn issued(content: CreditNoteContent, total_minor: i64, from: Option<&str>) -> CreditNoteEvent {
    let CreditNoteContent { customer_id, country, currency, lines, tax, rounding, reason } = content;
    CreditNoteIssued {
        customer_id,
        country,
        currency,
        lines,
        tax,
        total_minor,
        rounding,
        business_date: moment().business_date,
        reason,
        source: from.map(|digest| source("C536379", digest)),
        basis: Basis::Recorded,
    }
    .into()
}

#[track_caller]
fn refused(content: CreditNoteContent, expected: impl Into<CreditNoteError>) {
    let expected = expected.into();
    given::<CreditNote>([]).when(CreditNoteCommand::Issue { content: content.clone() }).then_refused(expected.clone());
    given::<CreditNote>([]).when(record(content, "aa")).then_refused(expected);
}

#[test]
fn a_note_is_issued_with_its_total() {
    let mut content = matched_content();
    content.tax = Tax::Stated { amount_minor: 140 };
    let command = CreditNoteCommand::Issue { content: content.clone() };
    given::<CreditNote>([]).when(command).then([issued(content, 840, None)]);
}

#[test]
fn a_note_is_issued_once() {
    let issue = || CreditNoteCommand::Issue { content: matched_content() };
    given::<CreditNote>([]).and(issue()).when(issue()).then_refused(CreditNoteError::AlreadyIssued);
    let recorded = given::<CreditNote>([]).and(record(matched_content(), "aa"));
    recorded.when(issue()).then_refused(CreditNoteError::AlreadyIssued);
    let live = given::<CreditNote>([]).and(issue());
    live.when(record(matched_content(), "aa")).then_refused(CreditNoteError::AlreadyIssued);
}

#[test]
fn a_note_that_is_issued_today_is_matched_in_full() {
    let refusal = CreditNoteError::Unmatched { line: 1, unmatched: 2 };
    given::<CreditNote>([]).when(CreditNoteCommand::Issue { content: unmatched_content() }).then_refused(refusal);
}

#[test]
fn a_note_of_the_past_may_be_unmatched_in_part_or_in_full() {
    given::<CreditNote>([]).when(record(unmatched_content(), "aa")).then([issued(
        unmatched_content(),
        105,
        Some("aa"),
    )]);
    let unknown_sale = content(vec![line(1, LineKind::Goods, 2, "1", vec![])]);
    given::<CreditNote>([]).when(record(unknown_sale.clone(), "aa")).then([issued(unknown_sale, 200, Some("aa"))]);
}

#[test]
fn the_same_document_again_is_silent() {
    given::<CreditNote>([])
        .and(record(unmatched_content(), "aa"))
        .when(record(unmatched_content(), "aa"))
        .then_nothing();
}

#[test]
fn a_changed_document_is_refused_with_both_digests() {
    let refusal = SourceConflict::Changed {
        number: "C536379".parse().unwrap(),
        recorded_digest: "aa".parse().unwrap(),
        given_digest: "bb".parse().unwrap(),
    };
    let recorded = given::<CreditNote>([]).and(record(matched_content(), "aa"));
    recorded.when(record(matched_content(), "bb")).then_refused(refusal.into());
}

#[test]
fn matched_and_unmatched_units_are_the_lines() {
    let mut content = unmatched_content();
    content.lines[0].unmatched = 1;
    let refusal = CreditNoteError::MatchesDoNotAddUp { line: 1, quantity: 3, matched: 1, unmatched: 1 };
    refused(content.clone(), refusal);
    content.lines[0].matches.push(matched(2, 2));
    let refusal = CreditNoteError::MatchesDoNotAddUp { line: 1, quantity: 3, matched: 3, unmatched: 1 };
    refused(content, refusal);
}

#[test]
fn the_unmatched_amount_is_what_the_matched_units_leave() {
    // A third of 1.06 rounds to 0.35; the rest, not twice 0.35, is unmatched.
    let mut content = content(vec![line(1, LineKind::Goods, 3, "0.353333", vec![matched(1, 1)])]);
    assert_eq!((content.lines[0].amount_minor, content.lines[0].unmatched_minor), (106, 71));
    content.lines[0].unmatched_minor = 70;
    let refusal = CreditNoteError::UnmatchedAmountMismatch { line: 1, expected_minor: 71, given_minor: 70 };
    refused(content, refusal);
}

#[test]
fn a_line_has_a_bounded_number_of_matches() {
    let matches = (0..10_001).map(|order| matched(order, 1)).collect();
    let content = content(vec![line(1, LineKind::Goods, 10_001, "1", matches)]);
    refused(content, CreditNoteError::TooManyMatches { line: 1, given: 10_001, max: 10_000 });
}

#[test]
fn notes_obey_the_rules_of_documents() {
    let change = |change: fn(&mut CreditNoteContent)| {
        let mut content = matched_content();
        change(&mut content);
        content
    };
    refused(content(vec![]), DocumentError::NoLines);
    let many = (1..=2_001).map(|number| line(number, LineKind::Goods, 1, "1", vec![])).collect();
    refused(content(many), DocumentError::TooManyLines { given: 2_001, max: 2_000 });
    refused(change(|it| it.lines[1].line = 3), DocumentError::LineNumber { expected: 2, given: 3 });
    refused(change(|it| it.lines[0].sku = None), DocumentError::SkuMissing { line: 1 });
    let unexpected = DocumentError::SkuUnexpected { line: 2, kind: LineKind::Discount };
    refused(change(|it| it.lines[1].sku = Some("D".parse().unwrap())), unexpected);
    let negative = DocumentError::NegativePrice { line: 1, unit_price: "-2".parse().unwrap() };
    refused(change(|it| it.lines[0].unit_price = "-2".parse().unwrap()), negative);
    let mismatch = DocumentError::AmountMismatch { line: 1, expected_minor: 600, given_minor: 601 };
    refused(change(|it| it.lines[0].amount_minor = 601), mismatch);
    let rounding = DocumentError::RoundingMismatch { line: 1, expected_micros: None, given_micros: Some(0) };
    refused(change(|it| it.lines[0].rounding_micros = Some(0)), rounding);
    let tax = DocumentError::NegativeTax { amount_minor: -1 };
    refused(change(|it| it.tax = Tax::Stated { amount_minor: -1 }), tax);
    refused(change(|it| it.tax = Tax::Stated { amount_minor: i64::MAX }), DocumentError::TooLarge);
}

#[test]
fn the_state_keeps_what_is_owed() {
    let state = given::<CreditNote>([]).and(CreditNoteCommand::Issue { content: matched_content() }).state();
    assert_eq!(state, CreditNoteState::Issued { total: Money::new(700, pounds()), source: None });
}

proptest! {
    #[test]
    fn what_is_owed_is_the_sum_of_the_lines_and_each_part_belongs_to_its_line(
        rows in prop::collection::vec((1_u32..50, 0_u32..20_000, 0_u32..50), 1..20),
    ) {
        let rows = (1..).zip(rows).map(|(number, (quantity, milli_pounds, answered))| {
            let matches = if answered == 0 { vec![] } else { vec![matched(1, answered.min(quantity))] };
            let price = format!("{}.{:03}", milli_pounds / 1_000, milli_pounds % 1_000);
            line(number, LineKind::Goods, quantity, &price, matches)
        });
        let content = content(rows.collect());
        let owed: i64 = content.lines.iter().map(|line| line.amount_minor).sum();
        for line in &content.lines {
            prop_assert!((0..=line.amount_minor).contains(&line.unmatched_minor));
            prop_assert!(line.unmatched > 0 || line.unmatched_minor == 0, "the last unit takes the residue");
        }
        let events = crate::testing::decide::<CreditNote>(&[], &record(content.clone(), "aa"), &moment());
        prop_assert_eq!(events, Ok(vec![issued(content, owed, Some("aa"))]));
    }
}
