//! Customers: who they are, and what their orders and credit notes come to.
//!
//! Who reads customers sees them all; of what is personal, only who manages customers sees anything. The storefront sees
//! the customer it acts for, with everything that is personal; for it there are no others.

pub(crate) mod addresses;
pub(crate) mod contact;
pub(crate) mod orders;

use crate::{
    ReadApi,
    answer::{ListProblems, OneProblems, OneReadHeaders, ReadHeaders, ReadRequest, Tagged, failed},
    json::money,
    paging::{Paging, sorts},
    problems::CUSTOMER_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use chrono::{DateTime, NaiveDate, Utc};
use contact::ProfileJson;
use serde::{Deserialize, Serialize};
use tillroll_domain::ids::CustomerId;
use tillroll_http::{Limit, MoneyJson, Owner, Page, Path, Permission, Principal, Problem, Query, schema};
use tillroll_projections::models::customers::{
    self, BY_REGISTERED_AT, BY_REGISTERED_AT_DESCENDING, CustomerConsentRow, CustomerDetail, CustomerFilter,
    CustomerRow,
};
use utoipa::{IntoParams, ToSchema};

sorts! {
    /// How to sort customers.
    CustomerSort {
        /// The newest first.
        RegisteredAtDescending = "-registered_at" => BY_REGISTERED_AT_DESCENDING,
        /// The oldest first.
        RegisteredAt = "registered_at" => BY_REGISTERED_AT,
    }
}

/// Which customers to list.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListCustomers {
    /// Only in this country.
    country: Option<String>,
    /// Only those who may, or may not, buy.
    active: Option<bool>,
    /// Only those with this number in another system.
    external_reference: Option<String>,
    /// The order; `-registered_at` by default.
    #[param(inline)]
    sort: Option<CustomerSort>,
    /// How many at most: 1 to 100, by default 20.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = Option<u16>, minimum = 1, maximum = 100)]
    limit: Option<Limit>,
    /// `next_cursor` of the page before.
    #[serde(skip_serializing_if = "crate::paging::out_of_scope")]
    #[param(value_type = schema::Cursor, inline, required = false)]
    cursor: Option<String>,
}

/// A customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(crate) struct CustomerJson {
    #[schema(example = "cus_01980000-0000-7000-8000-000000000000")]
    id: String,
    country: String,
    /// Their number in another system.
    external_reference: Option<String>,
    /// Whether they may buy.
    active: bool,
    /// Whether the person was forgotten.
    erased: bool,
    /// `recorded`, or `inferred` from other documents.
    basis: String,
    /// How many orders name them, cancelled ones included.
    orders: i64,
    /// How many credit notes name them.
    credit_notes: i64,
    /// The store's date of their first order.
    first_order_date: Option<NaiveDate>,
    /// The store's date of their last order.
    last_order_date: Option<NaiveDate>,
    /// What it comes to, per currency, stated tax included.
    spent: Vec<Spent>,
    /// When they became known.
    registered_at: DateTime<Utc>,
    /// When their own last event was recorded; orders do not count.
    updated_at: DateTime<Utc>,
    /// The revision to name in `If-Match`; the `ETag` covers more.
    revision: i64,
}

/// A customer with what is known of the person.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerDetail)]
pub(crate) struct CustomerDetailJson {
    #[serde(flatten)]
    customer: CustomerJson,
    /// What they are called. Absent where it is not known, or not for the caller to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<ProfileJson>,
    /// Where they get mail. Absent where it is not known, or not for the caller to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "anna@example.com")]
    email: Option<String>,
    /// What they agree to or not, by purpose.
    consents: Vec<ConsentJson>,
}

/// The last word of a customer on one purpose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
pub(crate) struct ConsentJson {
    #[schema(example = "newsletter")]
    purpose: String,
    /// Whether they agree.
    granted: bool,
    /// Where it was said.
    #[schema(example = "checkout")]
    source: String,
    /// When it was said.
    changed_at: DateTime<Utc>,
}

impl From<CustomerConsentRow> for ConsentJson {
    fn from(row: CustomerConsentRow) -> Self {
        Self { purpose: row.purpose, granted: row.granted, source: row.source, changed_at: row.changed_at }
    }
}

/// What a customer's orders and credit notes come to in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Spent {
    /// Ordered, as placed.
    ordered: MoneyJson,
    /// Credited.
    credited: MoneyJson,
    /// Ordered less credited.
    net: MoneyJson,
}

impl From<CustomerDetail> for CustomerJson {
    fn from(detail: CustomerDetail) -> Self {
        let CustomerDetail { customer, activity, totals } = detail;
        let spent = totals.into_iter().map(|row| Spent {
            ordered: money(row.ordered_minor, &row.currency),
            credited: money(row.credited_minor, &row.currency),
            net: money(row.net_minor, &row.currency),
        });
        Self {
            id: customer.customer_id,
            country: customer.country,
            external_reference: customer.external_reference,
            active: customer.active,
            erased: customer.erased,
            basis: customer.basis,
            orders: activity.as_ref().map_or(0, |row| row.orders),
            credit_notes: activity.as_ref().map_or(0, |row| row.credit_notes),
            first_order_date: activity.as_ref().and_then(|row| row.first_order_date),
            last_order_date: activity.as_ref().and_then(|row| row.last_order_date),
            spent: spent.collect(),
            registered_at: customer.registered_at,
            updated_at: customer.updated_at,
            revision: customer.revision,
        }
    }
}

/// List customers.
#[utoipa::path(get, path = "/api/v1/customers", tag = "customers", params(ListCustomers, ReadHeaders), responses(
    (status = 200, description = "Some customers", body = Page<CustomerJson>), ListProblems))]
pub(crate) async fn list_customers(
    State(api): State<ReadApi>,
    principal: Principal,
    Query(query): Query<ListCustomers>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    principal.require(Permission::ReadCustomers)?;
    let order = query.sort.unwrap_or_default().ordering();
    let paging = Paging::new::<CustomerRow>("customers", &query, order, query.cursor.as_deref(), query.limit)?;
    let filter =
        CustomerFilter { country: query.country, active: query.active, external_reference: query.external_reference };
    let mut view = request.open(&api, &[customers::NAME]).await?;
    let slice = customers::list(&mut view.snapshot, &filter, order, paging.after.as_deref(), paging.limit).await;
    let slice = slice.map_err(failed)?;
    let data = slice.rows.into_iter().map(CustomerJson::from).collect();
    Ok(view.page(paging.page(data, slice.next.as_deref())))
}

/// Read one customer.
///
/// The customer's own events and those of their orders and credit notes make up the answer, and its `ETag`.
#[utoipa::path(get, path = "/api/v1/customers/{id}", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), OneReadHeaders),
    responses((status = 200, description = "The customer", body = CustomerDetailJson), OneProblems))]
pub(crate) async fn get_customer(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let sight = Sight::of(&principal, id);
    let mut view = request.open(&api, &[customers::NAME]).await?;
    let found = match sight {
        Sight::Nothing => None,
        Sight::WithoutPerson | Sight::Everything => customers::get(&mut view.snapshot, id).await.map_err(failed)?,
    };
    let Some(detail) = found else { return view.composite::<CustomerDetailJson>(None, &CUSTOMER_NOT_FOUND) };
    let consents = customers::consents(&mut view.snapshot, id).await.map_err(failed)?;
    let (mut profile, mut email) = (None, None);
    if sight == Sight::Everything {
        let row = &detail.customer;
        profile = view.snapshot.reveal_known(row.profile.as_ref()).await.map_err(failed)?;
        email = view.snapshot.reveal_known(row.email.as_ref()).await.map_err(failed)?;
    }
    // What is shown differs between callers, and after a key is destroyed, without an event.
    let shown = u8::from(profile.is_some()) + 2 * u8::from(email.is_some());
    let activity = detail.activity.as_ref().map_or(0, |row| row.position);
    let tag = format!("{}.{activity}-{}-p{shown}", detail.customer.position, view.versions());
    let body = CustomerDetailJson {
        customer: CustomerJson::from(detail),
        profile: profile.map(ProfileJson::from),
        email: email.map(|email| email.as_str().to_owned()),
        consents: consents.into_iter().map(ConsentJson::from).collect(),
    };
    view.composite(Some(Tagged { tag, body }), &CUSTOMER_NOT_FOUND)
}

/// What a caller sees of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// As if there were no such customer.
    Nothing,
    /// All but what is personal.
    WithoutPerson,
    /// All.
    Everything,
}

impl Sight {
    fn of(principal: &Principal, id: CustomerId) -> Self {
        if principal.may_use(Owner::Customer(id), Permission::ManageCustomers) {
            Self::Everything
        } else if principal.may(Permission::ReadCustomers) {
            Self::WithoutPerson
        } else {
            Self::Nothing
        }
    }
}
