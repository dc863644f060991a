//! Everything the engine leans on: the event log and its stores, the command bus, the codec and the keys of personal data,
//! configuration, telemetry, and the only sources of time, ids and randomness.
//!
//! **Invariant:** nothing outside [`ambient`] reads the wall clock, makes a new id or draws a secret.
//! **Invariant:** no aggregate is named here; stores and bus know them through `tillroll_domain::aggregate` alone.

pub mod ambient;
pub mod bus;
pub mod codec;
pub mod config;
#[cfg(feature = "cqrs-es")]
pub mod cqrs_es;
pub mod erasures;
pub mod event;
pub mod log;
pub mod payments;
pub mod snapshots;
mod sqlite_file;
pub mod stream;
pub mod telemetry;
pub mod vault;
pub mod watch;
