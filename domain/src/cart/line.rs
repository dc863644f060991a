//! Lines of a cart: what makes two of them the same, and how much of a SKU they ask for together.

use super::error::CartError;
use crate::{
    ids::CartLineId,
    price::UnitPrice,
    quantity::Quantity,
    text::{Name, Sku},
};
use serde::{Deserialize, Serialize};

/// The most lines of one cart.
pub const LINES_MAX: usize = 200;
/// The most units of one line.
pub const LINE_UNITS_MAX: u32 = 999;
/// The most units of one SKU over all lines.
pub const SKU_UNITS_MAX: u32 = 999;
/// The most options of one line.
pub const OPTIONS_MAX: usize = 8;
/// The most characters of all names and values of one line's options together, so that a full cart fits into one event.
pub const OPTION_CHARS_MAX: usize = 500;

/// A choice that goes with a line, such as an engraving; nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineOption {
    /// What is chosen.
    pub name: Name,
    /// How it is chosen.
    pub value: Name,
}

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CartLine {
    /// The line; it keeps its id in the quote and when carts are merged.
    pub line_id: CartLineId,
    /// What.
    pub sku: Sku,
    /// The choices, by name.
    pub options: Vec<LineOption>,
    /// How many units, at most [`LINE_UNITS_MAX`].
    pub quantity: Quantity,
    /// The price per unit, in the cart's currency, when the line was added: the memory of the price, not what is charged.
    pub unit_price: UnitPrice,
}

/// The price of a line, per unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinePrice {
    /// The line.
    pub line_id: CartLineId,
    /// Per unit.
    pub unit_price: UnitPrice,
}

/// How much of a SKU is available in all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SkuAvailability {
    /// What.
    pub sku: Sku,
    /// Units.
    pub available: u32,
}

/// Units of a SKU that did not find room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeftOut {
    /// The line that asked for them.
    pub line_id: CartLineId,
    /// What.
    pub sku: Sku,
    /// How many.
    pub quantity: Quantity,
}

impl CartLine {
    /// Whether another line asks for the same: the same SKU with the same options.
    pub(super) fn is_same(&self, sku: &Sku, options: &[LineOption]) -> bool {
        self.sku == *sku && self.options == options
    }
}

/// Units of a SKU over some lines. Lines are bounded in number and in units, so the sum fits.
#[must_use]
pub fn demand(lines: &[CartLine], sku: &Sku) -> u32 {
    lines.iter().filter(|line| line.sku == *sku).map(|line| line.quantity.get()).sum()
}

/// The price of a line among some prices.
pub(super) fn price_of(prices: &[LinePrice], line_id: CartLineId) -> Option<UnitPrice> {
    prices.iter().find(|price| price.line_id == line_id).map(|price| price.unit_price)
}

/// The options by name; each name once, and within the bounds.
pub(super) fn sorted_options(options: &[LineOption]) -> Result<Vec<LineOption>, CartError> {
    if options.len() > OPTIONS_MAX {
        return Err(CartError::TooManyOptions { max: OPTIONS_MAX });
    }
    let chars = |name: &Name| name.as_str().chars().count();
    if options.iter().map(|option| chars(&option.name) + chars(&option.value)).sum::<usize>() > OPTION_CHARS_MAX {
        return Err(CartError::OptionsTooLong { max: OPTION_CHARS_MAX });
    }
    let mut sorted = options.to_vec();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(CartError::DuplicateOption { name: pair[0].name.clone() }),
        None => Ok(sorted),
    }
}
