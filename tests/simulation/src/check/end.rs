//! What must hold once all is quiet: nothing is left over, and the provider's books are ours.

use super::{Books, Checked, Violation, ensure};
use crate::world::World;
use std::collections::BTreeMap;
use std::sync::Arc;
use tillroll_domain::{
    ids::{OperationId, OrderId},
    order::status::Lifecycle,
};
use tillroll_infra::payments::simulator::truth::charge::{Charge, DisputeStatus, OperationStatus};
use tillroll_projections::{
    runtime::{Limits, Runtime},
    store::{ReadModelStore, memory::MemoryStore},
};

/// Checks everything that can be told from the books.
///
/// # Errors
/// The first promise that is broken.
pub fn check(world: &World) -> Checked {
    let books = world.books.lock();
    processes(&books)?;
    carts(&books)?;
    stock(&books)?;
    let charges: Vec<Charge> = world.simulator.charges();
    for charge in &charges {
        provider(&books, charge, world)?;
    }
    payments(&books, &charges)
}

/// I15: every instance has ended, or waits for nothing by itself.
fn processes(books: &Books) -> Checked {
    for (category, id, instance) in books.processes.all() {
        let place = || format!("{category}-{id}: {instance:?}");
        ensure(instance.open.is_empty(), "I15 processes", || format!("actions are open: {}", place()))?;
        ensure(instance.timers.is_empty(), "I15 processes", || format!("timers are armed: {}", place()))?;
        ensure(instance.ending.is_some(), "I15 processes", || format!("it has not ended: {}", place()))?;
    }
    Ok(())
}

/// No cart is claimed, and each belongs to the order that it became.
fn carts(books: &Books) -> Checked {
    for (id, cart) in books.carts.all() {
        ensure(cart.checkout.is_none(), "left over", || format!("{id} is still claimed: {cart:?}"))?;
        let live = books.orders.live_of_cart(id);
        let became: Vec<OrderId> = cart.became.into_iter().collect();
        // An order that was promised and cancelled later leaves the cart as it is.
        let promised = cart.became.and_then(|order| books.orders.order(order)).is_some_and(|order| order.was_confirmed);
        ensure(live == became || (live.is_empty() && promised), "property 2", || {
            format!("{id} became {became:?} and its orders are {live:?}")
        })?;
    }
    Ok(())
}

/// No hold is left, and what is promised is what promised orders still wait for.
fn stock(books: &Books) -> Checked {
    let mut promised: BTreeMap<(OrderId, &str), i64> = BTreeMap::new();
    for (name, item) in books.stock.items() {
        ensure(item.reserved() == 0, "left over", || format!("{name} is still held: {item:?}"))?;
        for (order, units) in item.promises() {
            let sku = name.split_once('.').map_or(name, |(_, sku)| sku);
            *promised.entry((order, sku)).or_default() += units;
        }
    }
    for (id, order) in books.orders.all().filter(|(_, order)| order.is_checkout) {
        ensure(order.lifecycle() != Some(Lifecycle::Placed), "I15 orders", || {
            format!("{id} is neither promised nor cancelled")
        })?;
        let Some(placed) = order.placed().filter(|_| !order.is_cancelled()) else { continue };
        for (sku, units) in placed.demand() {
            let found = promised.remove(&(id, sku.as_str())).unwrap_or(0);
            let units = i64::try_from(units).unwrap_or(i64::MAX);
            ensure(found == units, "property 1", || {
                format!("{id} waits for {units} of {sku}, and {found} are promised")
            })?;
        }
    }
    ensure(promised.is_empty(), "left over", || format!("nobody waits for what is promised: {promised:?}"))
}

/// The provider did nothing that we did not ask for, and our books say what it did.
fn provider(books: &Books, charge: &Charge, world: &World) -> Checked {
    let id = charge.payment_id;
    let Some(payment) = books.payments.payment(id) else {
        let done = charge.operations.iter().any(|operation| operation.status == OperationStatus::Succeeded);
        return ensure(!done, "provider truth", || format!("{id} is charged and nobody knows it: {charge:?}"));
    };
    ensure(charge.reused_keys == 0, "F11 keys", || format!("{id}: a key came back with other content: {charge:?}"))?;
    for operation in &charge.operations {
        let Some(operation_id) = operation.operation_id else { continue };
        let requested = payment.requested.get(&operation_id);
        ensure(requested.is_some(), "recorded first", || format!("{id}: nobody requested {operation:?}"))?;
    }
    let now = world.clock.now();
    let theirs = (charge.aside_minor(now), charge.captured_minor(), charge.refunded_minor());
    let ours = (payment.authorized_minor(), payment.captured_minor(), payment.refunded_minor());
    ensure(theirs == ours, "provider truth", || {
        format!("{id} is {ours:?} (authorized, captured, refunded) and at the provider {theirs:?}: {charge:?}")
    })?;
    let disputed = charge.disputed_minor();
    ensure(disputed == payment.disputed_minor(), "provider truth", || {
        format!("{id}: {disputed} are disputed and {} known: {charge:?}", payment.disputed_minor())
    })
}

/// Every payment has come to an end, and so has its order's money.
fn payments(books: &Books, charges: &[Charge]) -> Checked {
    let charges: BTreeMap<_, _> = charges.iter().map(|charge| (charge.payment_id, charge)).collect();
    for (id, payment) in books.payments.all() {
        let Some(created) = payment.created() else { continue };
        // Nobody has to do what the provider asks for; as long as nobody does, nothing is charged.
        let waits = |operation_id: &OperationId| {
            let theirs = charges.get(&id).and_then(|charge| charge.operation(*operation_id));
            theirs.is_some_and(|operation| operation.status == OperationStatus::ActionRequired)
        };
        let open: Vec<_> = created.open_operations().filter(|(operation_id, _)| !waits(operation_id)).collect();
        ensure(open.is_empty(), "I15 payments", || format!("{id} has open operations: {open:?}"))?;
        let touched = payment.captured_minor() + payment.authorized_minor();
        ensure(touched == 0 || charges.contains_key(&id), "provider truth", || format!("{id} was never charged"))?;
        let Some(order) = books.orders.order(payment.order).filter(|order| order.is_checkout) else { continue };
        if order.is_cancelled() {
            let lost: i64 = charges.get(&id).map_or(0, |charge| {
                charge
                    .disputes
                    .iter()
                    .filter(|dispute| dispute.status != DisputeStatus::Won)
                    .map(|d| d.amount_minor)
                    .sum()
            });
            let kept = payment.captured_minor() - payment.refunded_minor();
            ensure(payment.authorized_minor() == 0 && kept <= lost, "case 27", || {
                format!(
                    "{id} keeps {kept} and {} aside for the cancelled {}",
                    payment.authorized_minor(),
                    payment.order
                )
            })?;
        }
        if let Some(placed) = order.placed() {
            let mirrored = placed.payments().get(&id).copied().unwrap_or_default();
            let theirs = (mirrored.captured_minor, mirrored.refunded_minor, mirrored.disputed_minor);
            // The order does not show that money is asked back that was given back already.
            let left = payment.captured_minor() - payment.refunded_minor();
            let ours = (payment.captured_minor(), payment.refunded_minor(), payment.disputed_minor().min(left));
            ensure(theirs == ours && mirrored.authorized_minor == payment.authorized_minor(), "I14 mirror", || {
                format!("{} shows {mirrored:?} of {id}, which is {ours:?}", payment.order)
            })?;
        }
    }
    Ok(())
}

/// I9: what the read models show is what one fold of the whole log makes.
///
/// # Errors
/// The first table that differs.
pub async fn read_models(world: &World) -> Checked {
    let broken = |what: String| Violation::new("I9 read models", what);
    let live = world.read_models.lock().0.clone();
    let built = Arc::new(MemoryStore::new());
    let log: Arc<dyn tillroll_infra::log::EventLog> =
        Arc::new(crate::log::SimLog::of_disk(world.disk.clone(), world.ambient.clock.clone()));
    let codec = tillroll_infra::codec::Codec::new(world.vault.clone(), world.ambient.randomness.clone());
    let work = tillroll_sagas::all::processes().work(world.settings.carts.idle_limits());
    let mut projections = world.models();
    projections.push(work);
    let (clock, limits) = (world.ambient.clock.clone(), Limits { poll_interval: None, ..Limits::default() });
    let opened = Runtime::open_with_store(
        log.clone(),
        codec.clone(),
        clock.clone(),
        live.clone(),
        limits.clone(),
        projections.clone(),
    )
    .await;
    opened.map_err(|error| broken(error.to_string()))?.catch_up().await.map_err(|error| broken(error.to_string()))?;
    let opened = Runtime::open_with_store(log, codec, clock, built.clone(), limits, projections.clone()).await;
    let runtime = opened.map_err(|error| broken(error.to_string()))?;
    runtime.catch_up().await.map_err(|error| broken(error.to_string()))?;
    let parked = runtime.parked(None).await.map_err(|error| broken(error.to_string()))?;
    ensure(parked.is_empty(), "I9 read models", || format!("events are parked: {:?}", parked.first()))?;
    let of = |error: tillroll_projections::store::StoreError| broken(error.to_string());
    let (mut live, mut built) = (live.snapshot().await.map_err(of)?, built.snapshot().await.map_err(of)?);
    for table in projections.iter().flat_map(|projection| projection.tables()) {
        let (shown, made) = (live.rows(table).await.map_err(of)?, built.rows(table).await.map_err(of)?);
        ensure(shown == made, "I9 read models", || {
            let differs = shown.iter().zip(&made).find(|(shown, made)| shown != made);
            format!("{} has {} rows and should have {}: {differs:?}", table.name, shown.len(), made.len())
        })?;
    }
    Ok(())
}
