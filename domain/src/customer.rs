//! Customers: an id and a country. Personal data does not enter an event before events can be sealed.

pub mod commands;
pub mod events;
