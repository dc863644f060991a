//! Repeatable measurements with a stated question: how much of what the machine could do bare does the engine leave?
//!
//! Every row compares the engine with a named baseline in the same run, in interleaved slices, and answers a ratio with a
//! confidence interval. BENCHMARKS.md says what the rows mean; `cargo bench -p tillroll-benches` measures them.
//!
//! **Invariant:** a correctness test never asserts a time, and nothing here asserts one.

pub mod allocations;
pub mod cost;
pub mod harness;
pub mod machine;
pub mod options;
pub mod report;
pub mod stats;

pub mod shop;

mod bare_loop;
mod durable;
mod stock;

pub mod append;
pub mod commands;
pub mod hot;
pub mod load;
pub mod reads;
pub mod replay;
pub mod warm;

/// Why a measurement could not be made. Nobody handles its kinds apart, so it has none.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
