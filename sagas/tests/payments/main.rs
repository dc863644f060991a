//! The processes around payments on the bus in memory, with the real aggregates and the simulator's books as provider: driven
//! by hand, without the runtime, so that each test chooses in which order things happen, and what fails.

#![expect(clippy::unwrap_used, reason = "a test may panic in its helpers too")]

mod actor;
mod buyers;
mod cancelling;
mod checkouts;
mod confluence;
mod fulfilling;
mod provider;
mod random;
mod returning;
mod shop;
mod stage;
mod troubles;
