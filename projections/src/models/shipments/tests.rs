//! Given events of a shipment, these rows; and its status is the one that the aggregate itself would name.

use super::*;
use crate::models::testing::{
    History, parse, recorded_at,
    shop::{ORDER_ID, date},
    units,
};
use tillroll_domain::{
    aggregate::Aggregate,
    fulfillment::{
        Fulfillment,
        events::{
            FulfillmentCancelled, FulfillmentDelivered, FulfillmentLine, FulfillmentLost, FulfillmentPacked,
            FulfillmentShipped, FulfillmentTrackingAdded,
        },
    },
};

const SHIPMENT: &str = "fulfillment-01890000-0000-7000-8000-0000000000a2";
const SHIPMENT_ID: &str = "shp_01890000-0000-7000-8000-0000000000a2";

fn created() -> FulfillmentEvent {
    let line = |line, sku, quantity| FulfillmentLine { line, sku: parse(sku), quantity: units(quantity) };
    let lines = vec![line(1, "85123A", 5), line(3, "22423", 2)];
    FulfillmentCreated { order_id: parse(ORDER_ID), location: parse("main"), lines }.into()
}

fn tracking(number: &str) -> Tracking {
    Tracking { number: parse(number), url: Some(parse(&format!("https://carrier.example/{number}"))) }
}

fn shipped(numbers: &[&str]) -> FulfillmentEvent {
    let tracking = numbers.iter().map(|number| tracking(number)).collect();
    FulfillmentShipped { carrier: Some(parse("DHL")), tracking, business_date: date("2010-12-02") }.into()
}

fn history(events: impl IntoIterator<Item = FulfillmentEvent>) -> History<Shipments> {
    let mut history = History::of(Shipments);
    history.push::<FulfillmentEvent>(SHIPMENT, created());
    events.into_iter().for_each(|event| history.push::<FulfillmentEvent>(SHIPMENT, event));
    history
}

#[test]
fn a_shipment_shows_what_leaves_and_from_where() {
    let history = history([]);
    let row: ShipmentRow = history.tables.only();
    assert_eq!((row.shipment_id.as_str(), row.order_id.as_str()), (SHIPMENT_ID, ORDER_ID));
    assert_eq!((row.status.as_str(), row.location.as_str()), ("created", "main"));
    assert_eq!((row.lines, row.quantity, row.tracking), (2, 7, 0));
    let lines: Vec<ShipmentLineRow> = history.tables.all();
    let lines: Vec<_> = lines.iter().map(|line| (line.line, line.sku.as_str(), line.quantity)).collect();
    assert_eq!(lines, [(1, "85123A", 5), (3, "22423", 2)]);
}

#[test]
fn a_shipment_shows_when_each_step_was_taken() {
    let added = FulfillmentTrackingAdded { tracking: vec![tracking("N2"), tracking("N3")] };
    let delivered = FulfillmentDelivered { business_date: date("2010-12-05") };
    let history = history([FulfillmentPacked {}.into(), shipped(&["N1"]), added.into(), delivered.into()]);
    let row: ShipmentRow = history.tables.only();
    assert_eq!((row.status.as_str(), row.carrier.as_deref()), ("delivered", Some("DHL")));
    assert_eq!((row.packed_at, row.shipped_at, row.delivered_at).0, Some(recorded_at(2)));
    assert_eq!((row.shipped_at, row.shipped_on), (Some(recorded_at(3)), Some(date("2010-12-02"))));
    assert_eq!((row.delivered_at, row.delivered_on), (Some(recorded_at(5)), Some(date("2010-12-05"))));
    assert_eq!((row.tracking, row.revision, row.position), (3, 4, 5));
    let numbers: Vec<ShipmentTrackingRow> = history.tables.all();
    let numbers: Vec<_> = numbers.iter().map(|row| (row.place, row.number.as_str())).collect();
    assert_eq!(numbers, [(0, "N1"), (1, "N2"), (2, "N3")]);
}

#[test]
fn the_row_and_the_aggregate_agree_on_the_status_after_every_event() {
    let lost = || FulfillmentLost { note: parse("no scan") }.into();
    let delivered = || FulfillmentDelivered { business_date: date("2010-12-05") }.into();
    let cancelled = FulfillmentCancelled { reason: parse("picked wrongly") }.into();
    let added = FulfillmentTrackingAdded { tracking: vec![tracking("N2")] }.into();
    let histories: [Vec<FulfillmentEvent>; 3] = [
        vec![FulfillmentPacked {}.into(), added, shipped(&[]), lost(), delivered()],
        vec![shipped(&["N1"]), delivered()],
        vec![FulfillmentPacked {}.into(), cancelled],
    ];
    for events in histories {
        let mut rows = history([]);
        let mut state = Fulfillment::fold([&created()]);
        for event in events {
            state = Fulfillment::evolve(state, &event);
            rows.push::<FulfillmentEvent>(SHIPMENT, event.clone());
            let row: ShipmentRow = rows.tables.only();
            assert_eq!(row.status, state.known().unwrap().status.as_str(), "{event:?}");
        }
    }
}
