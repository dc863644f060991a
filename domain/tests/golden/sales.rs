//! Samples of orders, payments, credit notes and expenses.

use crate::{
    Sample,
    helpers::{date, quantity, source, text, uuid},
    older, today,
};
use tillroll_domain::{
    cart::line::LineOption,
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms, StockHold},
    common::{Basis, DocumentForm, LineKind, LineQuantity},
    contact::Address,
    credit_note::events::{CreditLine, CreditMatch, CreditNoteEvent, CreditNoteIssued},
    expense::events::{ExpenseEvent, ExpenseKind, ExpenseLine, ExpenseRecorded},
    ids::{CartId, CreditNoteId, CustomerId, OrderId, PaymentId, ReservationId, ReturnId, ShipmentId, SubjectId},
    money::Rounding,
    order::{
        CancelCause,
        events::{
            CreditedLine, OrderCancelled, OrderClosed, OrderConfirmed, OrderDelivered, OrderEvent,
            OrderFulfillmentPlanned, OrderFulfillmentReleased, OrderFulfillmentStarted, OrderLine, OrderLinesCancelled,
            OrderLinesCredited, OrderLinesReturned, OrderLinesShipped, OrderPaymentChanged, OrderPlaced, OrderQuote,
            OrderReturnClosed, OrderReturnRequested, OrderStockReserved, OrderTotals, RoundingPolicy, RoundingStage,
            Tax,
        },
    },
    personal::Personal,
    pricing::PolicyVersion,
};

const ROUNDING: RoundingPolicy = RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line };

pub(crate) fn order() -> Vec<Sample<OrderEvent>> {
    let lines = || vec![LineQuantity { line: 1, quantity: quantity(2) }];
    vec![
        older(1, placed()),
        older(2, placed_from_cart()),
        today(placed_by_checkout()),
        today(OrderStockReserved {
            holds: vec![StockHold {
                sku: text("85123A"),
                location: text("main"),
                reservation_id: ReservationId::new(uuid(18)),
                quantity: quantity(6),
            }],
        }),
        today(OrderConfirmed { basis: Basis::Inferred }),
        older(1, OrderLinesCancelled { lines: lines(), reason: text("Out of stock"), value_minor: None }),
        today(OrderLinesCancelled { lines: lines(), reason: text("Out of stock"), value_minor: Some(251) }),
        older(1, OrderCancelled { reason: text("The customer changed her mind"), cause: None, confirmed: None }),
        today(OrderCancelled {
            reason: text("not enough in stock"),
            cause: Some(CancelCause::InsufficientStock { sku: text("85123A"), requested: 6, available: 5 }),
            confirmed: Some(false),
        }),
        today(OrderPaymentChanged {
            payment_id: PaymentId::new(uuid(3)),
            authorized_minor: 100,
            captured_minor: 2_153,
            refunded_minor: 255,
            disputed_minor: 0,
            basis: Basis::Recorded,
        }),
        today(OrderFulfillmentStarted { basis: Basis::Inferred }),
        today(OrderLinesShipped { shipment_id: ShipmentId::new(uuid(4)), lines: lines(), basis: Basis::Inferred }),
        today(OrderFulfillmentPlanned { shipment_id: ShipmentId::new(uuid(4)), lines: lines() }),
        today(OrderFulfillmentReleased { shipment_id: ShipmentId::new(uuid(14)) }),
        older(1, OrderDelivered { business_date: None }),
        today(OrderDelivered { business_date: Some(date()) }),
        today(OrderReturnRequested { return_id: ReturnId::new(uuid(5)), lines: lines() }),
        today(OrderReturnClosed { return_id: ReturnId::new(uuid(5)) }),
        older(1, returned(lines(), None)),
        today(returned(lines(), Some(251))),
        today(OrderLinesCredited {
            credit_note_id: CreditNoteId::new(uuid(6)),
            lines: vec![CreditedLine { line: 1, quantity: quantity(1), amount_minor: 255 }],
            basis: Basis::Recorded,
        }),
        today(OrderClosed {}),
    ]
}

fn returned(lines: Vec<LineQuantity>, value_minor: Option<i64>) -> OrderLinesReturned {
    OrderLinesReturned { return_id: ReturnId::new(uuid(5)), lines, basis: Basis::Recorded, value_minor }
}

/// Goods with a rounded amount, carriage, and a discount that was not rounded.
fn placed() -> OrderPlaced {
    OrderPlaced {
        customer_id: Some(CustomerId::new(uuid(1))),
        country: text("United Kingdom"),
        currency: text("GBP"),
        lines: vec![
            OrderLine {
                line: 1,
                kind: LineKind::Goods,
                code: text("85123a"),
                sku: Some(text("85123A")),
                description: text("WHITE HANGING HEART T-LIGHT HOLDER"),
                quantity: quantity(6),
                unit_price: text("2.551"),
                amount_minor: 1_531,
                rounding_micros: Some(4_000),
                tax_minor: None,
                options: vec![],
            },
            OrderLine {
                line: 2,
                kind: LineKind::Carriage,
                code: text("POST"),
                sku: None,
                description: text(""),
                quantity: quantity(1),
                unit_price: text("18"),
                amount_minor: 1_800,
                rounding_micros: None,
                tax_minor: None,
                options: vec![],
            },
            OrderLine {
                line: 3,
                kind: LineKind::Discount,
                code: text("D"),
                sku: None,
                description: text("Discount"),
                quantity: quantity(1),
                unit_price: text("11.78"),
                amount_minor: 1_178,
                rounding_micros: None,
                tax_minor: None,
                options: vec![],
            },
        ],
        totals: OrderTotals {
            goods_minor: 1_531,
            carriage_minor: 1_800,
            discount_minor: 1_178,
            tax: Tax::Stated { amount_minor: 400 },
            total_minor: 2_553,
        },
        rounding: ROUNDING,
        business_date: date(),
        source: Some(source("536365", DocumentForm::Order)),
        basis: Basis::Recorded,
        cart_id: None,
        quote: None,
        email: None,
        shipping_address: None,
        billing_address: None,
        checkout: None,
    }
}

/// The same, made from a guest's cart: with the quote that was accepted, the tax split, and how the guest is reached.
fn placed_from_cart() -> OrderPlaced {
    let cart_id = CartId::new(uuid(15));
    let subject = SubjectId::new(cart_id.uuid());
    let address = |recipient: &str| {
        let address = Address {
            recipient: text(recipient),
            line1: text("12 St James's Square"),
            line2: Some(text("Flat 2")),
            city: text("London"),
            region: Some(text("Greater London")),
            postal_code: Some(text("SW1Y 4JH")),
            country: text("GB"),
            phone: Some(text("+442079460000")),
        };
        Some(Box::new(Personal::known(subject, address)))
    };
    let policy = |name: &'static str| PolicyVersion::named(name, 1);
    let mut lines = placed().lines;
    lines[0].tax_minor = Some(400);
    lines[0].options = vec![LineOption { name: text("Engraving"), value: text("To you") }];
    OrderPlaced {
        customer_id: None,
        lines,
        source: None,
        cart_id: Some(cart_id),
        quote: Some(Box::new(OrderQuote {
            hash: text("9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
            tax_policy: policy("flat"),
            shipping_policy: policy("threshold"),
            shipping_method: text("standard"),
        })),
        email: Some(Box::new(Personal::known(subject, text("ada@example.org")))),
        shipping_address: address("Ada King"),
        billing_address: address("William King"),
        ..placed()
    }
}

/// The same, made by a checkout.
fn placed_by_checkout() -> OrderPlaced {
    let payment =
        PaymentTerms { method: text("card"), provider: text("simulated"), capture: CapturePolicy::AtFulfillment };
    OrderPlaced { checkout: Some(Box::new(CheckoutTerms { payment: Some(payment) })), ..placed_from_cart() }
}

/// Three units credited, two of them set against a sale.
pub(crate) fn credit_note() -> Vec<Sample<CreditNoteEvent>> {
    let matched = CreditMatch { order_id: OrderId::new(uuid(2)), line: 1, quantity: quantity(2), same_price: false };
    let line = CreditLine {
        line: 1,
        kind: LineKind::Goods,
        code: text("85123A"),
        sku: Some(text("85123A")),
        description: text("WHITE HANGING HEART T-LIGHT HOLDER"),
        quantity: quantity(3),
        unit_price: text("2.551"),
        amount_minor: 765,
        rounding_micros: Some(-3_000),
        matches: vec![matched],
        unmatched: 1,
        unmatched_minor: 255,
    };
    let bare = CreditLine {
        line: 2,
        kind: LineKind::Discount,
        code: text("D"),
        sku: None,
        description: text("Discount"),
        quantity: quantity(1),
        unit_price: text("27.5"),
        amount_minor: 2_750,
        rounding_micros: None,
        matches: vec![],
        unmatched: 1,
        unmatched_minor: 2_750,
    };
    vec![today(CreditNoteIssued {
        customer_id: Some(CustomerId::new(uuid(1))),
        country: text("United Kingdom"),
        currency: text("GBP"),
        lines: vec![line, bare],
        tax: Tax::NotStated,
        total_minor: 3_515,
        rounding: ROUNDING,
        business_date: date(),
        reason: text("Damaged in the post"),
        source: Some(source("C536379", DocumentForm::CreditNote)),
        basis: Basis::Recorded,
    })]
}

pub(crate) fn expense() -> Vec<Sample<ExpenseEvent>> {
    let line = |line, unit_price, amount_minor, rounding_micros| ExpenseLine {
        line,
        kind: ExpenseKind::BadDebt,
        code: text("B"),
        description: text("Adjust bad debt"),
        quantity: 1,
        unit_price: text(unit_price),
        amount_minor,
        rounding_micros,
    };
    vec![today(ExpenseRecorded {
        customer_id: Some(CustomerId::new(uuid(1))),
        country: text("United Kingdom"),
        currency: text("GBP"),
        lines: vec![line(1, "-11062.06", -1_106_206, None), line(2, "0.125", 13, Some(5_000))],
        total_minor: -1_106_193,
        rounding: ROUNDING,
        business_date: date(),
        source: source("A563186", DocumentForm::Adjustment),
        basis: Basis::Recorded,
    })]
}
