//! The engine put together: what the `tillroll` binary does, as a library that tests can call.

pub mod cli;
pub mod engine;
pub mod import;
pub mod simulator_api;
