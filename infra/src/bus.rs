//! The command bus: load, decide, append with the exact revision; one bounded queue per stream.
//!
//! Commands on one stream are decided one after the other, each on the state its predecessor left, and their appends are
//! pipelined into the log, where they may share a group. If a predecessor's append fails, its followers are decided
//! again. The exact revision alone guards the stream, so several nodes may run a bus on one log.
//!
//! **Invariant:** a caller is answered only when what its answer rests on is durable.
//! **Invariant:** a refusal is answered only after everything was read that was in the stream when the command came.
//! **Invariant:** the cache decides nothing; a stale entry costs a conflict and a fresh read.

mod cache;
pub mod context;
mod judgment;
mod lane;
mod loaded;
mod runner;
mod snapshots;
#[cfg(feature = "testing")]
pub mod testing;
mod window;

pub use context::{CommandContext, ExecuteError, Executed, Fingerprint, Outcome};
pub use loaded::{Loaded, PastAnswer};
pub use runner::Pending;
pub use window::{COMMANDS_REMEMBERED, NOT_AFTER_AHEAD_MAX, NOT_AFTER_GRACE, TIMED_COMMANDS_MAX};

use crate::{
    ambient::Ambient,
    codec::Codec,
    log::EventLog,
    snapshots::SnapshotStore,
    stream::StreamId,
    vault::{KeyState, KeyVault, MemoryVault, VaultError},
};
use cache::StateCache;
use chrono_tz::Tz;
use runner::Runner;
use snapshots::Snapshots;
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::Arc,
};
use tillroll_domain::{aggregate::Aggregate, ids::SubjectId};
use tokio::sync::Semaphore;

/// Executes commands on aggregates. Cloning is cheap; all clones share queues and cache.
#[derive(Clone)]
pub struct Bus {
    core: Arc<Core>,
    runners: Arc<HashMap<TypeId, Box<dyn Any + Send + Sync>>>,
}

/// What the runners of all aggregates share.
#[derive(Debug)]
pub(crate) struct Core {
    pub(crate) log: Arc<dyn EventLog>,
    pub(crate) ambient: Ambient,
    pub(crate) codec: Codec,
    pub(crate) zone: Tz,
    pub(crate) in_flight: Arc<Semaphore>,
    pub(crate) cache: StateCache,
    pub(crate) snapshots: Option<Snapshots>,
}

/// How many events a stream goes on by between two snapshots, unless said otherwise.
pub const SNAPSHOT_EVERY: usize = 256;
/// The most commands that wait or run in one bus; further ones wait for room.
pub const COMMANDS_IN_FLIGHT_MAX: usize = 16_384;
/// The most commands that wait on one stream; further ones are refused as [`ExecuteError::Busy`].
pub const QUEUE_MAX: usize = 4_096;

/// Puts a bus together.
pub struct BusBuilder {
    core: Core,
    registrations: Vec<Registration>,
}

type Registration = Box<dyn FnOnce(Arc<Core>) -> (TypeId, Box<dyn Any + Send + Sync>)>;

impl BusBuilder {
    /// The store's time zone, in which commands without a date of their own are booked. UTC unless said otherwise.
    #[must_use]
    pub fn time_zone(mut self, zone: Tz) -> Self {
        self.core.zone = zone;
        self
    }

    /// How many bytes the cached states of all aggregates may take together, by estimate. 256 MiB unless said otherwise.
    /// A state is estimated by the events that it was folded from and the commands that it remembers.
    /// One that takes more than a thirty-second of the bound is not kept.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.core.cache = StateCache::new(bytes);
        self
    }

    /// Where to keep snapshots of long streams, and how many events a stream goes on by between two of them at least (see
    /// [`SNAPSHOT_EVERY`]; 0 counts as 1); streams with large states wait longer. None are kept unless this says so.
    #[must_use]
    pub fn snapshots(mut self, store: Arc<dyn SnapshotStore>, every: usize) -> Self {
        self.core.snapshots = Some(Snapshots::new(store, every));
        self
    }

    /// Where the keys of personal data are kept. In memory unless this says otherwise, so that without it personal data on
    /// a durable log cannot be read after a restart.
    #[must_use]
    pub fn vault(mut self, vault: Arc<dyn KeyVault>) -> Self {
        self.core.codec = Codec::new(vault, self.core.ambient.randomness.clone());
        self
    }

    /// Lets the bus take commands of an aggregate.
    #[must_use]
    pub fn register<A: Aggregate>(mut self) -> Self {
        self.registrations
            .push(Box::new(|core| (TypeId::of::<A>(), Box::new(Runner::<A>::new(core)) as Box<dyn Any + Send + Sync>)));
        self
    }

    /// The bus.
    #[must_use]
    pub fn build(self) -> Bus {
        let core = Arc::new(self.core);
        let runners = self.registrations.into_iter().map(|register| register(core.clone())).collect();
        Bus { core, runners: Arc::new(runners) }
    }
}

impl Bus {
    /// A bus over a log.
    #[must_use]
    pub fn builder(log: Arc<dyn EventLog>, ambient: Ambient) -> BusBuilder {
        let randomness = ambient.randomness.clone();
        let core = Core {
            log,
            codec: Codec::new(Arc::new(MemoryVault::new(randomness.clone())), randomness),
            ambient,
            zone: Tz::UTC,
            in_flight: Arc::new(Semaphore::new(COMMANDS_IN_FLIGHT_MAX)),
            cache: StateCache::new(256 << 20),
            snapshots: None,
        };
        BusBuilder { core, registrations: Vec::new() }
    }

    /// The log behind the bus.
    #[must_use]
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.core.log
    }

    /// Seals and opens the personal data of the log.
    #[must_use]
    pub fn codec(&self) -> &Codec {
        &self.core.codec
    }

    /// The bus's sources of time, ids and randomness.
    #[must_use]
    pub fn ambient(&self) -> &Ambient {
        &self.core.ambient
    }

    /// Queues a command on the stream of the aggregate with this id. Commands on one stream are decided in the order in
    /// which their `submit` calls returned. Dropping the answer does not withdraw the command.
    ///
    /// # Errors
    /// [`ExecuteError::StreamName`] and [`ExecuteError::Busy`]; everything else comes through the answer.
    ///
    /// # Panics
    /// If the aggregate was not registered, which is a mistake in the wiring.
    pub async fn submit<A: Aggregate>(
        &self,
        id: &str,
        command: A::Command,
        context: CommandContext,
    ) -> Result<Pending<A>, ExecuteError<A::Error>> {
        let stream = stream_name::<A>(&context.tenant, id)?;
        self.runner::<A>().submit(stream, command, context).await
    }

    /// Queues a command and waits for its answer.
    ///
    /// # Errors
    /// See [`ExecuteError`].
    pub async fn execute<A: Aggregate>(
        &self,
        id: &str,
        command: A::Command,
        context: CommandContext,
    ) -> Result<Executed, ExecuteError<A::Error>> {
        self.submit::<A>(id, command, context).await?.await
    }

    /// The newest state of an aggregate, for handlers that gather facts from it.
    ///
    /// # Errors
    /// [`ExecuteError::StreamName`], [`ExecuteError::Read`] and [`ExecuteError::Undecodable`].
    pub async fn load<A: Aggregate>(&self, tenant: &str, id: &str) -> Result<Loaded<A>, ExecuteError<A::Error>> {
        let stream = stream_name::<A>(tenant, id)?;
        self.runner::<A>().load(&stream).await
    }

    /// Erases a person: destroys the key under which the person's data is sealed, durably and for ever, and forgets every
    /// state with personal data that was loaded before. From then on, events show [`Personal::Erased`] where the data was,
    /// and commands that bring data of the person are refused. Commands that were decided already keep their answers.
    ///
    /// Erasing again does no harm, finishes what an earlier call left undone, and forgets no states if there was nothing.
    /// Dropping the future does not stop it.
    ///
    /// # Errors
    /// A vault that does not work. After [`VaultError::Lingering`] the key is not used any more, but not gone from the disk.
    ///
    /// [`Personal::Erased`]: tillroll_domain::personal::Personal::Erased
    pub async fn erase(&self, tenant: &str, subject: SubjectId) -> Result<(), VaultError> {
        let (core, tenant) = (self.core.clone(), tenant.to_owned());
        let erasing = tokio::spawn(async move {
            let vault = core.codec.vault();
            // Until it is settled, the states are forgotten when this is dropped: also after an error or a panic, which may
            // have come after the key was destroyed.
            let forgetting = core.cache.erasing();
            let was_erased = matches!(vault.key(&tenant, subject).await, Ok(KeyState::Erased));
            // Also then: the vault may be left to finish what an earlier call could not.
            let erased = vault.erase(&tenant, subject).await;
            if was_erased {
                forgetting.not_needed();
            }
            erased
        });
        erasing.await.unwrap_or_else(|_| Err(VaultError::Unavailable("erasing ended early".into())))
    }

    fn runner<A: Aggregate>(&self) -> &Runner<A> {
        self.runners
            .get(&TypeId::of::<A>())
            .and_then(|runner| runner.downcast_ref())
            .expect("every aggregate that is sent commands is registered with the bus")
    }
}

impl fmt::Debug for Bus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bus").field("aggregates", &self.runners.len()).finish_non_exhaustive()
    }
}

fn stream_name<A: Aggregate>(tenant: &str, id: &str) -> Result<StreamId, ExecuteError<A::Error>> {
    StreamId::for_tenant(tenant, A::CATEGORY, id)
        .map_err(|source| ExecuteError::StreamName { id: id.to_owned(), source })
}
