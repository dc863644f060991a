//! Turns documents into commands.
//!
//! A document enters in two stages. The first holds what stands for itself: the customer and the SKUs it names for the
//! first time, and one head document per part. The second, sent once the first is durable, holds what follows from the
//! heads: products, the payment that is assumed, one shipment, return or correction per SKU, and the credits on orders.
//!
//! A document of several parts has a head per part. The first part is recorded under the document's number, each other one
//! under the number with its class behind a slash (`536365/expense`), all with the digest of the whole document.
//!
//! Every id is derived from the import's name and the document's number, so that a repeated import finds its own streams.
//!
//! **Memory:** a set of the customers and SKUs seen, and the sales that credits may be set against.

use super::{
    ImportError,
    document::{DocumentClass, DocumentPart, HistoryDocument, HistoryLineKind},
    matching::Matcher,
    source::SourceIdentity,
    survey::Survey,
    wall_clock,
};
use chrono::NaiveDateTime;
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};
use tillroll_domain::{
    claim::{self, commands::ClaimCommand},
    common::SourceDocument,
    credit_note::commands::CreditNoteCommand,
    customer::commands::CustomerCommand,
    expense::commands::ExpenseCommand,
    ids::{CommandId, CustomerId, ProductId},
    money::Rounding,
    order::{
        commands::OrderCommand,
        events::{RoundingPolicy, RoundingStage},
    },
    payment::commands::PaymentCommand,
    product::commands::ProductCommand,
    quantity::Quantity,
    stock_document::{commands::StockDocumentCommand, events::StockDocumentKind},
    stock_item::{
        commands::{StockItemCommand, stream_id},
        events::AdjustmentReason,
    },
    text::{LocationId, Reference, Sku},
};
use tillroll_infra::{
    bus::{CommandContext, Fingerprint, context::derived_uuid},
    stream::DEFAULT_TENANT,
};
use uuid::Uuid;

mod heads;
mod inferred;
#[cfg(test)]
mod tests;

pub use inferred::{Inferred, InferredOpening, InferredPayments, InferredReturns, InferredShipments, UnmatchedCredits};

/// The location of all imported stock.
pub const LOCATION: &str = "main";
/// Who sends the commands of an import.
pub const ACTOR: &str = "import";
/// The kind of the claims on SKUs.
const SKU_CLAIM: &str = "sku";

/// A command of any aggregate that an import writes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "few are held at a time, and a box would cost each of them an allocation"
)]
pub enum HistoryCommand {
    /// A customer becomes known.
    Customer(CustomerCommand),
    /// A SKU is claimed for its product.
    Claim(ClaimCommand),
    /// A product becomes known.
    Product(ProductCommand),
    /// A sales order, or a credit on it.
    Order(OrderCommand),
    /// A credit note.
    CreditNote(CreditNoteCommand),
    /// An expense document.
    Expense(ExpenseCommand),
    /// A stock document.
    StockDocument(StockDocumentCommand),
    /// A payment.
    Payment(PaymentCommand),
    /// A movement of stock.
    StockItem(StockItemCommand),
}

/// A command with the stream it is for and what accompanies it.
#[derive(Debug, Clone)]
pub struct MappedCommand {
    /// The id part of the stream.
    pub stream: String,
    /// The command.
    pub command: HistoryCommand,
    /// What accompanies it.
    pub context: CommandContext,
}

/// A product that is recorded only if its SKU could be claimed for it; somebody may have made one by hand.
#[derive(Debug, Clone)]
pub struct MappedProduct {
    /// Stage one.
    pub claim: MappedCommand,
    /// Stage two, if the claim was won.
    pub product: MappedCommand,
}

/// All commands of one document.
#[derive(Debug, Clone)]
pub struct MappedDocument {
    /// The document's number.
    pub number: Reference,
    /// Its lines.
    pub rows: u64,
    /// Products whose SKU the document names first.
    pub products: Vec<MappedProduct>,
    /// Stage one: what stands for itself.
    pub heads: Vec<MappedCommand>,
    /// Stage two: what follows, in an order that keeps the books of every SKU.
    pub followers: Vec<MappedCommand>,
}

/// Maps the documents of a source, from the first on and in order.
#[derive(Debug)]
pub struct Mapper {
    identity: SourceIdentity,
    survey: Arc<Survey>,
    names: Names,
    location: LocationId,
    customers: HashSet<Reference>,
    skus: HashSet<Sku>,
    matcher: Matcher,
    inferred: Inferred,
}

/// Derives the ids of an import.
#[derive(Debug, Clone)]
pub(super) struct Names {
    namespace: String,
}

/// The kinds of head documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadKind {
    Order,
    CreditNote,
    Expense,
    StockDocument,
}

impl HeadKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::CreditNote => "credit_note",
            Self::Expense => "expense",
            Self::StockDocument => "stock_document",
        }
    }
}

impl Names {
    /// Of an import.
    pub(super) fn of(identity: &SourceIdentity) -> Self {
        Self { namespace: format!("tillroll:import:{}", identity.name) }
    }

    /// The UUID of a thing that the source names.
    pub(super) fn uuid(&self, kind: &str, name: &str) -> Uuid {
        derived_uuid(&self.namespace, &format!("{kind}:{name}"))
    }

    /// The UUID of a head document, which is also the id of its stream.
    pub(super) fn head(&self, kind: HeadKind, number: &str) -> Uuid {
        self.uuid(kind.name(), number)
    }
}

/// What all commands of one document share.
#[derive(Debug, Clone)]
struct Shared {
    number: Reference,
    source: SourceDocument,
    context: CommandContext,
}

impl Mapper {
    /// A mapper before the first document.
    #[must_use]
    pub fn new(identity: SourceIdentity, survey: Arc<Survey>) -> Self {
        let names = Names::of(&identity);
        let inferred = Inferred::opening(survey.opening_stock().values().copied());
        Self {
            identity,
            survey,
            names,
            location: LOCATION.parse().expect("the name of the location is well-formed"),
            customers: HashSet::new(),
            skus: HashSet::new(),
            matcher: Matcher::default(),
            inferred,
        }
    }

    /// What was inferred for the documents mapped so far.
    #[must_use]
    pub fn inferred(&self) -> &Inferred {
        &self.inferred
    }

    /// The opening stock of every SKU that needed some, at the time of the first document of the source.
    ///
    /// # Errors
    /// A time that is no instant.
    pub fn opening_stock(&self) -> Result<Vec<MappedCommand>, ImportError> {
        let Some(first) = self.survey.documents().first() else {
            return Ok(Vec::new());
        };
        let mut commands = Vec::with_capacity(self.survey.opening_stock().len());
        for (sku, total) in self.survey.opening_stock() {
            let mut context = self.context(first.local_time, None)?;
            // A file that has grown may need more of a SKU; that is another command.
            context.command_id = self.command_id("opening_stock", &format!("{sku}:{total}"));
            let command = HistoryCommand::StockItem(StockItemCommand::RecordOpeningStock { total: *total });
            commands.push(MappedCommand { stream: stream_id(&self.location, sku), command, context });
        }
        Ok(commands)
    }

    /// The commands of the next document. Documents that had entered before are mapped too, so that later credits find
    /// the sales they are set against.
    ///
    /// # Errors
    /// A time that is no instant, and sums beyond what an event can hold.
    pub fn map(&mut self, document: &HistoryDocument) -> Result<MappedDocument, ImportError> {
        let shared = self.shared(document)?;
        let mut mapped = MappedDocument {
            number: document.number.clone(),
            rows: document.lines().count() as u64,
            products: self.new_products(document, &shared),
            heads: self.new_customer(document, &shared).into_iter().collect(),
            followers: Vec::new(),
        };
        for (index, part) in document.parts.iter().enumerate() {
            let shared = if index == 0 { shared.clone() } else { shared.of_part(part.class) };
            match part.class {
                DocumentClass::SalesOrder => self.order(document, part, &shared, &mut mapped)?,
                DocumentClass::CreditNote => self.credit_note(document, part, &shared, &mut mapped)?,
                DocumentClass::Expense => self.expense(document, part, &shared, &mut mapped),
                DocumentClass::StockWriteOff => {
                    let kind = (StockDocumentKind::WriteOff, AdjustmentReason::WriteOff);
                    self.stock_document(document, part, kind, &shared, &mut mapped)?;
                }
                DocumentClass::StockFound => {
                    let kind = (StockDocumentKind::Found, AdjustmentReason::Found);
                    self.stock_document(document, part, kind, &shared, &mut mapped)?;
                }
            }
        }
        Ok(mapped)
    }

    fn context(
        &self,
        local_time: NaiveDateTime,
        fingerprint: Option<Fingerprint>,
    ) -> Result<CommandContext, ImportError> {
        let effective_at = wall_clock::instant(local_time, self.identity.time_zone)
            .ok_or_else(|| ImportError::Time { local_time, time_zone: self.identity.time_zone })?;
        Ok(CommandContext {
            tenant: DEFAULT_TENANT.to_owned(),
            fingerprint,
            origin: self.identity.origin(),
            effective_at: Some(effective_at),
            business_date: Some(local_time.date()),
            // Every command gets an id of its own.
            ..CommandContext::live(CommandId::new(Uuid::nil()), ACTOR)
        })
    }

    fn shared(&self, document: &HistoryDocument) -> Result<Shared, ImportError> {
        // The document's content stands for every command that follows from it: a later version that infers more finely
        // must not look like another sender under the same id.
        let fingerprint = Fingerprint::of_bytes(document.digest.as_bytes());
        Ok(Shared {
            number: document.number.clone(),
            source: SourceDocument {
                system: self.identity.name.clone(),
                number: document.number.clone(),
                form: document.form,
                digest: document.digest.reference(),
                local_time: document.local_time,
                time_zone: self.identity.time_zone.name().parse().expect("the name of a zone is a reference"),
            },
            context: self.context(document.local_time, Some(fingerprint))?,
        })
    }

    fn command_id(&self, kind: &str, name: &str) -> CommandId {
        CommandId::new(self.names.uuid(&format!("command:{kind}"), name))
    }

    /// A command that happens once per document and name.
    fn command(
        &self,
        kind: &str,
        name: &str,
        stream: String,
        command: HistoryCommand,
        shared: &Shared,
    ) -> MappedCommand {
        let context = CommandContext { command_id: self.command_id(kind, name), ..shared.context.clone() };
        MappedCommand { stream, command, context }
    }

    fn customer_id(&self, customer: &Reference) -> CustomerId {
        CustomerId::new(self.names.uuid("customer", customer.as_str()))
    }

    fn new_customer(&mut self, document: &HistoryDocument, shared: &Shared) -> Option<MappedCommand> {
        let customer = document.customer.as_ref()?;
        if !self.customers.insert(customer.clone()) {
            return None;
        }
        let stream = self.customer_id(customer).uuid().to_string();
        let (country, external_reference) = (document.country.clone(), customer.clone());
        let command = HistoryCommand::Customer(CustomerCommand::RecordCustomer { country, external_reference });
        Some(self.command("customer", customer.as_str(), stream, command, shared))
    }

    fn new_products(&mut self, document: &HistoryDocument, shared: &Shared) -> Vec<MappedProduct> {
        let mut products = Vec::new();
        for sku in document.lines().filter_map(|line| line.kind.sku()) {
            if self.skus.contains(sku) {
                continue;
            }
            self.skus.insert(sku.clone());
            let id = ProductId::new(self.names.uuid("product", sku.as_str()));
            let owner = id.to_string().parse().expect("an id is a reference");
            let claim = HistoryCommand::Claim(ClaimCommand::Claim { owner });
            let name = self.survey.name(sku);
            let product = HistoryCommand::Product(ProductCommand::RecordProduct { name, sku: sku.clone() });
            let claim_stream = claim::stream_id(SKU_CLAIM, sku.as_str());
            products.push(MappedProduct {
                claim: self.command("claim", sku.as_str(), claim_stream, claim, shared),
                product: self.command("product", sku.as_str(), id.uuid().to_string(), product, shared),
            });
        }
        products
    }

    /// A movement of one SKU that follows from a document.
    fn stock(&self, kind: &str, sku: &Sku, command: StockItemCommand, shared: &Shared) -> MappedCommand {
        let name = format!("{}:{sku}", shared.number);
        let stream = stream_id(&self.location, sku);
        self.command(kind, &name, stream, HistoryCommand::StockItem(command), shared)
    }
}

impl Shared {
    /// For the second and later parts of a document.
    fn of_part(&self, class: DocumentClass) -> Self {
        let class = match class {
            DocumentClass::SalesOrder => "order",
            DocumentClass::CreditNote => "credit",
            DocumentClass::Expense => "expense",
            DocumentClass::StockWriteOff => "write-off",
            DocumentClass::StockFound => "found",
        };
        let number: Reference =
            format!("{}/{class}", self.number).parse().expect("a document's number is far shorter than a reference");
        let source = SourceDocument { number: number.clone(), ..self.source.clone() };
        Self { number, source, context: self.context.clone() }
    }
}

/// True for the number under which a second or later part of a document is recorded.
#[must_use]
pub fn is_part_number(number: &str) -> bool {
    number.contains('/')
}

/// The number of the whole document, by the number under which one of its parts is recorded.
#[must_use]
pub fn document_number(recorded: &str) -> &str {
    recorded.split_once('/').map_or(recorded, |(number, _)| number)
}

/// How the sources' amounts were rounded: each line once, half away from zero.
const ROUNDING: RoundingPolicy = RoundingPolicy { mode: Rounding::HalfUp, stage: RoundingStage::Line };

/// Units per SKU of a part's goods lines.
fn units_per_sku(part: &DocumentPart) -> BTreeMap<&Sku, i64> {
    let mut units = BTreeMap::new();
    for line in &part.lines {
        if let HistoryLineKind::Goods(sku) = &line.kind {
            *units.entry(sku).or_insert(0_i64) += line.quantity;
        }
    }
    units
}

/// A count that is more than zero and not beyond what an event can hold.
fn quantity(units: i64, number: &Reference) -> Result<Quantity, ImportError> {
    Quantity::new(units).map_err(|source| ImportError::Quantity { document: number.to_string(), source })
}
