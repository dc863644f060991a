//! The statements behind lists of products. Everything that comes from a reader travels as a value.

use super::{PriceRange, ProductFilter, ProductOrder, SortKey, StockedAt};
use crate::{
    models::{
        products::{
            listed::name_key,
            tables::{EVERYWHERE, brand_place},
        },
        query::text,
    },
    table::Value,
};
use std::fmt::Write;

/// SQL with its values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) text: String,
    pub(super) values: Vec<Value>,
}

impl Statement {
    fn new(text: &str) -> Self {
        Self { text: text.to_owned(), values: vec![] }
    }

    fn push(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn bind(&mut self, value: Value) {
        self.values.push(value);
        // Writing into a String cannot fail.
        let _ = write!(self.text, "${}", self.values.len());
    }

    /// `text value`.
    fn with(&mut self, text: &str, value: Value) {
        self.push(text);
        self.bind(value);
    }

    /// `text (value, …)`; nothing is among no values.
    fn among(&mut self, text: &str, values: impl IntoIterator<Item = Value>) {
        self.push(text);
        self.push(" (");
        let mut is_first = true;
        for value in values {
            self.push(if is_first { "" } else { ", " });
            self.bind(value);
            is_first = false;
        }
        self.push(if is_first { "NULL)" } else { ")" });
    }

    fn limit(&mut self, limit: usize) {
        let _ = write!(self.text, " LIMIT {limit}");
    }
}

/// The statuses that the filter lets pass.
pub(super) fn statuses(filter: &ProductFilter) -> Vec<&'static str> {
    if filter.statuses.is_empty() { vec!["draft", "published", "discontinued"] } else { filter.statuses.clone() }
}

/// The places where products that pass are: categories, else the brand, else that of all.
pub(super) fn places(filter: &ProductFilter) -> Vec<String> {
    filter.categories.clone().unwrap_or_else(|| vec![narrow_place(filter)])
}

/// The place of the brand, or that of all products. In it stand all that pass, whatever their categories.
fn narrow_place(filter: &ProductFilter) -> String {
    filter.brand.as_deref().map_or_else(|| EVERYWHERE.to_owned(), brand_place)
}

/// The filter without what the places say already.
fn in_places(filter: &ProductFilter) -> ProductFilter {
    let brand = filter.brand.clone().filter(|_| filter.categories.is_some());
    ProductFilter { brand, ..filter.clone() }
}

/// The first `limit` products that pass among the first `glimpsed` behind `after` of a list.
pub(super) fn glimpsed(
    filter: &ProductFilter,
    order: ProductOrder,
    walk: (&str, &'static str),
    after: Option<&[Value]>,
    (glimpsed, limit): (usize, usize),
) -> Statement {
    let mut all = Statement::new("SELECT l.product_id, l.");
    all.push(order.column().name);
    all.push(" FROM (SELECT l.* FROM ");
    all.push(order.table().name);
    all.list(order, walk);
    all.behind(order, after);
    all.in_order(order, "l.");
    all.limit(glimpsed);
    all.push(") AS l WHERE TRUE");
    all.passing(&in_places(filter), order);
    all.in_order(order, "l.");
    all.limit(limit);
    all
}

/// The first `limit` products behind `after` of the lists of these places, in order.
pub(super) fn walked(
    filter: &ProductFilter,
    order: ProductOrder,
    places: &[String],
    after: Option<&[Value]>,
    limit: usize,
) -> Statement {
    let (statuses, key, filter) = (statuses(filter), order.column().name, &in_places(filter));
    let walks = places.iter().flat_map(|place| statuses.iter().map(move |status| (place.as_str(), *status)));
    if places.len() == 1 && statuses.len() == 1 {
        let mut one = Statement::default();
        walks.for_each(|walk| one.walk(filter, order, walk, after, limit));
        return one;
    }
    let mut all = Statement::new("SELECT DISTINCT product_id, ");
    all.push(key);
    all.push(" FROM (");
    for (index, walk) in walks.enumerate() {
        all.push(if index > 0 { " UNION ALL SELECT * FROM (" } else { "SELECT * FROM (" });
        all.walk(filter, order, walk, after, limit);
        // PostgreSQL wants names for what is selected from.
        let _ = write!(all.text, ") AS w{index}");
    }
    all.push(") AS walks");
    all.in_order(order, "");
    all.limit(limit);
    all
}

/// Those of the picked products that pass the filter, in order, with their categories. Categories are not looked at; where
/// they matter, all of the products are read, and otherwise at most `limit`.
pub(super) fn picked(
    filter: &ProductFilter,
    order: ProductOrder,
    picked: &[String],
    after: Option<&[Value]>,
    limit: usize,
) -> Statement {
    let mut all = Statement::new("SELECT l.product_id, l.");
    all.push(order.column().name);
    all.push(", p.category_ids FROM ");
    all.push(order.table().name);
    all.with(" AS l CROSS JOIN products AS p WHERE p.product_id = l.product_id AND l.place = ", text(EVERYWHERE));
    all.currency(order);
    match picked.last() {
        None => all.push(" AND l.product_id IN (NULL)"),
        Some(last) => {
            // Up to the next power of two with the last one again, so that there are few statements to keep prepared.
            let padding = picked.len().next_power_of_two().saturating_sub(picked.len());
            let padded = picked.iter().chain(std::iter::repeat_n(last, padding));
            all.among(" AND l.product_id IN", padded.map(text));
        }
    }
    // Of the other table: with that of the list, SQLite would rather read all of this status than look up each product.
    all.among(" AND p.status IN", statuses(filter).into_iter().map(text));
    all.passing(filter, order);
    all.behind(order, after);
    all.in_order(order, "l.");
    all.limit(if filter.categories.is_some() { picked.len() } else { limit });
    all
}

/// For each filter that has an index of its own, the products that it leaves, at most `limit`; the cheapest first.
pub(super) fn pickers(filter: &ProductFilter, order: ProductOrder, limit: usize) -> Vec<Statement> {
    let mut pickers = Vec::new();
    let mut pick = |text: &str, fill: &dyn Fn(&mut Statement)| {
        let mut statement = Statement::new(text);
        fill(&mut statement);
        statement.limit(limit);
        pickers.push(statement);
    };
    if let Some(sku) = &filter.sku {
        pick("SELECT product_id FROM product_variants WHERE sku = ", &|s| s.bind(text(sku)));
    }
    if let Some(name) = &filter.name {
        pick("SELECT product_id FROM products WHERE name = ", &|s| s.bind(text(name)));
    }
    // Without categories, the brand is the place, and is walked.
    let place = narrow_place(filter);
    if filter.brand.is_some() && filter.categories.is_some() {
        pick("SELECT product_id FROM product_list WHERE place = ", &|s| s.bind(text(&place)));
    }
    if filter.featured == Some(true) {
        pick("SELECT product_id FROM product_list WHERE place = ", &|s| {
            s.bind(text(&place));
            s.with(" AND featured = ", Value::Bool(true));
        });
    }
    // Where the list is sorted by the same prices, the walk begins and ends with the range.
    if let Some(range) = filter.price.filter(|range| !is_sorted_by(order, *range)) {
        pick("SELECT l.product_id FROM product_list_prices AS l WHERE l.place = ", &|s| {
            s.bind(text(&place));
            s.with(" AND l.currency = ", text(range.currency));
            s.among(" AND l.status IN", statuses(filter).into_iter().map(text));
            s.in_range("l.", range);
        });
    }
    if let Some(StockedAt { wanted: true, locations }) = &filter.in_stock {
        pick(
            "SELECT DISTINCT v.product_id FROM stock AS s CROSS JOIN product_variants AS v WHERE v.sku = s.sku",
            &|s| {
                s.push(" AND s.available > 0");
                s.among(" AND s.location IN", locations.iter().map(text));
                s.with(" AND v.withdrawn = ", Value::Bool(false));
            },
        );
    }
    // By name, a walk reads the same index, and no further than the page.
    if let Some(contains) = filter.contains.as_ref().filter(|_| order.key != SortKey::Name) {
        pick("SELECT product_id FROM product_list AS l WHERE place = ", &|s| {
            s.bind(text(&place));
            s.among(" AND status IN", statuses(filter).into_iter().map(text));
            s.containing("l.", contains);
        });
    }
    pickers
}

fn is_sorted_by(order: ProductOrder, range: PriceRange) -> bool {
    order.key == SortKey::Price(range.currency)
}

impl Statement {
    /// One list with one status, in order.
    fn walk(
        &mut self,
        filter: &ProductFilter,
        order: ProductOrder,
        walk: (&str, &'static str),
        after: Option<&[Value]>,
        limit: usize,
    ) {
        self.push("SELECT l.product_id, l.");
        self.push(order.column().name);
        self.push(" FROM ");
        self.push(order.table().name);
        self.list(order, walk);
        self.passing(filter, order);
        self.behind(order, after);
        self.in_order(order, "l.");
        self.limit(limit);
    }

    /// One list with one status.
    fn list(&mut self, order: ProductOrder, (place, status): (&str, &'static str)) {
        self.with(" AS l WHERE l.place = ", text(place));
        self.currency(order);
        self.with(" AND l.status = ", text(status));
    }

    fn currency(&mut self, order: ProductOrder) {
        if let SortKey::Price(currency) = order.key {
            self.with(" AND l.currency = ", text(currency));
        }
    }

    /// What the filter asks for besides statuses and categories.
    fn passing(&mut self, filter: &ProductFilter, order: ProductOrder) {
        if let Some(name) = &filter.name {
            self.with(
                " AND EXISTS (SELECT 1 FROM products AS n WHERE n.product_id = l.product_id AND n.name = ",
                text(name),
            );
            self.push(")");
        }
        if let Some(sku) = &filter.sku {
            self.with(
                " AND EXISTS (SELECT 1 FROM product_variants AS k WHERE k.product_id = l.product_id AND k.sku = ",
                text(sku),
            );
            self.push(")");
        }
        match order.key {
            SortKey::Name | SortKey::CreatedAt | SortKey::UpdatedAt => self.listed(filter, "l."),
            SortKey::Price(_) if filter.brand.is_none() && filter.featured.is_none() && filter.contains.is_none() => {}
            SortKey::Price(_) => {
                self.push(" AND EXISTS (SELECT 1 FROM product_list AS f WHERE f.product_id = l.product_id");
                self.with(" AND f.place = ", text(EVERYWHERE));
                self.listed(filter, "f.");
                self.push(")");
            }
        }
        match filter.price {
            Some(range) if is_sorted_by(order, range) => self.in_range("l.", range),
            Some(range) => {
                self.push(" AND EXISTS (SELECT 1 FROM product_list_prices AS r WHERE r.product_id = l.product_id");
                self.with(" AND r.place = ", text(EVERYWHERE));
                self.with(" AND r.currency = ", text(range.currency));
                self.in_range("r.", range);
                self.push(")");
            }
            None => {}
        }
        if let Some(StockedAt { wanted, locations }) = &filter.in_stock {
            self.push(if *wanted { " AND EXISTS" } else { " AND NOT EXISTS" });
            self.push(" (SELECT 1 FROM product_variants AS v CROSS JOIN stock AS s WHERE v.product_id = l.product_id");
            self.with(" AND s.sku = v.sku AND s.available > 0 AND v.withdrawn = ", Value::Bool(false));
            self.among(" AND s.location IN", locations.iter().map(text));
            self.push(")");
        }
    }

    fn listed(&mut self, filter: &ProductFilter, of: &str) {
        if let Some(brand) = &filter.brand {
            self.with(&format!(" AND {of}brand = "), text(brand));
        }
        if let Some(featured) = filter.featured {
            self.with(&format!(" AND {of}featured = "), Value::Bool(featured));
        }
        if let Some(contains) = &filter.contains {
            self.containing(of, contains);
        }
    }

    fn containing(&mut self, of: &str, contains: &str) {
        let mut pattern = String::from("%");
        for c in name_key(contains).chars() {
            if matches!(c, '%' | '_' | '\\') {
                pattern.push('\\');
            }
            pattern.push(c);
        }
        pattern.push('%');
        self.with(&format!(" AND {of}name_key LIKE "), Value::Text(pattern));
        self.push(" ESCAPE '\\'");
    }

    fn in_range(&mut self, of: &str, range: PriceRange) {
        if let Some(min) = range.min_micros {
            self.with(&format!(" AND {of}amount_micros >= "), Value::Int(min));
        }
        if let Some(max) = range.max_micros {
            self.with(&format!(" AND {of}amount_micros <= "), Value::Int(max));
        }
    }

    fn behind(&mut self, order: ProductOrder, after: Option<&[Value]>) {
        let Some(after) = after else { return };
        let sign = if order.descending { '<' } else { '>' };
        let _ = write!(self.text, " AND (l.{}, l.product_id) {sign}", order.column().name);
        self.among("", after.iter().cloned());
    }

    fn in_order(&mut self, order: ProductOrder, of: &str) {
        let direction = if order.descending { " DESC" } else { "" };
        let key = order.column().name;
        let _ = write!(self.text, " ORDER BY {of}{key}{direction}, {of}product_id{direction}");
    }
}
