//! The category tree: how a shop orders its products. One stream holds the whole tree, since whether a move makes a
//! circle and whether a slug is free are questions about all categories at once.
//!
//! **Invariant:** no category is above itself, none is deeper than [`DEPTH_MAX`], and no two have the same slug.
//! **Invariant:** what is above an active category is active.

pub mod commands;
pub mod events;

mod add;
mod arrange;
mod error;
mod naming;
mod state;

#[cfg(test)]
mod properties;
#[cfg(test)]
mod samples;

pub use error::CategoryTreeError;
pub use state::{Category, CategoryTreeState};

use crate::aggregate::{Aggregate, Moment};
use commands::CategoryTreeCommand as Command;
use events::CategoryTreeEvent;

/// The most categories, archived ones included.
pub const CATEGORIES_MAX: usize = 10_000;
/// The most levels: a category without a parent is on the first.
pub const DEPTH_MAX: usize = 16;

/// All categories of a shop.
#[derive(Debug, Clone, Copy)]
pub struct CategoryTree;

impl CategoryTree {
    /// The `id` part of its stream; a tenant has one tree.
    pub const STREAM_ID: &'static str = "main";
}

/// What a command makes happen, or why not.
type Decision = Result<Vec<CategoryTreeEvent>, CategoryTreeError>;

impl Aggregate for CategoryTree {
    const CATEGORY: &'static str = "category_tree";
    const STATE_VERSION: u16 = 1;
    type State = CategoryTreeState;
    type Command = Command;
    type Event = CategoryTreeEvent;
    type Error = CategoryTreeError;

    fn initial() -> CategoryTreeState {
        CategoryTreeState::default()
    }

    fn decide(state: &CategoryTreeState, command: &Command, _: &Moment) -> Decision {
        match command {
            Command::Add { category_id, category } => add::add(state, *category_id, category),
            Command::Rename { category_id, name } => naming::rename(state, *category_id, name),
            Command::ChangeSlug { category_id, slug } => naming::change_slug(state, *category_id, slug),
            Command::Describe { category_id, description, image } => {
                naming::describe(state, *category_id, description, image.as_ref())
            }
            Command::Move { category_id, parent_id } => arrange::move_to(state, *category_id, *parent_id),
            Command::Reorder { category_id, sort_order } => arrange::reorder(state, *category_id, *sort_order),
            Command::Archive { category_id } => arrange::archive(state, *category_id),
            Command::Restore { category_id } => arrange::restore(state, *category_id),
        }
    }

    fn evolve(state: CategoryTreeState, event: &CategoryTreeEvent) -> CategoryTreeState {
        state.apply(event)
    }
}
