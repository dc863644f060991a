//! Claims: one stream per unique value, so that a value has one owner without any lookup table.

pub mod commands;
pub mod events;
