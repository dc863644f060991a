//! A payment provider that holds the truth of what was charged, and can be told how to behave.
//!
//! The truth survives whatever happens to the engine: kept in a file of its own, or in memory beside an engine that is
//! stopped and started in a test. [`truth`] is what happened, [`script`] what it was told, and [`Simulator`] puts them
//! together with time, storage and the delivery of messages. No money moves anywhere.

mod calls;
mod control;
mod delivery;
mod message;
mod outbox;
pub mod script;
mod signature;
mod storage;
pub mod truth;

pub use delivery::WebhookSink;
pub use signature::{SIGNATURE_HEADER, SIGNATURE_TOLERANCE};
pub use storage::OpenSimulatorError;

use crate::ambient::Ambient;
use outbox::Outbox;
use parking_lot::{Mutex, MutexGuard};
use script::{Script, ScriptError};
use signature::SECRET_BYTES;
use std::{collections::BTreeSet, fmt, path::Path, sync::Arc};
use storage::{Change, Storage, row};
use thiserror::Error;
use tillroll_domain::{
    ids::{OperationId, PaymentId},
    text::Reference,
};
use tokio::sync::{Notify, oneshot};
use truth::{ControlError, Truth};
use zeroize::Zeroizing;

/// Its name in payments and in the address of its messages.
pub const SIMULATED: &str = "simulated";
/// The customer's page is at this path, then the payment's id, then a token that cannot be guessed.
pub const PAY_PATH: &str = "/simulator/pay";

/// The most operations of which is remembered that their first request was lost on its way.
const LOST_MAX: usize = 10_000;

/// Why the simulator did not do what it was told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SimulatorError {
    /// Its books do not allow it.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// The script says something impossible.
    #[error(transparent)]
    Script(#[from] ScriptError),
    /// It could not be written down.
    #[error("the simulated payment provider cannot keep its books: {reason}")]
    NotKept {
        /// For operators.
        reason: String,
    },
}

/// A simulated payment provider.
pub struct Simulator {
    name: Reference,
    ambient: Ambient,
    /// With it messages are signed and the customer's pages are named.
    secret: Zeroizing<[u8; SECRET_BYTES]>,
    state: Mutex<State>,
    storage: Option<Storage>,
    /// Something may be due earlier than it was.
    wake: Notify,
}

#[derive(Debug)]
struct State {
    truth: Truth,
    script: Script,
    script_changed: bool,
    outbox: Outbox,
    /// Operations whose first request was lost on its way.
    lost: BTreeSet<OperationId>,
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulator").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Bytes in letters only, two for each.
fn letters(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|nibble| char::from(b'a' + nibble)).collect()
}

impl Simulator {
    /// One whose truth lasts as long as it does. The secret signs its messages.
    #[must_use]
    pub fn in_memory(ambient: Ambient, secret: [u8; SECRET_BYTES]) -> Self {
        let state = State {
            truth: Truth::new(salt(&ambient)),
            script: Script::default(),
            script_changed: false,
            outbox: Outbox::default(),
            lost: BTreeSet::new(),
        };
        Self::of(ambient, secret, state, None)
    }

    /// One whose truth is kept in a file, which it alone uses; what it answers and what it tells is durable before. Blocks
    /// for some file operations.
    ///
    /// # Errors
    /// See [`OpenSimulatorError`].
    pub fn open(path: &Path, ambient: Ambient, secret: [u8; SECRET_BYTES]) -> Result<Self, OpenSimulatorError> {
        let (storage, kept) = Storage::open(path, salt(&ambient))?;
        let state = State {
            truth: Truth::restored(kept.salt, kept.named, kept.charges),
            script: kept.script,
            script_changed: false,
            outbox: Outbox::restored(kept.messages),
            lost: BTreeSet::new(),
        };
        Ok(Self::of(ambient, secret, state, Some(storage)))
    }

    fn of(ambient: Ambient, secret: [u8; SECRET_BYTES], state: State, storage: Option<Storage>) -> Self {
        let name = truth::code(SIMULATED);
        let (secret, state) = (Zeroizing::new(secret), Mutex::new(state));
        Self { name, ambient, secret, state, storage, wake: Notify::new() }
    }

    /// Writes what was not written yet, and closes the file. Blocks; closing again does nothing. What is asked afterwards
    /// has no answer.
    pub fn close(&self) {
        if let Some(storage) = &self.storage {
            storage.close();
        }
    }

    /// The state in which all that is due has happened.
    fn settled(&self) -> MutexGuard<'_, State> {
        let now = self.ambient.clock.now();
        let mut state = self.state.lock();
        if state.truth.next_due().is_some_and(|at| at <= now) {
            let said = state.truth.settle(now);
            self.tell(&mut state, said, now);
            // Whoever answers or delivers because of it waits until it is durable.
            drop(self.keep(&mut state));
        }
        state
    }

    /// Queues what changed for the file; the answer tells when it is durable.
    fn keep(&self, state: &mut State) -> Option<oneshot::Receiver<Result<(), Arc<str>>>> {
        let charges = state.truth.take_changed();
        let messages = state.outbox.take_changed();
        let script_changed = std::mem::take(&mut state.script_changed);
        self.wake.notify_one();
        let storage = self.storage.as_ref()?;
        let body = |id: PaymentId| state.truth.charge(id).map(|charge| (id, row(charge)));
        Some(storage.write(Change {
            named: (!charges.is_empty() || !messages.is_empty()).then(|| state.truth.named()),
            charges: charges.into_iter().filter_map(body).collect(),
            messages: messages.into_iter().map(|(no, left)| (no, left.as_ref().map(row))).collect(),
            script: script_changed.then(|| row(&state.script)),
        }))
    }

    /// Waits until all that happened so far is durable.
    async fn durable(&self) -> Result<(), String> {
        is_kept(self.storage.as_ref().map(|storage| storage.write(Change::default()))).await
    }
}

async fn is_kept(kept: Option<oneshot::Receiver<Result<(), Arc<str>>>>) -> Result<(), String> {
    let Some(kept) = kept else { return Ok(()) };
    match kept.await {
        Ok(answer) => answer.map_err(|reason| reason.to_string()),
        Err(_) => Err("it is closed".to_owned()),
    }
}

fn salt(ambient: &Ambient) -> [u8; 16] {
    let mut salt = [0; 16];
    ambient.randomness.fill(&mut salt);
    salt
}

#[cfg(test)]
mod tests;
