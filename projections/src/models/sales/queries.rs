//! Lists of sales figures.

use super::tables::{
    SalesByCountryRow, SalesByCustomerRow, SalesByDayRow, SalesByMonthRow, SalesByProductRow, SalesRow,
};
use crate::{
    models::query::{Filters, Ordering, Slice, slice, text},
    read::{ReadModelError, Snapshot},
    table::{Column, Value},
};

/// Which rows of figures to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SalesFilter<K> {
    /// Only the row of this key, in its currencies.
    pub key: Option<K>,
    /// Only keys from here on.
    pub from: Option<K>,
    /// Only keys up to here.
    pub to: Option<K>,
    /// Only this currency.
    pub currency: Option<String>,
}

impl<K> Default for SalesFilter<K> {
    fn default() -> Self {
        Self { key: None, from: None, to: None, currency: None }
    }
}

/// A table of figures whose rows can be listed.
pub trait SalesList: SalesRow {
    /// By key, the smallest first.
    const BY_KEY: Ordering;
    /// By key, the largest first.
    const BY_KEY_DESCENDING: Ordering;
    /// By net amount, the smallest first.
    const BY_NET: Ordering;
    /// By net amount, the largest first.
    const BY_NET_DESCENDING: Ordering;
    /// The SQL comparisons with a key: equal, at least, at most.
    const COMPARISONS: [&'static str; 3];
}

macro_rules! lists {
    ($($row:ident by $key:literal;)+) => {$(
        impl SalesList for $row {
            const BY_KEY: Ordering = Ordering::ascending(&[$key, "currency"]);
            const BY_KEY_DESCENDING: Ordering = Ordering::descending(&[$key, "currency"]);
            const BY_NET: Ordering = Ordering::ascending(&["net_minor", $key, "currency"]);
            const BY_NET_DESCENDING: Ordering = Ordering::descending(&["net_minor", $key, "currency"]);
            const COMPARISONS: [&'static str; 3] = [concat!($key, " ="), concat!($key, " >="), concat!($key, " <=")];
        }
    )+};
}

lists! {
    SalesByDayRow by "business_date";
    SalesByMonthRow by "month";
    SalesByCountryRow by "country";
    SalesByProductRow by "product";
    SalesByCustomerRow by "customer_id";
}

/// Some rows of figures, in order.
///
/// # Errors
/// Whatever keeps the read model from answering.
pub async fn list<R: SalesList>(
    snapshot: &mut Snapshot,
    filter: &SalesFilter<R::Key>,
    order: Ordering,
    after: Option<&[Value]>,
    limit: usize,
) -> Result<Slice<R>, ReadModelError> {
    let [equal, at_least, at_most] = R::COMPARISONS;
    let filters = Filters::none()
        .and_some(equal, filter.key.as_ref().map(Column::to_value))
        .and_some(at_least, filter.from.as_ref().map(Column::to_value))
        .and_some(at_most, filter.to.as_ref().map(Column::to_value))
        .and_some("currency =", filter.currency.as_ref().map(text));
    slice(snapshot, filters, order, after, limit).await
}
