//! How far a checkout has come, and waiting until it has come further.
//!
//! It is read from the streams of cart, order and payment themselves, so that what is answered is true whatever the read
//! models show.

use crate::{
    CommandApi,
    carts::ordered,
    orders,
    refusal::{Refusal, problem_of},
};
use tillroll_domain::{
    aggregate::Aggregate,
    cart::{Cart, CartEnding, CartState},
    ids::{CartId, OrderId, PaymentId},
    order::{CancelCause, Order, status::Lifecycle},
    payment::{Payment, PaymentState, payment_of_order, state::OperationOutcome},
    text::ActionUrl,
};
use tillroll_http::Problem;
use tillroll_infra::{
    bus::Loaded,
    log::ReadError,
    stream::{Position, Revision, StreamId},
    watch::Watcher,
};
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

/// What an answer waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// It is decided whether there is enough stock.
    StockDecision,
    /// Nothing more happens by itself for now: confirmed, cancelled, or the buyer has to act.
    Settled,
}

/// How far a checkout has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// It runs, and nothing is decided about its stock.
    Undecided,
    /// It ended before there was an order.
    Failed,
    /// The stock is held, and the payment goes on by itself.
    Held,
    /// The buyer has to do something, there.
    ActionRequired(ActionUrl),
    /// The newest payment was declined.
    Declined,
    /// The order is promised, or was.
    Confirmed,
    /// The order is cancelled.
    Cancelled(CancelCause),
}

/// A checkout as it was seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) stage: Stage,
    /// The order's; `None` as long as there is none.
    pub(super) revision: Option<Revision>,
    /// Up to where this was read.
    pub(super) position: Position,
    /// The payment, once it exists.
    pub(super) payment_id: Option<PaymentId>,
}

impl Seen {
    /// Whether nothing more happens by itself for now.
    pub(super) const fn is_settled(&self) -> bool {
        match self.stage {
            Stage::Undecided | Stage::Held => false,
            Stage::Failed | Stage::ActionRequired(_) | Stage::Declined | Stage::Confirmed | Stage::Cancelled(_) => true,
        }
    }

    const fn is(&self, goal: Goal) -> bool {
        match goal {
            Goal::StockDecision => !matches!(self.stage, Stage::Undecided),
            Goal::Settled => self.is_settled(),
        }
    }
}

/// Waits until the checkout has come that far, and tells how far it has come in the end. It waits no longer than `until`, and
/// not at all if too many wait already.
pub(super) async fn wait_for(
    api: &CommandApi,
    cart_id: CartId,
    order_id: OrderId,
    began: Position,
    goal: Goal,
    until: Instant,
) -> Result<Seen, Problem> {
    let seen = look(api, cart_id, order_id, began).await?;
    if seen.is(goal) || Instant::now() >= until {
        return Ok(seen);
    }
    let Ok(_place) = api.waiting.try_acquire() else { return Ok(seen) };
    let mut watchers = [
        watch::<Cart>(api, cart_id.uuid()).await?,
        watch::<Order>(api, order_id.uuid()).await?,
        watch::<Payment>(api, payment_of_order(order_id).uuid()).await?,
    ];
    loop {
        // Before it is looked, so that what comes meanwhile counts as a change.
        watchers.iter_mut().for_each(Watcher::mark_seen);
        let seen = look(api, cart_id, order_id, began).await?;
        if seen.is(goal) {
            return Ok(seen);
        }
        let [cart, order, payment] = &mut watchers;
        let changed = async {
            tokio::select! {
                biased;
                changed = order.changed() => changed,
                changed = payment.changed() => changed,
                changed = cart.changed() => changed,
            }
        };
        match timeout_at(until, changed).await {
            Ok(true) => {}
            // Its time is over, or nobody would tell of a change any more; one that nobody told of may have come.
            Ok(false) | Err(_) => return look(api, cart_id, order_id, began).await,
        }
    }
}

async fn watch<A: Aggregate>(api: &CommandApi, id: Uuid) -> Result<Watcher, Problem> {
    let stream = StreamId::for_tenant(&api.tenant, A::CATEGORY, &id.to_string()).map_err(|_| Problem::internal())?;
    api.watch.watch(stream).await.map_err(|error: ReadError| {
        tracing::error!(%error, "the event log is not available");
        Problem::unavailable("the event log is not available")
    })
}

/// How far it has come now.
async fn look(api: &CommandApi, cart_id: CartId, order_id: OrderId, began: Position) -> Result<Seen, Problem> {
    let order = orders::access::load(api, order_id).await?;
    if order.state.placed().is_ok() {
        return of_order(api, order_id, &order, began).await;
    }
    let cart = ordered::stored(api, cart_id).await?;
    let seen = Seen { stage: Stage::Undecided, revision: None, position: began.max(cart.position), payment_id: None };
    if is_making(&cart.state, order_id) {
        return Ok(seen);
    }
    // The order may have been placed, and even cancelled, between the two looks; if so, it was before the cart was let go.
    let order = orders::access::load(api, order_id).await?;
    if order.state.placed().is_ok() {
        return of_order(api, order_id, &order, seen.position).await;
    }
    Ok(Seen { stage: Stage::Failed, ..seen })
}

/// Whether a cart's checkout makes, or has made, this order.
fn is_making(cart: &CartState, order_id: OrderId) -> bool {
    match cart {
        CartState::Absent => false,
        CartState::Open(open) => open.running_checkout().is_some_and(|running| running.order_id == order_id),
        CartState::Closed(closed) => closed.ending == CartEnding::Converted { order_id },
    }
}

/// How far the checkout of an order has come that is placed.
async fn of_order(api: &CommandApi, id: OrderId, order: &Loaded<Order>, began: Position) -> Result<Seen, Problem> {
    let placed = order.state.placed().map_err(|refusal| refusal.problem())?;
    let seen = Seen {
        stage: Stage::Undecided,
        revision: order.revision,
        position: began.max(order.position),
        payment_id: None,
    };
    if let Some(cause) = placed.cancel_cause() {
        return Ok(Seen { stage: Stage::Cancelled(cause.clone()), ..seen });
    }
    match placed.lifecycle() {
        Lifecycle::Placed if placed.holds().is_empty() => Ok(seen),
        Lifecycle::Placed if placed.payment_terms().is_none() => Ok(Seen { stage: Stage::Held, ..seen }),
        Lifecycle::Placed => paying(api, id, seen).await,
        Lifecycle::Confirmed | Lifecycle::Cancelled | Lifecycle::Closed => {
            let payment_id = placed.payment_terms().map(|_| payment_of_order(id));
            Ok(Seen { stage: Stage::Confirmed, payment_id, ..seen })
        }
    }
}

/// How the payment of an order stands whose stock is held.
async fn paying(api: &CommandApi, order_id: OrderId, seen: Seen) -> Result<Seen, Problem> {
    let payment_id = payment_of_order(order_id);
    let payment = api.bus.load::<Payment>(&api.tenant, &payment_id.uuid().to_string()).await.map_err(problem_of)?;
    let PaymentState::Created(created) = &payment.state else { return Ok(Seen { stage: Stage::Held, ..seen }) };
    let stage = match created.newest_attempt() {
        Some((_, attempt)) => match (attempt.outcome, &attempt.action_url) {
            (OperationOutcome::ActionRequired, Some(url)) => Stage::ActionRequired(url.clone()),
            (OperationOutcome::Failed, _) => Stage::Declined,
            _ => Stage::Held,
        },
        None => Stage::Held,
    };
    Ok(Seen { stage, position: seen.position.max(payment.position), payment_id: Some(payment_id), ..seen })
}
