//! What is in a cart.

use super::{authorized, execute, facts, run};
use crate::{
    CommandApi,
    answer::{Changed, Refusals, Written},
    request::{WriteHeaders, WriteRequest},
    steps::past_answer,
};
use axum::extract::State;
use serde::Deserialize;
use tillroll_domain::{
    cart::{
        CartLine, CartState, LineOption, OpenCart,
        commands::CartCommand,
        line::{LINE_UNITS_MAX, OPTIONS_MAX},
    },
    ids::{CartId, CartLineId},
    quantity::Quantity,
    text::{Name, Sku},
};
use tillroll_http::{Path, Principal, Problem, schema};
use utoipa::ToSchema;

/// Units to add.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddLine {
    /// A variant on offer.
    #[schema(value_type = schema::Sku)]
    sku: Sku,
    /// How many units.
    #[schema(value_type = u32, minimum = 1, maximum = 999)]
    quantity: Units,
    /// Choices that make it a line of its own, such as an engraving; nothing personal. Each name once, and at most 500
    /// characters together.
    #[serde(default)]
    #[schema(max_items = 8)]
    options: Vec<Choice>,
}

/// A choice that goes with a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Choice {
    /// What is chosen.
    #[schema(value_type = schema::Name, example = "engraving")]
    name: Name,
    /// How it is chosen.
    #[schema(value_type = schema::Name, example = "Forever")]
    value: Name,
}

/// 1 to 999 units.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u32")]
struct Units(Quantity);

impl TryFrom<u32> for Units {
    type Error = String;
    fn try_from(count: u32) -> Result<Self, String> {
        let quantity = Quantity::new(i64::from(count)).ok().filter(|quantity| quantity.get() <= LINE_UNITS_MAX);
        quantity.map(Self).ok_or_else(|| format!("a whole number from 1 to {LINE_UNITS_MAX} is needed"))
    }
}

/// How many units a line asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetQuantity {
    /// Units; 0 removes the line.
    #[schema(minimum = 0, maximum = 999)]
    quantity: u32,
}

/// Add units of a variant.
///
/// If a line of the same SKU with the same options is there, they are added to it. The answer names the line. What is asked
/// for of one SKU over all lines must be available; it is not held for anybody.
#[utoipa::path(post, path = "/api/v1/carts/{id}/lines", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), request_body = AddLine,
    responses(Changed, Refusals))]
pub(crate) async fn add_line(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    let cart = authorized(&api, &principal, id).await?;
    let AddLine { sku, quantity: Units(quantity), options } = request.body()?;
    if options.len() > OPTIONS_MAX {
        return Err(Problem::bad_value(format!("a line has at most {OPTIONS_MAX} options")));
    }
    let mut options: Vec<LineOption> =
        options.into_iter().map(|Choice { name, value }| LineOption { name, value }).collect();
    options.sort_unstable();
    let write = request.begin(&api, &principal);
    let line_id = CartLineId::new(write.new_id(&api, "line"));
    // A repeated request is answered before facts are gathered: the SKU may not be offered any more.
    if let Some(answer) = past_answer(&cart, write.command_id(), &write)? {
        return name_line(&api, id, Written::before(id, &answer), &sku, &options).await;
    }
    let open = facts::open(&cart.state)?;
    let before = same(open, &sku, &options).map_or(0, |line| line.quantity.as_i64());
    let units = Quantity::new(before + quantity.as_i64()).unwrap_or(quantity);
    let unit_price = facts::price(&api, open, &sku, units).await?;
    let available = facts::available(&api, &sku).await?;
    let add =
        CartCommand::AddLine { line_id, sku: sku.clone(), options: options.clone(), quantity, unit_price, available };
    let executed = execute(&api, id, add, write.first()).await?;
    name_line(&api, id, Written::new(id, &executed), &sku, &options).await
}

/// Names the line to which units were added, if it is still there.
async fn name_line(
    api: &CommandApi,
    id: CartId,
    written: Written,
    sku: &Sku,
    options: &[LineOption],
) -> Result<Written, Problem> {
    let now = super::load(api, id).await?;
    Ok(match now.state.open().ok().and_then(|open| same(open, sku, options)) {
        Some(line) => written.line(line.line_id),
        None => written,
    })
}

fn same<'a>(cart: &'a OpenCart, sku: &Sku, options: &[LineOption]) -> Option<&'a CartLine> {
    cart.lines.iter().find(|line| line.sku == *sku && line.options == options)
}

/// Ask for another number of units of a line.
#[utoipa::path(post, path = "/api/v1/carts/{id}/lines/{line_id}/set-quantity", tag = "carts",
    params(("id" = inline(schema::CartId), Path), ("line_id" = inline(schema::CartLineId), Path), WriteHeaders),
    request_body = SetQuantity, responses(Changed, Refusals))]
pub(crate) async fn set_quantity(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((id, line_id)): Path<(CartId, CartLineId)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    let cart = authorized(&api, &principal, id).await?;
    let SetQuantity { quantity } = request.body()?;
    if quantity > LINE_UNITS_MAX {
        return Err(Problem::bad_value(format!("a line has at most {LINE_UNITS_MAX} units")));
    }
    let line = match &cart.state {
        CartState::Open(open) => open.lines.iter().find(|line| line.line_id == line_id),
        CartState::Absent | CartState::Closed(_) => None,
    };
    // Also for fewer units than there were: the line may have shrunk in between.
    let available = match line {
        Some(line) if quantity > 0 => facts::available(&api, &line.sku).await?,
        Some(_) | None => 0,
    };
    let write = request.begin(&api, &principal);
    run(&api, &write, id, CartCommand::SetQuantity { line_id, quantity, available }).await
}

/// Take a line out.
#[utoipa::path(post, path = "/api/v1/carts/{id}/lines/{line_id}/remove", tag = "carts",
    params(("id" = inline(schema::CartId), Path), ("line_id" = inline(schema::CartLineId), Path), WriteHeaders),
    responses(Changed, Refusals))]
pub(crate) async fn remove_line(
    State(api): State<CommandApi>,
    principal: Principal,
    Path((id, line_id)): Path<(CartId, CartLineId)>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorized(&api, &principal, id).await?;
    request.no_body()?;
    run(&api, &request.begin(&api, &principal), id, CartCommand::RemoveLine { line_id }).await
}

/// Take all lines out.
#[utoipa::path(post, path = "/api/v1/carts/{id}/clear", tag = "carts",
    params(("id" = inline(schema::CartId), Path), WriteHeaders), responses(Changed, Refusals))]
pub(crate) async fn clear_cart(
    State(api): State<CommandApi>,
    principal: Principal,
    Path(id): Path<CartId>,
    request: WriteRequest,
) -> Result<Written, Problem> {
    authorized(&api, &principal, id).await?;
    request.no_body()?;
    run(&api, &request.begin(&api, &principal), id, CartCommand::Clear).await
}
