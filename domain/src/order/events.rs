//! What can have happened to an order.

use super::cause::CancelCause;
use crate::{
    cart::line::LineOption,
    checkout::{CheckoutTerms, StockHold},
    common::{Basis, LineKind, LineQuantity, SourceDocument},
    contact::{Address, Email},
    events,
    ids::{CartId, CreditNoteId, CustomerId, PaymentId, ReturnId, ShipmentId},
    money::{Currency, Rounding},
    personal::Personal,
    price::UnitPrice,
    pricing::{PolicyVersion, QuoteHash},
    quantity::Quantity,
    text::{Country, Note, Reference, Sku},
};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

events! {
    /// The history of an order.
    pub enum OrderEvent {
        OrderPlaced = 3, 1 => OrderPlaced, 2 => OrderPlaced;
        OrderStockReserved = 1;
        OrderConfirmed = 1;
        OrderLinesCancelled = 2, 1 => OrderLinesCancelled;
        OrderCancelled = 2, 1 => OrderCancelled;
        OrderPaymentChanged = 1;
        OrderFulfillmentStarted = 1;
        OrderFulfillmentPlanned = 1;
        OrderFulfillmentReleased = 1;
        OrderLinesShipped = 1;
        OrderDelivered = 2, 1 => OrderDelivered;
        OrderReturnRequested = 1;
        OrderReturnClosed = 1;
        OrderLinesReturned = 2, 1 => OrderLinesReturned;
        OrderLinesCredited = 1;
        OrderClosed = 1;
    }
}

/// One line of an order as it was agreed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The line's number, from 1 without gaps.
    pub line: u32,
    /// What the line stands for.
    pub kind: LineKind,
    /// The code as the source states it, or the SKU.
    pub code: Reference,
    /// What is taken from stock; present exactly for goods.
    pub sku: Option<Sku>,
    /// The line's text, possibly empty.
    pub description: Note,
    /// How many units.
    pub quantity: Quantity,
    /// Per unit, never negative, in the order's currency.
    pub unit_price: UnitPrice,
    /// Quantity times unit price, rounded, in minor units of the order's currency; never negative, for discounts either.
    pub amount_minor: i64,
    /// The rounded less the exact amount, in millionths of the major unit; absent if nothing was rounded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rounding_micros: Option<i64>,
    /// The line's part of the stated tax, in minor units, not negative; absent where the tax was not split.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_minor: Option<i64>,
    /// What the buyer chose besides, such as an engraving; nothing personal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<LineOption>,
}

/// What an order's buyer accepted: the quote, by its hash, and the policies that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderQuote {
    /// Stands for everything that was agreed.
    pub hash: QuoteHash,
    /// What decided about the tax.
    pub tax_policy: PolicyVersion,
    /// What decided about the carriage.
    pub shipping_policy: PolicyVersion,
    /// How the goods travel, in the words of that policy.
    pub shipping_method: Reference,
}

/// Where amounts were rounded, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoundingPolicy {
    /// How.
    pub mode: Rounding,
    /// At which stage.
    pub stage: RoundingStage,
}

/// The stage at which amounts are rounded to minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoundingStage {
    /// Each line's amount, once.
    Line,
}

/// What a document says about tax.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "statement", deny_unknown_fields)]
pub enum Tax {
    /// Nothing; which is not the same as no tax.
    NotStated,
    /// An amount on top of the lines, in minor units of the document's currency, not negative.
    Stated {
        /// The amount.
        amount_minor: i64,
    },
}

/// The sums of an order in minor units of its currency: `total = goods + carriage - discount + tax`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderTotals {
    /// Of the goods lines.
    pub goods_minor: i64,
    /// Of the carriage lines.
    pub carriage_minor: i64,
    /// Of the discount lines, as a positive amount; at most goods and carriage.
    pub discount_minor: i64,
    /// What is said about tax.
    pub tax: Tax,
    /// What the customer owes, never negative.
    pub total_minor: i64,
}

/// An order was agreed; nothing in here ever changes.
///
/// Version 1 knows no cart, quote, contact or tax of a line, version 2 no checkout; what is absent there is absent here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderPlaced {
    /// Who ordered; absent where the source names nobody.
    pub customer_id: Option<CustomerId>,
    /// The country of the order.
    pub country: Country,
    /// The currency of every amount.
    pub currency: Currency,
    /// The lines, numbered from 1.
    pub lines: Vec<OrderLine>,
    /// Their sums.
    pub totals: OrderTotals,
    /// How the amounts were rounded.
    pub rounding: RoundingPolicy,
    /// The store's date on which the order is booked.
    pub business_date: NaiveDate,
    /// The document it was imported from.
    pub source: Option<SourceDocument>,
    /// How we know it.
    pub basis: Basis,
    /// The cart it was made from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart_id: Option<CartId>,
    /// The quote that was accepted. Boxed, as are the others below, so that few events pay for their size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quote: Option<Box<OrderQuote>>,
    /// Where messages to the buyer go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Box<Personal<Email>>>,
    /// Where the goods go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipping_address: Option<Box<Personal<Address>>>,
    /// Where the bill goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub billing_address: Option<Box<Personal<Address>>>,
    /// How it is carried out, if a checkout made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkout: Option<Box<CheckoutTerms>>,
}

/// Stock is held for all goods of the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderStockReserved {
    /// The holds; those of an earlier such event do not count any more.
    pub holds: Vec<StockHold>,
}

/// The order will be carried out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderConfirmed {
    /// How we know it.
    pub basis: Basis,
}

/// Some units will not be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLinesCancelled {
    /// Which; each line at most once.
    pub lines: Vec<LineQuantity>,
    /// Why.
    pub reason: Note,
    /// What the order is worth less by this, in minor units; absent in version 1. All such values of an order and those of
    /// [`OrderLinesReturned`] together never exceed its total.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_minor: Option<i64>,
}

/// Nothing of the order will be delivered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderCancelled {
    /// Why, in words; nothing personal.
    pub reason: Note,
    /// What led to it; absent in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<CancelCause>,
    /// Whether the order had been promised before; absent in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<bool>,
}

/// One payment for the order stands differently; the amounts are that payment's totals so far.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderPaymentChanged {
    /// The payment.
    pub payment_id: PaymentId,
    /// Authorized and not yet captured, voided or expired.
    pub authorized_minor: i64,
    /// Captured so far.
    pub captured_minor: i64,
    /// Refunded so far, at most what was captured.
    pub refunded_minor: i64,
    /// Held back by an open or lost dispute.
    pub disputed_minor: i64,
    /// How we know it.
    pub basis: Basis,
}

/// The order is being put together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFulfillmentStarted {
    /// How we know it.
    pub basis: Basis,
}

/// Goods are going to leave together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFulfillmentPlanned {
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Which; each line at most once, goods only.
    pub lines: Vec<LineQuantity>,
}

/// Goods that were planned will not leave under this shipment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderFulfillmentReleased {
    /// The shipment.
    pub shipment_id: ShipmentId,
}

/// Goods left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLinesShipped {
    /// The shipment.
    pub shipment_id: ShipmentId,
    /// Which; each line at most once, goods only.
    pub lines: Vec<LineQuantity>,
    /// How we know it.
    pub basis: Basis,
}

/// All that was shipped arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderDelivered {
    /// The store's date, with which the window for returns begins; absent in version 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub business_date: Option<NaiveDate>,
}

/// Goods are on their way back, or may be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderReturnRequested {
    /// The return.
    pub return_id: ReturnId,
    /// Which; each line at most once.
    pub lines: Vec<LineQuantity>,
}

/// Nothing is on its way back under this return any more; what came is told by [`OrderLinesReturned`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderReturnClosed {
    /// The return.
    pub return_id: ReturnId,
}

/// Goods came back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLinesReturned {
    /// The return.
    pub return_id: ReturnId,
    /// Which; each line at most once, at most what was shipped and not returned yet.
    pub lines: Vec<LineQuantity>,
    /// How we know it.
    pub basis: Basis,
    /// What the order is worth less by this, in minor units; absent in version 1. The cost of the transport is not part of
    /// it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_minor: Option<i64>,
}

/// Some units of one line were credited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditedLine {
    /// The order's line.
    pub line: u32,
    /// How many units, at most what is not credited yet.
    pub quantity: Quantity,
    /// What the credit note gives for them, in minor units; not bounded by the line's amount, since the credit rules.
    pub amount_minor: i64,
}

/// A credit note was set against the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderLinesCredited {
    /// The credit note.
    pub credit_note_id: CreditNoteId,
    /// Which lines; each at most once.
    pub lines: Vec<CreditedLine>,
    /// How we know it.
    pub basis: Basis,
}

/// Nothing more will happen to the order in the ordinary course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderClosed {}
