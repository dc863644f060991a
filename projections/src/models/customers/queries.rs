//! The questions that are asked about customers.

use super::{CustomerActivityRow, CustomerAddressRow, CustomerConsentRow, CustomerRow, CustomerTotalRow};
use crate::{
    models::query::{Filters, Ordering, Slice, every, one, slice, text},
    read::{ReadModelError, Snapshot},
    table::Value,
};
use tillroll_domain::ids::CustomerId;

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

/// A customer with their addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressBook {
    /// Who it is.
    pub customer: CustomerRow,
    /// The default for goods first, then the one for bills, then the others as they were added.
    pub addresses: Vec<CustomerAddressRow>,
}

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

/// The addresses of a customer; `None` if nobody was registered under that id.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn address_book(snapshot: &mut Snapshot, id: CustomerId) -> Result<Option<AddressBook>, ReadModelError> {
    let theirs = || Filters::none().and("customer_id =", text(id));
    let Some(customer) = one::<CustomerRow>(snapshot, theirs()).await? else { return Ok(None) };
    let mut addresses: Vec<CustomerAddressRow> =
        every(snapshot, theirs(), Ordering::ascending(&["added_position", "address_id"])).await?;
    addresses.sort_by_key(|row| {
        let is = |default: &Option<String>| default.as_ref() == Some(&row.address_id);
        (!is(&customer.default_shipping), !is(&customer.default_billing))
    });
    Ok(Some(AddressBook { customer, addresses }))
}

/// What a customer agrees to or not, by purpose.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn consents(snapshot: &mut Snapshot, id: CustomerId) -> Result<Vec<CustomerConsentRow>, ReadModelError> {
    every(snapshot, Filters::none().and("customer_id =", text(id)), Ordering::ascending(&["purpose"])).await
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
