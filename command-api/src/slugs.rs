//! Whose a product's slug is: claims that change hands only after their owner's own stream says that it gave them up.
//!
//! See [`tillroll_domain::product::SlugClaim`] for why a claim names a round. Everything here may be repeated, and may stop
//! anywhere: a claim that led to nothing is taken over by the next one who wants the slug.

use crate::{
    CommandApi,
    problems::{BUSY, SLUG_TAKEN},
    refusal::problem_of,
    request::Write,
    steps::past_answer,
};
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    claim::{Claim, commands::ClaimCommand, stream_id},
    ids::ProductId,
    product::{Product, ProductError, ProductState, SlugClaim, SlugUse, commands::ProductCommand},
    text::{Reference, Slug},
};
use tillroll_http::Problem;
use tillroll_infra::bus::{CommandContext, ExecuteError, Executed};

/// The kind of claim that makes the slugs of products unique. (Those of categories are unique within their one tree.)
const KIND: &str = "product_slug";

/// How often a race with other requests is run again before the client is asked to come back.
const TRIES: usize = 4;

/// Gives a product a slug: claims it, unless the product uses it or has answered the command, and sets it.
pub(crate) async fn set(
    api: &CommandApi,
    write: &Write,
    id: ProductId,
    slug: &Slug,
    context: CommandContext,
) -> Result<Executed, Problem> {
    let stream = id.uuid().to_string();
    for _ in 0..TRIES {
        let product = api.bus.load::<Product>(&write.tenant, &stream).await.map_err(problem_of)?;
        let claim_round = match &product.state {
            ProductState::Existing(existing) => existing.claim_round,
            ProductState::Absent => 0,
        };
        let command = ProductCommand::SetSlug { slug: slug.clone(), claim_round };
        let is_repeated = past_answer(&product, context.command_id, write)?.is_some();
        if !is_repeated && context.if_revision.is_none_or(|required| product.revision == Some(required)) {
            // What the product would refuse or need not do is not claimed; it then says so itself.
            let now = api.bus.ambient().clock.now();
            let moment = Moment { now, business_date: now.date_naive() };
            let wanted = Product::decide(&product.state, &command, &moment).is_ok_and(|events| !events.is_empty());
            let mine = SlugClaim { product_id: id, claim_round };
            if wanted && !claim(api, write, slug, mine).await? {
                continue;
            }
        }
        match api.bus.execute::<Product>(&stream, command, context.clone()).await {
            Err(ExecuteError::Refused(ProductError::SlugClaimEnded { .. })) => {}
            answer => return answer.map_err(problem_of),
        }
    }
    Err(Problem::of(&BUSY)
        .detail("several requests want this slug or change that of this product; try again in a moment"))
}

/// Refuses a slug that a product other than this one uses, before anything is written.
pub(crate) async fn require_free(api: &CommandApi, slug: &Slug, id: ProductId) -> Result<(), Problem> {
    match owner(api, slug).await? {
        Some(owner) if owner.product_id != id && use_of(api, slug, owner).await? == SlugUse::InUse => {
            Err(taken(slug, owner.product_id))
        }
        Some(_) | None => Ok(()),
    }
}

/// Claims a slug. False if the product's round is over, so that it has to be asked again.
async fn claim(api: &CommandApi, write: &Write, slug: &Slug, mine: SlugClaim) -> Result<bool, Problem> {
    let stream = stream_id(KIND, slug.as_str());
    for _ in 0..TRIES {
        match owner(api, slug).await? {
            Some(owner) if owner == mine => return Ok(true),
            Some(owner) if owner.product_id == mine.product_id && owner.claim_round > mine.claim_round => {
                return Ok(false);
            }
            Some(owner) => take_from(api, write, slug, owner).await?,
            None => {}
        }
        // A round is never used again once it is over, so that each of these commands is sent under an id of its own.
        let context = write.step(&format!("slug/claim/{slug}/{mine}"));
        let command = ClaimCommand::Claim { owner: reference(mine)? };
        match api.bus.execute::<Claim>(&stream, command, context).await {
            Ok(_) => return Ok(true),
            Err(ExecuteError::Refused(_)) => {}
            Err(other) => return Err(problem_of(other)),
        }
    }
    Err(Problem::of(&BUSY).detail("several requests want this slug; try again in a moment"))
}

/// Frees a slug whose owner does not use it; the owner's stream says first that it will not.
async fn take_from(api: &CommandApi, write: &Write, slug: &Slug, owner: SlugClaim) -> Result<(), Problem> {
    match use_of(api, slug, owner).await? {
        SlugUse::InUse => return Err(taken(slug, owner.product_id)),
        SlugUse::GivenUp => {}
        SlugUse::Pending => {
            let context = write.step(&format!("slug/end/{owner}"));
            let command = ProductCommand::EndSlugClaims { claim_round: owner.claim_round };
            let stream = owner.product_id.uuid().to_string();
            api.bus.execute::<Product>(&stream, command, context).await.map_err(problem_of)?;
            // It may have begun to use it just before.
            if use_of(api, slug, owner).await? != SlugUse::GivenUp {
                return Err(taken(slug, owner.product_id));
            }
        }
    }
    let context = write.step(&format!("slug/release/{slug}/{owner}"));
    let command = ClaimCommand::Release { owner: reference(owner)? };
    match api.bus.execute::<Claim>(&stream_id(KIND, slug.as_str()), command, context).await {
        // Refused: somebody else was faster, and owns it now.
        Ok(_) | Err(ExecuteError::Refused(_)) => Ok(()),
        Err(other) => Err(problem_of(other)),
    }
}

async fn owner(api: &CommandApi, slug: &Slug) -> Result<Option<SlugClaim>, Problem> {
    let claim = api.bus.load::<Claim>(&api.tenant, &stream_id(KIND, slug.as_str())).await.map_err(problem_of)?;
    let Some(owner) = claim.state.owner() else { return Ok(None) };
    owner.as_str().parse().map(Some).map_err(|_| {
        tracing::error!(slug = %slug, "the claim of a slug names no product as its owner");
        Problem::internal()
    })
}

async fn use_of(api: &CommandApi, slug: &Slug, owner: SlugClaim) -> Result<SlugUse, Problem> {
    let stream = owner.product_id.uuid().to_string();
    let product = api.bus.load::<Product>(&api.tenant, &stream).await.map_err(problem_of)?;
    Ok(product.state.slug_use(slug, owner.claim_round))
}

fn reference(owner: SlugClaim) -> Result<Reference, Problem> {
    owner.to_string().parse().map_err(|_| Problem::internal())
}

fn taken(slug: &Slug, owner: ProductId) -> Problem {
    Problem::of(&SLUG_TAKEN).detail("the slug belongs to another product").with("slug", slug).with("product_id", owner)
}
