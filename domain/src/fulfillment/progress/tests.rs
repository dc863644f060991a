//! Which steps a parcel takes, and which come too late.

use super::super::{
    commands::FulfillmentCommand as Command,
    fixtures::{cancellation, created, delivered, loss, lost, nothing, packed, shipped, shipping, tracked, tracking},
};
use super::*;
use crate::testing::moment;

#[test]
fn a_parcel_is_packed_shipped_and_delivered() {
    created().when(Command::Pack).then([FulfillmentPacked {}.into()]);
    let numbers = vec![tracking("N1", Some("https://carrier.example/N1"))];
    let business_date = moment().business_date;
    let left = FulfillmentShipped { carrier: Some("DHL".parse().unwrap()), tracking: numbers.clone(), business_date };
    packed().when(shipping(Some("DHL"), &numbers)).then([left.into()]);
    shipped().when(Command::Deliver).then([FulfillmentDelivered { business_date }.into()]);
}

#[test]
fn packing_may_go_unnoted() {
    let left = FulfillmentShipped { carrier: None, tracking: vec![], business_date: moment().business_date };
    created().when(shipping(None, &[])).then([left.into()]);
}

#[test]
fn a_number_that_is_known_is_not_noted_again_with_the_shipping() {
    let history = packed().and(tracked(&[tracking("N1", None)]));
    let left = FulfillmentShipped {
        carrier: None,
        tracking: vec![tracking("N2", None)],
        business_date: moment().business_date,
    };
    history.when(shipping(None, &[tracking("N1", None), tracking("N2", None)])).then([left.into()]);
}

/// Case 10: late and repeated messages never move a parcel back.
#[test]
fn a_message_that_comes_late_or_again_changes_nothing() {
    for history in [packed(), shipped(), lost(), delivered()] {
        history.when(Command::Pack).then_nothing();
    }
    for history in [shipped(), lost(), delivered()] {
        history.when(shipping(Some("DHL"), &[tracking("N1", None)])).then_nothing();
    }
    for history in [shipped(), lost(), delivered()] {
        history.when(shipping(None, &[])).then_nothing();
    }
    delivered().when(Command::Deliver).then_nothing();
    lost().when(loss()).then_nothing();
    created().and(cancellation()).when(cancellation()).then_nothing();
}

/// Case 10: a late failure never undoes an arrival.
#[test]
fn a_parcel_that_arrived_is_not_lost() {
    delivered().when(loss()).then_refused(FulfillmentError::AlreadyDelivered);
}

#[test]
fn a_lost_parcel_may_turn_up() {
    shipped().when(loss()).then([FulfillmentLost { note: "no scan since Monday".parse().unwrap() }.into()]);
    lost().when(Command::Deliver).then([FulfillmentDelivered { business_date: moment().business_date }.into()]);
}

#[test]
fn what_left_with_one_carrier_did_not_leave_with_another() {
    let status = ShipmentStatus::Shipped;
    shipped().when(shipping(Some("UPS"), &[])).then_refused(FulfillmentError::AlreadyShipped { status });
    let other_number = shipping(Some("DHL"), &[tracking("N9", None)]);
    shipped().when(other_number).then_refused(FulfillmentError::AlreadyShipped { status });
}

#[test]
fn a_parcel_is_given_up_only_before_it_leaves() {
    for history in [created(), packed()] {
        history.when(cancellation()).then([FulfillmentCancelled { reason: "picked wrongly".parse().unwrap() }.into()]);
    }
    for (history, status) in
        [(shipped(), ShipmentStatus::Shipped), (lost(), ShipmentStatus::Lost), (delivered(), ShipmentStatus::Delivered)]
    {
        history.when(cancellation()).then_refused(FulfillmentError::AlreadyShipped { status });
    }
}

#[test]
fn a_cancelled_parcel_goes_nowhere() {
    for command in [Command::Pack, shipping(None, &[]), Command::Deliver, loss()] {
        created().and(cancellation()).when(command).then_refused(FulfillmentError::Cancelled);
    }
}

#[test]
fn a_parcel_that_has_not_left_neither_arrives_nor_is_lost() {
    for command in [Command::Deliver, loss()] {
        let status = ShipmentStatus::Created;
        created().when(command.clone()).then_refused(FulfillmentError::NotShipped { status });
        let status = ShipmentStatus::Packed;
        packed().when(command).then_refused(FulfillmentError::NotShipped { status });
    }
}

#[test]
fn nothing_can_be_asked_of_a_parcel_that_nobody_planned() {
    for command in [Command::Pack, shipping(None, &[]), Command::Deliver, cancellation(), loss()] {
        nothing().when(command).then_refused(FulfillmentError::NotCreated);
    }
}
