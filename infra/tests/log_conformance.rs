//! The event log's conformance suite, run for the stores that need no server.

use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use tempfile::TempDir;
use tillroll_infra::{
    ambient::Clock,
    log::{EventLog, MemoryLog, SqliteLog, conformance::LogUnderTest, sqlite::SqliteLogOptions},
};

#[derive(Debug)]
struct Memory;

impl LogUnderTest for Memory {
    fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn EventLog>> {
        async { Arc::new(MemoryLog::new(clock)) as Arc<dyn EventLog> }.boxed()
    }

    fn is_durable(&self) -> bool {
        false
    }
}

#[derive(Debug)]
struct Sqlite(TempDir);

impl Sqlite {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }
}

impl LogUnderTest for Sqlite {
    fn open(&self, clock: Arc<dyn Clock>) -> BoxFuture<'_, Arc<dyn EventLog>> {
        async {
            let options = SqliteLogOptions::new(self.0.path().join("events.sqlite"));
            Arc::new(SqliteLog::open(&options, clock).expect("the log opens")) as Arc<dyn EventLog>
        }
        .boxed()
    }

    fn is_durable(&self) -> bool {
        true
    }
}

mod memory {
    tillroll_infra::log_conformance!(super::Memory);
}

mod sqlite {
    tillroll_infra::log_conformance!(super::Sqlite::new());
}
