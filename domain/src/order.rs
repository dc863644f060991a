//! Orders: an immutable snapshot of what was agreed, and what became of it along three axes.

pub mod commands;
pub mod events;
