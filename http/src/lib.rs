//! The HTTP edge both APIs share: accept loop, limits, keys and roles, problem details, money and time in JSON.
//!
//! **Invariant:** no answer carries a cause meant for operators: no SQL, no path of a file, no panic message, no key.
//! **Invariant:** nothing here knows an aggregate or a read model.

pub mod access;
mod cards;
mod cors;
pub mod edge;
pub mod extract;
pub mod headers;
pub mod metrics;
pub mod money;
pub mod page;
pub mod problem;
pub mod quote;
pub mod schema;
pub mod server;

pub use access::{Owner, Permission, Principal, Role, keys::Keys, secrets::CartSecret};
pub use cors::Cors;
pub use edge::{Edge, RequestId, protect};
pub use extract::{Body, Path, Query};
pub use headers::{After, IdempotencyKey, IfMatch, LastEventId, Prefer};
pub use metrics::HttpMetrics;
pub use money::MoneyJson;
pub use page::{Cursor, Limit, Page};
pub use problem::{Problem, ProblemDocument, registry::ProblemKind};
pub use server::{ServerLimits, serve};
