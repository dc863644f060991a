//! What goes back into stock, of which condition and where.

use super::super::{
    Return,
    commands::ReturnCommand,
    fixtures::{approved, inspection, nobody, order_id, receipt_id, received},
};
use super::*;
use crate::{quantity::Quantity, testing::Given};
use GoodsCondition::{Damaged, Resellable};
use proptest::{collection::vec, option, prelude::*, sample::select};

fn parcel_at(receipt: u128, location: Option<&str>, lines: &[(u32, i64, GoodsCondition)]) -> ReturnCommand {
    let line =
        |&(line, quantity, condition)| ReceivedLine { line, quantity: Quantity::new(quantity).unwrap(), condition };
    ReturnCommand::Receive {
        receipt_id: receipt_id(receipt),
        location: location.map(|text| text.parse().unwrap()),
        lines: lines.iter().map(line).collect(),
    }
}

fn restock(history: &Given<Return>) -> Vec<(u32, Option<String>, u32, u32)> {
    let restock = history.state().known().unwrap().restock();
    restock.into_iter().map(|r| (r.line, r.location.map(|l| l.to_string()), r.resellable, r.damaged)).collect()
}

fn place(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn nothing_goes_into_stock_before_it_was_inspected() {
    assert_eq!(restock(&received()), []);
}

/// Case 26: damaged goods are taken back too, and are counted apart.
#[test]
fn accepted_units_go_back_in_the_condition_in_which_they_came() {
    let came = approved().and(parcel_at(1, Some("main"), &[(1, 2, Resellable), (1, 1, Damaged), (2, 1, Damaged)]));
    let all = came.and(inspection(&[(1, 3, 0), (2, 1, 0)]));
    assert_eq!(restock(&all), [(1, place("main"), 2, 1), (2, place("main"), 0, 1)]);
    let skus: Vec<_> = all.state().known().unwrap().restock().into_iter().map(|r| r.sku.to_string()).collect();
    assert_eq!(skus, ["A", "B"]);
}

#[test]
fn refused_units_are_the_damaged_ones_first() {
    let came = || approved().and(parcel_at(1, None, &[(1, 2, Resellable), (1, 1, Damaged)]));
    assert_eq!(restock(&came().and(inspection(&[(1, 2, 1)]))), [(1, None, 2, 0)]);
    assert_eq!(restock(&came().and(inspection(&[(1, 1, 2)]))), [(1, None, 1, 0)]);
    assert_eq!(restock(&came().and(inspection(&[(1, 0, 3)]))), []);
}

#[test]
fn goods_go_back_where_their_parcel_came() {
    let came = || {
        let first = approved().and(parcel_at(9, Some("north"), &[(1, 1, Resellable)]));
        first.and(parcel_at(1, Some("south"), &[(1, 1, Resellable)])).and(parcel_at(
            2,
            Some("north"),
            &[(1, 1, Damaged)],
        ))
    };
    let all = came().and(inspection(&[(1, 3, 0)]));
    assert_eq!(restock(&all), [(1, place("north"), 1, 1), (1, place("south"), 1, 0)]);
    // Of the same condition, those of the last location are refused.
    assert_eq!(restock(&came().and(inspection(&[(1, 1, 2)]))), [(1, place("north"), 1, 0)]);
}

/// One receipt is one parcel at one place.
#[test]
fn a_parcel_does_not_move() {
    let came = || approved().and(parcel_at(1, Some("main"), &[(1, 1, Resellable)]));
    came().when(parcel_at(1, Some("main"), &[(1, 1, Resellable)])).then_nothing();
    for location in [None, Some("north")] {
        let refusal = super::super::ReturnError::ReceiptIdReused { receipt_id: receipt_id(1) };
        came().when(parcel_at(1, location, &[(1, 1, Resellable)])).then_refused(refusal);
    }
}

proptest! {
    /// Case 26: exactly what was accepted goes back, and no more of a condition at a place than came so.
    #[test]
    fn what_goes_into_stock_is_what_was_accepted(
        parcels in vec((option::of(select(vec!["main", "north"])), 1_i64..3, select(vec![Resellable, Damaged])), 1..8),
        refused in 0_u32..9,
    ) {
        use super::super::fixtures::{asking, window};
        let mut history = nobody().and(asking(&[(1, "A", 20)], window(None, 30))).and(ReturnCommand::Approve);
        let mut came = 0;
        for (receipt, (location, units, condition)) in (1..).zip(&parcels) {
            history = history.and(parcel_at(receipt, *location, &[(1, *units, *condition)]));
            came += u32::try_from(*units).unwrap();
        }
        let refused = refused.min(came);
        let history = history.and(inspection(&[(1, came - refused, refused)]));
        let restock = restock(&history);
        prop_assert_eq!(restock.iter().map(|(_, _, good, bad)| good + bad).sum::<u32>(), came - refused);
        for (_, location, good, bad) in restock {
            let of = |wanted: GoodsCondition| parcels.iter()
                .filter(|(at, _, condition)| at.map(str::to_owned) == location && *condition == wanted)
                .map(|(_, units, _)| u32::try_from(*units).unwrap()).sum::<u32>();
            prop_assert!(good <= of(Resellable) && bad <= of(Damaged));
        }
        prop_assert_eq!(history.state().known().unwrap().order_id, order_id(1));
    }
}
