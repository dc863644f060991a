//! One life of the engine: everything is opened over what the world kept, runs, and is dropped whole at a crash.

use crate::{
    buyers::Step,
    check::Violation,
    clients::Client,
    crash::{Crasher, Point},
    http::{Call, Network, key},
    log::{SimLog, SyncTimes},
    planted, processes,
    provider::{Line, Mailbox},
    reached::State,
    shop::Shop,
    surroundings,
    world::World,
};
use axum::Router;
use chrono::TimeDelta;
use std::{sync::Arc, time::Duration};
use tillroll_command_api::CommandApi;
use tillroll_domain::{
    cart::Cart, category_tree::CategoryTree, claim::Claim, credit_note::CreditNote, customer::Customer,
    expense::Expense, fulfillment::Fulfillment, import::Import, order::Order, payment::Payment,
    price_schedule::PriceSchedule, product::Product, provider_message::ProviderMessage, returns::Return,
    stock_document::StockDocument, stock_item::StockItem,
};
use tillroll_http::{Edge, Keys, Role, protect};
use tillroll_infra::{
    bus::Bus,
    log::EventLog,
    payments::{BoundedProvider, ProviderLimits, Providers},
};
use tillroll_projections::runtime::{Limits, Runtime};
use tillroll_sagas::runtime::{SagaBuilder, SagaOptions, Sagas};
use tokio::{
    task::JoinSet,
    time::{sleep, timeout},
};

/// How a life ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By a crash.
    Crashed,
    /// All is quiet.
    Quiet,
    /// Not at all, though nothing went wrong any more for as long as anything may take.
    NotQuiet,
    /// Over a broken promise.
    Violated,
}

/// The longest that anything may take once nothing goes wrong any more.
pub const QUIET_WITHIN: TimeDelta = TimeDelta::days(80);
/// The longest that buyers take.
const BUYERS_GONE_WITHIN: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How long the provider waits between two looks once it has nothing to tell.
const PROVIDER_PAUSE: Duration = Duration::from_secs(3 * 3_600);

/// The engine in one life.
struct Engine {
    network: Network,
    mailbox: Arc<Mailbox>,
    /// Kept, since dropping them ends them.
    sagas: Arc<Sagas>,
    _follower: tillroll_projections::runtime::Follower,
}

/// Lives until the engine crashes or all is quiet.
pub async fn live(world: &Arc<World>) -> End {
    world.time.begin_life();
    *world.lives.lock() += 1;
    let is_open = world.shop.lock().is_open;
    let crasher = Crasher::new(if is_open { world.faults.next_crash() } else { None });
    let end = tokio::select! {
        biased;
        () = crasher.crashed() => End::Crashed,
        end = run(world, &crasher) => end,
    };
    if world.is_violated() {
        return End::Violated;
    }
    if end == End::Crashed {
        note_crash(world, &crasher);
        let down = world.faults.at_crash(0, 3);
        let seconds = [1, 30, 600, 7_200][down];
        world.time.end_life(TimeDelta::seconds(seconds));
    } else {
        world.time.end_life(TimeDelta::zero());
    }
    end
}

/// Counts what the crash interrupted.
fn note_crash(world: &World, crasher: &Crasher) {
    match crasher.died_at() {
        Some(Point::BeforeProvider) => world.reached.at(State::CrashBeforeEffect),
        Some(Point::AfterProvider) => world.reached.at(State::CrashAfterEffect),
        _ => {}
    }
    if world.buyers.iter().any(|buyer| buyer.lock().call.is_some()) {
        world.reached.at(State::CrashWithOpenRequest);
    }
}

async fn run(world: &Arc<World>, crasher: &Arc<Crasher>) -> End {
    let engine = open(world, crasher).await;
    if !world.shop.lock().is_open {
        set_up(world, &engine).await;
        crasher.plan(world.faults.next_crash());
    }
    let mut provider = tokio::spawn(world.simulator.clone().run(engine.mailbox.clone()));
    let mut others = JoinSet::new();
    others.spawn(surroundings::keep_read_models(world.clone()));
    others.spawn(surroundings::disturb_clock(world.clone(), engine.sagas.clone()));
    others.spawn(surroundings::look_at_actions(world.clone(), engine.sagas.clone()));
    others.spawn(surroundings::restock(world.clone(), engine.network.clone()));
    let mut clients = JoinSet::new();
    for buyer in &world.buyers {
        let (world, buyer) = (world.clone(), buyer.clone());
        let client = Client { world, network: engine.network.clone(), buyer, crasher: crasher.clone() };
        clients.spawn(client.run());
    }
    let all_gone = async { while clients.join_next().await.is_some() {} };
    if timeout(BUYERS_GONE_WITHIN, all_gone).await.is_err() {
        let waiting = world.buyers.iter().map(|buyer| buyer.lock()).find(|buyer| buyer.step != Step::Gone);
        let found =
            waiting.map(|buyer| format!("buyer {} is still at {:?} with {:?}", buyer.number, buyer.step, buyer.order));
        world.violated(Violation::new("I20 liveness", found.unwrap_or_default()));
        return End::Violated;
    }
    others.shutdown().await;
    world.faults.stop();
    crasher.forget_plan();
    world.time.set_offset(TimeDelta::zero());
    engine.sagas.look_at_the_clock();
    calm_provider(world).await;
    let deadline = world.clock.now() + QUIET_WITHIN;
    let mut pause = Duration::from_secs(60);
    while world.clock.now() < deadline {
        sleep(pause).await;
        pause = (pause * 2).min(PROVIDER_PAUSE);
        if world.simulator.undelivered() == 0 {
            // It looks around every few seconds, for which there is no need any more.
            provider.abort();
            // What lapses by itself happens when somebody looks.
            drop(world.simulator.charges());
        }
        if world.simulator.undelivered() > 0 && provider.is_finished() {
            provider = tokio::spawn(world.simulator.clone().run(engine.mailbox.clone()));
        }
        if is_quiet(world) {
            return End::Quiet;
        }
    }
    End::NotQuiet
}

/// Whether nothing goes on and nothing is waited for.
fn is_quiet(world: &World) -> bool {
    let books = world.books.lock();
    world.simulator.undelivered() == 0
        && books.processes.all().all(|(_, _, instance)| instance.open.is_empty() && instance.timers.is_empty())
        && books.carts.all().all(|(_, cart)| cart.is_closed)
        && books.stock.items().all(|(_, item)| item.reserved() == 0)
}

async fn open(world: &Arc<World>, crasher: &Arc<Crasher>) -> Engine {
    let weather = world.faults.weather();
    let stop = crasher.clone();
    let witness = world.witness(move || stop.die());
    let times = SyncTimes { usual_ms: weather.sync_ms.0, rarely_ms: weather.sync_ms.1 };
    let line = Arc::new(Line {
        simulator: world.simulator.clone(),
        crasher: crasher.clone(),
        faults: world.faults.clone(),
        calls: world.calls.clone(),
        reached: world.reached.clone(),
    });
    let clock = world.ambient.clock.clone();
    let log = SimLog::new(world.disk.clone(), clock.clone(), crasher.clone(), witness, times, world.log_rng())
        .filling_up(world.faults.clone());
    let log: Arc<dyn EventLog> = planted::log(Arc::new(log), world.faults.planted, &line);
    let registered = tillroll_sagas::all::processes();
    let bus = Bus::builder(log.clone(), world.ambient.clone()).vault(world.vault.clone()).cache_bytes(64 << 20);
    let bus = match &world.snapshots {
        Some(snapshots) => bus.snapshots(snapshots.clone(), weather.snapshot_every),
        None => bus,
    };
    let bus = registered
        .register(bus)
        .register::<Cart>()
        .register::<CategoryTree>()
        .register::<Claim>()
        .register::<CreditNote>()
        .register::<Customer>()
        .register::<Expense>()
        .register::<Fulfillment>()
        .register::<Import>()
        .register::<Order>()
        .register::<Payment>()
        .register::<PriceSchedule>()
        .register::<Product>()
        .register::<ProviderMessage>()
        .register::<Return>()
        .register::<StockDocument>()
        .register::<StockItem>()
        .build();
    let providers = Providers::of(Arc::new(BoundedProvider::new(line, ProviderLimits::default())));
    let work = registered.work(world.settings.carts.idle_limits());
    let mut projections = world.models();
    projections.push(planted::work(work.clone(), world));
    let store = world.read_models.lock().0.clone();
    let limits = Limits { poll_interval: None, ..Limits::default() };
    let opened = Runtime::open_with_store(log, bus.codec().clone(), clock, store, limits, projections).await;
    let projections = opened.expect("the read models open over what was left of them");
    let follower = projections.start();
    let options = SagaOptions {
        poll_max: Duration::from_secs(6 * 3_600),
        ..SagaOptions::new(world.settings.carts.idle_limits())
    };
    let sagas = processes::start(
        world,
        &bus,
        SagaBuilder::new(bus.clone(), projections.read_models(), &work, options),
        &providers,
    )
    .await;
    let keys = Keys::from_texts(Role::KEYED.map(key), [7; 32]).expect("the keys are well-formed");
    let api =
        CommandApi::new(bus, keys).configured(&world.settings).expect("the settings are good").with_payments(providers);
    let (router, _) = tillroll_command_api::router(api).split_for_parts();
    let router: Router = protect(router, Edge::new(world.ambient.ids.clone()));
    let network = Network {
        router: router.clone(),
        crasher: crasher.clone(),
        faults: world.faults.clone(),
        trace: world.trace.clone(),
        clock: world.clock.clone(),
    };
    let mailbox = Arc::new(Mailbox {
        router,
        crasher: crasher.clone(),
        faults: world.faults.clone(),
        reached: world.reached.clone(),
        trace: world.trace.clone(),
        clock: world.clock.clone(),
        seen: world.messages.clone(),
    });
    Engine { network, mailbox, sagas: Arc::new(sagas), _follower: follower }
}

/// Opens the shop, before anything goes wrong.
async fn set_up(world: &Arc<World>, engine: &Engine) {
    let weather = world.faults.weather().clone();
    let script = world.simulator.tell_script(|script| {
        script.messages = weather.messages;
        script.authorization_seconds = u32::try_from(weather.authorization_hours * 3_600).unwrap_or(3_600);
    });
    script.await.expect("the script is possible");
    let shop = world.shop.lock().clone();
    for article in &shop.articles {
        let id = send(engine, Shop::create(article)).await;
        send(engine, Shop::publish(&id)).await;
        for (location, quantity) in article.stock.iter().filter(|(_, quantity)| *quantity > 0) {
            let key = format!("open-{location}-{}", article.sku);
            send(engine, Shop::receive(&article.sku, location, *quantity, key)).await;
        }
    }
    let mut customers = Vec::new();
    for number in 0..shop.customers_max {
        customers.push(send(engine, Shop::register(number)).await);
    }
    let mut shop = world.shop.lock();
    (shop.customers, shop.is_open) = (customers, true);
    world.faults.start();
}

async fn send(engine: &Engine, call: Call) -> String {
    let answer = engine.network.send(&call).await;
    let answer = answer.unwrap_or_else(|| panic!("{} was not answered", call.path));
    assert!(answer.is_success(), "{} is answered {} {}", call.path, answer.status, answer.body);
    answer.id().unwrap_or_default().to_owned()
}

/// From now on the provider does what it should at once.
async fn calm_provider(world: &World) {
    let calm = world.simulator.tell_script(|script| {
        script.messages = tillroll_infra::payments::simulator::script::MessageConduct::default();
    });
    calm.await.expect("the script is possible");
}
