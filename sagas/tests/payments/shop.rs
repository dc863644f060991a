//! An order of 130.00 with two kinds of goods, its payment, its stock, and what staff and customers do with them.

use crate::stage::Stage;
use chrono::TimeDelta;
use tillroll_domain::{
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms, StockHold},
    common::{LineKind, LineQuantity},
    fulfillment::{Fulfillment, commands::FulfillmentCommand, events::FulfillmentLine},
    ids::{OperationId, OrderId, PaymentId, ReceiptId, ReservationId, ReturnId, ShipmentId},
    money::{Money, Rounding},
    order::{
        Order,
        commands::{OrderCommand, OrderContact, OrderSnapshot},
        events::{OrderLine, RoundingPolicy, RoundingStage, Tax},
    },
    payment::{Payment, commands::PaymentCommand},
    quantity::Quantity,
    stock_item::{
        StockItem,
        commands::{StockItemCommand, stream_id},
    },
    text::{LocationId, Sku},
};
use uuid::Uuid;

/// The total of the order, in cents: 3 × 20.00, 2 × 15.00 and carriage of 40.00.
pub(crate) const TOTAL: i64 = 13_000;

pub(crate) const fn order_id() -> OrderId {
    OrderId::new(Uuid::from_u128(1))
}

pub(crate) const fn payment_id() -> PaymentId {
    PaymentId::new(Uuid::from_u128(2))
}

pub(crate) const fn operation(n: u128) -> OperationId {
    OperationId::new(Uuid::from_u128(n))
}

pub(crate) const fn shipment(n: u128) -> ShipmentId {
    ShipmentId::new(Uuid::from_u128(n))
}

pub(crate) const fn goods_return(n: u128) -> ReturnId {
    ReturnId::new(Uuid::from_u128(n))
}

pub(crate) fn units(quantity: u32) -> Quantity {
    Quantity::new(quantity.into()).unwrap()
}

pub(crate) fn main_location() -> LocationId {
    "main".parse().unwrap()
}

pub(crate) fn sku(line: u32) -> Sku {
    format!("SKU{line}").parse().unwrap()
}

pub(crate) fn euros(minor: i64) -> Money {
    Money::new(minor, "EUR".parse().unwrap())
}

fn line(line: u32, kind: LineKind, quantity: u32, price: &str) -> OrderLine {
    let unit_price: tillroll_domain::price::UnitPrice = price.parse().unwrap();
    let amount = unit_price.times(quantity.into(), "EUR".parse().unwrap(), Rounding::HalfUp).unwrap();
    OrderLine {
        line,
        kind,
        code: "thing".parse().unwrap(),
        sku: (kind == LineKind::Goods).then(|| sku(line)),
        description: "".parse().unwrap(),
        quantity: units(quantity),
        unit_price,
        amount_minor: amount.minor,
        rounding_micros: None,
        tax_minor: None,
        options: vec![],
    }
}

fn lines(lines: &[(u32, u32)]) -> Vec<LineQuantity> {
    lines.iter().map(|&(line, quantity)| LineQuantity { line, quantity: units(quantity) }).collect()
}

impl Stage {
    pub(crate) async fn on_order(&mut self, command: OrderCommand) {
        self.send::<Order>(&order_id().uuid().to_string(), command).await.unwrap();
    }

    pub(crate) async fn on_payment(&mut self, command: PaymentCommand) {
        self.send::<Payment>(&payment_id().uuid().to_string(), command).await.unwrap();
    }

    /// Places the order, holds its stock (5 of each), and intends to pay it.
    pub(crate) async fn place(&mut self, capture: CapturePolicy) {
        let (method, provider) = ("card".parse().unwrap(), "simulated".parse().unwrap());
        let snapshot = OrderSnapshot {
            customer_id: None,
            country: "DE".parse().unwrap(),
            currency: "EUR".parse().unwrap(),
            lines: vec![
                line(1, LineKind::Goods, 3, "20"),
                line(2, LineKind::Goods, 2, "15"),
                line(3, LineKind::Carriage, 1, "40"),
            ],
            tax: Tax::NotStated,
            rounding: RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line },
            cart: None,
            contact: OrderContact::default(),
            checkout: Some(CheckoutTerms { payment: Some(PaymentTerms { method, provider, capture }) }),
        };
        self.on_order(OrderCommand::Place { snapshot }).await;
        let mut holds = Vec::new();
        for (line, quantity) in [(1, 3), (2, 2)] {
            let reservation_id = ReservationId::new(Uuid::from_u128(line.into()));
            let receipt_id = ReceiptId::new(Uuid::from_u128(line.into()));
            self.on_stock(line, StockItemCommand::Receive { receipt_id, quantity: units(5), reference: None }).await;
            let expires_at = self.now() + TimeDelta::hours(1);
            let quantity = units(quantity);
            self.on_stock(line, StockItemCommand::Reserve { reservation_id, quantity, expires_at }).await;
            holds.push(StockHold { sku: sku(line), location: main_location(), reservation_id, quantity });
        }
        self.on_order(OrderCommand::RecordStockReserved { holds }).await;
        let (order_id, method) = (order_id(), "card".parse().unwrap());
        self.on_payment(PaymentCommand::Create { order_id, amount: euros(TOTAL), method, quote_hash: None }).await;
    }

    pub(crate) async fn on_stock(&mut self, line: u32, command: StockItemCommand) {
        self.send::<StockItem>(&stream_id(&main_location(), &sku(line)), command).await.unwrap();
    }

    pub(crate) async fn authorize(&mut self, operation_id: OperationId) {
        let provider = "simulated".parse().unwrap();
        self.on_payment(PaymentCommand::RequestAuthorization { operation_id, provider, instrument: None }).await;
    }

    pub(crate) async fn cancel_payment(&mut self) {
        self.on_payment(PaymentCommand::Cancel { reason: "order_cancelled".parse().unwrap() }).await;
    }

    /// The order is paid, confirmed, and its stock promised.
    pub(crate) async fn paid_and_confirmed(&mut self, capture: CapturePolicy) {
        self.place(capture).await;
        self.authorize(operation(1)).await;
        self.settle().await;
        self.on_order(OrderCommand::Confirm).await;
        for line in [1, 2] {
            let reservation_id = ReservationId::new(Uuid::from_u128(line.into()));
            self.on_stock(line, StockItemCommand::Allocate { reservation_id, order_id: order_id() }).await;
        }
        self.settle().await;
    }

    /// Plans a shipment, as the API does.
    pub(crate) async fn plan(&mut self, shipment_id: ShipmentId, what: &[(u32, u32)]) {
        self.on_order(OrderCommand::PlanFulfillment { shipment_id, lines: lines(what) }).await;
        let line = |&(line, quantity): &(u32, u32)| FulfillmentLine { line, sku: sku(line), quantity: units(quantity) };
        let (order_id, location) = (order_id(), main_location());
        let command = FulfillmentCommand::Create { order_id, location, lines: what.iter().map(line).collect() };
        self.send::<Fulfillment>(&shipment_id.uuid().to_string(), command).await.unwrap();
    }

    /// Lets a shipment leave, as the API does.
    pub(crate) async fn ship(&mut self, shipment_id: ShipmentId, what: &[(u32, u32)]) -> bool {
        let command = OrderCommand::ShipLines { shipment_id, lines: lines(what) };
        if self.send::<Order>(&order_id().uuid().to_string(), command).await.is_err() {
            return false;
        }
        let command = FulfillmentCommand::Ship { carrier: None, tracking: vec![] };
        self.send::<Fulfillment>(&shipment_id.uuid().to_string(), command).await.unwrap();
        true
    }

    pub(crate) fn lines(what: &[(u32, u32)]) -> Vec<LineQuantity> {
        lines(what)
    }
}
