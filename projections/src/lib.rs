//! The projection runtime, and one folder per read model: its tables, its fold, its queries.
//!
//! **Invariant:** no read model is consulted to decide a command; nothing here writes to the event log.
//! **Invariant:** a fold reads nothing but the events and its own tables.
//! **Invariant:** personal data stands in tables only as [`personal::PersonalCell`], sealed.

pub mod models;
pub mod personal;
pub mod projection;
pub mod read;
pub mod runtime;
pub mod store;
pub mod table;
