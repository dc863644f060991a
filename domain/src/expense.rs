//! Expenses that history books beside its sales: marketplace fees, bank charges, charity, bad debt.

pub mod commands;
pub mod events;
