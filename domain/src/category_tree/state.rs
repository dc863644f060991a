//! What decisions on the category tree need to know about its past.

use super::{DEPTH_MAX, commands::NewCategory, error::CategoryTreeError, events::CategoryTreeEvent};
use crate::{
    ids::CategoryId,
    text::{MediaUrl, Name, Note, Slug},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// All categories.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "BTreeMap<CategoryId, Category>", into = "BTreeMap<CategoryId, Category>")]
pub struct CategoryTreeState {
    categories: BTreeMap<CategoryId, Category>,
    /// Whose each slug is; follows from the categories.
    slugs: BTreeMap<Slug, CategoryId>,
}

/// One category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Category {
    /// What it is called.
    pub name: Name,
    /// What stands for it in addresses.
    pub slug: Slug,
    /// The category right above it; none on the first level.
    pub parent_id: Option<CategoryId>,
    /// What shoppers read about it.
    pub description: Note,
    /// Its picture.
    pub image: Option<MediaUrl>,
    /// Its place among its siblings.
    pub sort_order: i32,
    /// Whether shoppers do not see it any more.
    pub archived: bool,
}

impl From<&NewCategory> for Category {
    fn from(new: &NewCategory) -> Self {
        let NewCategory { name, slug, parent_id, description, image, sort_order } = new.clone();
        Self { name, slug, parent_id, description, image, sort_order, archived: false }
    }
}

impl From<BTreeMap<CategoryId, Category>> for CategoryTreeState {
    fn from(categories: BTreeMap<CategoryId, Category>) -> Self {
        let slugs = categories.iter().map(|(&id, category)| (category.slug.clone(), id)).collect();
        Self { categories, slugs }
    }
}

impl From<CategoryTreeState> for BTreeMap<CategoryId, Category> {
    fn from(state: CategoryTreeState) -> Self {
        state.categories
    }
}

impl CategoryTreeState {
    /// The category of an id.
    #[must_use]
    pub fn get(&self, id: CategoryId) -> Option<&Category> {
        self.categories.get(&id)
    }

    /// How many categories there are, archived ones included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.categories.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.categories.is_empty()
    }

    /// All categories by id, archived ones included.
    pub fn iter(&self) -> impl Iterator<Item = (CategoryId, &Category)> {
        self.categories.iter().map(|(&id, category)| (id, category))
    }

    /// The category of an id, or the refusal that there is none.
    pub(super) fn existing(&self, category_id: CategoryId) -> Result<&Category, CategoryTreeError> {
        self.get(category_id).ok_or(CategoryTreeError::NotFound { category_id })
    }

    /// Refuses a parent that is not there or archived.
    pub(super) fn active_parent(&self, parent_id: Option<CategoryId>) -> Result<(), CategoryTreeError> {
        let Some(parent_id) = parent_id else { return Ok(()) };
        match self.get(parent_id) {
            None => Err(CategoryTreeError::ParentNotFound { parent_id }),
            Some(parent) if parent.archived => Err(CategoryTreeError::ParentArchived { parent_id }),
            Some(_) => Ok(()),
        }
    }

    /// Refuses a slug that a category other than this one has.
    pub(super) fn slug_is_free(&self, slug: &Slug, for_id: CategoryId) -> Result<(), CategoryTreeError> {
        match self.slugs.get(slug) {
            Some(&category_id) if category_id != for_id => {
                Err(CategoryTreeError::SlugTaken { slug: slug.clone(), category_id })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// The category itself, then what is above it up to the first level. Bounded, whatever history says.
    fn upwards(&self, from: CategoryId) -> impl Iterator<Item = CategoryId> {
        let above = |id: &CategoryId| self.get(*id).and_then(|category| category.parent_id);
        std::iter::successors(Some(from), above).take(DEPTH_MAX)
    }

    /// On which level the category is, from 1; 0 for none.
    pub(super) fn depth(&self, id: Option<CategoryId>) -> usize {
        id.map_or(0, |id| self.upwards(id).count())
    }

    /// Whether `above` is `id` or above it.
    pub(super) fn is_at_or_above(&self, above: CategoryId, id: CategoryId) -> bool {
        self.upwards(id).any(|category| category == above)
    }

    /// How many levels the category has with all below it, itself included.
    pub(super) fn height(&self, id: CategoryId) -> usize {
        let distances = self.categories.keys().filter_map(|&below| self.upwards(below).position(|above| above == id));
        distances.max().unwrap_or(0).saturating_add(1)
    }

    /// How many active categories are right below.
    pub(super) fn active_children(&self, id: CategoryId) -> usize {
        self.categories.values().filter(|category| category.parent_id == Some(id) && !category.archived).count()
    }

    pub(super) fn apply(mut self, event: &CategoryTreeEvent) -> Self {
        use CategoryTreeEvent as E;
        match event {
            E::CategoryAdded(e) => {
                self.slugs.insert(e.slug.clone(), e.category_id);
                let category = Category {
                    name: e.name.clone(),
                    slug: e.slug.clone(),
                    parent_id: e.parent_id,
                    description: e.description.clone(),
                    image: e.image.clone(),
                    sort_order: e.sort_order,
                    archived: false,
                };
                let earlier = self.categories.insert(e.category_id, category);
                debug_assert!(earlier.is_none(), "a category is added once");
            }
            E::CategoryRenamed(e) => self.change(e.category_id, |category| category.name = e.name.clone()),
            E::CategorySlugChanged(e) => {
                let earlier = self.get(e.category_id).map(|category| category.slug.clone());
                if let Some(earlier) = earlier {
                    self.slugs.remove(&earlier);
                    self.slugs.insert(e.slug.clone(), e.category_id);
                }
                self.change(e.category_id, |category| category.slug = e.slug.clone());
            }
            E::CategoryDescribed(e) => self.change(e.category_id, |category| {
                category.description = e.description.clone();
                category.image.clone_from(&e.image);
            }),
            E::CategoryMoved(e) => self.change(e.category_id, |category| category.parent_id = e.parent_id),
            E::CategoryReordered(e) => self.change(e.category_id, |category| category.sort_order = e.sort_order),
            E::CategoryArchived(e) => self.change(e.category_id, |category| category.archived = true),
            E::CategoryRestored(e) => self.change(e.category_id, |category| category.archived = false),
        }
        self
    }

    fn change(&mut self, id: CategoryId, change: impl FnOnce(&mut Category)) {
        let category = self.categories.get_mut(&id);
        debug_assert!(category.is_some(), "only a category that was added changes");
        if let Some(category) = category {
            change(category);
        }
    }
}
