//! What shoppers ask for: mostly pages of the listing, then products, offers and carts.

use super::recording::Statement;
use crate::stats::SplitMix64;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    /// A page of the listing, with filters and an order.
    Listing,
    /// The page of a product.
    Product,
    /// What a variant costs now, and whether there is any.
    Offer,
    /// A guest's cart.
    Cart,
}

impl Kind {
    /// All of them.
    pub(super) const ALL: [Self; 4] = [Self::Listing, Self::Product, Self::Offer, Self::Cart];

    /// In the table.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::Product => "product",
            Self::Offer => "offer",
            Self::Cart => "cart",
        }
    }

    /// Of a hundred requests: 40 listings, 30 products, 20 offers, 10 carts.
    fn drawn(random: &mut SplitMix64) -> Self {
        match random.below(100) {
            0..40 => Self::Listing,
            40..70 => Self::Product,
            70..90 => Self::Offer,
            _ => Self::Cart,
        }
    }
}

/// A request, ready to be sent.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) kind: Kind,
    /// Path and query.
    pub(super) address: String,
    /// As it goes over the wire.
    pub(super) bytes: Vec<u8>,
    /// What it asks the database.
    pub(super) statements: Vec<Statement>,
}

/// What a shop has that can be asked for.
pub(super) trait Catalog {
    /// Products.
    fn products(&self) -> usize;
    /// Carts.
    fn carts(&self) -> usize;
    /// The id of a product.
    fn product(&self, number: usize) -> String;
    /// The SKU of its variant.
    fn sku(&self, number: usize) -> String;
    /// The slug of its category.
    fn category(&self, number: usize) -> String;
    /// Its brand.
    fn brand(&self, number: usize) -> String;
    /// A word of its name.
    fn word(&self, number: usize) -> String;
    /// The id of a cart and the secret that opens it.
    fn cart(&self, number: usize) -> (String, String);
}

/// So many requests, the same every time.
pub(super) fn requests(catalog: &impl Catalog, count: usize, key: &str) -> Vec<Request> {
    let mut random = SplitMix64(5);
    (0..count).map(|_| request(catalog, &mut random, key)).collect()
}

fn request(catalog: &impl Catalog, random: &mut SplitMix64, key: &str) -> Request {
    let kind = Kind::drawn(random);
    let number = random.below(catalog.products());
    let mut secret = None;
    let address = match kind {
        Kind::Listing => listing(catalog, random, number),
        Kind::Product => format!("/api/v1/products/{}", catalog.product(number)),
        Kind::Offer => format!("/api/v1/variants/{}/offer?currency=EUR&country=DE&quantity=2", catalog.sku(number)),
        Kind::Cart => {
            let (cart, opens) = catalog.cart(random.below(catalog.carts()));
            secret = Some(opens);
            format!("/api/v1/carts/{cart}")
        }
    };
    let secret = secret.map(|secret| format!("Tillroll-Cart-Secret: {secret}\r\n")).unwrap_or_default();
    let head = format!("GET {address} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n{secret}\r\n");
    Request { kind, address, bytes: head.into_bytes(), statements: Vec::new() }
}

/// Pages as shoppers see them: the newest of everything, a category by price, a brand, a search, a span of prices.
fn listing(catalog: &impl Catalog, random: &mut SplitMix64, number: usize) -> String {
    let filter = match random.below(6) {
        0 => String::new(),
        1 | 2 => format!("category={}&", catalog.category(number)),
        3 => format!("brand={}&", catalog.brand(number)),
        4 => format!("q={}&", catalog.word(number)),
        _ => {
            let least = random.below(80) + 5;
            format!("currency=EUR&price%5Bgte%5D={least}&price%5Blte%5D={}&", least + 10)
        }
    };
    let sort = match random.below(4) {
        0 => "-created_at",
        1 => "name",
        2 => "price&currency=EUR",
        _ => "-price&currency=EUR",
    };
    let address = format!("/api/v1/products?{filter}sort={sort}");
    // Both a filter and an order may need the currency; it is said once.
    match address.matches("currency=EUR").count() {
        2 => address.replacen("currency=EUR&", "", 1),
        _ => address,
    }
}
