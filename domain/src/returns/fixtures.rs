//! Returns that the tests start from.

use super::{
    Return,
    commands::{ReturnCommand, ReturnWindow},
    events::{InspectedLine, ReceivedLine, ReturnLine},
    status::{GoodsCondition, ReturnOutcome, ReturnReason},
};
use crate::{
    ids::{OrderId, ReceiptId},
    quantity::Quantity,
    testing::{Given, given},
};
use chrono::NaiveDate;
use uuid::Uuid;

pub(super) fn order_id(n: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(n))
}

pub(super) fn receipt_id(n: u128) -> ReceiptId {
    ReceiptId::new(Uuid::from_u128(n))
}

pub(super) fn day(date: &str) -> NaiveDate {
    date.parse().unwrap()
}

pub(super) fn window(delivered_on: Option<&str>, days: u16) -> ReturnWindow {
    ReturnWindow { delivered_on: delivered_on.map(day), days }
}

pub(super) fn return_line(line: u32, sku: &str, quantity: i64) -> ReturnLine {
    let quantity = Quantity::new(quantity).unwrap();
    ReturnLine { line, sku: sku.parse().unwrap(), quantity, reason: ReturnReason::Unwanted }
}

/// For order 1.
pub(super) fn asking(lines: &[(u32, &str, i64)], window: ReturnWindow) -> ReturnCommand {
    let lines = lines.iter().map(|&(line, sku, quantity)| return_line(line, sku, quantity)).collect();
    ReturnCommand::Request { order_id: order_id(1), lines, window }
}

pub(super) fn parcel(receipt: u128, lines: &[(u32, i64, GoodsCondition)]) -> ReturnCommand {
    let line =
        |&(line, quantity, condition)| ReceivedLine { line, quantity: Quantity::new(quantity).unwrap(), condition };
    ReturnCommand::Receive { receipt_id: receipt_id(receipt), location: None, lines: lines.iter().map(line).collect() }
}

pub(super) fn inspection(lines: &[(u32, u32, u32)]) -> ReturnCommand {
    let line = |&(line, accepted, refused)| InspectedLine { line, accepted, refused };
    ReturnCommand::Inspect { lines: lines.iter().map(line).collect() }
}

pub(super) fn resolution(outcome: ReturnOutcome) -> ReturnCommand {
    ReturnCommand::Resolve { outcome, note: "".parse().unwrap() }
}

pub(super) fn rejection() -> ReturnCommand {
    ReturnCommand::Reject { reason: "worn".parse().unwrap() }
}

pub(super) fn cancellation() -> ReturnCommand {
    ReturnCommand::Cancel { reason: "kept after all".parse().unwrap() }
}

pub(super) fn nobody() -> Given<Return> {
    given([])
}

/// 3 units of line 1 and one of line 2.
pub(super) fn requested() -> Given<Return> {
    nobody().and(asking(&[(1, "A", 3), (2, "B", 1)], window(Some("2024-02-20"), 30)))
}

pub(super) fn approved() -> Given<Return> {
    requested().and(ReturnCommand::Approve)
}

/// All of line 1 came.
pub(super) fn received() -> Given<Return> {
    approved().and(parcel(1, &[(1, 3, GoodsCondition::Resellable)]))
}

/// 2 units are accepted, one is refused.
pub(super) fn inspected() -> Given<Return> {
    received().and(inspection(&[(1, 2, 1)]))
}

pub(super) fn resolved() -> Given<Return> {
    inspected().and(resolution(ReturnOutcome::Refund))
}

pub(super) fn rejected() -> Given<Return> {
    requested().and(rejection())
}

pub(super) fn cancelled() -> Given<Return> {
    requested().and(cancellation())
}
