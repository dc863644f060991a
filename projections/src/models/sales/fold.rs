//! Adds a document's figures to every table.

use super::{
    facts,
    tables::{
        Figures, SalesByCountryRow, SalesByCustomerRow, SalesByDayRow, SalesByMonthRow, SalesByProductRow, SalesRow,
    },
};
use crate::{
    models::fold::is_shown,
    projection::{ApplyError, Incoming, Tables, TablesExt},
    table::{Column, Value},
};

pub(super) async fn apply(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    if !is_shown(incoming) {
        return Ok(());
    }
    let Some(facts) = facts::of(incoming)? else { return Ok(()) };
    let (currency, document) = (&facts.currency, &facts.document);
    let month = facts.business_date.format("%Y-%m").to_string();
    // All sums come before the first write, so that an event whose sums do not fit leaves no trace.
    let day: SalesByDayRow = added(facts.business_date, currency, document, tables).await?;
    let month: SalesByMonthRow = added(month, currency, document, tables).await?;
    let country: SalesByCountryRow = added(facts.country.to_owned(), currency, document, tables).await?;
    let customer: SalesByCustomerRow = added(facts.customer, currency, document, tables).await?;
    let mut products: Vec<SalesByProductRow> = Vec::with_capacity(facts.products.len());
    for (product, figures) in &facts.products {
        products.push(added((*product).to_owned(), currency, figures, tables).await?);
    }
    tables.put(&day);
    tables.put(&month);
    tables.put(&country);
    tables.put(&customer);
    products.iter().for_each(|row| tables.put(row));
    Ok(())
}

/// The row of a key with more added to it.
async fn added<R: SalesRow>(
    key: R::Key,
    currency: &str,
    more: &Figures,
    tables: &mut dyn Tables,
) -> Result<R, ApplyError> {
    let stored: Option<R> = tables.get(vec![key.to_value(), Value::Text(currency.to_owned())]).await?;
    let figures = stored.as_ref().map(SalesRow::figures).unwrap_or_default().plus(more)?;
    Ok(R::new(key, currency.to_owned(), figures))
}
