//! What one document adds to the figures, as a whole and per product.

use super::{NO_CUSTOMER, tables::Figures};
use crate::{
    models::fold::{difference, int, source_units, stated_tax, sum, total},
    projection::{ApplyError, Incoming},
};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use tillroll_domain::{
    common::LineKind,
    credit_note::events::{CreditNoteEvent, CreditNoteIssued},
    expense::events::{ExpenseEvent, ExpenseRecorded},
    ids::CustomerId,
    order::events::{OrderEvent, OrderPlaced},
    stock_document::events::{StockDocumentEvent, StockDocumentKind, StockDocumentRecorded},
    text::{Reference, Sku},
};

/// What a document adds.
#[derive(Debug)]
pub(super) struct Facts<'a> {
    pub(super) business_date: NaiveDate,
    pub(super) country: &'a str,
    pub(super) customer: String,
    pub(super) currency: String,
    /// The document as a whole.
    pub(super) document: Figures,
    /// Its lines, summed per product.
    pub(super) products: BTreeMap<&'a str, Figures>,
}

/// The facts of an event; `None` for events that are no documents.
pub(super) fn of(incoming: &Incoming) -> Result<Option<Facts<'_>>, ApplyError> {
    Ok(Some(match &*incoming.recorded().event_type {
        "OrderPlaced" => match incoming.decode()? {
            OrderEvent::OrderPlaced(placed) => order(placed)?,
            _ => return Ok(None),
        },
        "CreditNoteIssued" => {
            let CreditNoteEvent::CreditNoteIssued(issued) = incoming.decode()?;
            credit_note(issued)?
        }
        "ExpenseRecorded" => {
            let ExpenseEvent::ExpenseRecorded(recorded) = incoming.decode()?;
            expense(recorded)?
        }
        "StockDocumentRecorded" => {
            let StockDocumentEvent::StockDocumentRecorded(recorded) = incoming.decode()?;
            stock_document(recorded)?
        }
        _ => return Ok(None),
    }))
}

/// The figures of a document's lines, per product; `count` is what each product gets once.
fn per_product<'a>(
    count: Figures,
    lines: impl IntoIterator<Item = (&'a str, Result<Figures, ApplyError>)>,
) -> Result<BTreeMap<&'a str, Figures>, ApplyError> {
    let mut products: BTreeMap<&str, Figures> = BTreeMap::new();
    for (product, figures) in lines {
        let so_far = products.entry(product).or_insert(count);
        *so_far = so_far.plus(&figures?)?;
    }
    Ok(products)
}

fn product<'a>(sku: Option<&'a Sku>, code: &'a Reference) -> &'a str {
    sku.map_or_else(|| code.as_str(), Sku::as_str)
}

fn customer(id: Option<CustomerId>) -> String {
    id.map_or_else(|| NO_CUSTOMER.to_owned(), |id| id.to_string())
}

fn order(placed: &OrderPlaced) -> Result<Facts<'_>, ApplyError> {
    let totals = &placed.totals;
    let count = Figures { orders: 1, ..Figures::default() };
    let lines = placed.lines.iter().map(|line| {
        let mut figures = Figures { lines: 1, quantity: source_units(line), ..Figures::default() };
        match line.kind {
            LineKind::Goods => (figures.goods_minor, figures.net_minor) = (line.amount_minor, line.amount_minor),
            LineKind::Carriage => (figures.carriage_minor, figures.net_minor) = (line.amount_minor, line.amount_minor),
            LineKind::Discount => (figures.discount_minor, figures.net_minor) = (line.amount_minor, -line.amount_minor),
        }
        (product(line.sku.as_ref(), &line.code), Ok(figures))
    });
    Ok(Facts {
        business_date: placed.business_date,
        country: placed.country.as_str(),
        customer: customer(placed.customer_id),
        currency: placed.currency.to_string(),
        document: Figures {
            lines: int(placed.lines.len()),
            quantity: total(placed.lines.iter().map(source_units))?,
            goods_minor: totals.goods_minor,
            carriage_minor: totals.carriage_minor,
            discount_minor: totals.discount_minor,
            tax_minor: stated_tax(totals.tax).unwrap_or(0),
            net_minor: difference(sum(totals.goods_minor, totals.carriage_minor)?, totals.discount_minor)?,
            ..count
        },
        products: per_product(count, lines)?,
    })
}

fn credit_note(issued: &CreditNoteIssued) -> Result<Facts<'_>, ApplyError> {
    let count = Figures { credit_notes: 1, ..Figures::default() };
    let lines = issued.lines.iter().map(|line| {
        let figures = difference(0, line.amount_minor).map(|net_minor| Figures {
            lines: 1,
            quantity: -line.quantity.as_i64(),
            credits_minor: line.amount_minor,
            net_minor,
            unmatched_credit_lines: i64::from(line.unmatched > 0),
            unmatched_credit_minor: line.unmatched_minor,
            ..Figures::default()
        });
        (product(line.sku.as_ref(), &line.code), figures)
    });
    let credits_minor = total(issued.lines.iter().map(|line| line.amount_minor))?;
    Ok(Facts {
        business_date: issued.business_date,
        country: issued.country.as_str(),
        customer: customer(issued.customer_id),
        currency: issued.currency.to_string(),
        document: Figures {
            lines: int(issued.lines.len()),
            quantity: difference(0, total(issued.lines.iter().map(|line| line.quantity.as_i64()))?)?,
            credits_minor,
            tax_minor: difference(0, stated_tax(issued.tax).unwrap_or(0))?,
            net_minor: difference(0, credits_minor)?,
            unmatched_credit_lines: int(issued.lines.iter().filter(|line| line.unmatched > 0).count()),
            unmatched_credit_minor: total(issued.lines.iter().map(|line| line.unmatched_minor))?,
            ..count
        },
        products: per_product(count, lines)?,
    })
}

fn expense(recorded: &ExpenseRecorded) -> Result<Facts<'_>, ApplyError> {
    let count = Figures { expense_documents: 1, ..Figures::default() };
    let lines = recorded.lines.iter().map(|line| {
        let figures = Figures {
            lines: 1,
            quantity: line.quantity,
            expenses_minor: line.amount_minor,
            net_minor: line.amount_minor,
            ..Figures::default()
        };
        (line.code.as_str(), Ok(figures))
    });
    Ok(Facts {
        business_date: recorded.business_date,
        country: recorded.country.as_str(),
        customer: customer(recorded.customer_id),
        currency: recorded.currency.to_string(),
        document: Figures {
            lines: int(recorded.lines.len()),
            quantity: total(recorded.lines.iter().map(|line| line.quantity))?,
            expenses_minor: recorded.total_minor,
            net_minor: recorded.total_minor,
            ..count
        },
        products: per_product(count, lines)?,
    })
}

fn stock_document(recorded: &StockDocumentRecorded) -> Result<Facts<'_>, ApplyError> {
    let count = match recorded.kind {
        StockDocumentKind::WriteOff => Figures { stock_write_offs: 1, ..Figures::default() },
        StockDocumentKind::Found => Figures { stock_found: 1, ..Figures::default() },
    };
    let lines = recorded.lines.iter().map(|line| {
        let figures = Figures { lines: 1, quantity: line.quantity, ..Figures::default() };
        (product(line.sku.as_ref(), &line.code), Ok(figures))
    });
    Ok(Facts {
        business_date: recorded.business_date,
        country: recorded.country.as_str(),
        customer: NO_CUSTOMER.to_owned(),
        currency: recorded.currency.to_string(),
        document: Figures {
            lines: int(recorded.lines.len()),
            quantity: total(recorded.lines.iter().map(|line| line.quantity))?,
            ..count
        },
        products: per_product(count, lines)?,
    })
}
