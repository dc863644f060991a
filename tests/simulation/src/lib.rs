//! Deterministic simulation: the whole embedded engine in one process, under virtual time, with seeded faults.
//!
//! A seed decides everything: who buys what and when, what the provider does, where the engine crashes, what a crash leaves.
//! After every event the invariants are checked, and once the faults have stopped and all is quiet, that nothing is left
//! over. The same seed gives the same run, so that what was found once is found again.
//!
//! **Invariant:** nothing here reads the machine's clock, ids or randomness, or uses a second thread within one run.

pub mod buyers;
pub mod campaign;
pub mod check;
pub mod clients;
pub mod clock;
pub mod crash;
pub mod deeds;
pub mod disk;
pub mod faults;
pub mod http;
pub mod life;
pub mod log;
pub mod planted;
pub mod processes;
pub mod provider;
pub mod reached;
pub mod run;
pub mod shop;
pub mod surroundings;
pub mod trace;
pub mod world;
