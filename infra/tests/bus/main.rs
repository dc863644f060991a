//! The command bus: what it promises to whoever sends a command, over the memory log and the SQLite log.

#![expect(clippy::unwrap_used, reason = "a test may panic in its helpers too")]

mod answers;
mod counter;
mod crash;
mod failures;
mod hot_stream;
mod order;
mod snapshots;
mod snapshots_planted;
mod support;
mod timed;
