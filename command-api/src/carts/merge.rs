//! A guest logs in: the guest's cart becomes the customer's, or goes into the one that the customer has.
//!
//! The guest's cart is closed first, with its lines in the event, and then the customer's takes them in; so nothing is ever
//! in two open carts. The same request completes what a crash left undone, also if the customer's cart has ended meanwhile.

use super::{
    claim::{self, Claimed},
    create::{check_customer, create_claimed},
    execute, facts, forget_guest, load,
};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    chains::carry_through,
    problems::CUSTOMER_NEEDED,
    refusal::{Refusal, problem_of},
    request::{Write, WriteHeaders, WriteRequest},
    steps::{answered, rehearse},
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    cart::{
        Cart, CartEnding, CartError, CartLine, CartOwner, CartState, MergeStrategy, OpenCart,
        commands::CartCommand,
        line::{LinePrice, SkuAvailability},
    },
    ids::{CartId, CustomerId},
    money::Currency,
    text::Country,
};
use tillroll_http::{Owner, Path, Permission, Principal, Problem, schema};
use tillroll_infra::bus::{ExecuteError, Fingerprint};
use utoipa::ToSchema;

/// How two carts become one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeCart {
    /// What becomes of the lines if the customer has a cart; `larger` where absent.
    #[serde(default)]
    strategy: Strategy,
    /// The secret of the guest's cart, unless it comes as `Tillroll-Cart-Secret`.
    #[schema(min_length = 43, max_length = 43)]
    guest_secret: Option<String>,
}

/// What becomes of the lines of two carts. A line is the same in both if SKU and options are. No strategy takes more than is
/// available, and if one of the carts is empty the lines of the other remain.
#[derive(Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Strategy {
    /// All lines; the units of the same line add up.
    Sum,
    /// All lines; of the same line the larger number of units.
    #[default]
    Larger,
    /// Only the guest's lines.
    GuestWins,
    /// Only the customer's lines.
    CustomerWins,
}

impl From<Strategy> for MergeStrategy {
    fn from(strategy: Strategy) -> Self {
        match strategy {
            Strategy::Sum => Self::Sum,
            Strategy::Larger => Self::Larger,
            Strategy::GuestWins => Self::GuestWins,
            Strategy::CustomerWins => Self::CustomerWins,
        }
    }
}

/// Let a guest's cart follow the guest who logs in.
///
/// The storefront acts for the customer (`Tillroll-Customer`) and presents the secret of the guest's cart, which is the one
/// that is addressed. If the customer has no open cart, the guest's becomes theirs; otherwise its lines go into that one and
/// it is closed. The answer names the customer's cart. What the guest had said of themselves is erased: the customer has
/// contact data of their own.
#[utoipa::path(post, path = "/api/v1/carts/{id}/merge", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), request_body = MergeCart,
    responses(Changed, Refusals))]
pub(crate) async fn merge_cart(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    if !principal.role.is_shopper() {
        principal.require(Permission::ManageCarts)?;
    }
    let MergeCart { strategy, guest_secret } = request.body()?;
    let guest = load(&api, id).await?;
    let presented = principal.owns(Owner::Guest(id))
        || guest_secret.as_deref().is_some_and(|secret| api.keys.opens_cart(id, secret))
        || principal.may(Permission::ManageCarts);
    let theirs = |owner| match owner {
        CartOwner::Guest => presented,
        CartOwner::Customer(customer) => principal.owns(Owner::Customer(customer)),
    };
    if !guest.state.owner().is_some_and(theirs) {
        return Err(CartError::NotFound.problem());
    }
    let Some(customer) = principal.acting_for() else {
        return Err(Problem::of(&CUSTOMER_NEEDED).detail("a cart is merged by the storefront that acts for a customer"));
    };
    let strategy = MergeStrategy::from(strategy);
    let mut write = request.begin(&api, &principal);
    // The body may hold the secret, of which no digest is stored: the request is told apart by what it asks for.
    write.fingerprint = Fingerprint::of(&("merge", id, customer, strategy));
    carry_through(&api.clone(), async move {
        let merged = merge(&api, &write, id, customer, strategy).await;
        // Also after a refusal, which may have come behind the event.
        forget_guest(&api, id).await?;
        merged
    })
    .await
}

async fn merge(
    api: &CommandApi,
    write: &Write,
    guest_id: CartId,
    customer: CustomerId,
    strategy: MergeStrategy,
) -> Result<Written, Problem> {
    // Again if the guest's cart changes meanwhile.
    for _ in 0..claim::TRIES_MAX {
        let guest = load(api, guest_id).await?;
        // First, so that a request that is refused for its precondition has no effect.
        let before = answered(&guest, write)?.then(|| guest.answer_to(write.command_id())).flatten();
        if is_merged(&guest.state) {
            return complete(api, write, guest_id, customer, strategy).await;
        }
        if let Some(answer) = before {
            // It became the customer's by this request, whatever became of it since.
            return Ok(Written::before(guest_id, &answer));
        }
        let open = facts::open(&guest.state)?;
        let assign = CartCommand::AssignCustomer { customer_id: customer };
        if open.owner == CartOwner::Customer(customer) {
            // It was assigned before, by a request like this one.
            return Ok(Written::new(guest_id, &execute(api, guest_id, assign, write.first()).await?));
        }
        check_customer(api, customer).await?;
        rehearse::<Cart>(api, &guest.state, &assign)?;
        let (into, target) = match claim::take(api, write, customer, guest_id).await? {
            Claimed::Open(id, _) if id == guest_id => {
                match claim::assign(api, guest_id, &guest, customer, write.first()).await? {
                    Some(executed) => return Ok(Written::new(guest_id, &executed)),
                    None => continue,
                }
            }
            Claimed::Open(id, target) => (id, target.state),
            Claimed::Begun(id) => {
                begin(api, write, id, customer, (open.currency, open.country.clone())).await?;
                (id, load(api, id).await?.state)
            }
            Claimed::Free | Claimed::Over(_) => return Err(Problem::internal()),
        };
        let planned = Frozen { id: guest_id, currency: open.currency, lines: &open.lines };
        freeze(api, write, &planned, (into, &target), customer, strategy).await?;
    }
    Err(claim::busy())
}

fn is_merged(state: &CartState) -> bool {
    matches!(state, CartState::Closed(closed) if matches!(closed.ending, CartEnding::Merged { .. }))
}

/// Creates the cart that a customer's claim names.
async fn begin(
    api: &CommandApi,
    write: &Write,
    id: CartId,
    customer: CustomerId,
    (currency, country): (Currency, Country),
) -> Result<(), Problem> {
    let create = CartCommand::Create { cart_id: id, owner: CartOwner::Customer(customer), currency, country };
    // Not the request's first command: `If-Match` is about the guest's cart.
    create_claimed(api, id, create, write.step("create")).await.map(drop)
}

/// The lines of a cart that is or will be closed for a merge.
struct Frozen<'a> {
    id: CartId,
    currency: Currency,
    lines: &'a [CartLine],
}

/// Closes the guest's cart, if the customer's would take its lines.
async fn freeze(
    api: &CommandApi,
    write: &Write,
    planned: &Frozen<'_>,
    (into, target): (CartId, &CartState),
    customer: CustomerId,
    strategy: MergeStrategy,
) -> Result<(), Problem> {
    let open = facts::open(target)?;
    // Once it is closed, its lines can go nowhere else.
    if open.owner != CartOwner::Customer(customer) {
        return Err(CartError::NotFound.problem());
    }
    // A refusal that can be foreseen leaves the guest's cart as it is.
    rehearse::<Cart>(api, target, &absorb(api, planned, open, strategy).await?)?;
    execute(api, planned.id, CartCommand::BeginMerge { into }, write.first()).await.map(drop)
}

/// Lets the customer's cart take the lines of the closed one in, unless it did. If it has ended without them, another takes
/// them.
async fn complete(
    api: &CommandApi,
    write: &Write,
    guest_id: CartId,
    customer: CustomerId,
    strategy: MergeStrategy,
) -> Result<Written, Problem> {
    for _ in 0..claim::TRIES_MAX {
        let guest = load(api, guest_id).await?;
        let CartState::Closed(closed) = &guest.state else { return Err(Problem::internal()) };
        let CartEnding::Merged { into, currency, country, lines } = &closed.ending else {
            return Err(Problem::internal());
        };
        let (into, frozen) = (*into, Frozen { id: guest_id, currency: *currency, lines });
        let target = load(api, into).await?;
        // A cart that was merged for one customer is not merged for another.
        if target.state.owner() != Some(CartOwner::Customer(customer)) {
            return Err(CartError::NotFound.problem());
        }
        let command = match &target.state {
            // It took them in, so that the facts do not matter any more.
            state if state.has_absorbed(guest_id) => frozen.absorb(strategy, vec![], vec![]),
            CartState::Open(open) => absorb(api, &frozen, open, strategy).await?,
            CartState::Absent | CartState::Closed(_) => {
                redirect(api, write, (guest_id, into), customer, (*currency, country.clone())).await?;
                continue;
            }
        };
        match api.bus.execute::<Cart>(&into.uuid().to_string(), command, write.step("absorb")).await {
            Ok(executed) => return Ok(Written::new(into, &executed)),
            // It ended in between.
            Err(ExecuteError::Refused(CartError::Closed { .. })) => {}
            Err(other) => return Err(problem_of(other)),
        }
    }
    Err(claim::busy())
}

/// Leaves the lines for the cart that the customer has now, or a new one. The guest's cart says where they go, so that they
/// never go to two.
async fn redirect(
    api: &CommandApi,
    write: &Write,
    (guest_id, instead_of): (CartId, CartId),
    customer: CustomerId,
    market: (Currency, Country),
) -> Result<(), Problem> {
    check_customer(api, customer).await?;
    let ids = &api.bus.ambient().ids;
    let into = match claim::take(api, write, customer, CartId::new(ids.next())).await? {
        Claimed::Open(id, _) => id,
        Claimed::Begun(id) => {
            begin(api, write, id, customer, market).await?;
            id
        }
        Claimed::Free | Claimed::Over(_) => return Err(Problem::internal()),
    };
    let redirect = CartCommand::RedirectMerge { instead_of, into };
    let context = write.step(&format!("redirect/{}", ids.next()));
    match api.bus.execute::<Cart>(&guest_id.uuid().to_string(), redirect, context).await {
        // Somebody else was faster; that shows when the cart is read again.
        Ok(_) | Err(ExecuteError::Refused(CartError::NotMergedInto { .. })) => Ok(()),
        Err(other) => Err(problem_of(other)),
    }
}

impl Frozen<'_> {
    fn absorb(&self, strategy: MergeStrategy, prices: Vec<LinePrice>, available: Vec<SkuAvailability>) -> CartCommand {
        let (from, currency, lines) = (self.id, self.currency, self.lines.to_vec());
        CartCommand::Absorb { from, currency, lines, strategy, prices, available }
    }
}

/// What lets a cart take the lines in, with the facts of now.
async fn absorb(
    api: &CommandApi,
    frozen: &Frozen<'_>,
    target: &OpenCart,
    strategy: MergeStrategy,
) -> Result<CartCommand, Problem> {
    let prices = if frozen.currency == target.currency {
        vec![]
    } else {
        facts::prices(api, frozen.lines, target.currency, &target.country).await?
    };
    Ok(frozen.absorb(strategy, prices, facts::availabilities(api, frozen.lines).await?))
}
