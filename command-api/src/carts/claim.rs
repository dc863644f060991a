//! A customer has one open cart: who owns a customer's claim, and how it passes on when a cart is closed.

use super::{forget_guest, load};
use crate::{CommandApi, problems::BUSY, refusal::problem_of, request::Write};
use tillroll_domain::{
    cart::{Cart, CartOwner, CartState, commands::CartCommand},
    claim::{Claim, ClaimError, commands::ClaimCommand, stream_id},
    ids::{CartId, CustomerId},
    text::Reference,
};
use tillroll_http::Problem;
use tillroll_infra::bus::{CommandContext, ExecuteError, Executed, Loaded};

/// The kind of claim that keeps a customer to one open cart.
const KIND: &str = "customer_cart";
/// How often a claim is tried against others who want it at the same moment.
pub(super) const TRIES_MAX: usize = 8;

/// What a customer's claim names.
#[derive(Debug)]
pub(super) enum Claimed {
    /// Nobody owns it: the customer never had a cart.
    Free,
    /// A cart that nobody created yet; its request stopped after the claim. Whoever creates it completes that.
    Begun(CartId),
    /// The customer's open cart; or a guest's that was to become theirs, and whose request stopped before.
    Open(CartId, Box<Loaded<Cart>>),
    /// A cart that has ended, or became another customer's, or whose guest went on with it without becoming this customer: the
    /// claim may pass on.
    Over(CartId),
}

impl Claimed {
    /// The cart that the claim names.
    pub(super) const fn cart_id(&self) -> Option<CartId> {
        match self {
            Self::Free => None,
            Self::Begun(id) | Self::Open(id, _) | Self::Over(id) => Some(*id),
        }
    }
}

/// The customer's cart.
///
/// A guest's cart counts only until something happens to it: whoever makes it the customer's ([`assign`]) insists on the
/// revision that it saw, so that none that counts as over becomes the customer's afterwards.
pub(super) async fn of(api: &CommandApi, customer: CustomerId) -> Result<Claimed, Problem> {
    let claim = api.bus.load::<Claim>(&api.tenant, &name(customer)).await.map_err(problem_of)?;
    let Some(owner) = claim.state.owner() else { return Ok(Claimed::Free) };
    let id: CartId = owner.as_str().parse().map_err(|_| {
        tracing::error!(%customer, "the claim of a customer names no cart as its owner");
        Problem::internal()
    })?;
    let cart = load(api, id).await?;
    Ok(match &cart.state {
        CartState::Absent => Claimed::Begun(id),
        CartState::Open(open) => match open.owner {
            CartOwner::Customer(owner) if owner == customer => Claimed::Open(id, Box::new(cart)),
            CartOwner::Guest if cart.position < claim.position => Claimed::Open(id, Box::new(cart)),
            CartOwner::Customer(_) | CartOwner::Guest => Claimed::Over(id),
        },
        CartState::Closed(_) => Claimed::Over(id),
    })
}

/// Claims the customer for a cart, unless another one is open or begun: then answers that. A guest's cart that was to become
/// the customer's does so first.
pub(super) async fn take(
    api: &CommandApi,
    write: &Write,
    customer: CustomerId,
    cart: CartId,
) -> Result<Claimed, Problem> {
    // The commands say by themselves whether they were carried out, so each try is a command of its own: one that were
    // answered as it was the first time would say nothing about now.
    let context = |what: &str| write.step(&format!("{what}/{}", api.bus.ambient().ids.next()));
    for _ in 0..TRIES_MAX {
        let claimed = of(api, customer).await?;
        if let Claimed::Open(open, found) = &claimed
            && *open != cart
            && found.state.owner() == Some(CartOwner::Guest)
        {
            // Its secret was presented for this customer, and the request stopped before the cart became theirs.
            assign(api, *open, found, customer, context("assign")).await?;
            forget_guest(api, *open).await?;
            continue;
        }
        if let Claimed::Begun(_) | Claimed::Open(..) = claimed {
            return Ok(claimed);
        }
        if let Claimed::Over(ended) = claimed {
            let release = ClaimCommand::Release { owner: reference(ended)? };
            settle(api.bus.execute::<Claim>(&name(customer), release, context("release")).await)?;
        }
        let claim = ClaimCommand::Claim { owner: reference(cart)? };
        settle(api.bus.execute::<Claim>(&name(customer), claim, context("claim")).await)?;
    }
    Err(busy())
}

/// The refusal of a request that others were faster than too often.
pub(super) fn busy() -> Problem {
    Problem::of(&BUSY).detail("too many requests begin a cart for this customer; try again in a moment")
}

/// Makes a guest's cart the customer's who claimed it, if nothing happened to it since it was read; `None` if something did.
pub(super) async fn assign(
    api: &CommandApi,
    id: CartId,
    cart: &Loaded<Cart>,
    customer: CustomerId,
    context: CommandContext,
) -> Result<Option<Executed>, Problem> {
    let command = CartCommand::AssignCustomer { customer_id: customer };
    let context = CommandContext { if_revision: cart.revision, ..context };
    match api.bus.execute::<Cart>(&id.uuid().to_string(), command, context).await {
        Ok(executed) => Ok(Some(executed)),
        Err(ExecuteError::RevisionMismatch { .. }) => Ok(None),
        Err(other) => Err(problem_of(other)),
    }
}

/// That somebody else was faster shows when the claim is read again.
fn settle(executed: Result<Executed, ExecuteError<ClaimError>>) -> Result<(), Problem> {
    match executed {
        Ok(_) | Err(ExecuteError::Refused(ClaimError::OwnedByAnother { .. })) => Ok(()),
        Err(other) => Err(problem_of(other)),
    }
}

fn name(customer: CustomerId) -> String {
    stream_id(KIND, &customer.uuid().to_string())
}

fn reference(cart: CartId) -> Result<Reference, Problem> {
    cart.to_string().parse().map_err(|_| Problem::internal())
}
