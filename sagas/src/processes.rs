//! The processes of an engine by type: what the bus and the index of open work must know before anything runs.

use crate::{managed::Managed, process::Process, registration::ProcessRegistration, work::ProcessWork};
use std::{fmt, sync::Arc};
use tillroll_domain::{aggregate::DomainEvent, cart::commands::IdleLimits};
use tillroll_infra::bus::BusBuilder;

/// Processes by type.
#[derive(Clone, Default)]
pub struct Processes {
    registrations: Vec<fn(BusBuilder) -> BusBuilder>,
    names: Vec<&'static str>,
    event_types: Vec<&'static str>,
}

impl Processes {
    /// None.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// One more.
    #[must_use]
    pub fn with<P: Process>(mut self) -> Self {
        self.registrations.push(BusBuilder::register::<Managed<P>>);
        self.names.push(P::CATEGORY);
        self.event_types.extend(P::Event::TYPES.iter().map(|event_type| event_type.name));
        self
    }

    /// Their names, which are the categories of their streams.
    #[must_use]
    pub fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Lets a bus take their commands.
    #[must_use]
    pub fn register(&self, bus: BusBuilder) -> BusBuilder {
        self.registrations.iter().fold(bus.register::<ProcessRegistration>(), |bus, register| register(bus))
    }

    /// The index of their open work, to be given to the projections, and to the runtime. `idle_limits` says how long carts
    /// are kept.
    #[must_use]
    pub fn work(&self, idle_limits: IdleLimits) -> Arc<ProcessWork> {
        Arc::new(ProcessWork::new(self.event_types.iter().copied(), idle_limits))
    }
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processes").field("names", &self.names).finish_non_exhaustive()
    }
}
