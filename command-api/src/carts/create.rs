//! A cart begins: a guest's with a secret, or the one open cart of a customer.

use super::{
    claim::{self, Claimed},
    load,
};
use crate::{
    CommandApi,
    answer::Refusals,
    buyers,
    chains::carry_through,
    problems::CART_EXISTS,
    refusal::{Refusal, problem_of},
    request::{WriteHeaders, WriteRequest},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use tillroll_domain::{
    cart::{Cart, CartError, CartOwner, CartState, commands::CartCommand},
    customer::CustomerError,
    ids::{CartId, CustomerId},
    money::Currency,
    text::Country,
};
use tillroll_http::{CartSecret, Permission, Principal, Problem, headers, schema};
use tillroll_infra::{
    bus::{CommandContext, ExecuteError, Executed},
    stream::{Position, Revision},
};
use utoipa::{IntoResponses, ToSchema};

/// A cart to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateCart {
    /// The currency of all its prices; ISO 4217.
    #[schema(value_type = schema::Currency)]
    currency: Currency,
    /// Where the goods will go; an ISO 3166-1 alpha-2 code.
    #[schema(value_type = schema::Country)]
    country: Country,
}

/// A cart that was begun.
#[derive(Serialize, ToSchema)]
pub(crate) struct CartBegun {
    /// The cart.
    #[schema(value_type = schema::CartId)]
    id: String,
    /// The cart's revision, also the `ETag`.
    revision: u64,
    /// The position in the event log, also `Tillroll-Position`.
    position: u64,
    /// Of a guest's cart, what to send as `Tillroll-Cart-Secret` from now on. It opens the cart and the order made of it, and
    /// is not answered anywhere else; send the request again with the same `Idempotency-Key` if the answer was lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 43, max_length = 43)]
    secret: Option<String>,
}

/// The answers of a request that begins a cart.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it only documents the answers")]
pub(crate) enum Begun {
    /// Begun; `Location` names it. A repeated request is answered the same.
    #[response(
        status = 201,
        headers(
            ("Location" = String, description = "The address of the cart"),
            ("ETag" = String, description = "The revision, for If-Match"),
            ("Tillroll-Position" = u64, description = "The position, for Tillroll-After"),
        )
    )]
    Begun(CartBegun),
}

impl CartBegun {
    fn new(id: CartId, executed: &Executed, secret: Option<&CartSecret>) -> Self {
        Self {
            id: id.to_string(),
            revision: executed.revision.unwrap_or(Revision(0)).0,
            position: executed.position.0,
            secret: secret.map(|secret| secret.reveal().to_owned()),
        }
    }
}

impl IntoResponse for CartBegun {
    fn into_response(self) -> Response {
        let location = HeaderValue::try_from(format!("/api/v1/carts/{}", self.id));
        let (revision, position) = (Revision(self.revision), Position(self.position));
        let mut response = (StatusCode::CREATED, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(&headers::POSITION, headers::position(position));
        headers.insert(header::ETAG, headers::etag(revision));
        // What holds a secret is kept by nobody on the way.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Ok(location) = location {
            headers.insert(header::LOCATION, location);
        }
        response
    }
}

/// Begin a cart.
///
/// With `Tillroll-Customer` it is the customer's, who has one open cart at a time; without, it is a guest's, and the answer
/// holds the cart's secret. A customer's cart that was closed makes room for the next.
#[utoipa::path(post, path = "/api/v1/carts", tag = "carts", params(WriteHeaders), request_body = CreateCart,
    responses(Begun, Refusals))]
pub(crate) async fn create_cart(
    State(api): State<CommandApi>,
    principal: Principal,
    request: WriteRequest,
) -> Result<CartBegun, Problem> {
    let customer = principal.acting_for();
    if customer.is_none() {
        principal.require(Permission::CreateCarts)?;
    }
    let CreateCart { currency, country } = request.body()?;
    let write = request.begin(&api, &principal);
    let id = CartId::new(write.new_id(&api, "cart"));
    let create = move |cart_id, owner| CartCommand::Create { cart_id, owner, currency, country: country.clone() };
    let Some(customer) = customer else {
        let executed = super::execute(&api, id, create(id, CartOwner::Guest), write.first()).await?;
        return Ok(CartBegun::new(id, &executed, Some(&api.keys.cart_secret(id))));
    };
    carry_through(&api.clone(), async move {
        let create = |id| create(id, CartOwner::Customer(customer));
        // A repeated request is answered whatever became of the customer, the cart and the claim. It may have been carried
        // out under the id of one that had stopped before it.
        let own = load(&api, id).await?;
        let claimed = claim::of(&api, customer).await?.cart_id();
        for id in [Some(id), claimed].into_iter().flatten() {
            if load(&api, id).await?.answer_to(write.command_id()).is_some() {
                let executed = super::execute(&api, id, create(id), write.first()).await?;
                return Ok(CartBegun::new(id, &executed, None));
            }
        }
        check_customer(&api, customer).await?;
        // Another request completed this one's claim under this id, and that cart may be over.
        let id = if own.state == CartState::Absent { id } else { CartId::new(api.bus.ambient().ids.next()) };
        let id = match claim::take(&api, &write, customer, id).await? {
            Claimed::Begun(begun) => begun,
            // The same request came a second time while it was carried out.
            Claimed::Open(open, cart) if cart.answer_to(write.command_id()).is_some() => open,
            Claimed::Open(open, _) => return Err(exists(open)),
            Claimed::Free | Claimed::Over(_) => return Err(Problem::internal()),
        };
        create_claimed(&api, id, create(id), write.first()).await.map(|executed| CartBegun::new(id, &executed, None))
    })
    .await
}

/// Creates the cart that a customer's claim names.
pub(super) async fn create_claimed(
    api: &CommandApi,
    id: CartId,
    create: CartCommand,
    context: CommandContext,
) -> Result<Executed, Problem> {
    let executed = api.bus.execute::<Cart>(&id.uuid().to_string(), create, context).await;
    executed.map_err(|error| match error {
        // The request that had claimed it came through after all.
        ExecuteError::Refused(CartError::ExistsDifferently | CartError::Closed { .. }) => exists(id),
        other => problem_of(other),
    })
}

/// The refusal of a second open cart.
fn exists(id: CartId) -> Problem {
    Problem::of(&CART_EXISTS).detail("the customer has an open cart").with("cart_id", id)
}

/// Refuses to begin a cart for somebody who may not buy.
pub(super) async fn check_customer(api: &CommandApi, id: CustomerId) -> Result<(), Problem> {
    buyers::check(api, id, || CustomerError::NotRegistered.problem()).await
}
