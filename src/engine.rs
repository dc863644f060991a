//! The one place where everything is wired: log, bus, projections and both APIs over one data folder.

mod metrics;
mod payments;
mod prefer;

pub use payments::{Payments, SimulatedProvider};

use crate::simulator_api::{self, SimulatorApi};
use anyhow::Context;
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::get,
};
use parking_lot::Mutex;
use serde_json::json;
use std::{
    fs,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use tillroll_command_api::CommandApi;
use tillroll_domain::{
    aggregate::Aggregate, cart::Cart, category_tree::CategoryTree, claim::Claim, credit_note::CreditNote,
    customer::Customer, expense::Expense, fulfillment::Fulfillment, import::Import, order::Order, payment::Payment,
    price_schedule::PriceSchedule, product::Product, provider_message::ProviderMessage, returns::Return,
    stock_document::StockDocument, stock_item::StockItem,
};
use tillroll_http::{
    Cors, Edge, HttpMetrics, Keys,
    problem::registry::{self, EDGE},
    protect,
};
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, SNAPSHOT_EVERY},
    config::Settings,
    erasures,
    log::{
        EventLog,
        sqlite::{SqliteLog, SqliteLogOptions},
    },
    snapshots::{SnapshotStore, SqliteSnapshots, SqliteSnapshotsOptions},
    stream::Position,
    vault::{
        KeyVault,
        sqlite::{SqliteVault, SqliteVaultOptions},
    },
    watch::StreamWatch,
};
use tillroll_projections::{
    models,
    read::{ProjectionState, ProjectionStatus, ReadModels},
    runtime::{Follower, Runtime, RuntimeOptions},
};
use tillroll_read_api::ReadApi;
use tillroll_sagas::{
    all,
    runtime::{SagaBuilder, SagaOptions, SagaStatuses, Sagas},
    work::ProcessWork,
};
use tokio::sync::watch;

/// The engine over one data folder, which it alone writes.
#[derive(Debug)]
pub struct Engine {
    /// The event log.
    pub log: Arc<SqliteLog>,
    /// Takes commands.
    pub bus: Bus,
    /// Keeps the read models.
    pub projections: Runtime,
    /// The index of the processes' open work.
    work: Arc<ProcessWork>,
    /// How the processes are doing, once they run.
    processes: Arc<Mutex<SagaStatuses>>,
    snapshots: Option<Arc<SqliteSnapshots>>,
    vault: Arc<SqliteVault>,
    ambient: Ambient,
    settings: Settings,
    /// Opened when they are first asked for: whoever only imports takes no payments.
    payments: Mutex<Option<Payments>>,
    /// Where the log ended when it was opened.
    head_at_open: Position,
    /// True once live streams are to end.
    stopping: watch::Sender<bool>,
}

/// The event log's file in a data folder.
#[must_use]
pub fn log_path(settings: &Settings) -> PathBuf {
    settings.data.join("log.db")
}

/// Opens the event log of a data folder for reading, also while another process writes it.
///
/// # Errors
/// A folder without a log, and a log that cannot be read.
pub fn open_log_read_only(settings: &Settings) -> anyhow::Result<Arc<dyn EventLog>> {
    Ok(Arc::new(SqliteLog::open_read_only(&SqliteLogOptions::new(log_path(settings)))?))
}

/// The snapshots of a data folder that this process writes, beside its log. Without them everything works, only that long
/// streams are read from their beginning; so whatever is wrong with the file is told, and stops nothing.
fn open_snapshots(settings: &Settings) -> Option<Arc<SqliteSnapshots>> {
    let options = SqliteSnapshotsOptions::new(settings.data.join("snapshots.db"));
    match SqliteSnapshots::open(options) {
        Ok(snapshots) => Some(Arc::new(snapshots)),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::warn!(%error, cause, "there are no snapshots of long streams");
            None
        }
    }
}

/// The keys of personal data, beside the log that this process writes. Commands that only read do not need them.
///
/// A mark beside it tells that there was a vault, so that a lost one is not replaced by a new one: that would give persons
/// other keys than those under which their data is sealed.
fn open_vault(settings: &Settings, ambient: &Ambient) -> anyhow::Result<Arc<SqliteVault>> {
    let (path, mark) = (settings.data.join("vault.db"), settings.data.join("vault.mark"));
    anyhow::ensure!(
        path.exists() || !mark.exists(),
        "the key vault {} is missing; restore it. If it is lost for good, so is all personal data in the log: remove {} to \
         go on with a new one",
        path.display(),
        mark.display()
    );
    let vault = SqliteVault::open(&SqliteVaultOptions::new(path), ambient.randomness.clone())?;
    let made =
        fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&mark).and_then(|file| file.sync_all());
    made.with_context(|| format!("{} cannot be made", mark.display()))?;
    Ok(Arc::new(vault))
}

/// The events that say that a person is forgotten, in a field `subject`.
const ERASURES: &[&str] = &["CustomerErased", "CartContactErased"];

/// Destroys keys that a crash left after the event that says that they go. What cannot be done now is told, and done the
/// next time; until then nothing more is stored for these persons, and what is stored stays as it was.
async fn finish_erasures(bus: &Bus) {
    match erasures::finish(bus, ERASURES).await {
        Ok(0) => {}
        Ok(keys) => tracing::warn!(keys, "keys of erased persons were still there and are destroyed now"),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(ToString::to_string);
            tracing::error!(%error, cause, "not every erasure is complete; restart, or erase the person again");
        }
    }
}

/// A bus over a log that takes the commands of every aggregate.
#[must_use]
pub fn bus(
    log: Arc<dyn EventLog>,
    vault: Arc<dyn KeyVault>,
    ambient: Ambient,
    snapshots: Option<Arc<dyn SnapshotStore>>,
    settings: &Settings,
) -> Bus {
    let builder = Bus::builder(log, ambient).vault(vault);
    let builder = match snapshots {
        Some(snapshots) => builder.snapshots(snapshots, SNAPSHOT_EVERY),
        None => builder,
    };
    all::processes()
        .register(builder)
        .time_zone(settings.store.time_zone)
        .cache_bytes(settings.store.cache_bytes)
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
        .build()
}

impl Engine {
    /// Opens a data folder for writing, and makes an empty one if there is none.
    ///
    /// # Errors
    /// A folder that cannot be made, is in use by another process, or holds files that are not ours.
    pub async fn open(settings: Settings) -> anyhow::Result<Self> {
        let data = &settings.data;
        // Nobody else has any business in there: the log is everything the shop knows.
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
        made.with_context(|| format!("the data folder {} cannot be made", data.display()))?;
        let ambient = Ambient::system();
        let options = SqliteLogOptions::new(log_path(&settings));
        let log = Arc::new(SqliteLog::open(&options, ambient.clock.clone())?);
        let head_at_open = log.head().await?;
        // Only now: the log holds the lock on the folder.
        let vault = open_vault(&settings, &ambient)?;
        let snapshots = open_snapshots(&settings);
        let store = snapshots.clone().map(|snapshots| snapshots as Arc<dyn SnapshotStore>);
        let bus = bus(log.clone(), vault.clone(), ambient.clone(), store, &settings);
        finish_erasures(&bus).await;
        let tables = data.join("read.db");
        let made = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&tables);
        made.with_context(|| format!("the read models {} cannot be made", tables.display()))?;
        let options = RuntimeOptions { codec: bus.codec().clone(), ..RuntimeOptions::new(tables) };
        let work = all::processes().work(settings.carts.idle_limits());
        let mut read_models = models::all();
        read_models.push(work.clone());
        let projections = Runtime::open(log.clone(), ambient.clock.clone(), options, read_models).await?;
        Ok(Self {
            log,
            bus,
            projections,
            work,
            processes: Arc::default(),
            snapshots,
            vault,
            ambient,
            settings,
            payments: Mutex::default(),
            head_at_open,
            stopping: watch::channel(false).0,
        })
    }

    /// Opens a data folder that holds a log already.
    ///
    /// # Errors
    /// See [`Self::open`]; and a folder without a log.
    pub async fn open_existing(settings: Settings) -> anyhow::Result<Self> {
        let path = log_path(&settings);
        anyhow::ensure!(path.exists(), "there is no event log at {}; is --data right?", path.display());
        Self::open(settings).await
    }

    /// Where the role keys are.
    #[must_use]
    pub fn keys_path(&self) -> PathBuf {
        self.settings.data.join("keys.toml")
    }

    /// The role keys and the server's own secret; makes them at the first call.
    fn keys(&self) -> anyhow::Result<Keys> {
        let keys = Keys::load_or_create(&self.keys_path(), &*self.ambient.randomness)?;
        Ok(keys.allowing_anonymous(self.settings.http.anonymous))
    }

    /// Who takes payments. Opened at the first call, which blocks for some file operations.
    ///
    /// # Errors
    /// Keys or books that cannot be made, read or trusted.
    pub fn payments(&self) -> anyhow::Result<Payments> {
        let mut payments = self.payments.lock();
        if let Some(payments) = &*payments {
            return Ok(payments.clone());
        }
        let opened = Payments::open(&self.settings, &self.ambient, &self.keys()?)?;
        Ok(payments.insert(opened).clone())
    }

    /// Lets the simulated provider do what it does by itself: decide late, let authorizations lapse, and deliver its messages
    /// to this engine, at least once, until each is stored. In a task of its own, which ends with what this answers.
    ///
    /// # Errors
    /// See [`Self::payments`].
    pub fn start_simulated_provider(&self) -> anyhow::Result<SimulatedProvider> {
        let payments = self.payments()?;
        let api = CommandApi::new(self.bus.clone(), self.keys()?).with_payments(payments.providers.clone());
        Ok(SimulatedProvider::start(&payments, api))
    }

    /// Starts the processes, which follow the log and need the read models to follow it too. History that is imported before
    /// is passed over sooner than if it is imported meanwhile; it is no occasion for them either way. Call it before any
    /// request is served or message delivered: a process that is new is told of what happens after this returns.
    ///
    /// # Errors
    /// See [`Self::payments`].
    pub async fn start_processes(&self) -> anyhow::Result<Sagas> {
        let options = SagaOptions::new(self.settings.carts.idle_limits());
        let builder = SagaBuilder::new(self.bus.clone(), self.projections.read_models(), &self.work, options);
        let sagas = all::with_workers(builder, &self.bus, &self.payments()?.providers, &self.settings).start().await;
        *self.processes.lock() = sagas.statuses();
        Ok(sagas)
    }

    /// Both APIs with their document, its page, the metrics and the probes. Makes the role keys, and the secret from which
    /// those of guest carts follow, at the first call.
    ///
    /// # Errors
    /// A file of keys that cannot be written, read or trusted.
    pub fn router(&self) -> anyhow::Result<Router> {
        let Settings { http, .. } = &self.settings;
        let keys = self.keys()?;
        let payments = self.payments()?;
        let read_models = self.projections.read_models();
        // One for both: whoever waits for a cart, an order or a payment is woken by the same task.
        let watch = StreamWatch::new(self.log.clone(), &[Cart::CATEGORY, Order::CATEGORY, Payment::CATEGORY]);
        let commands = CommandApi::new(self.bus.clone(), keys.clone())
            .configured(&self.settings)?
            .with_payments(payments.providers.clone())
            .watching(watch.clone());
        let readiness =
            Readiness { log: self.log.clone(), read_models: read_models.clone(), head_at_open: self.head_at_open };
        let wait_max = Duration::from_millis(http.read_wait_ms);
        let reads = ReadApi::new(read_models.clone(), self.log.clone(), keys.clone())
            .waiting_at_most(wait_max)
            .watching(watch)
            .timed_by(self.ambient.clock.clone())
            .selling_from(&self.settings.store.locations)
            .live_streams_at_most(http.live_streams_max)
            .live_until(self.stopping.subscribe());
        let counted = HttpMetrics::default();
        let started_at = self.ambient.clock.now();
        let simulator = payments.simulator;
        let simulated = SimulatorApi::new(simulator.clone(), keys.clone(), self.ambient.clock.clone());
        let metrics = metrics::Metrics::new(keys, self.log.clone(), read_models.clone(), &counted, started_at)
            .with_processes(self.processes.clone(), self.ambient.clock.clone());
        let (api, document) = tillroll_command_api::router(commands)
            .merge(tillroll_read_api::router(reads))
            .merge(simulator_api::router(simulated))
            .split_for_parts();
        let problems = EDGE.iter().chain(tillroll_command_api::PROBLEMS).chain(tillroll_read_api::PROBLEMS);
        let problems = problems.chain(simulator_api::PROBLEMS).copied();
        let router = Router::new()
            .merge(api)
            .merge(tillroll_read_api::docs(document))
            .merge(registry::routes(problems))
            .merge(metrics::routes(metrics))
            .merge(simulator_api::page::routes(simulator))
            .route("/health", get(async || Json(json!({ "status": "up" }))))
            .route("/ready", get(ready).with_state(readiness));
        let edge = Edge { cors: Cors::of(&http.cors_origins), metrics: counted, ..Edge::new(self.ambient.ids.clone()) };
        Ok(prefer::honoring_wait(protect(router, edge), read_models))
    }

    /// Ends the live streams, which would otherwise last as long as their readers; for a server that is about to stop.
    pub fn end_live_streams(&self) {
        self.stopping.send_replace(true);
    }

    /// Ends the projections at a page's end, and the log once all that it has taken in is durable.
    pub async fn close(self, follower: Option<Follower>) {
        if let Some(follower) = follower {
            follower.shutdown().await;
        }
        self.projections.close().await;
        let (log, snapshots, vault, payments) = (self.log, self.snapshots, self.vault, self.payments.into_inner());
        // Closing waits for files. The log comes last, since it holds the lock on the folder.
        let closed = tokio::task::spawn_blocking(move || {
            if let Some(snapshots) = snapshots {
                snapshots.close();
            }
            vault.close();
            if let Some(payments) = payments {
                payments.simulator.close();
            }
            log.close();
        });
        if closed.await.is_err() {
            tracing::error!("the event log did not close cleanly");
        }
    }
}

/// What readiness is told by.
#[derive(Debug, Clone)]
struct Readiness {
    log: Arc<SqliteLog>,
    read_models: ReadModels,
    head_at_open: Position,
}

/// Ready while the log takes writes and every read model follows the log, and has caught up with what the log held when it was opened: a read model
/// that is new or was lost begins at the first event, and must not answer for all of them meanwhile.
async fn ready(State(Readiness { log, read_models, head_at_open }): State<Readiness>) -> Response {
    if log.metrics().has_failed {
        let answer =
            Json(json!({ "status": "not ready", "event_log": "it takes no writes until the server is restarted" }));
        return (StatusCode::SERVICE_UNAVAILABLE, answer).into_response();
    }
    let statuses = read_models.statuses();
    let is_ready = |status: &ProjectionStatus| status.state == ProjectionState::Live && status.position >= head_at_open;
    let names: Vec<_> = statuses.iter().filter(|status| !is_ready(status)).map(|status| status.name).collect();
    if names.is_empty() {
        Json(json!({ "status": "ready" })).into_response()
    } else {
        let answer = Json(json!({ "status": "not ready", "projections": names }));
        (StatusCode::SERVICE_UNAVAILABLE, answer).into_response()
    }
}

#[cfg(test)]
mod tests;
