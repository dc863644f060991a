//! Category trees and commands for the tests.

use super::{
    CategoryTree,
    commands::{CategoryTreeCommand as Command, NewCategory},
    events::{CategoryAdded, CategoryTreeEvent},
};
use crate::{
    ids::CategoryId,
    testing::{Given, given},
    text::{Name, Slug},
};
use uuid::Uuid;

pub(super) fn id(n: u32) -> CategoryId {
    CategoryId::new(Uuid::from_u128(u128::from(n)))
}

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

pub(super) fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

/// Category `n` is called `C<n>` with the slug `c<n>`.
pub(super) fn new(n: u32, parent: Option<u32>) -> NewCategory {
    NewCategory {
        name: name(&format!("C{n}")),
        slug: slug(&format!("c{n}")),
        parent_id: parent.map(id),
        description: "".parse().unwrap(),
        image: None,
        sort_order: 0,
    }
}

pub(super) fn add(n: u32, parent: Option<u32>) -> Command {
    Command::Add { category_id: id(n), category: new(n, parent) }
}

pub(super) fn added(n: u32, parent: Option<u32>) -> CategoryTreeEvent {
    let NewCategory { name, slug, parent_id, description, image, sort_order } = new(n, parent);
    CategoryAdded { category_id: id(n), name, slug, parent_id, description, image, sort_order }.into()
}

pub(super) fn nothing() -> Given<CategoryTree> {
    given([])
}

/// 3 below 2 below 1.
pub(super) fn tree() -> Given<CategoryTree> {
    nothing().and(add(1, None)).and(add(2, Some(1))).and(add(3, Some(2)))
}

pub(super) fn put(n: u32, parent: Option<u32>) -> Command {
    Command::Move { category_id: id(n), parent_id: parent.map(id) }
}

pub(super) fn archive(n: u32) -> Command {
    Command::Archive { category_id: id(n) }
}

pub(super) fn rename(n: u32, text: &str) -> Command {
    Command::Rename { category_id: id(n), name: name(text) }
}

pub(super) fn change_slug(n: u32, text: &str) -> Command {
    Command::ChangeSlug { category_id: id(n), slug: slug(text) }
}
