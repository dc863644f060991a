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
mod lane;
mod loaded;
mod runner;
mod window;

pub use context::{CommandContext, ExecuteError, Executed, Fingerprint, Outcome};
pub use loaded::{Loaded, PastAnswer};
pub use runner::Pending;
pub use window::COMMANDS_REMEMBERED;

use crate::{ambient::Ambient, log::EventLog, stream::StreamId};
use cache::StateCache;
use chrono_tz::Tz;
use runner::Runner;
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    fmt,
    sync::Arc,
};
use tillroll_domain::aggregate::Aggregate;
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
    pub(crate) zone: Tz,
    pub(crate) in_flight: Arc<Semaphore>,
    pub(crate) cache: StateCache,
}

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

    /// How many bytes the cached states of all aggregates may take together, by estimate. 64 MiB unless said otherwise.
    /// A state is estimated by the events that it was folded from and the commands that it remembers.
    #[must_use]
    pub fn cache_bytes(mut self, bytes: u64) -> Self {
        self.core.cache = StateCache::new(bytes);
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
        let core = Core {
            log,
            ambient,
            zone: Tz::UTC,
            in_flight: Arc::new(Semaphore::new(COMMANDS_IN_FLIGHT_MAX)),
            cache: StateCache::new(64 << 20),
        };
        BusBuilder { core, registrations: Vec::new() }
    }

    /// The log behind the bus.
    #[must_use]
    pub fn log(&self) -> &Arc<dyn EventLog> {
        &self.core.log
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
