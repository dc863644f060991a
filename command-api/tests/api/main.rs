//! The routes against a log in memory, without a socket.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as loudly as tests do")]

mod shop;

mod customers;
mod openapi;
mod orders;
mod products;
mod stock;
mod writes;
