//! The runtime with a small process on a log in memory, under virtual time.

mod acting;
mod crashes;
mod reading;
mod sweeping;
mod timing;
mod world;
