//! Samples of fulfillments and returns.

use crate::{
    Sample,
    helpers::{quantity, text, uuid},
    older, today,
};
use chrono::NaiveDate;
use tillroll_domain::{
    fulfillment::{
        events::{
            FulfillmentCancelled, FulfillmentCreated, FulfillmentDelivered, FulfillmentEvent, FulfillmentLine,
            FulfillmentLost, FulfillmentPacked, FulfillmentShipped, FulfillmentTrackingAdded,
        },
        tracking::Tracking,
    },
    ids::{OrderId, ReceiptId},
    returns::{
        events::{
            InspectedLine, ReceivedLine, ReturnApproved, ReturnCancelled, ReturnEvent, ReturnInspected, ReturnLine,
            ReturnReceived, ReturnRejected, ReturnRequested, ReturnResolved,
        },
        status::{GoodsCondition, ReturnOutcome, ReturnReason},
    },
};

fn day(day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2024, 3, day).unwrap()
}

pub(crate) fn fulfillment() -> Vec<Sample<FulfillmentEvent>> {
    let tracking = |number: &str| Tracking {
        number: text(number),
        url: Some(text(&format!("https://carrier.example/parcels/{number}"))),
    };
    vec![
        today(FulfillmentCreated {
            order_id: OrderId::new(uuid(2)),
            location: text("main"),
            lines: vec![FulfillmentLine { line: 1, sku: text("85123A"), quantity: quantity(2) }],
        }),
        today(FulfillmentPacked {}),
        today(FulfillmentShipped {
            carrier: Some(text("DHL")),
            tracking: vec![tracking("JD0001")],
            business_date: day(1),
        }),
        today(FulfillmentTrackingAdded { tracking: vec![tracking("JD0002")] }),
        today(FulfillmentDelivered { business_date: day(4) }),
        today(FulfillmentCancelled { reason: text("Picked wrongly") }),
        today(FulfillmentLost { note: text("No scan since Monday") }),
    ]
}

pub(crate) fn returns() -> Vec<Sample<ReturnEvent>> {
    let received = |units, condition| ReceivedLine { line: 1, quantity: quantity(units), condition };
    let came = |location| ReturnReceived {
        receipt_id: ReceiptId::new(uuid(13)),
        location,
        lines: vec![received(2, GoodsCondition::Resellable), received(1, GoodsCondition::Damaged)],
    };
    vec![
        today(ReturnRequested {
            order_id: OrderId::new(uuid(2)),
            lines: vec![ReturnLine {
                line: 1,
                sku: text("85123A"),
                quantity: quantity(3),
                reason: ReturnReason::NotAsDescribed,
            }],
            delivered_on: Some(day(4)),
            window_days: 14,
            window_ends_on: Some(day(18)),
            business_date: day(10),
        }),
        today(ReturnApproved {}),
        today(ReturnRejected { reason: text("Worn") }),
        older(1, came(None)),
        today(came(Some(text("main")))),
        today(ReturnInspected { lines: vec![InspectedLine { line: 1, accepted: 2, refused: 1 }] }),
        today(ReturnResolved { outcome: ReturnOutcome::Refund, note: text("Two of three") }),
        today(ReturnCancelled { reason: text("Kept after all") }),
    ]
}
