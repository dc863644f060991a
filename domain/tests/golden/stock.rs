//! Samples of stock items and stock documents.

use crate::{
    Sample,
    helpers::{date, quantity, source, text, time, uuid},
    older, today,
};
use tillroll_domain::{
    common::{Basis, DocumentForm},
    ids::{OrderId, ReceiptId, ReleaseId, ReservationId, ReturnId, ShipmentId},
    stock_document::events::{StockDocumentEvent, StockDocumentKind, StockDocumentLine, StockDocumentRecorded},
    stock_item::events::{
        AdjustmentReason, AllocationReleased, OpeningStockRecorded, ReleaseReason, ReorderLevelReached,
        ReorderLevelSet, ReservationExtended, ReservationReleased, ReturnCondition, StockAdjusted, StockAllocated,
        StockItemEvent, StockReceived, StockReserved, StockReturned, StockShipped, UnknownReservationReleased,
    },
};

pub(crate) fn stock_item() -> Vec<Sample<StockItemEvent>> {
    let order_id = OrderId::new(uuid(1));
    let reservation_id = ReservationId::new(uuid(2));
    vec![
        today(OpeningStockRecorded { quantity: quantity(40), total: quantity(120), basis: Basis::Inferred }),
        today(StockReceived {
            receipt_id: ReceiptId::new(uuid(3)),
            quantity: quantity(48),
            reference: Some(text("DN 2024-17")),
            basis: Basis::Recorded,
        }),
        // The first shape knew a free text and nothing else.
        older(
            1,
            StockAdjusted {
                delta: -3,
                reason: AdjustmentReason::WriteOff,
                note: text("write_off"),
                document: None,
                basis: Basis::Recorded,
            },
        ),
        today(StockAdjusted {
            delta: -10,
            reason: AdjustmentReason::WriteOff,
            note: text("damaged stock"),
            document: Some(text("536589")),
            basis: Basis::Recorded,
        }),
        today(StockReserved { reservation_id, quantity: quantity(2), expires_at: time("2024-03-01T12:15:00.25Z") }),
        today(ReservationExtended { reservation_id, expires_at: time("2024-03-01T12:45:00Z") }),
        today(ReservationReleased { reservation_id, quantity: quantity(2), reason: ReleaseReason::Expired }),
        today(UnknownReservationReleased { reservation_id }),
        today(StockAllocated { reservation_id, order_id, quantity: quantity(2) }),
        older(1, AllocationReleased { order_id, quantity: quantity(2), release_id: None }),
        today(AllocationReleased { order_id, quantity: quantity(2), release_id: Some(ReleaseId::new(uuid(19))) }),
        today(StockShipped {
            shipment_id: ShipmentId::new(uuid(4)),
            order_id,
            quantity: quantity(6),
            from_allocation: 6,
            basis: Basis::Recorded,
        }),
        today(StockReturned {
            return_id: ReturnId::new(uuid(5)),
            order_id: Some(order_id),
            quantity: quantity(1),
            condition: ReturnCondition::NotStated,
            basis: Basis::Inferred,
        }),
        today(ReorderLevelSet { level: 12 }),
        today(ReorderLevelReached { level: 12, available: 11 }),
    ]
}

pub(crate) fn stock_document() -> Vec<Sample<StockDocumentEvent>> {
    vec![today(StockDocumentRecorded {
        kind: StockDocumentKind::WriteOff,
        country: text("United Kingdom"),
        currency: text("GBP"),
        lines: vec![
            StockDocumentLine {
                line: 1,
                code: text("21777"),
                sku: Some(text("21777")),
                description: text("damaged"),
                quantity: -10,
            },
            StockDocumentLine { line: 2, code: text("M"), sku: None, description: text(""), quantity: -1 },
        ],
        business_date: date(),
        source: source("536589", DocumentForm::Order),
        basis: Basis::Recorded,
    })]
}
