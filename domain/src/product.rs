//! Products with their variants: what is sold, under which SKUs, at which list prices, and how shoppers see and find it.
//!
//! **Invariant:** a discontinued product never changes again.

pub mod commands;
pub mod events;

mod create;
mod describe;
mod error;
mod place;
mod price;
mod publish;
mod slug;
mod state;
mod variant;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use error::ProductError;
pub use slug::{SlugClaim, SlugUse};
pub use state::{ExistingProduct, HeldSlug, ProductDetails, ProductStage, ProductState, Variant};

use crate::aggregate::{Aggregate, Moment};
use commands::ProductCommand as Command;
use events::ProductEvent;

/// A product with its variants; its stream's id is the UUID of a [`crate::ids::ProductId`].
#[derive(Debug, Clone, Copy)]
pub struct Product;

/// What a command makes happen, or why not.
type Decision = Result<Vec<ProductEvent>, ProductError>;

impl Aggregate for Product {
    const CATEGORY: &'static str = "product";
    const STATE_VERSION: u16 = 2;
    type State = ProductState;
    type Command = Command;
    type Event = ProductEvent;
    type Error = ProductError;

    fn initial() -> ProductState {
        ProductState::Absent
    }

    fn decide(state: &ProductState, command: &Command, _: &Moment) -> Decision {
        match command {
            Command::Create { name } => create::create(state, name),
            Command::Rename { name } => create::rename(state, name),
            Command::AddVariant { sku, attributes } => variant::add(state, sku, attributes),
            Command::WithdrawVariant { sku } => variant::withdraw(state, sku),
            Command::SetVariantPrice { sku, price } => price::set(state, sku, *price),
            Command::RemoveVariantPrice { sku, currency } => price::remove(state, sku, *currency),
            Command::Publish => publish::publish(state),
            Command::Unpublish => publish::unpublish(state),
            Command::Discontinue { reason } => publish::discontinue(state, reason),
            Command::SetSlug { slug, claim_round } => slug::set(state, slug, *claim_round),
            Command::EndSlugClaims { claim_round } => slug::end_claims(state, *claim_round),
            Command::Describe { details } => describe::describe(state, details),
            Command::SetMedia { media } => describe::set_media(state, media),
            Command::Categorize { category_ids } => place::categorize(state, category_ids),
            Command::Feature => place::feature(state),
            Command::Unfeature => place::unfeature(state),
            Command::RecordProduct { name, sku } => create::record(state, name, sku),
        }
    }

    fn evolve(state: ProductState, event: &ProductEvent) -> ProductState {
        state.apply(event)
    }
}
