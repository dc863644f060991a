//! Payments: one intent to pay an order, with its attempts and operations at a provider.

pub mod commands;
pub mod events;
