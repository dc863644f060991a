//! What ReturnAndRefund is told, wants done, is answered and learns.

use serde::{Deserialize, Serialize};
use tillroll_domain::{
    ids::{OperationId, OrderId},
    quantity::Quantity,
    stock_item::events::ReturnCondition,
    text::{LocationId, Note, Sku},
};

/// Units of a SKU that came back to a location in one condition.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RestockUnits {
    /// Where.
    pub location: LocationId,
    /// Which.
    pub sku: Sku,
    /// In what condition.
    pub condition: ReturnCondition,
    /// How many.
    pub quantity: Quantity,
}

/// A refund that was requested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedRefund {
    /// The operation.
    pub operation_id: OperationId,
    /// How much, in minor units.
    pub amount_minor: i64,
}

/// What is told of the return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ReturnNews {
    /// The order took goods back.
    Returned {
        /// The order.
        order_id: OrderId,
        /// What is to be given back, in minor units; 0 if the customer gets something else, or nothing.
        refund_minor: i64,
        /// What goes into stock, each location, SKU and condition once. Units of which nobody said where they came are not
        /// among them.
        units: Vec<RestockUnits>,
    },
    /// A refund was carried out, or refused by the provider.
    RefundSettled {
        /// The operation.
        operation_id: OperationId,
        /// Whether the money was given back.
        succeeded: bool,
    },
    /// The return is over, resolved or given up, and the order does not know it yet.
    Ended {
        /// The order.
        order_id: OrderId,
    },
}

/// What ReturnAndRefund wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReturnAndRefundAction {
    /// Book goods back.
    Restock {
        /// The order that they had left for.
        order_id: OrderId,
        /// Which.
        units: Vec<RestockUnits>,
    },
    /// Request to give money back, of one payment of the order after the other.
    Refund {
        /// The order.
        order_id: OrderId,
        /// How much is due for the return in all, in minor units. What other tries gave back or still may is left out.
        amount_minor: i64,
        /// Which try it is, from 0; each has operations of its own.
        round: u32,
    },
    /// Tell the order what came of the return: what it takes back, or that nothing is on its way any more. Whoever ended the
    /// return does so too, but may stop in between.
    TellOrder {
        /// The order.
        order_id: OrderId,
    },
}

/// What an action came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReturnAndRefundAnswer {
    /// The goods are booked.
    Booked,
    /// Some goods could not be booked; the others are.
    NotBooked {
        /// Which.
        skus: Vec<Sku>,
        /// Why the first of them could not, in words.
        reason: Note,
    },
    /// Refunds are requested.
    Requested {
        /// Which.
        refunds: Vec<RequestedRefund>,
        /// What no payment can give back, in minor units.
        lacking_minor: i64,
    },
    /// The order knows that the return is over.
    OrderTold,
    /// The order does not take note that the return is over.
    OrderRefused {
        /// Why, in words.
        reason: Note,
    },
}

/// What ReturnAndRefund learns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum ReturnAndRefundFact {
    /// The order took goods back.
    Returned {
        /// The order.
        order_id: OrderId,
        /// What is to be given back, in minor units.
        refund_minor: i64,
    },
    /// Goods that came back are not in stock by the books.
    NotBooked {
        /// Which.
        skus: Vec<Sku>,
    },
    /// Refunds are requested.
    RefundsRequested {
        /// Which.
        refunds: Vec<RequestedRefund>,
    },
    /// Less can be given back than is due, because the rest was given back or disputed before.
    Short {
        /// What is missing, in minor units.
        lacking_minor: i64,
    },
    /// A refund was carried out, or refused by the provider.
    RefundSettled {
        /// The operation.
        operation_id: OperationId,
        /// Whether the money was given back.
        succeeded: bool,
    },
    /// What was refused is requested once more.
    RefundRenewed,
    /// The return is over.
    Ended,
    /// The order does not take note of that; somebody must look.
    OrderRefused,
}
