//! Which orders can be placed, what they come to, and what confirming them needs.

use super::super::{
    Order,
    commands::{CartOrigin, OrderCommand, OrderContact},
    events::{OrderConfirmed, OrderQuote, RoundingPolicy, RoundingStage, Tax},
    fixtures::{
        HALF_UP, USUAL_TOTAL, cancellation, cancellation_of, cancelled_order, confirmed_order, credit_note_id,
        delivered_order, goods_return, line, order, payment_update, placed_order, plan, pounds, release,
        return_closing, return_request, shipment, shipped_order, snapshot, units, usual_snapshot,
    },
};
use super::*;
use crate::{
    contact::Email,
    money::Rounding,
    personal::Personal,
    quantity::Quantity,
    testing::{given, moment},
};
use chrono::NaiveDate;

#[track_caller]
fn refused(snapshot: OrderSnapshot, expected: impl Into<OrderError>) {
    given::<Order>([]).when(OrderCommand::Place { snapshot }).then_refused(expected.into());
}

#[test]
fn an_order_is_placed_with_its_sums_and_the_stores_date() {
    let mut snapshot = usual_snapshot();
    snapshot.lines.push(line(4, LineKind::Discount, 1, "2.5"));
    snapshot.tax = Tax::Stated { amount_minor: 210 };
    let expected = OrderPlaced {
        customer_id: None,
        country: snapshot.country.clone(),
        currency: pounds(),
        lines: snapshot.lines.clone(),
        totals: OrderTotals {
            goods_minor: 900,
            carriage_minor: 400,
            discount_minor: 250,
            tax: snapshot.tax,
            total_minor: 1_260,
        },
        rounding: HALF_UP,
        business_date: NaiveDate::from_ymd_opt(2031, 12, 31).unwrap(),
        source: None,
        basis: Basis::Recorded,
        cart_id: None,
        quote: None,
        email: None,
        shipping_address: None,
        billing_address: None,
        checkout: None,
    };
    // The store's date, which need not be the date of the instant.
    let moment = Moment { business_date: expected.business_date, ..moment() };
    given::<Order>([]).at(moment).when(OrderCommand::Place { snapshot }).then([expected.into()]);
}

#[test]
fn an_id_is_placed_once() {
    let again = OrderCommand::Place { snapshot: usual_snapshot() };
    placed_order().when(again).then_refused(OrderError::AlreadyPlaced);
}

#[test]
fn tax_that_is_not_stated_adds_nothing() {
    assert_eq!(order(&placed_order()).total_minor(), USUAL_TOTAL);
}

#[test]
fn an_order_may_be_free_of_charge() {
    let history =
        given::<Order>([]).and(OrderCommand::Place { snapshot: snapshot(vec![line(1, LineKind::Goods, 1, "0")]) });
    assert_eq!(order(&history).total_minor(), 0);
}

/// Case 42: orders without items.
#[test]
fn an_order_has_at_least_one_line() {
    refused(snapshot(vec![]), DocumentError::NoLines);
}

#[test]
fn an_order_has_a_bounded_number_of_lines() {
    let many = |count: u32| snapshot((1..=count).map(|number| line(number, LineKind::Goods, 1, "1")).collect());
    refused(many(2_001), DocumentError::TooManyLines { given: 2_001, max: 2_000 });
    let history = given::<Order>([]).and(OrderCommand::Place { snapshot: many(2_000) });
    assert_eq!(order(&history).total_minor(), 200_000);
}

#[test]
fn lines_are_numbered_from_one_without_gaps() {
    let numbered = |numbers: &[u32]| snapshot(numbers.iter().map(|&n| line(n, LineKind::Goods, 1, "1")).collect());
    refused(numbered(&[0, 1]), DocumentError::LineNumber { expected: 1, given: 0 });
    refused(numbered(&[1, 3]), DocumentError::LineNumber { expected: 2, given: 3 });
    refused(numbered(&[1, 1]), DocumentError::LineNumber { expected: 2, given: 1 });
    refused(numbered(&[2, 1]), DocumentError::LineNumber { expected: 1, given: 2 });
}

#[test]
fn a_sku_stands_exactly_on_goods_lines() {
    let mut without = usual_snapshot();
    without.lines[1].sku = None;
    refused(without, DocumentError::SkuMissing { line: 2 });
    let mut with = usual_snapshot();
    with.lines[2].sku = Some("POST".parse().unwrap());
    refused(with, DocumentError::SkuUnexpected { line: 3, kind: LineKind::Carriage });
}

#[test]
fn a_price_is_never_negative() {
    for kind in [LineKind::Goods, LineKind::Carriage, LineKind::Discount] {
        let unit_price = "-0.01".parse().unwrap();
        refused(snapshot(vec![line(1, kind, 1, "-0.01")]), DocumentError::NegativePrice { line: 1, unit_price });
    }
}

#[test]
fn an_amount_follows_from_quantity_and_price() {
    let mut wrong = usual_snapshot();
    wrong.lines[0].amount_minor = 599;
    refused(wrong, DocumentError::AmountMismatch { line: 1, expected_minor: 600, given_minor: 599 });
}

#[test]
fn a_rounding_is_stated_exactly_if_something_was_rounded() {
    let mismatch =
        |expected_micros, given_micros| DocumentError::RoundingMismatch { line: 1, expected_micros, given_micros };
    let stated = |price, rounding_micros| {
        let mut snapshot = snapshot(vec![line(1, LineKind::Goods, 5, price)]);
        snapshot.lines[0].rounding_micros = rounding_micros;
        snapshot
    };
    refused(stated("0.001", None), mismatch(Some(5_000), None));
    refused(stated("0.001", Some(4_000)), mismatch(Some(5_000), Some(4_000)));
    refused(stated("0.01", Some(0)), mismatch(None, Some(0)));
    let history = given::<Order>([]).and(OrderCommand::Place { snapshot: stated("0.001", Some(5_000)) });
    assert_eq!(order(&history).total_minor(), 1);
}

/// Case 21: the policy that is recorded is the policy that is applied.
#[test]
fn amounts_are_rounded_as_the_policy_says() {
    let mut half_down = snapshot(vec![line(1, LineKind::Goods, 5, "0.001")]);
    half_down.rounding = RoundingPolicy { mode: Rounding::HalfDown, stage: RoundingStage::Line };
    refused(half_down, DocumentError::AmountMismatch { line: 1, expected_minor: 0, given_minor: 1 });
}

/// Case 22: amounts are in the currency's own minor units.
#[test]
fn amounts_have_the_exponent_of_the_currency() {
    let mut yen = snapshot(vec![line(1, LineKind::Goods, 1, "500")]);
    yen.currency = "JPY".parse().unwrap();
    refused(yen.clone(), DocumentError::AmountMismatch { line: 1, expected_minor: 500, given_minor: 50_000 });
    yen.lines[0].amount_minor = 500;
    assert_eq!(order(&given::<Order>([]).and(OrderCommand::Place { snapshot: yen })).total_minor(), 500);
}

#[test]
fn discounts_never_exceed_goods_and_carriage() {
    let discounted = |discount| {
        let mut snapshot = usual_snapshot();
        snapshot.lines.push(line(4, LineKind::Discount, 1, discount));
        snapshot
    };
    refused(discounted("13.01"), OrderError::DiscountTooHigh { discount_minor: 1_301, base_minor: 1_300 });
    let history = given::<Order>([]).and(OrderCommand::Place { snapshot: discounted("13") });
    assert_eq!(order(&history).total_minor(), 0);
}

#[test]
fn a_stated_tax_is_never_negative() {
    let mut taxed = usual_snapshot();
    taxed.tax = Tax::Stated { amount_minor: -1 };
    refused(taxed, DocumentError::NegativeTax { amount_minor: -1 });
}

#[test]
fn sums_that_do_not_fit_are_refused() {
    let mut huge = usual_snapshot();
    huge.tax = Tax::Stated { amount_minor: i64::MAX };
    refused(huge, DocumentError::TooLarge);
    let mut one = line(1, LineKind::Goods, 1, "1");
    one.quantity = units(Quantity::MAX);
    one.unit_price = "1000000000000".parse().unwrap();
    refused(snapshot(vec![one]), DocumentError::TooLarge);
}

#[test]
fn nothing_can_be_asked_of_an_order_that_was_not_placed() {
    let commands = [
        OrderCommand::Confirm,
        cancellation(),
        cancellation_of(&[(1, 1)]),
        payment_update(1, [0, 1, 0, 0]),
        OrderCommand::CancelByBuyer { reason: "".parse().unwrap() },
        OrderCommand::StartFulfillment,
        plan(1, &[(1, 1)]),
        release(1),
        return_request(1, &[(1, 1)]),
        return_closing(1),
        shipment(1, &[(1, 1)]),
        OrderCommand::Deliver,
        goods_return(1, &[(1, 1)]),
        OrderCommand::Close,
        OrderCommand::RecordCredit { credit_note_id: credit_note_id(1), lines: vec![] },
    ];
    for command in commands {
        given::<Order>([]).when(command).then_refused(OrderError::NotPlaced);
    }
}

#[test]
fn a_placed_order_is_confirmed() {
    placed_order().when(OrderCommand::Confirm).then([OrderConfirmed { basis: Basis::Recorded }.into()]);
}

/// Case 13: asking for what is so already is no error.
#[test]
fn confirming_again_is_silent_however_far_the_order_has_come() {
    for history in [confirmed_order(), shipped_order(), delivered_order(), delivered_order().and(OrderCommand::Close)] {
        history.when(OrderCommand::Confirm).then_nothing();
    }
}

#[test]
fn a_cancelled_order_cannot_be_confirmed() {
    for history in [cancelled_order(), cancelled_order().and(OrderCommand::Close)] {
        history.when(OrderCommand::Confirm).then_refused(OrderError::Cancelled);
    }
}

fn taxed(tax_minor: i64, parts: [Option<i64>; 3]) -> OrderSnapshot {
    let mut taxed = usual_snapshot();
    taxed.tax = Tax::Stated { amount_minor: tax_minor };
    for (line, part) in taxed.lines.iter_mut().zip(parts) {
        line.tax_minor = part;
    }
    taxed
}

/// Case 21: the parts that the lines carry are the whole tax, to the minor unit.
#[test]
fn the_tax_of_the_lines_is_the_stated_tax() {
    for parts in [[Some(48), Some(24), None], [Some(48), Some(24), Some(0)], [None; 3]] {
        let history = given::<Order>([]).and(OrderCommand::Place { snapshot: taxed(72, parts) });
        assert_eq!(order(&history).total_minor(), USUAL_TOTAL + 72);
    }
    refused(
        taxed(72, [Some(48), Some(23), None]),
        OrderError::TaxPartsMismatch { expected_minor: 72, given_minor: 71 },
    );
    refused(taxed(72, [Some(0), None, None]), OrderError::TaxPartsMismatch { expected_minor: 72, given_minor: 0 });
    refused(taxed(72, [Some(73), Some(-1), None]), OrderError::NegativeTaxPart { line: 2, tax_minor: -1 });
    refused(taxed(72, [Some(i64::MAX), Some(1), None]), DocumentError::TooLarge);
    let untaxed = OrderSnapshot { tax: Tax::NotStated, ..taxed(72, [Some(1), None, None]) };
    refused(untaxed, OrderError::TaxPartsMismatch { expected_minor: 0, given_minor: 1 });
}

/// Case 37: an order made from a cart knows the cart, so that whoever holds the cart's secret may see the order.
#[test]
fn an_order_made_from_a_cart_keeps_the_cart_the_quote_and_the_contact() {
    let cart_id = crate::ids::CartId::new(uuid::Uuid::from_u128(5));
    let subject = crate::ids::SubjectId::new(cart_id.uuid());
    let policy = |name: &'static str| crate::pricing::PolicyVersion::named(name, 1);
    let quote = OrderQuote {
        hash: "0f".repeat(32).parse().unwrap(),
        tax_policy: policy("flat"),
        shipping_policy: policy("threshold"),
        shipping_method: "standard".parse().unwrap(),
    };
    let email = Personal::known(subject, "ada@example.org".parse::<Email>().unwrap());
    let mut from_cart = usual_snapshot();
    from_cart.cart = Some(CartOrigin { cart_id, quote: quote.clone() });
    from_cart.contact = OrderContact { email: Some(email.clone()), ..OrderContact::default() };
    let history = given::<Order>([]).and(OrderCommand::Place { snapshot: from_cart.clone() });
    assert_eq!((order(&history).cart_id(), order(&history).customer_id()), (Some(cart_id), None));
    let event = placed(&from_cart, None, &moment()).unwrap();
    assert_eq!(
        (event.cart_id, event.quote.as_deref(), event.email.as_deref()),
        (Some(cart_id), Some(&quote), Some(&email))
    );
    assert_eq!(event.shipping_address, None);
}

/// An import's commands are told from each other by their serialized form, which new fields must leave as it was.
#[test]
fn what_a_snapshot_does_not_say_is_not_written() {
    let json = serde_json::to_string(&usual_snapshot()).unwrap();
    for field in ["cart", "contact", "tax_minor", "options"] {
        assert!(!json.contains(field), "{json}");
    }
}
