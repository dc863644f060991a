//! End-to-end tests of the real `tillroll` program: its command line, its files and its HTTP, and nothing of its insides.
//!
//! They share one binary, since linking a test costs more than running it.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

mod checkout;
mod document;
mod edge;
mod events;
mod import;
mod kills;
mod owners;
mod rebuild;
mod serve;
mod simulator;
mod storefront;
mod support;
mod survival;
