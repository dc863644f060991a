//! Stock of one SKU at one location: what is there, what is promised, what is held.

pub mod commands;
pub mod events;
