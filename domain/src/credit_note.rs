//! Credit notes: what a customer is owed back, document by document.

pub mod commands;
pub mod events;
