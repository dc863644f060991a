//! What can be asked of an order.

use super::{
    cause::CancelCause,
    events::{CreditedLine, OrderLine, OrderQuote, RoundingPolicy, Tax},
};
use crate::{
    checkout::{CheckoutTerms, StockHold},
    common::{LineQuantity, SourceDocument},
    contact::{Address, Email},
    ids::{CartId, CreditNoteId, CustomerId, PaymentId, ReturnId, ShipmentId},
    money::Currency,
    personal::Personal,
    text::{Country, Note},
};
use serde::{Deserialize, Serialize};

/// The most lines of one order.
pub const LINES_MAX: usize = 2_000;
/// The most payments of one order.
pub const PAYMENTS_MAX: usize = 100;
/// The most shipments (planned, left or given up), the most returns and the most credit notes of one order.
pub const MOVEMENTS_MAX: usize = 10_000;

/// What was agreed, as [`OrderCommand::Place`] and [`OrderCommand::Record`] state it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderSnapshot {
    /// Who orders.
    pub customer_id: Option<CustomerId>,
    /// The country of the order.
    pub country: Country,
    /// The currency of every amount.
    pub currency: Currency,
    /// The lines, numbered from 1 without gaps; amounts must follow from quantity, price and rounding.
    pub lines: Vec<OrderLine>,
    /// What is said about tax.
    pub tax: Tax,
    /// How the lines' amounts were rounded.
    pub rounding: RoundingPolicy,
    /// The cart that it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<CartOrigin>,
    /// How the buyer is reached.
    #[serde(default, skip_serializing_if = "OrderContact::is_empty")]
    pub contact: OrderContact,
    /// How it is carried out, if a checkout made it: with payment exactly if the total is not zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<CheckoutTerms>,
}

/// The cart that an order is made from, and the quote that its buyer accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartOrigin {
    /// The cart.
    pub cart_id: CartId,
    /// The quote.
    pub quote: OrderQuote,
}

/// How a buyer is reached, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderContact {
    /// Where messages go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<Email>>,
    /// Where the goods go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Personal<Address>>,
    /// Where the bill goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Personal<Address>>,
}

impl OrderContact {
    /// Whether nothing is known.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.email.is_none() && self.shipping_address.is_none() && self.billing_address.is_none()
    }
}

/// Commands on an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum OrderCommand {
    /// Place an order. Its sums are computed and its lines checked; an id is placed once.
    Place {
        /// What is agreed.
        snapshot: OrderSnapshot,
    },
    /// Promise to carry it out. Silent if promised already; refused once cancelled. A checkout's order needs its stock
    /// held before, if it has goods, and enough money authorized or captured to cover what is due.
    Confirm,
    /// Take note of the stock that is held for a checkout's order: enough for all its goods that were not cancelled.
    /// Silent if the same is known. Other holds take the place of the earlier ones, such as for those that lapsed.
    RecordStockReserved {
        /// The holds, at most [`crate::checkout::STOCK_HOLDS_MAX`], each reservation once.
        holds: Vec<StockHold>,
    },
    /// Cancel some units that were not shipped. Cancelling the last goods cancels the order, unless some had left before;
    /// an order without goods is cancelled with the last unit of its other lines. A checkout's order is cancelled in part
    /// only once it is confirmed.
    CancelLines {
        /// Which; each line at most once.
        lines: Vec<LineQuantity>,
        /// Why.
        reason: Note,
    },
    /// Cancel the whole order, of which nothing may have been shipped and nothing may be planned. Silent if cancelled
    /// already. If all its money was given back before, it is closed too.
    Cancel {
        /// Why.
        reason: Note,
    },
    /// The buyer cancels the whole order: like [`OrderCommand::Cancel`], and only before its fulfillment was started.
    CancelByBuyer {
        /// Why; nothing personal.
        reason: Note,
    },
    /// Cancel the whole order for a cause that is no decision of the staff: like [`OrderCommand::Cancel`], for a buyer like
    /// [`OrderCommand::CancelByBuyer`]. [`CancelCause::PaymentOverdue`] loses to money that has arrived meanwhile.
    CancelForCause {
        /// Why.
        cause: CancelCause,
    },
    /// Take note of how a payment stands. Silent if nothing changed; captured and refunded amounts never fall, refunds and
    /// disputes never exceed what was captured.
    ///
    /// A cancelled or delivered order all of whose money was given back is closed by the same append, which makes it
    /// refunded. That is final: more captured money is noted only once it was given back as well.
    UpdatePayment {
        /// The payment.
        payment_id: PaymentId,
        /// Authorized and not yet captured, voided or expired.
        authorized_minor: i64,
        /// Captured so far.
        captured_minor: i64,
        /// Refunded so far.
        refunded_minor: i64,
        /// Held back by disputes.
        disputed_minor: i64,
    },
    /// Start putting a confirmed order with goods together. Silent if started already.
    StartFulfillment,
    /// Plan which goods of a confirmed order leave together, which starts its fulfillment if need be. Planned units cannot
    /// be cancelled, shipped otherwise or planned again. One shipment id counts once: the same lines again are silent,
    /// other lines are refused.
    PlanFulfillment {
        /// The shipment.
        shipment_id: ShipmentId,
        /// Which; goods lines, each at most once.
        lines: Vec<LineQuantity>,
    },
    /// Give a plan up, of which nothing has left. Its id is used up: nothing leaves under it any more. Silent if given up
    /// already.
    ReleaseFulfillment {
        /// The shipment.
        shipment_id: ShipmentId,
    },
    /// Ship goods of a confirmed order, which starts its fulfillment if need be. One shipment id counts once: the same
    /// lines again are silent, other lines are refused. A shipment that was planned leaves with the lines of its plan. Of a
    /// checkout's order nothing leaves that was not planned, nor before the money for it, and for what has left before, was
    /// captured.
    ShipLines {
        /// The shipment.
        shipment_id: ShipmentId,
        /// Which; goods lines, each at most once.
        lines: Vec<LineQuantity>,
    },
    /// All that will be shipped has arrived. Silent if known already; refused while goods still have to leave. If all
    /// its money was given back before, the order is closed too.
    Deliver,
    /// Count goods as on their way back, so that all returns together never exceed what was shipped; also after the order
    /// was closed. One return id counts once: the same lines again are silent, other lines are refused.
    RequestReturn {
        /// The return.
        return_id: ReturnId,
        /// Which; each line at most once.
        lines: Vec<LineQuantity>,
    },
    /// Nothing (more) comes back under a return that was requested. Its id is used up. Silent if that is known.
    CloseReturn {
        /// The return.
        return_id: ReturnId,
    },
    /// Take goods back, also after the order was closed. One return id counts once. A return that was requested takes back
    /// at most what was requested, and is closed by it.
    ReturnLines {
        /// The return.
        return_id: ReturnId,
        /// Which; each line at most once.
        lines: Vec<LineQuantity>,
    },
    /// Close an order that is delivered or cancelled. Silent if closed already.
    Close,
    /// Import: an order that was carried out in the past, with inferred confirmation, payment and shipment in one append.
    ///
    /// Silent if the same document was recorded; refused if the document's digest differs.
    Record {
        /// What the document states.
        snapshot: OrderSnapshot,
        /// The document.
        source: SourceDocument,
        /// The payment that is assumed; absent exactly if the total is zero.
        payment_id: Option<PaymentId>,
        /// The shipment that is assumed; absent exactly if there are no goods.
        shipment_id: Option<ShipmentId>,
    },
    /// Import: a credit note's lines were matched with this order. One credit note id counts once.
    RecordCredit {
        /// The credit note.
        credit_note_id: CreditNoteId,
        /// Which lines; each at most once, at most what was ordered and is not credited yet.
        lines: Vec<CreditedLine>,
    },
}
