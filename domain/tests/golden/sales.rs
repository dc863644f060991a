//! Samples of orders, payments, credit notes and expenses.

use crate::{
    Sample,
    helpers::{date, quantity, source, text, time, uuid},
    older, today,
};
use tillroll_domain::{
    cart::line::LineOption,
    common::{Basis, DocumentForm, LineKind, LineQuantity},
    contact::Address,
    credit_note::events::{CreditLine, CreditMatch, CreditNoteEvent, CreditNoteIssued},
    expense::events::{ExpenseEvent, ExpenseKind, ExpenseLine, ExpenseRecorded},
    ids::{CartId, CreditNoteId, CustomerId, OperationId, OrderId, PaymentId, ReturnId, ShipmentId, SubjectId},
    money::{Money, Rounding},
    order::events::{
        CreditedLine, OrderCancelled, OrderClosed, OrderConfirmed, OrderDelivered, OrderEvent, OrderFulfillmentPlanned,
        OrderFulfillmentReleased, OrderFulfillmentStarted, OrderLine, OrderLinesCancelled, OrderLinesCredited,
        OrderLinesReturned, OrderLinesShipped, OrderPaymentChanged, OrderPlaced, OrderQuote, OrderReturnClosed,
        OrderReturnRequested, OrderTotals, RoundingPolicy, RoundingStage, Tax,
    },
    payment::events::{
        OperationKind, PaymentAttemptStarted, PaymentAuthorizationExpired, PaymentAuthorized, PaymentCaptured,
        PaymentCreated, PaymentEvent, PaymentOperationFailed, PaymentOperationRequested, PaymentOutcomeUnknown,
        PaymentRefunded, PaymentVoided,
    },
    personal::Personal,
    pricing::PolicyVersion,
};

const ROUNDING: RoundingPolicy = RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line };

pub(crate) fn order() -> Vec<Sample<OrderEvent>> {
    let lines = || vec![LineQuantity { line: 1, quantity: quantity(2) }];
    vec![
        older(1, placed()),
        today(placed_from_cart()),
        today(OrderConfirmed { basis: Basis::Inferred }),
        today(OrderLinesCancelled { lines: lines(), reason: text("Out of stock") }),
        today(OrderCancelled { reason: text("The customer changed her mind") }),
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
        today(OrderLinesReturned { return_id: ReturnId::new(uuid(5)), lines: lines(), basis: Basis::Recorded }),
        today(OrderLinesCredited {
            credit_note_id: CreditNoteId::new(uuid(6)),
            lines: vec![CreditedLine { line: 1, quantity: quantity(1), amount_minor: 255 }],
            basis: Basis::Recorded,
        }),
        today(OrderClosed {}),
    ]
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

pub(crate) fn payment() -> Vec<Sample<PaymentEvent>> {
    let operation_id = OperationId::new(uuid(7));
    vec![
        today(PaymentCreated {
            order_id: OrderId::new(uuid(2)),
            amount: Money::new(2_553, text("GBP")),
            method: text("assumed_settled"),
            source: Some(source("536365", DocumentForm::Order)),
            basis: Basis::Inferred,
        }),
        today(PaymentAttemptStarted { attempt: 1, provider: text("simulator") }),
        today(PaymentOperationRequested {
            operation_id,
            kind: OperationKind::Authorize,
            attempt: 1,
            amount_minor: 2_553,
        }),
        today(PaymentAuthorized {
            operation_id,
            amount_minor: 2_553,
            provider_reference: text("auth_17"),
            expires_at: Some(time("2024-03-08T12:00:00Z")),
        }),
        today(PaymentCaptured {
            operation_id,
            amount_minor: 2_553,
            provider_reference: Some(text("capture_17")),
            basis: Basis::Recorded,
        }),
        today(PaymentVoided { operation_id, amount_minor: 2_553 }),
        today(PaymentRefunded { operation_id, amount_minor: 255, provider_reference: text("refund_17") }),
        today(PaymentOperationFailed {
            operation_id,
            kind: OperationKind::Authorize,
            code: text("card_declined"),
            note: text("The bank said no"),
        }),
        today(PaymentOutcomeUnknown { operation_id, kind: OperationKind::Capture }),
        today(PaymentAuthorizationExpired { amount_minor: 2_553 }),
    ]
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
