//! The routes against a log in memory, without a socket.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as loudly as tests do")]

mod shop;

mod anonymous;
mod carts;
mod categories;
mod checkout;
mod customers;
mod openapi;
mod orders;
mod payments;
mod place_cart;
mod prices;
mod product_details;
mod products;
mod quotes;
mod returns;
mod shipments;
mod slugs;
mod stock;
mod webhooks;
mod writes;
