//! A customer's address book.

use super::{Sight, contact::AddressJson};
use crate::{
    ReadApi,
    answer::{OneProblems, OneReadHeaders, ReadRequest, Tagged, failed},
    problems::CUSTOMER_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use serde::Serialize;
use tillroll_domain::ids::CustomerId;
use tillroll_http::{Page, Path, Principal, Problem, schema};
use tillroll_projections::models::customers::{self, CustomerRow};
use utoipa::ToSchema;

/// An address of a customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CustomerAddress)]
pub(crate) struct CustomerAddressJson {
    #[schema(example = "adr_01980000-0000-7000-8000-000000000000")]
    id: String,
    /// Its country.
    #[schema(example = "NO")]
    country: String,
    /// What it is the default for; of each kind exactly one address is.
    default_for: Vec<DefaultFor>,
    /// The address. Absent where it is not for the caller to see.
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<AddressJson>,
}

/// What an address can be the default for.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum DefaultFor {
    /// Goods are sent there.
    Shipping,
    /// Bills are sent there.
    Billing,
}

/// Read the addresses of a customer.
///
/// All of them, at most 50, on one page: the default for goods first, then the one for bills, then the others as they were
/// added.
#[utoipa::path(get, path = "/api/v1/customers/{id}/addresses", tag = "customers",
    params(("id" = inline(schema::CustomerId), Path), OneReadHeaders),
    responses((status = 200, description = "The addresses", body = Page<CustomerAddressJson>), OneProblems))]
pub(crate) async fn get_addresses(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    let sight = Sight::of(&principal, id);
    let mut view = request.open(&api, &[customers::NAME]).await?;
    let found = match sight {
        Sight::Nothing => None,
        Sight::WithoutPerson | Sight::Everything => {
            customers::address_book(&mut view.snapshot, id).await.map_err(failed)?
        }
    };
    let Some(book) = found else {
        return view.composite::<Page<CustomerAddressJson>>(None, &CUSTOMER_NOT_FOUND);
    };
    let (mut data, mut shown) = (Vec::with_capacity(book.addresses.len()), 0_usize);
    for row in book.addresses {
        let address = if sight == Sight::Everything {
            view.snapshot.reveal(&row.address).await.map_err(failed)?.into_value()
        } else {
            None
        };
        shown += usize::from(address.is_some());
        data.push(CustomerAddressJson {
            default_for: defaults(&book.customer, &row.address_id),
            id: row.address_id,
            country: row.country,
            address: address.map(AddressJson::from),
        });
    }
    let tag = format!("{}-{}-p{shown}", book.customer.position, view.versions());
    view.composite(Some(Tagged { tag, body: Page { data, next_cursor: None } }), &CUSTOMER_NOT_FOUND)
}

fn defaults(customer: &CustomerRow, address_id: &str) -> Vec<DefaultFor> {
    let shipping = (customer.default_shipping.as_deref() == Some(address_id)).then_some(DefaultFor::Shipping);
    let billing = (customer.default_billing.as_deref() == Some(address_id)).then_some(DefaultFor::Billing);
    shipping.into_iter().chain(billing).collect()
}
