//! What Fulfillment does about each input.

use super::{
    FulfillmentProcess, FulfillmentProcessAction as Action, FulfillmentProcessAnswer as Answer, ShipmentNews as News,
    SkuUnits, decide::SKUS_PER_ACTION_MAX,
};
use crate::{process::Ending, testing::Story};
use tillroll_domain::{
    ids::OrderId,
    quantity::Quantity,
    text::{LocationId, Sku},
};
use uuid::Uuid;

const fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

fn location() -> LocationId {
    "main".parse().unwrap()
}

fn units(count: usize) -> Vec<SkuUnits> {
    let of = |n: usize| SkuUnits { sku: format!("S{n:04}").parse().unwrap(), quantity: Quantity::new(1).unwrap() };
    (0..count).map(of).collect()
}

fn left(count: usize) -> News {
    News::Left { order_id: order_id(), location: location(), units: units(count) }
}

fn ship(units: Vec<SkuUnits>) -> Action {
    Action::ShipStock { order_id: order_id(), location: location(), units }
}

const fn capture() -> Action {
    Action::Capture { order_id: order_id() }
}

fn planned() -> Story<FulfillmentProcess> {
    Story::begin(()).told(News::Planned { order_id: order_id() }).sends([capture()])
}

fn alarmed(reason: &str) -> Ending {
    Ending::Alarmed { reason: reason.parse().unwrap() }
}

#[test]
fn a_shipment_is_paid_and_then_booked() {
    planned()
        .answered(&capture(), Answer::Covered { requested_minor: 5 })
        .ends(&Ending::Completed)
        .told(left(2))
        .sends([ship(units(2))])
        .answered(&ship(units(2)), Answer::Booked)
        .ends(&Ending::Completed)
        .leaves_nothing();
}

/// Case 28: what is not paid alarms, until it leaves all the same because staff took the money.
#[test]
fn an_unpaid_shipment_alarms() {
    let short = Answer::Short { requested_minor: 0, lacking_minor: 5 };
    planned().answered(&capture(), short).ends(&alarmed("shipment_unpaid")).leaves_nothing();
    let covered = || planned().answered(&capture(), Answer::Covered { requested_minor: 5 });
    covered().told_later(News::CaptureFailed).ends(&alarmed("shipment_unpaid"));
    covered()
        .told_later(News::CaptureFailed)
        .told(left(1))
        .answered(&ship(units(1)), Answer::Booked)
        .ends(&Ending::Completed);
    covered().told(left(1)).told_later(News::CaptureFailed).sends([]).goes_on();
}

#[test]
fn goods_that_left_without_a_promise_alarm() {
    let sku: Sku = "S0000".parse().unwrap();
    let answer = Answer::NotBooked { skus: vec![sku], reason: "nothing is promised".parse().unwrap() };
    Story::<FulfillmentProcess>::begin(())
        .told(left(1))
        .answered(&ship(units(1)), answer)
        .ends(&alarmed("stock_not_booked"));
}

#[test]
fn a_large_shipment_is_booked_in_parts() {
    let all = units(2 * SKUS_PER_ACTION_MAX + 1);
    let parts: Vec<Action> = all.chunks(SKUS_PER_ACTION_MAX).map(|part| ship(part.to_vec())).collect();
    assert_eq!(parts.len(), 3);
    Story::<FulfillmentProcess>::begin(())
        .told(left(all.len()))
        .sends(parts.clone())
        .answered(&parts[2], Answer::Booked)
        .goes_on()
        .answered(&parts[0], Answer::Booked)
        .answered(&parts[1], Answer::Booked)
        .ends(&Ending::Completed);
}

#[test]
fn a_shipment_leaves_once() {
    planned().told(left(1)).told(left(1)).sends([]).has_open([capture(), ship(units(1))]);
    planned().told(News::Planned { order_id: order_id() }).sends([]);
}
