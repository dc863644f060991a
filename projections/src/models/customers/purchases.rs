//! What a customer's orders and credit notes come to.

use super::{CustomerActivityRow, CustomerTotalRow};
use crate::{
    models::{
        fold::{difference, position, sum},
        query::text,
    },
    projection::{ApplyError, Incoming, Tables, TablesExt},
};
use tillroll_domain::{
    credit_note::events::CreditNoteEvent, ids::CustomerId, money::Currency, order::events::OrderEvent,
};

pub(super) async fn ordered(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    let OrderEvent::OrderPlaced(placed) = incoming.decode()? else { return Ok(()) };
    let Some(customer_id) = placed.customer_id else { return Ok(()) };
    let mut activity = activity(customer_id, tables).await?;
    let mut totals = totals(customer_id, placed.currency, tables).await?;
    let date = placed.business_date;
    activity.orders += 1;
    activity.first_order_date = Some(activity.first_order_date.map_or(date, |first| first.min(date)));
    activity.last_order_date = Some(activity.last_order_date.map_or(date, |last| last.max(date)));
    activity.position = position(incoming.recorded());
    totals.ordered_minor = sum(totals.ordered_minor, placed.totals.total_minor)?;
    totals.net_minor = difference(totals.ordered_minor, totals.credited_minor)?;
    tables.put(&activity);
    tables.put(&totals);
    Ok(())
}

pub(super) async fn credited(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    let CreditNoteEvent::CreditNoteIssued(issued) = incoming.decode()?;
    let Some(customer_id) = issued.customer_id else { return Ok(()) };
    let mut activity = activity(customer_id, tables).await?;
    let mut totals = totals(customer_id, issued.currency, tables).await?;
    activity.credit_notes += 1;
    activity.position = position(incoming.recorded());
    totals.credited_minor = sum(totals.credited_minor, issued.total_minor)?;
    totals.net_minor = difference(totals.ordered_minor, totals.credited_minor)?;
    tables.put(&activity);
    tables.put(&totals);
    Ok(())
}

async fn activity(customer: CustomerId, tables: &mut dyn Tables) -> Result<CustomerActivityRow, ApplyError> {
    let stored = tables.get(vec![text(customer)]).await?;
    Ok(stored.unwrap_or_else(|| CustomerActivityRow {
        customer_id: customer.to_string(),
        orders: 0,
        credit_notes: 0,
        first_order_date: None,
        last_order_date: None,
        position: 0,
    }))
}

async fn totals(
    customer: CustomerId,
    currency: Currency,
    tables: &mut dyn Tables,
) -> Result<CustomerTotalRow, ApplyError> {
    let stored = tables.get(vec![text(customer), text(currency)]).await?;
    Ok(stored.unwrap_or_else(|| CustomerTotalRow {
        customer_id: customer.to_string(),
        currency: currency.to_string(),
        ordered_minor: 0,
        credited_minor: 0,
        net_minor: 0,
    }))
}
