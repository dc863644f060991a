//! One mapped command on its way: to the right aggregate, and back as an answer that no longer names it.

use crate::import::{
    ImportError,
    mapping::{HistoryCommand, MappedCommand},
};
use futures::{FutureExt, future::BoxFuture};
use tillroll_domain::{
    aggregate::Aggregate,
    claim::{Claim, ClaimError},
    credit_note::{CreditNote, CreditNoteError},
    customer::Customer,
    document::SourceConflict,
    expense::{Expense, ExpenseError},
    order::{Order, OrderError},
    payment::Payment,
    product::Product,
    stock_document::{StockDocument, StockDocumentError},
    stock_item::{StockItem, StockItemError},
};
use tillroll_infra::bus::{Bus, CommandContext, ExecuteError, Executed, Outcome};

/// A command that the bus has taken in.
pub(super) struct Sent(BoxFuture<'static, Result<Answer, ImportError>>);

/// What a command came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is durable, and appended this many events now.
    Durable { events: u64 },
    /// Somebody else owns the value.
    ClaimLost,
}

impl Answer {
    pub(super) fn events(self) -> u64 {
        match self {
            Self::Durable { events } => events,
            Self::ClaimLost => 0,
        }
    }
}

impl Sent {
    /// Waits until the command is durable.
    pub(super) async fn answer(self) -> Result<Answer, ImportError> {
        self.0.await
    }
}

/// How an aggregate's refusal is understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The document stands there with other content.
    ChangedDocument,
    /// Somebody else owns the value.
    ClaimLost,
    /// Fewer units are free than the document takes.
    InsufficientStock { requested: u64, available: i64 },
    /// Anything else.
    Other,
}

/// Hands a command to the bus, waiting for room in its queues.
pub(super) async fn send(bus: &Bus, document: &str, mapped: MappedCommand) -> Result<Sent, ImportError> {
    let MappedCommand { stream, command, context } = mapped;
    let to = To { bus, document, stream: &stream };
    match command {
        HistoryCommand::Customer(command) => {
            to.send::<Customer>("the customer", command, context, |_| Refusal::Other).await
        }
        HistoryCommand::Claim(command) => {
            let refusal = |error: &ClaimError| match error {
                ClaimError::OwnedByAnother { .. } => Refusal::ClaimLost,
            };
            to.send::<Claim>("the claim on a SKU", command, context, refusal).await
        }
        HistoryCommand::Product(command) => to.send::<Product>("a product", command, context, |_| Refusal::Other).await,
        HistoryCommand::Order(command) => {
            let refusal = |error: &OrderError| match error {
                OrderError::Source(SourceConflict::Changed { .. }) => Refusal::ChangedDocument,
                _ => Refusal::Other,
            };
            to.send::<Order>("the order", command, context, refusal).await
        }
        HistoryCommand::CreditNote(command) => {
            let refusal = |error: &CreditNoteError| match error {
                CreditNoteError::Source(SourceConflict::Changed { .. }) => Refusal::ChangedDocument,
                _ => Refusal::Other,
            };
            to.send::<CreditNote>("the credit note", command, context, refusal).await
        }
        HistoryCommand::Expense(command) => {
            let refusal = |error: &ExpenseError| match error {
                ExpenseError::Source(SourceConflict::Changed { .. }) => Refusal::ChangedDocument,
                _ => Refusal::Other,
            };
            to.send::<Expense>("the expense", command, context, refusal).await
        }
        HistoryCommand::StockDocument(command) => {
            let refusal = |error: &StockDocumentError| match error {
                StockDocumentError::ContentChanged { .. } => Refusal::ChangedDocument,
                _ => Refusal::Other,
            };
            to.send::<StockDocument>("the stock document", command, context, refusal).await
        }
        HistoryCommand::Payment(command) => {
            to.send::<Payment>("the payment", command, context, |_| Refusal::Other).await
        }
        HistoryCommand::StockItem(command) => {
            let refusal = |error: &StockItemError| match *error {
                StockItemError::InsufficientStock { requested, available } => {
                    Refusal::InsufficientStock { requested, available }
                }
                _ => Refusal::Other,
            };
            to.send::<StockItem>("a movement of stock", command, context, refusal).await
        }
    }
}

struct To<'a> {
    bus: &'a Bus,
    document: &'a str,
    stream: &'a str,
}

impl To<'_> {
    async fn send<A: Aggregate>(
        &self,
        what: &'static str,
        command: A::Command,
        context: CommandContext,
        refusal: fn(&A::Error) -> Refusal,
    ) -> Result<Sent, ImportError> {
        let (document, stream) = (self.document.to_owned(), self.stream.to_owned());
        let answer = move |executed: Result<Executed, ExecuteError<A::Error>>| {
            let error = match executed {
                Ok(executed) if executed.outcome == Outcome::Appended => {
                    return Ok(Answer::Durable { events: executed.events as u64 });
                }
                Ok(_) => return Ok(Answer::Durable { events: 0 }),
                Err(error) => error,
            };
            let refusal = match &error {
                ExecuteError::Refused(refused) => refusal(refused),
                // The fingerprint of a document's commands is its content.
                ExecuteError::CommandIdReused { .. } => Refusal::ChangedDocument,
                _ => Refusal::Other,
            };
            match refusal {
                Refusal::ClaimLost => Ok(Answer::ClaimLost),
                Refusal::ChangedDocument => Err(ImportError::ChangedDocuments { documents: vec![document], more: 0 }),
                Refusal::InsufficientStock { requested, available } => {
                    // The stream of a stock item is named `location.SKU`.
                    let (location, sku) = stream.split_once('.').unwrap_or(("its location", &stream));
                    let (location, sku) = (location.to_owned(), sku.to_owned());
                    let requested = i64::try_from(requested).unwrap_or(i64::MAX);
                    Err(ImportError::InsufficientStock { document, sku, location, requested, available })
                }
                Refusal::Other => Err(ImportError::Command { what, document, source: error.into() }),
            }
        };
        match self.bus.submit::<A>(self.stream, command, context).await {
            Ok(pending) => Ok(Sent(pending.map(answer).boxed())),
            Err(error) => answer(Err(error)).map(|answer| Sent(std::future::ready(Ok(answer)).boxed())),
        }
    }
}
