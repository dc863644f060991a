//! Products with their variants: what is sold, under which SKUs, at which list prices.

pub mod commands;
pub mod events;
