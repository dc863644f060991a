//! What the shop sells, how much of it there is, and how it is set up over the API.

use crate::http::{Call, Caller};
use serde_json::json;
use std::time::Duration;
use tillroll_faults::rng::Rng;
use tillroll_infra::config::Settings;

/// An article.
#[derive(Debug, Clone)]
pub struct Article {
    /// Its SKU.
    pub sku: String,
    /// What it costs, in euros.
    pub price: String,
    /// How many there are at which location at first.
    pub stock: Vec<(String, usize)>,
}

/// The shop.
#[derive(Debug, Clone)]
pub struct Shop {
    /// What it sells.
    pub articles: Vec<Article>,
    /// How many customers it knows.
    pub customers_max: usize,
    /// The customers that are registered.
    pub customers: Vec<String>,
    /// Whether it is open.
    pub is_open: bool,
}

impl Shop {
    /// A shop with less in stock than so many buyers want.
    #[must_use]
    pub fn draw(rng: &mut Rng, settings: &Settings, buyers: usize) -> Self {
        let count = rng.between(2, 5);
        let articles = (0..count).map(|number| {
            let price = match rng.below(10) {
                0 | 1 => "0".to_owned(),
                2..=4 => format!("{}", rng.between(60, 400)),
                _ => format!("{}.{:02}", rng.between(0, 60), rng.between(1, 99)),
            };
            // The first article is scarce.
            let share = if number == 0 { 4 } else { 4 * buyers / count };
            let locations = &settings.store.locations;
            let stock =
                locations.iter().map(|location| (location.to_string(), rng.between(0, share / locations.len() + 1)));
            Article { sku: format!("SKU-{number}"), price, stock: stock.collect() }
        });
        let articles = articles.collect();
        Self { articles, customers_max: rng.between(1, 6), customers: Vec::new(), is_open: false }
    }

    /// The requests that create an article and put it on sale; the second one needs the product's id.
    #[must_use]
    pub fn create(article: &Article) -> Call {
        let body = json!({
            "name": article.sku,
            "variants": [{"sku": article.sku, "prices": [{"amount": article.price, "currency": "EUR"}]}],
        });
        staff("/products".to_owned(), format!("create-{}", article.sku), body)
    }

    /// Puts a product on sale.
    #[must_use]
    pub fn publish(product: &str) -> Call {
        staff(format!("/products/{product}/publish"), format!("publish-{product}"), json!({}))
    }

    /// Receives stock.
    #[must_use]
    pub fn receive(sku: &str, location: &str, quantity: usize, key: String) -> Call {
        staff(format!("/stock/{location}/{sku}/receive"), key, json!({"quantity": quantity}))
    }

    /// Registers a customer.
    #[must_use]
    pub fn register(number: usize) -> Call {
        staff("/customers".to_owned(), format!("customer-{number}"), json!({"country": "DE"}))
    }
}

/// A request of the shop's staff, who wait longer than buyers do.
#[must_use]
pub fn staff(path: String, key: String, body: serde_json::Value) -> Call {
    Call { caller: Caller::Staff, path, key, body, patience: Duration::from_secs(10) }
}
