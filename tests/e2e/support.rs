//! What the end-to-end tests share: a data folder with the program over it, files to import, and a running server.

pub(crate) mod buyers;
pub(crate) mod files;
pub(crate) mod http;
pub(crate) mod server;
pub(crate) mod shop;
pub(crate) mod totals;

pub(crate) use files::{CsvFile, HISTORY, HISTORY_EVENT_TYPES, retail};
pub(crate) use http::{Answer, Api};
pub(crate) use server::Server;
pub(crate) use shop::{Event, Ran, Shop};
pub(crate) use totals::Recomputed;
