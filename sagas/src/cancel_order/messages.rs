//! What the process is told, learns, wants done and is answered.

use crate::checkout::Demand;
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    checkout::StockHold,
    ids::{OperationId, OrderId, PaymentId, ReleaseId, ReservationId},
    quantity::Quantity,
    text::{LocationId, Reference, Sku},
};
use uuid::Uuid;

/// Units of a SKU at a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitsAt {
    /// What.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// How many units.
    pub quantity: Quantity,
}

/// Lines of an order that goes on were cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelledLines {
    /// The event that says so, by which the cancellation is told from others.
    pub event_id: Uuid,
    /// The order.
    pub order_id: OrderId,
    /// Which goods, each SKU once.
    pub units: Vec<Demand>,
    /// What the order is worth less, in minor units.
    pub value_minor: i64,
}

/// What the log tells about the cancellations of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum CancelOrderTrigger {
    /// The order was cancelled after it had been promised.
    OrderCancelled {
        /// The order.
        order_id: OrderId,
        /// What was held for it.
        holds: Vec<StockHold>,
        /// Its payments.
        payments: Vec<PaymentId>,
    },
    /// Some of its lines were.
    LinesCancelled(CancelledLines),
    /// Money was captured for an order of which lines are cancelled.
    MoneyCaptured,
    /// A refund for cancelled lines was carried out, or refused by the provider.
    RefundSettled {
        /// The operation.
        operation_id: OperationId,
        /// Whether the money was given back.
        succeeded: bool,
    },
}

/// A refund for cancelled lines that was requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SurplusRefund {
    /// The operation.
    pub operation_id: OperationId,
    /// How much, in minor units.
    pub amount_minor: i64,
}

/// What the process has learnt. Cancellations of lines are named by their index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum CancelOrderFact {
    /// The order was cancelled.
    OrderCancelled {
        /// The order.
        order_id: OrderId,
        /// What was held for it.
        holds: Vec<StockHold>,
        /// Its payments.
        payments: Vec<PaymentId>,
    },
    /// Some of its lines were.
    LinesCancelled {
        /// Which.
        lines: CancelledLines,
    },
    /// The next hold is being let go.
    HoldTakenUp {},
    /// The units that no shipment counts on were found, and these of them will be taken back.
    UnitsFound {
        /// Of which cancellation.
        cut: u32,
        /// Which.
        take: Vec<UnitsAt>,
    },
    /// Units were not where they were found.
    UnitsMissing {
        /// Of which cancellation.
        cut: u32,
        /// Which.
        units: UnitsAt,
    },
    /// The units were taken back.
    UnitsReleased {
        /// Of which cancellation.
        cut: u32,
        /// Which.
        units: UnitsAt,
    },
    /// Money was captured that may be a surplus.
    MoneyCaptured {},
    /// The surplus is being counted; what happens from now on is for the next count.
    SurplusTakenUp {},
    /// The surplus was counted, and these refunds were requested.
    RefundsRequested {
        /// Which; may be none.
        refunds: Vec<SurplusRefund>,
        /// What is due and no payment can give back, in minor units.
        lacking_minor: i64,
    },
    /// A refund was carried out, or refused by the provider.
    RefundSettled {
        /// The operation.
        operation_id: OperationId,
        /// Whether the money was given back.
        succeeded: bool,
    },
    /// What was refused is to be requested once more.
    RefundsRenewed {},
    /// Units of a cancellation are nowhere to be taken back.
    UnitsNotFound {
        /// Of which cancellation.
        cut: u32,
        /// Why that is so, for whoever looks.
        code: Reference,
    },
}

/// Units to take out of what is promised to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnitsToRelease {
    /// The order.
    pub order_id: OrderId,
    /// The taking back, which counts once.
    pub release_id: ReleaseId,
    /// Which.
    pub units: UnitsAt,
}

/// What the process wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum CancelOrderAction {
    /// Let held or promised units go.
    ReleaseHold {
        /// The order.
        order_id: OrderId,
        /// Of what.
        sku: Sku,
        /// Where.
        location: LocationId,
        /// Under which id.
        reservation_id: ReservationId,
    },
    /// Cancel a payment: take nothing more, and give back what was taken.
    CancelPayment {
        /// The payment.
        payment_id: PaymentId,
    },
    /// Find out where units of cancelled goods are promised without a shipment that counts on them.
    FindUnits {
        /// For which cancellation.
        cut: u32,
        /// The order.
        order_id: OrderId,
        /// Of what.
        skus: Vec<Sku>,
    },
    /// Take units out of what is promised to the order.
    ReleaseUnits {
        /// For which cancellation.
        cut: u32,
        /// What, where.
        release: UnitsToRelease,
    },
    /// Give back what was captured of the value of cancelled units and was not given back for them yet.
    RefundSurplus {
        /// The order.
        order_id: OrderId,
        /// What the order is worth less by all cancellations of lines, in minor units.
        value_minor: i64,
        /// What the provider refused to give back and is not to be requested now, in minor units.
        refused_minor: i64,
        /// How many counts before this one have requested refunds, from which the ids of the refunds are derived.
        round: u32,
    },
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum CancelOrderAnswer {
    /// It is done, now or before.
    Done {},
    /// Units that are promised, and that no shipment counts on, those that were taken back before included.
    Found {
        /// Which, best location first.
        units: Vec<UnitsAt>,
    },
    /// The units are not promised to the order there.
    Missing {},
    /// The surplus was counted, and refunds were requested.
    Requested {
        /// Which; may be none.
        refunds: Vec<SurplusRefund>,
        /// What is due and no payment can give back, in minor units.
        lacking_minor: i64,
    },
}
