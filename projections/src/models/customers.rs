//! Customers: who they are, and what their orders and credit notes come to.

use super::{
    fold::{basis, difference, effective_at, is_shown, known, position, revision, stream_uuid, sum},
    query::{Filters, Ordering, Slice, every, one, slice, text},
};
use crate::{
    projection::{ApplyError, Incoming, Projection, Tables, TablesExt},
    read::{ReadModelError, Snapshot},
    read_table,
    table::{Row, TableSpec, Value},
};
use chrono::{DateTime, NaiveDate, Utc};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{
    credit_note::events::CreditNoteEvent, customer::events::CustomerEvent, ids::CustomerId, money::Currency,
    order::events::OrderEvent,
};

/// The name of the projection.
pub const NAME: &str = "customers";

read_table! {
    /// A customer who was registered.
    pub struct CustomerRow in "customers", key 1, indexes [
        "registered_at, customer_id", "country, registered_at, customer_id", "external_reference"
    ] {
        /// Their typed id.
        pub customer_id: String,
        /// Where they are.
        pub country: String,
        /// Their number in another system.
        pub external_reference: Option<String>,
        /// Whether they may buy.
        pub active: bool,
        /// `recorded` or `inferred`.
        pub basis: String,
        /// When they became known, effectively.
        pub registered_at: DateTime<Utc>,
        /// When their last event was recorded.
        pub updated_at: DateTime<Utc>,
        /// The stream's revision.
        pub revision: i64,
        /// The log's position of their last event.
        pub position: i64,
    }
}

read_table! {
    /// How often a customer bought and was credited. A customer whom an order names has a row even if never registered.
    pub struct CustomerActivityRow in "customer_activity", key 1, indexes [] {
        /// The customer's typed id.
        pub customer_id: String,
        /// How many orders name them, cancelled ones included.
        pub orders: i64,
        /// How many credit notes name them.
        pub credit_notes: i64,
        /// The store's date of their first order.
        pub first_order_date: Option<NaiveDate>,
        /// The store's date of their last order.
        pub last_order_date: Option<NaiveDate>,
        /// The log's position of the last event that counted.
        pub position: i64,
    }
}

read_table! {
    /// What a customer's orders and credit notes come to in one currency, in minor units, stated tax included.
    pub struct CustomerTotalRow in "customer_totals", key 2, indexes ["currency, net_minor"] {
        /// The customer's typed id.
        pub customer_id: String,
        /// ISO 4217 code.
        pub currency: String,
        /// The totals of their orders as placed.
        pub ordered_minor: i64,
        /// The totals of their credit notes.
        pub credited_minor: i64,
        /// Ordered less credited.
        pub net_minor: i64,
    }
}

/// The projection.
#[derive(Debug, Clone, Copy)]
pub struct Customers;

static TYPES: [&str; 6] = [
    "CustomerRegistered",
    "CustomerCountryChanged",
    "CustomerDeactivated",
    "CustomerReactivated",
    "OrderPlaced",
    "CreditNoteIssued",
];

impl Projection for Customers {
    fn name(&self) -> &'static str {
        NAME
    }

    fn version(&self) -> u32 {
        1
    }

    fn tables(&self) -> Vec<TableSpec> {
        vec![CustomerRow::TABLE, CustomerActivityRow::TABLE, CustomerTotalRow::TABLE]
    }

    fn event_types(&self) -> &'static [&'static str] {
        &TYPES
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        async move {
            if !is_shown(event) {
                return Ok(());
            }
            match &*event.recorded().event_type {
                "OrderPlaced" => ordered(event, tables).await,
                "CreditNoteIssued" => credited(event, tables).await,
                _ => customer(event, tables).await,
            }
        }
        .boxed()
    }
}

async fn customer(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
    let fact = incoming.decode::<CustomerEvent>()?;
    let event = incoming.recorded();
    let customer_id = CustomerId::new(stream_uuid(event)?).to_string();
    let mut row = match fact {
        CustomerEvent::CustomerRegistered(registered) => CustomerRow {
            customer_id,
            country: registered.country.to_string(),
            external_reference: registered.external_reference.as_ref().map(ToString::to_string),
            active: true,
            basis: basis(registered.basis),
            registered_at: effective_at(event)?,
            updated_at: event.recorded_at,
            revision: 0,
            position: 0,
        },
        _ => known(tables.get(vec![text(customer_id)]).await?, event)?,
    };
    match fact {
        CustomerEvent::CustomerRegistered(_) => {}
        CustomerEvent::CustomerCountryChanged(changed) => row.country = changed.country.to_string(),
        CustomerEvent::CustomerDeactivated(_) => row.active = false,
        CustomerEvent::CustomerReactivated(_) => row.active = true,
    }
    row.updated_at = event.recorded_at;
    row.revision = revision(event);
    row.position = position(event);
    tables.put(&row);
    Ok(())
}

async fn ordered(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
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

async fn credited(incoming: &Incoming, tables: &mut dyn Tables) -> Result<(), ApplyError> {
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

/// Which customers to list.
#[derive(Debug, Clone, Default)]
pub struct CustomerFilter {
    /// Only in this country.
    pub country: Option<String>,
    /// Only those who may, or may not, buy.
    pub active: Option<bool>,
    /// Only those with this number in another system.
    pub external_reference: Option<String>,
}

/// The oldest first.
pub const BY_REGISTERED_AT: Ordering = Ordering::ascending(&["registered_at", "customer_id"]);
/// The newest first.
pub const BY_REGISTERED_AT_DESCENDING: Ordering = Ordering::descending(&["registered_at", "customer_id"]);

/// A customer with what they bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerDetail {
    /// Who it is.
    pub customer: CustomerRow,
    /// How often they bought; `None` if never.
    pub activity: Option<CustomerActivityRow>,
    /// What it comes to, by currency.
    pub totals: Vec<CustomerTotalRow>,
}

/// Some customers, in order, with what they bought.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list(
    snapshot: &mut Snapshot,
    filter: &CustomerFilter,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<CustomerDetail>, ReadModelError> {
    let filters = Filters::none()
        .and_some("country =", filter.country.as_ref().map(text))
        .and_some("active =", filter.active.map(Value::Bool))
        .and_some("external_reference =", filter.external_reference.as_ref().map(text));
    let slice: Slice<CustomerRow> = slice(snapshot, filters, order, after, limit).await?;
    Ok(Slice { rows: with_purchases(snapshot, slice.rows).await?, next: slice.next })
}

/// One customer; `None` if nobody was registered under that id.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn get(snapshot: &mut Snapshot, id: CustomerId) -> Result<Option<CustomerDetail>, ReadModelError> {
    let customer: Option<CustomerRow> = one(snapshot, Filters::none().and("customer_id =", text(id))).await?;
    Ok(with_purchases(snapshot, customer.into_iter().collect()).await?.pop())
}

async fn with_purchases(
    snapshot: &mut Snapshot,
    customers: Vec<CustomerRow>,
) -> Result<Vec<CustomerDetail>, ReadModelError> {
    let theirs = || Filters::none().among("customer_id", customers.iter().map(|row| text(&row.customer_id)).collect());
    let mut activities: Vec<CustomerActivityRow> =
        every(snapshot, theirs(), Ordering::ascending(&["customer_id"])).await?;
    let mut totals: Vec<CustomerTotalRow> =
        every(snapshot, theirs(), Ordering::ascending(&["customer_id", "currency"])).await?;
    let details = customers.into_iter().map(|customer| {
        let activity = activities.extract_if(.., |row| row.customer_id == customer.customer_id).next();
        let totals = totals.extract_if(.., |row| row.customer_id == customer.customer_id).collect();
        CustomerDetail { customer, activity, totals }
    });
    Ok(details.collect())
}

#[cfg(test)]
mod tests;
