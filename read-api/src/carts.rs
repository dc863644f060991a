//! Carts: what is in them now, what they cost, and whose they are.
//!
//! A guest's cart is shown to whoever has its secret, a customer's to the storefront that acts for the customer, and any to
//! those who read carts; of what is personal, these see nothing unless they manage carts. For others there is no such cart.

pub(crate) mod list;
pub(crate) mod quote;

mod shown;

use crate::{
    ReadApi,
    answer::{OneProblems, OneReadHeaders, ReadRequest, Tagged, View, broken, failed},
    problems::CART_NOT_FOUND,
};
use axum::{extract::State, response::Response};
use shown::{CartJson, Contact, Facts};
use tillroll_domain::{
    cart::CartOwner,
    ids::{CartId, CustomerId},
};
use tillroll_http::{Owner, Path, Permission, Principal, Problem, headers, schema};
use tillroll_infra::{bus::Fingerprint, stream::Revision};
use tillroll_projections::models::{
    carts::{self, CartDetail, CartRow, lines::Market},
    prices, products, stock,
};

/// The projections that a cart is shown from.
const READS: [&str; 4] = [carts::NAME, products::NAME, prices::NAME, stock::NAME];

/// What a caller sees of a cart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sight {
    /// As if there were no such cart.
    Nothing,
    /// All but what is personal.
    WithoutPerson,
    /// All.
    Everything,
}

impl Sight {
    fn of(principal: &Principal, cart: &CartRow, id: CartId) -> Self {
        let owner = match cart.owner() {
            CartOwner::Guest => Owner::Guest(id),
            CartOwner::Customer(customer_id) => Owner::Customer(customer_id),
        };
        if principal.may_use(owner, Permission::ManageCarts) {
            Self::Everything
        } else if principal.may(Permission::ReadCarts) {
            Self::WithoutPerson
        } else {
            Self::Nothing
        }
    }
}

/// Turns away roles that see nobody's cart, before anything is read.
fn admit(principal: &Principal) -> Result<(), Problem> {
    if principal.role.is_shopper() { Ok(()) } else { principal.require(Permission::ReadCarts) }
}

/// Read one cart.
///
/// Lines show what they cost when they were added and what they cost now, and whether they can be had. The `ETag` begins with
/// the revision and may be sent as `If-Match`.
#[utoipa::path(get, path = "/api/v1/carts/{id}", tag = "carts",
    params(("id" = inline(schema::CartId), Path), OneReadHeaders),
    responses((status = 200, description = "The cart", body = CartJson), OneProblems))]
pub(crate) async fn get_cart(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    admit(&principal)?;
    let mut view = request.open(&api, &READS).await?;
    let found = carts::get(&mut view.snapshot, id).await.map_err(failed)?;
    show(&api, &principal, view, found).await
}

/// Read the open cart of a customer.
#[utoipa::path(get, path = "/api/v1/customers/{id}/cart", tag = "carts",
    params(("id" = inline(schema::CustomerId), Path), OneReadHeaders),
    responses((status = 200, description = "The cart", body = CartJson), OneProblems))]
pub(crate) async fn get_customer_cart(
    State(api): State<ReadApi>,
    principal: Principal,
    Path(id): Path<CustomerId>,
    request: ReadRequest,
) -> Result<Response, Problem> {
    admit(&principal)?;
    let mut view = request.open(&api, &READS).await?;
    let found = carts::open_cart_of(&mut view.snapshot, id).await.map_err(failed)?;
    show(&api, &principal, view, found).await
}

async fn show(
    api: &ReadApi,
    principal: &Principal,
    mut view: View,
    found: Option<CartDetail>,
) -> Result<Response, Problem> {
    let Some((detail, sight)) = seen(principal, found) else {
        return view.composite::<CartJson>(None, &CART_NOT_FOUND);
    };
    let facts = facts(api, &mut view, &detail).await?;
    let mut contact = Contact::default();
    if sight == Sight::Everything {
        let (cart, snapshot) = (&detail.cart, &mut view.snapshot);
        contact.shipping_address = snapshot.reveal_known(cart.shipping_address.as_ref()).await.map_err(failed)?;
        contact.billing_address = snapshot.reveal_known(cart.billing_address.as_ref()).await.map_err(failed)?;
        contact.email = snapshot.reveal_known(cart.email.as_ref()).await.map_err(failed)?;
    }
    // What is shown of a person differs between callers, and after a key is destroyed, without an event.
    let (revision, shown) = (revision_of(&detail.cart), contact.shown());
    let body = CartJson::new(detail, &facts)?;
    // Prices and stock change the answer, and the clock alone can; no revision could stand for them.
    let rest = format!("{}-{}-p{shown}", Fingerprint::of(&body), view.versions());
    let tag = headers::composite_tag(revision, rest);
    view.composite(Some(Tagged { tag, body: body.with(contact) }), &CART_NOT_FOUND)
}

/// The cart with what the caller sees of it; `None` if that is nothing.
fn seen(principal: &Principal, found: Option<CartDetail>) -> Option<(CartDetail, Sight)> {
    let detail = found?;
    let id: CartId = detail.cart.cart_id.parse().ok()?;
    match Sight::of(principal, &detail.cart, id) {
        Sight::Nothing => None,
        sight @ (Sight::WithoutPerson | Sight::Everything) => Some((detail, sight)),
    }
}

async fn facts(api: &ReadApi, view: &mut View, detail: &CartDetail) -> Result<Facts, Problem> {
    // A program that is newer than this one may have written a currency or a country that this one does not know.
    let currency = detail.cart.currency.parse().map_err(|error| broken(&error))?;
    let country = detail.cart.country.parse().map_err(|error| broken(&error))?;
    let market = Market { currency, country: &country, locations: &api.locations, at: api.clock.now() };
    let skus = carts::now(&mut view.snapshot, &detail.lines, market).await.map_err(failed)?;
    Ok(Facts { currency, skus })
}

fn revision_of(cart: &CartRow) -> Revision {
    Revision(u64::try_from(cart.revision).unwrap_or(0))
}
