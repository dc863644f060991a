//! Stock documents of imported history: write-offs and finds, as the source numbers them.

pub mod commands;
pub mod events;
