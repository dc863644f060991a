//! Why a command on an order is refused.

use super::status::{FulfillmentStatus, Lifecycle};
use crate::{
    common::LineKind,
    document::{DocumentError, SourceConflict},
    ids::{CreditNoteId, PaymentId, ReservationId, ReturnId, ShipmentId},
    text::Sku,
};
use std::fmt;
use thiserror::Error;

/// Why a command on an order is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrderError {
    /// There is no order under this id.
    #[error("the order was not placed")]
    NotPlaced,
    /// An order stands under this id already.
    #[error("the order was placed before")]
    AlreadyPlaced,
    /// The lines or sums contradict each other.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The discounts are higher than what they are taken off.
    #[error("discounts of {discount_minor} exceed the {base_minor} minor units of goods and carriage")]
    DiscountTooHigh {
        /// The sum of the discount lines, in minor units.
        discount_minor: i64,
        /// Goods and carriage, in minor units.
        base_minor: i64,
    },
    /// The id stands for another document, or the document has changed.
    #[error(transparent)]
    Source(#[from] SourceConflict),
    /// A recorded order names a payment although nothing is owed, or none although something is.
    #[error(
        "a recorded order names a payment exactly if its total is not zero; the total is {total_minor} minor units"
    )]
    PaymentIdMismatch {
        /// The order's total, in minor units.
        total_minor: i64,
    },
    /// A recorded order names a shipment although it has no goods, or none although it has.
    #[error("a recorded order names a shipment exactly if it has goods; it has {goods_lines} goods lines")]
    ShipmentIdMismatch {
        /// How many of its lines are for goods.
        goods_lines: usize,
    },
    /// The order must be confirmed first.
    #[error("the order is not confirmed")]
    NotConfirmed,
    /// A checkout's order has something to pay and no terms for it, or terms although there is nothing.
    #[error("a checkout says how to pay exactly if the total is not zero; the total is {total_minor} minor units")]
    PaymentTermsMismatch {
        /// The order's total, in minor units.
        total_minor: i64,
    },
    /// No checkout made the order, so no stock is held for it.
    #[error("the order was not made by a checkout")]
    NoCheckout,
    /// The stock for the order's goods must be held first.
    #[error("no stock is held for the order yet")]
    StockNotReserved,
    /// More holds are named than an order stands on.
    #[error("at most {max} holds can be named, not {given}")]
    TooManyHolds {
        /// How many were named.
        given: usize,
        /// How many may be.
        max: usize,
    },
    /// A hold is named twice.
    #[error("{reservation_id} is named more than once")]
    HoldRepeated {
        /// The hold.
        reservation_id: ReservationId,
    },
    /// The holds do not suffice for the order's goods.
    #[error("{held} units of {sku} are held, but {needed} are needed")]
    StockNotCovered {
        /// What there is not enough of, the first such in the order of the SKUs.
        sku: Sku,
        /// Units that are held.
        held: u64,
        /// Units that the order's goods come to.
        needed: u64,
    },
    /// The money for the order is neither set aside nor taken.
    #[error("{due_minor} minor units are due, but {paid_minor} are authorized or captured")]
    NotPaid {
        /// What must be covered, in minor units.
        due_minor: i64,
        /// What is authorized or captured and was not given back, in minor units.
        paid_minor: i64,
    },
    /// The money for the order has arrived, so that it is not overdue.
    #[error("the payment for the order has arrived")]
    PaymentArrived,
    /// Goods would leave that were not paid.
    #[error("{due_minor} minor units must be captured before the goods leave, but {captured_minor} are")]
    PaymentNotCaptured {
        /// The worth of what would have left, in minor units.
        due_minor: i64,
        /// What was captured, in minor units.
        captured_minor: i64,
    },
    /// The order is cancelled.
    #[error("the order is cancelled")]
    Cancelled,
    /// The order is closed.
    #[error("the order is closed")]
    Closed,
    /// Goods have left, so the order cannot be cancelled as a whole.
    #[error("{shipped} units of the order were shipped")]
    AlreadyShipped {
        /// How many units left.
        shipped: u64,
    },
    /// Units are planned to leave, so the order cannot be cancelled before that is given up.
    #[error("{planned} units of the order are planned to leave; give their shipments up first")]
    UnitsPlanned {
        /// How many units.
        planned: u64,
    },
    /// The order is being put together, so its buyer cannot cancel it any more.
    #[error("the order is being put together and can no longer be cancelled by its buyer")]
    FulfillmentStarted,
    /// The command names no line.
    #[error("at least one line must be named")]
    NoLines,
    /// The command names more lines than an order can have.
    #[error("at most {max} lines can be named, not {given}")]
    TooManyLines {
        /// How many were named.
        given: usize,
        /// How many may be.
        max: usize,
    },
    /// The command names a line twice.
    #[error("line {line} is named more than once")]
    LineRepeated {
        /// The line.
        line: u32,
    },
    /// The order has no such line.
    #[error("the order has no line {line}; its lines are 1 to {lines}")]
    UnknownLine {
        /// The line.
        line: u32,
        /// How many lines the order has.
        lines: usize,
    },
    /// The line is not for goods.
    #[error("line {line} is not for goods")]
    NotGoods {
        /// The line.
        line: u32,
        /// What it stands for.
        kind: LineKind,
    },
    /// More units of a line than can be cancelled, planned, shipped, returned or credited.
    #[error("{requested} units of line {line} cannot be {action}, only {available}")]
    QuantityExceeded {
        /// The line.
        line: u32,
        /// What was asked for.
        action: LineAction,
        /// How many units were asked for.
        requested: u32,
        /// How many there are.
        available: u32,
    },
    /// A credited amount is below zero.
    #[error("the credit of line {line} is negative: {amount_minor} minor units")]
    NegativeCredit {
        /// The line.
        line: u32,
        /// The amount, in minor units.
        amount_minor: i64,
    },
    /// The shipment was recorded with other lines.
    #[error("shipment {shipment_id} was recorded with other lines")]
    ShipmentIdReused {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The shipment was given up; nothing leaves under its id any more.
    #[error("shipment {shipment_id} was given up")]
    ShipmentReleased {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The shipment has left and cannot be given up.
    #[error("shipment {shipment_id} has left")]
    ShipmentLeft {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The shipment was never planned.
    #[error("shipment {shipment_id} was not planned")]
    ShipmentNotPlanned {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// The return is over; nothing comes back under its id any more.
    #[error("return {return_id} is over")]
    ReturnClosed {
        /// The return.
        return_id: ReturnId,
    },
    /// The return was never requested.
    #[error("return {return_id} was not requested")]
    ReturnNotRequested {
        /// The return.
        return_id: ReturnId,
    },
    /// A line's part of the tax is below zero.
    #[error("the tax of line {line} is negative: {tax_minor} minor units")]
    NegativeTaxPart {
        /// The line.
        line: u32,
        /// What was given, in minor units.
        tax_minor: i64,
    },
    /// The lines' parts of the tax are not the stated tax.
    #[error("the lines' tax comes to {given_minor} minor units, but {expected_minor} are stated")]
    TaxPartsMismatch {
        /// The stated tax, in minor units.
        expected_minor: i64,
        /// The sum of the parts, in minor units.
        given_minor: i64,
    },
    /// The return was recorded with other lines.
    #[error("return {return_id} was recorded with other lines")]
    ReturnIdReused {
        /// The return.
        return_id: ReturnId,
    },
    /// The credit note was recorded with other lines.
    #[error("credit note {credit_note_id} was recorded with other lines")]
    CreditNoteIdReused {
        /// The credit note.
        credit_note_id: CreditNoteId,
    },
    /// The order has as many shipments, returns or credit notes as it can have.
    #[error("an order has at most {max} shipments, returns and credit notes each")]
    TooManyMovements {
        /// How many of each it may have.
        max: usize,
    },
    /// No goods are left that could be shipped.
    #[error("the order has no goods to ship")]
    NothingToShip,
    /// Goods still have to leave.
    #[error("{outstanding} units were not shipped yet")]
    NotFullyShipped {
        /// How many units still have to leave.
        outstanding: u64,
    },
    /// The order is neither delivered nor cancelled.
    #[error(
        "only a delivered or cancelled order can be closed; this one is {lifecycle}, its fulfillment {fulfillment}"
    )]
    NotClosable {
        /// How far the agreement has come.
        lifecycle: Lifecycle,
        /// How far the goods have come.
        fulfillment: FulfillmentStatus,
    },
    /// The order has as many payments as it can have.
    #[error("an order has at most {max} payments")]
    TooManyPayments {
        /// How many it may have.
        max: usize,
    },
    /// An amount of a payment is below zero.
    #[error("the {amount} amount is negative: {given_minor} minor units")]
    NegativeAmount {
        /// Which amount.
        amount: PaymentAmount,
        /// What was given, in minor units.
        given_minor: i64,
    },
    /// More was given back or is held back than was taken.
    #[error(
        "refunds of {refunded_minor} and disputes of {disputed_minor} exceed the captured {captured_minor} minor units"
    )]
    RefundExceedsCaptured {
        /// Taken, in minor units.
        captured_minor: i64,
        /// Given back, in minor units.
        refunded_minor: i64,
        /// Held back, in minor units.
        disputed_minor: i64,
    },
    /// An amount that never falls would fall; the message is older than what is known.
    #[error("the {amount} amount of {payment_id} stands at {known_minor} and cannot fall to {given_minor} minor units")]
    PaymentWentBack {
        /// The payment.
        payment_id: PaymentId,
        /// Which amount.
        amount: PaymentAmount,
        /// What is known, in minor units.
        known_minor: i64,
        /// What was given, in minor units.
        given_minor: i64,
    },
    /// The sums over all payments do not fit 64 bits.
    #[error("the payments' amounts are too large")]
    AmountTooLarge,
    /// The order is refunded, which is final: what was captured since must be given back before it is noted here.
    #[error("the order is refunded; {surplus_minor} minor units were captured since and must be given back")]
    Refunded {
        /// Captured and not given back, in minor units.
        surplus_minor: i64,
    },
}

/// What can be done with units of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineAction {
    /// Decide not to deliver them.
    Cancel,
    /// Plan to let them leave.
    Plan,
    /// Let them leave.
    Ship,
    /// Take them back.
    Return,
    /// Owe their price to the customer.
    Credit,
}

impl LineAction {
    /// The past participle, such as `shipped`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cancel => "cancelled",
            Self::Plan => "planned",
            Self::Ship => "shipped",
            Self::Return => "returned",
            Self::Credit => "credited",
        }
    }
}

impl fmt::Display for LineAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One of the amounts of a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentAmount {
    /// Set aside and not taken.
    Authorized,
    /// Taken.
    Captured,
    /// Given back.
    Refunded,
    /// Held back.
    Disputed,
}

impl PaymentAmount {
    /// The word, such as `captured`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorized => "authorized",
            Self::Captured => "captured",
            Self::Refunded => "refunded",
            Self::Disputed => "disputed",
        }
    }
}

impl fmt::Display for PaymentAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
