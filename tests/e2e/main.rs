//! End-to-end tests of the real `tillroll` program: its command line, its files and its HTTP, and nothing of its insides.
//!
//! They share one binary, since linking a test costs more than running it.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

mod events;
mod import;
mod kills;
mod rebuild;
mod serve;
mod support;
mod survival;
