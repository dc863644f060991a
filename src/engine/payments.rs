//! Who takes payments: a simulated provider with a file in the data folder, behind the limits that any provider has.

use crate::simulator_api::EngineSink;
use anyhow::Context;
use std::sync::Arc;
use tillroll_command_api::CommandApi;
use tillroll_http::Keys;
use tillroll_infra::{
    ambient::Ambient,
    config::Settings,
    payments::{BoundedProvider, PaymentProvider, ProviderLimits, Providers, simulator::Simulator},
};
use tokio::task::JoinHandle;

/// Who takes payments. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct Payments {
    /// The providers as the engine calls them.
    pub providers: Providers,
    /// The simulated one as the outside world sees it.
    pub simulator: Arc<Simulator>,
}

impl Payments {
    /// Opens the simulated provider's books, and makes empty ones if there are none. Blocks for some file operations.
    ///
    /// # Errors
    /// Books that cannot be made, read or trusted.
    pub(super) fn open(settings: &Settings, ambient: &Ambient, keys: &Keys) -> anyhow::Result<Self> {
        let path = settings.data.join("payments.db");
        let simulator = Simulator::open(&path, ambient.clone(), *keys.simulator_secret());
        let simulator = Arc::new(simulator.context("the simulated payment provider cannot be opened")?);
        let bounded = BoundedProvider::new(simulator.clone(), ProviderLimits::default());
        Ok(Self { providers: Providers::of(Arc::new(bounded)), simulator })
    }
}

/// The task in which the simulated provider does what it does by itself. Dropping this ends it; nothing is lost by that.
#[derive(Debug)]
pub struct SimulatedProvider(JoinHandle<()>);

impl SimulatedProvider {
    pub(super) fn start(payments: &Payments, api: CommandApi) -> Self {
        let simulator = payments.simulator.clone();
        let sink = EngineSink::new(api, simulator.name().clone());
        Self(tokio::spawn(simulator.run(Arc::new(sink))))
    }
}

impl Drop for SimulatedProvider {
    fn drop(&mut self) {
        self.0.abort();
    }
}
