//! Commands, events, states, `decide` and `evolve` of Tillroll's aggregates.
//!
//! Everything here is pure and synchronous: no IO, no clock, no randomness, no async. Facts that a decision needs
//! (the time, prices, new ids) are gathered by the caller and passed in the command or the [`aggregate::Moment`].
//!
//! **Invariant:** personal data appears in commands, events and states only as [`personal::Personal`].
//! **Invariant:** no amount is a floating-point number.

#![deny(clippy::wildcard_enum_match_arm)]
#![deny(clippy::float_arithmetic)]
#![deny(clippy::disallowed_types)]

pub mod aggregate;
pub mod ids;
pub mod money;
pub mod personal;
pub mod price;
pub mod quantity;
pub mod text;

pub mod common;
pub mod contact;
pub mod document;

pub mod cart;
pub mod category_tree;
pub mod checkout;
pub mod claim;
pub mod credit_note;
pub mod customer;
pub mod expense;
pub mod fulfillment;
pub mod import;
pub mod order;
pub mod payment;
pub mod price_schedule;
pub mod pricing;
pub mod product;
pub mod provider_message;
pub mod returns;
pub mod stock_document;
pub mod stock_item;

#[cfg(test)]
pub(crate) mod testing;
