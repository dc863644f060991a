//! The projection runtime against its promises, on both stores.

#![expect(clippy::unwrap_used, reason = "this is test code throughout; clippy sees that only inside test functions")]

mod checkpoints;
mod equality;
mod personal;
mod poison;
mod rebuilding;
mod stores;
mod support;
mod waiting;
