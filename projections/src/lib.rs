//! The projection runtime, and one folder per read model: its tables, its fold, its queries.
//!
//! **Invariant:** no read model is consulted to decide a command; nothing here writes to the event log.
//! **Invariant:** a fold reads nothing but the events and its own tables.

pub mod models;
pub mod projection;
pub mod read;
pub mod runtime;
pub mod store;
pub mod table;
