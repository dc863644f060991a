//! Who owns a SKU: facts from claims and products.

use crate::{
    CommandApi,
    problems::{SKU_TAKEN, SKU_UNKNOWN},
    refusal::problem_of,
    request::Write,
};
use tillroll_domain::{
    claim::{Claim, commands::ClaimCommand, stream_id},
    ids::ProductId,
    product::{ExistingProduct, Product, ProductState},
    text::{Reference, Sku},
};
use tillroll_http::Problem;
use tillroll_infra::bus::ExecuteError;

/// The kind of claim that makes SKUs unique.
const KIND: &str = "sku";

/// The product that owns a SKU; `None` if nobody does.
pub(crate) async fn owner(api: &CommandApi, sku: &Sku) -> Result<Option<ProductId>, Problem> {
    let claim = api.bus.load::<Claim>(&api.tenant, &stream_id(KIND, sku.as_str())).await.map_err(problem_of)?;
    let Some(owner) = claim.state.owner() else { return Ok(None) };
    owner.as_str().parse().map(Some).map_err(|_| {
        tracing::error!(sku = %sku, "the claim of a SKU names no product as its owner");
        Problem::internal()
    })
}

/// Refuses a SKU that belongs to no product.
pub(crate) async fn require_known(api: &CommandApi, sku: &Sku) -> Result<(), Problem> {
    match owner(api, sku).await? {
        Some(_) => Ok(()),
        None => Err(Problem::of(&SKU_UNKNOWN).detail("no product has this SKU").with("sku", sku)),
    }
}

/// The product that has a SKU as a variant; `None` if there is none.
pub(crate) async fn product_of(api: &CommandApi, sku: &Sku) -> Result<Option<ExistingProduct>, Problem> {
    let Some(owner) = owner(api, sku).await? else { return Ok(None) };
    let product = api.bus.load::<Product>(&api.tenant, &owner.uuid().to_string()).await.map_err(problem_of)?;
    Ok(match product.state {
        ProductState::Existing(product) if product.variants.contains_key(sku) => Some(product),
        // Claimed, and the variant was never added: its owner crashed in between and has yet to come back.
        ProductState::Existing(_) | ProductState::Absent => None,
    })
}

/// Claims a SKU for a product. Silent if the product owns it.
pub(crate) async fn claim(api: &CommandApi, write: &Write, sku: &Sku, product: ProductId) -> Result<(), Problem> {
    let owner: Reference = product.to_string().parse().map_err(|_| Problem::internal())?;
    let context = write.step(&format!("claim/{sku}"));
    let claimed =
        api.bus.execute::<Claim>(&stream_id(KIND, sku.as_str()), ClaimCommand::Claim { owner }, context).await;
    claimed.map(drop).map_err(|error| match error {
        ExecuteError::Refused(refusal) => {
            let tillroll_domain::claim::ClaimError::OwnedByAnother { owner } = refusal;
            taken(sku, owner.as_str())
        }
        other => problem_of(other),
    })
}

/// The refusal of a SKU that belongs to another product.
pub(crate) fn taken(sku: &Sku, owner: &str) -> Problem {
    Problem::of(&SKU_TAKEN).detail("the SKU belongs to another product").with("sku", sku).with("product_id", owner)
}
