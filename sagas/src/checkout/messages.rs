//! What a checkout is told, learns, wants done and is answered.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    checkout::{PaymentTerms, StockHold},
    ids::{CartId, OperationId, OrderId, PaymentId, ReservationId},
    money::Money,
    order::CancelCause,
    pricing::QuoteHash,
    quantity::Quantity,
    text::{LocationId, Reference, Sku},
};

/// Units of a SKU, over all lines of the cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// What.
    pub sku: Sku,
    /// How many units.
    pub quantity: Quantity,
}

/// What a checkout begins with: read off the cart, which does not change while the checkout runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Began {
    /// The cart.
    pub cart_id: CartId,
    /// The order that is made of it.
    pub order_id: OrderId,
    /// The quote that the buyer agreed to.
    pub quote_hash: QuoteHash,
    /// What is to be paid.
    pub total: Money,
    /// How it is paid; absent if there is nothing to pay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment: Option<PaymentTerms>,
    /// What the buyer pays with: the provider's token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instrument: Option<Reference>,
    /// What is needed, each SKU once.
    pub demand: Vec<Demand>,
}

/// What the log tells a checkout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum CheckoutTrigger {
    /// A buyer began it at the cart.
    Began(Box<Began>),
    /// A payment of the order stands differently; amounts in minor units.
    PaymentChanged {
        /// The payment.
        payment_id: PaymentId,
        /// What it covers: authorized and captured, less what was given back.
        covered_minor: i64,
    },
    /// The order was confirmed, by the checkout or by somebody else.
    OrderConfirmed,
    /// The order was cancelled.
    OrderCancelled {
        /// Whether it had been confirmed.
        confirmed: bool,
    },
}

/// The settings that a checkout depends on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckoutPolicy {
    /// Where stock is taken from, best first.
    pub locations: Vec<LocationId>,
    /// For how many minutes goods are first held.
    pub reserve_minutes: u32,
    /// For how many minutes the money is awaited.
    pub payment_minutes: u32,
}

/// What a checkout has learnt or decided. Items, locations and holds are named by their index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum CheckoutFact {
    /// It began.
    Begun {
        /// With what.
        began: Box<Began>,
        /// Where stock is taken from, best first.
        locations: Vec<LocationId>,
        /// For how many minutes goods are first held.
        reserve_minutes: u32,
        /// For how many minutes the money is awaited.
        payment_minutes: u32,
    },
    /// The order stands.
    OrderPlaced {},
    /// No order can be made of the cart.
    OrderRefused {
        /// Why.
        code: Reference,
    },
    /// Units were asked for, as the next hold.
    HoldAsked {
        /// Which item.
        item: u32,
        /// Where.
        location: u32,
        /// How many units.
        units: Quantity,
        /// Under which id.
        reservation_id: ReservationId,
    },
    /// The units are held.
    HoldMade {
        /// Which hold.
        hold: u32,
    },
    /// There are not as many.
    HoldRefused {
        /// Which hold.
        hold: u32,
        /// How many there are.
        available: u32,
    },
    /// The hold has ended without the order, because its time was over or somebody let it go.
    HoldLost {
        /// Which hold.
        hold: u32,
    },
    /// The hold lasts as long as the money is awaited.
    HoldExtended {
        /// Which hold.
        hold: u32,
    },
    /// The units are promised to the order.
    HoldAllocated {
        /// Which hold.
        hold: u32,
    },
    /// Nothing is or ever will be held or promised under the id.
    HoldReleased {
        /// Which hold.
        hold: u32,
    },
    /// The goods of an item cannot be had.
    OutOfStock {
        /// Which item.
        item: u32,
        /// How many units there are.
        available: u32,
    },
    /// The order knows what is held for it.
    StockRecorded {
        /// What the holds' version was.
        version: u32,
    },
    /// The money is asked for.
    PaymentStarted {
        /// When it must be there.
        deadline: DateTime<Utc>,
    },
    /// The payment stands, and can be cancelled.
    PaymentOpened {},
    /// A payment of the order stands differently.
    PaymentChanged {
        /// The payment.
        payment_id: PaymentId,
        /// What it covers, in minor units.
        covered_minor: i64,
    },
    /// The order was not cancelled at the deadline, because the money has come.
    PaymentArrived {},
    /// The order was not confirmed, because the money is not there.
    ConfirmRefused {
        /// How many changes of payments were known.
        changes: u32,
    },
    /// The order is confirmed.
    OrderConfirmed {},
    /// The money is taken, or will be: it was asked for.
    CaptureRequested {},
    /// The money cannot be taken.
    CaptureRefused {
        /// Why.
        code: Reference,
    },
    /// An action found the order cancelled; how that came about is still to be told.
    CancellationSeen {},
    /// The order is cancelled.
    OrderCancelled {
        /// Whether it had been confirmed.
        confirmed: bool,
    },
    /// It can neither go on nor back by itself.
    Stuck {
        /// Why.
        code: Reference,
    },
    /// Nothing more is taken by this payment, and what was taken is given back.
    PaymentCancelled {
        /// The payment.
        payment_id: PaymentId,
    },
    /// The checkout of the cart is over.
    CartEnded {},
    /// The cart is not what it was.
    CartRefused {
        /// Why.
        code: Reference,
    },
}

/// Where a hold is, with its index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HoldPlace {
    /// Which hold.
    pub hold: u32,
    /// Of what.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// Under which id.
    pub reservation_id: ReservationId,
}

/// What a checkout wants done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum CheckoutAction {
    /// Make the order of the cart.
    PlaceOrder {
        /// The cart.
        cart_id: CartId,
        /// The order.
        order_id: OrderId,
    },
    /// Hold units.
    ReserveStock {
        /// Where.
        place: HoldPlace,
        /// How many units.
        quantity: Quantity,
        /// Until when.
        expires_at: DateTime<Utc>,
    },
    /// Tell the order what is held for it.
    RecordStock {
        /// The order.
        order_id: OrderId,
        /// The version of the holds.
        version: u32,
        /// What is held.
        holds: Vec<StockHold>,
    },
    /// Create the payment and ask for the money.
    StartPayment {
        /// The order.
        order_id: OrderId,
        /// The payment.
        payment_id: PaymentId,
        /// The authorization.
        operation_id: OperationId,
        /// How much.
        amount: Money,
        /// What the buyer agreed to.
        quote_hash: QuoteHash,
        /// How.
        terms: PaymentTerms,
        /// With what.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        instrument: Option<Reference>,
    },
    /// Hold units longer.
    ExtendHold {
        /// Where.
        place: HoldPlace,
        /// Until when.
        expires_at: DateTime<Utc>,
    },
    /// Promise to carry the order out.
    ConfirmOrder {
        /// The order.
        order_id: OrderId,
        /// How many changes of payments are known.
        changes: u32,
    },
    /// Promise held units to the order.
    AllocateHold {
        /// Where.
        place: HoldPlace,
        /// The order.
        order_id: OrderId,
    },
    /// Take the money.
    CapturePayment {
        /// The order.
        order_id: OrderId,
        /// The payment.
        payment_id: PaymentId,
        /// The capture.
        operation_id: OperationId,
    },
    /// Let held units go, and make sure that none ever will be held under this id.
    ReleaseHold {
        /// Where.
        place: HoldPlace,
        /// The order whose promise is taken back too, if the hold has become one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        promised_to: Option<OrderId>,
    },
    /// Cancel the order.
    CancelOrder {
        /// The order.
        order_id: OrderId,
        /// Why.
        cause: CancelCause,
    },
    /// Cancel a payment: take nothing more, and give back what was taken.
    CancelPayment {
        /// The payment.
        payment_id: PaymentId,
    },
    /// End the checkout of the cart.
    EndCart {
        /// The cart.
        cart_id: CartId,
        /// The order.
        order_id: OrderId,
        /// Whether it became the order.
        placed: bool,
    },
}

/// What an action of a checkout came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum CheckoutAnswer {
    /// It is done, now or before.
    Done {},
    /// There are not as many units.
    Short {
        /// How many there are.
        available: u32,
    },
    /// The hold has ended.
    Gone {},
    /// The order is not paid, so it was not confirmed.
    NotPaid {},
    /// The order is paid, so it was not cancelled for not being paid.
    Paid {},
    /// The order is cancelled.
    Cancelled {},
    /// A rule refuses it for good.
    Refused {
        /// Which.
        code: Reference,
    },
}
