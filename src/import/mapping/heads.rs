//! The four kinds of head documents, and what follows from each.

use super::{HeadKind, HistoryCommand, MappedDocument, Mapper, ROUNDING, Shared, quantity, units_per_sku};
use crate::import::{
    ImportError,
    document::{DocumentPart, HistoryDocument, HistoryLine, HistoryLineKind},
    matching::CreditKey,
    totals::sum,
};
use std::collections::BTreeMap;
use tillroll_domain::{
    common::LineKind,
    credit_note::{
        commands::{CreditNoteCommand, CreditNoteContent},
        events::CreditLine,
    },
    expense::{commands::ExpenseCommand, events::ExpenseLine},
    ids::{CreditNoteId, OperationId, OrderId, PaymentId, ReturnId, ShipmentId},
    money::{Money, cumulative_share},
    order::{
        commands::{OrderCommand, OrderContact, OrderSnapshot},
        events::{CreditedLine, OrderLine, Tax},
    },
    payment::commands::PaymentCommand,
    stock_document::{
        commands::StockDocumentCommand,
        events::{StockDocumentKind, StockDocumentLine},
    },
    stock_item::{commands::StockItemCommand, events::AdjustmentReason},
    text::{Note, Reference, Sku},
};

impl Mapper {
    pub(super) fn order(
        &mut self,
        document: &HistoryDocument,
        part: &DocumentPart,
        shared: &Shared,
        mapped: &mut MappedDocument,
    ) -> Result<(), ImportError> {
        let number = shared.number.as_str();
        let order_id = OrderId::new(self.names.head(HeadKind::Order, number));
        let lines = order_lines(part, &shared.number)?;
        for (line, sold) in part.lines.iter().zip(&lines) {
            if let Some(key) = CreditKey::of(document, line).filter(|key| self.survey.is_credited(key)) {
                self.matcher.sell(key, order_id, sold.line, sold.unit_price, sold.quantity);
            }
        }
        let total = sum(part.lines.iter().map(|line| line.amount_minor))?;
        let units = units_per_sku(part);
        let payment_id = (total != 0).then(|| PaymentId::new(self.names.uuid("payment", number)));
        let shipment_id = (!units.is_empty()).then(|| ShipmentId::new(self.names.uuid("shipment", number)));
        let record = OrderCommand::Record {
            snapshot: OrderSnapshot {
                customer_id: document.customer.as_ref().map(|customer| self.customer_id(customer)),
                country: document.country.clone(),
                currency: self.identity.currency,
                lines,
                tax: Tax::NotStated,
                rounding: ROUNDING,
                cart: None,
                contact: OrderContact::default(),
                checkout: None,
            },
            source: shared.source.clone(),
            payment_id,
            shipment_id,
        };
        let stream = order_id.uuid().to_string();
        mapped.heads.push(self.command("order", number, stream, HistoryCommand::Order(record), shared));
        if let Some(payment_id) = payment_id {
            self.inferred.payments.count += 1;
            self.inferred.payments.minor = self.inferred.payments.minor.saturating_add(total);
            let settled = PaymentCommand::RecordSettled {
                order_id,
                amount: Money::new(total, self.identity.currency),
                operation_id: OperationId::new(self.names.uuid("capture", number)),
                source: shared.source.clone(),
            };
            let stream = payment_id.uuid().to_string();
            mapped.followers.push(self.command("payment", number, stream, HistoryCommand::Payment(settled), shared));
        }
        if let Some(shipment_id) = shipment_id {
            self.inferred.shipments.count += 1;
            for (sku, units) in units {
                self.inferred.shipments.units += units;
                let quantity = quantity(units, &shared.number)?;
                let shipped = StockItemCommand::RecordShipment { shipment_id, order_id, quantity };
                mapped.followers.push(self.stock("shipment", sku, shipped, shared));
            }
        }
        Ok(())
    }

    pub(super) fn credit_note(
        &mut self,
        document: &HistoryDocument,
        part: &DocumentPart,
        shared: &Shared,
        mapped: &mut MappedDocument,
    ) -> Result<(), ImportError> {
        let number = shared.number.as_str();
        let credit_note_id = CreditNoteId::new(self.names.head(HeadKind::CreditNote, number));
        let mut credited: BTreeMap<OrderId, BTreeMap<u32, Credited>> = BTreeMap::new();
        let mut lines = Vec::with_capacity(part.lines.len());
        for (line, number) in part.lines.iter().zip(1..) {
            lines.push(self.credit_line(document, line, number, shared, &mut credited)?);
        }
        let content = CreditNoteContent {
            customer_id: document.customer.as_ref().map(|customer| self.customer_id(customer)),
            country: document.country.clone(),
            currency: self.identity.currency,
            lines,
            tax: Tax::NotStated,
            rounding: ROUNDING,
            reason: empty(),
        };
        let record = CreditNoteCommand::Record { content, source: shared.source.clone() };
        let stream = credit_note_id.uuid().to_string();
        mapped.heads.push(self.command("credit_note", number, stream, HistoryCommand::CreditNote(record), shared));

        let units = units_per_sku(part);
        self.inferred.returns.count += u64::from(!units.is_empty());
        let return_id = ReturnId::new(self.names.uuid("return", number));
        for (sku, units) in units {
            let quantity = quantity(units.saturating_neg(), &shared.number)?;
            self.inferred.returns.units += quantity.as_i64();
            let returned = StockItemCommand::RecordReturn { return_id, quantity };
            mapped.followers.push(self.stock("return", sku, returned, shared));
        }
        for (order_id, lines) in credited {
            let lines = lines.into_iter().map(|(line, credited)| credited.on(line, &shared.number));
            let credit = OrderCommand::RecordCredit { credit_note_id, lines: lines.collect::<Result<_, _>>()? };
            let (stream, name) = (order_id.uuid().to_string(), format!("{number}:{order_id}"));
            mapped.followers.push(self.command("credit", &name, stream, HistoryCommand::Order(credit), shared));
        }
        Ok(())
    }

    fn credit_line(
        &mut self,
        document: &HistoryDocument,
        line: &HistoryLine,
        line_number: u32,
        shared: &Shared,
        credited: &mut BTreeMap<OrderId, BTreeMap<u32, Credited>>,
    ) -> Result<CreditLine, ImportError> {
        let units = quantity(line.quantity.saturating_neg(), &shared.number)?;
        let amount = line.amount_minor.checked_neg().ok_or(ImportError::TooLarge)?;
        let matches = CreditKey::of(document, line)
            .map(|key| self.matcher.credit(&key, line.unit_price, units))
            .unwrap_or_default();
        // The credit line's amount is spread over its units in the order of matching, so that the parts add up to it.
        let (mut taken, mut given) = (0, 0);
        for found in &matches {
            taken += u64::from(found.quantity.get());
            let share = cumulative_share(amount, taken, units.get().into()).map_err(|_| ImportError::TooLarge)?;
            let on_line = credited.entry(found.order_id).or_default().entry(found.line).or_default();
            on_line.units += found.quantity.as_i64();
            on_line.amount_minor += share - given;
            given = share;
        }
        let matched: u32 = matches.iter().map(|found| found.quantity.get()).sum();
        let unmatched = units.get() - matched;
        let unmatched_minor = amount - given;
        if unmatched > 0 {
            self.inferred.unmatched.lines += 1;
            self.inferred.unmatched.minor = self.inferred.unmatched.minor.saturating_add(unmatched_minor);
        }
        Ok(CreditLine {
            line: line_number,
            kind: kind_of(line),
            code: line.code.clone(),
            sku: line.kind.sku().cloned(),
            description: line.description.clone(),
            quantity: units,
            unit_price: line.unit_price,
            amount_minor: amount,
            rounding_micros: some_unless_zero(-line.rounding_micros),
            matches,
            unmatched,
            unmatched_minor,
        })
    }

    pub(super) fn expense(
        &self,
        document: &HistoryDocument,
        part: &DocumentPart,
        shared: &Shared,
        mapped: &mut MappedDocument,
    ) {
        let lines = part.lines.iter().zip(1..).filter_map(|(line, number)| {
            let HistoryLineKind::Expense(kind) = line.kind else { return None };
            Some(ExpenseLine {
                line: number,
                kind,
                code: line.code.clone(),
                description: line.description.clone(),
                quantity: line.quantity,
                unit_price: line.unit_price,
                amount_minor: line.amount_minor,
                rounding_micros: some_unless_zero(line.rounding_micros),
            })
        });
        let record = ExpenseCommand::Record {
            customer_id: document.customer.as_ref().map(|customer| self.customer_id(customer)),
            country: document.country.clone(),
            currency: self.identity.currency,
            lines: lines.collect(),
            rounding: ROUNDING,
            source: shared.source.clone(),
        };
        let number = shared.number.as_str();
        let stream = self.names.head(HeadKind::Expense, number).to_string();
        mapped.heads.push(self.command("expense", number, stream, HistoryCommand::Expense(record), shared));
    }

    pub(super) fn stock_document(
        &self,
        document: &HistoryDocument,
        part: &DocumentPart,
        (kind, reason): (StockDocumentKind, AdjustmentReason),
        shared: &Shared,
        mapped: &mut MappedDocument,
    ) -> Result<(), ImportError> {
        let lines = part.lines.iter().zip(1..).map(|(line, number)| StockDocumentLine {
            line: number,
            code: line.code.clone(),
            sku: line.kind.sku().cloned(),
            description: line.description.clone(),
            quantity: line.quantity,
        });
        let (country, source) = (document.country.clone(), shared.source.clone());
        let currency = self.identity.currency;
        let record = StockDocumentCommand::Record { kind, country, currency, lines: lines.collect(), source };
        let number = shared.number.as_str();
        let stream = self.names.head(HeadKind::StockDocument, number).to_string();
        mapped.heads.push(self.command(
            "stock_document",
            number,
            stream,
            HistoryCommand::StockDocument(record),
            shared,
        ));
        // One correction per SKU: the stock item itself knows corrections apart by their command alone, of which it
        // remembers a bounded number.
        for (sku, delta) in units_per_sku(part) {
            quantity(delta.saturating_abs(), &shared.number)?;
            let (note, document) = (note_for(part, sku), shared.number.clone());
            let adjusted = StockItemCommand::RecordAdjustment { delta, reason, note, document };
            mapped.followers.push(self.stock("adjustment", sku, adjusted, shared));
        }
        Ok(())
    }
}

/// What a credit note gives on one line of an order.
#[derive(Debug, Default)]
pub(super) struct Credited {
    units: i64,
    amount_minor: i64,
}

impl Credited {
    fn on(self, line: u32, number: &Reference) -> Result<CreditedLine, ImportError> {
        Ok(CreditedLine { line, quantity: quantity(self.units, number)?, amount_minor: self.amount_minor })
    }
}

fn order_lines(part: &DocumentPart, number: &Reference) -> Result<Vec<OrderLine>, ImportError> {
    let lines = part.lines.iter().zip(1..).map(|(line, line_number)| {
        // A discount has a negative quantity in the source; on an order its amount is positive and lowers the total.
        let sign = line.quantity.signum();
        Ok(OrderLine {
            line: line_number,
            kind: kind_of(line),
            code: line.code.clone(),
            sku: line.kind.sku().cloned(),
            description: line.description.clone(),
            quantity: quantity(line.quantity.saturating_abs(), number)?,
            unit_price: line.unit_price,
            amount_minor: line.amount_minor.checked_mul(sign).ok_or(ImportError::TooLarge)?,
            rounding_micros: some_unless_zero(line.rounding_micros * sign),
            tax_minor: None,
            options: vec![],
        })
    });
    lines.collect()
}

fn kind_of(line: &HistoryLine) -> LineKind {
    match line.kind {
        HistoryLineKind::Goods(_) => LineKind::Goods,
        HistoryLineKind::Carriage => LineKind::Carriage,
        // Fee lines never come here, since they are a part of their own.
        HistoryLineKind::Discount | HistoryLineKind::Expense(_) => LineKind::Discount,
    }
}

fn some_unless_zero(micros: i64) -> Option<i64> {
    (micros != 0).then_some(micros)
}

/// The first text that the part's lines give for a SKU.
fn note_for(part: &DocumentPart, sku: &Sku) -> Note {
    let texts = part.lines.iter().filter(|line| line.kind.sku() == Some(sku)).map(|line| &line.description);
    texts.into_iter().find(|text| !text.as_str().is_empty()).cloned().unwrap_or_else(empty)
}

fn empty() -> Note {
    "".parse().expect("a note may be empty")
}
