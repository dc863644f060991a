//! Mistakes that are built in on purpose, around the engine and never in it, to see that the simulation finds them.

use crate::{faults::Planted, provider::Line, world::World};
use futures::future::{BoxFuture, FutureExt};
use std::sync::Arc;
use tillroll_domain::{
    money::Money,
    payment::events::{OperationKind, PaymentEvent},
};
use tillroll_infra::{
    event::RecordedEvent,
    log::{Append, AppendError, AppendTicket, EventFilter, EventLog, LogPage, ReadError, ReadFrom},
    payments::{OperationRequest, PaymentProvider},
    stream::{Position, StreamId},
};
use tillroll_projections::{
    projection::{ApplyError, Incoming, Projection, Tables},
    table::TableSpec,
};
use tillroll_sagas::work::ProcessWork;
use tokio::sync::watch;

/// The log as it is, or one over which operations are carried out before they are recorded.
pub fn log(log: Arc<dyn EventLog>, planted: Option<Planted>, line: &Arc<Line>) -> Arc<dyn EventLog> {
    match planted {
        Some(Planted::EffectBeforeRecord) => Arc::new(HastyLog { log, line: line.clone() }),
        _ => log,
    }
}

/// Calls the provider as soon as an operation is requested, and only then records that.
#[derive(Debug)]
struct HastyLog {
    log: Arc<dyn EventLog>,
    line: Arc<Line>,
}

impl HastyLog {
    async fn act(&self, append: &Append) {
        if append.stream.category() != "payment" {
            return;
        }
        let Ok(payment_id) = append.stream.id().parse().map(tillroll_domain::ids::PaymentId::new) else { return };
        for event in &append.events {
            if &*event.event_type != "PaymentOperationRequested" {
                continue;
            }
            let decoded = serde_json::from_str(&event.data).map(PaymentEvent::PaymentOperationRequested);
            let Ok(PaymentEvent::PaymentOperationRequested(requested)) = decoded else { continue };
            let request = OperationRequest {
                payment_id,
                operation_id: requested.operation_id,
                order_id: tillroll_domain::ids::OrderId::new(payment_id.uuid()),
                amount: Money::new(requested.amount_minor, "EUR".parse().expect("a currency")),
                instrument: "tok_approve".parse().ok(),
                authorization: None,
                captured: None,
                quote_hash: None,
            };
            drop(match requested.kind {
                OperationKind::Authorize => self.line.authorize(&request).await,
                OperationKind::Capture => self.line.capture(&request).await,
                OperationKind::Void => self.line.void(&request).await,
                OperationKind::Refund => self.line.refund(&request).await,
            });
        }
    }
}

impl EventLog for HastyLog {
    fn submit(&self, append: Append) -> BoxFuture<'_, Result<AppendTicket, AppendError>> {
        async move {
            self.act(&append).await;
            self.log.submit(append).await
        }
        .boxed()
    }

    fn read_stream<'a>(
        &'a self,
        stream: &'a StreamId,
        from: ReadFrom,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<RecordedEvent>, ReadError>> {
        self.log.read_stream(stream, from, limit)
    }

    fn read_all<'a>(
        &'a self,
        after: Position,
        filter: &'a EventFilter,
        limit: usize,
    ) -> BoxFuture<'a, Result<LogPage, ReadError>> {
        self.log.read_all(after, filter, limit)
    }

    fn head(&self) -> BoxFuture<'_, Result<Position, ReadError>> {
        self.log.head()
    }

    fn watch(&self) -> watch::Receiver<Position> {
        self.log.watch()
    }
}

/// The index of open work as it is, or one that begins anew with each life.
pub fn work(work: Arc<ProcessWork>, world: &World) -> Arc<dyn Projection> {
    match world.faults.planted {
        Some(Planted::TimersInMemory) => Arc::new(ForgetfulWork { work, from: world.disk.lock().head() }),
        _ => work,
    }
}

/// Knows nothing of what was armed before this life.
#[derive(Debug)]
struct ForgetfulWork {
    work: Arc<ProcessWork>,
    from: Position,
}

impl Projection for ForgetfulWork {
    fn name(&self) -> &'static str {
        self.work.name()
    }

    fn version(&self) -> u32 {
        self.work.version()
    }

    fn tables(&self) -> Vec<TableSpec> {
        self.work.tables()
    }

    fn event_types(&self) -> &[&'static str] {
        self.work.event_types()
    }

    fn apply<'a>(&'a self, event: &'a Incoming, tables: &'a mut dyn Tables) -> BoxFuture<'a, Result<(), ApplyError>> {
        if event.recorded().position <= self.from {
            return std::future::ready(Ok(())).boxed();
        }
        self.work.apply(event, tables)
    }
}
