//! The systems that are measured, each used as its documentation recommends.

use crate::{
    servers::Servers,
    system::{Kind, System},
    workload::Workload,
};
use std::{fs, path::Path};
use tillroll_benches::Failure;

mod cqrs_es;
mod disintegrate;
mod tillroll;
mod umadb;

/// Opens an empty system. What runs in process writes below `folder`; the servers write there already.
///
/// # Errors
/// The system's own.
pub async fn open(
    kind: Kind,
    folder: &Path,
    servers: &Servers,
    workload: &Workload,
    writers: usize,
) -> Result<Box<dyn System>, Failure> {
    let folder = folder.join(kind.name());
    Ok(match kind {
        Kind::Tillroll => {
            fs::create_dir(&folder)?;
            Box::new(tillroll::Tillroll::open(&folder)?)
        }
        Kind::TillrollCqrsEs => {
            fs::create_dir(&folder)?;
            Box::new(cqrs_es::on_tillroll(&folder)?)
        }
        Kind::PostgresEs => Box::new(cqrs_es::on_postgres(servers.postgres()?, writers).await?),
        Kind::UmaDb | Kind::UmaDbShared => Box::new(umadb::UmaDb::new(servers.umadb(kind)?, kind == Kind::UmaDbShared)),
        Kind::Disintegrate => Box::new(disintegrate::Disintegrate::open(servers.postgres()?, workload, writers).await?),
    })
}
