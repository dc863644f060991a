//! The operations of the OpenAPI document, and which of their parameters name something that belongs to somebody.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Something that belongs to a customer or a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    Address,
    Cart,
    Customer,
    Line,
    Order,
    Return,
    Shipment,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] =
        [Self::Address, Self::Cart, Self::Customer, Self::Line, Self::Order, Self::Return, Self::Shipment];

    /// How ids of this kind begin.
    pub(crate) fn prefix(self) -> &'static str {
        match self {
            Self::Address => "adr",
            Self::Cart => "crt",
            Self::Customer => "cus",
            Self::Line => "lin",
            Self::Order => "ord",
            Self::Return => "ret",
            Self::Shipment => "shp",
        }
    }

    /// Of `{id}` behind the name of a collection.
    fn of_collection(name: &str) -> Option<Self> {
        Some(match name {
            "addresses" => Self::Address,
            "carts" => Self::Cart,
            "customers" => Self::Customer,
            "lines" => Self::Line,
            "orders" => Self::Order,
            "returns" => Self::Return,
            "shipments" => Self::Shipment,
            _ => return None,
        })
    }

    /// Of a field in a body, or of a parameter in a query.
    pub(crate) fn of_field(name: &str) -> Option<Self> {
        Some(match name {
            "address_id" => Self::Address,
            "cart" | "cart_id" | "from" | "guest_cart_id" | "into" => Self::Cart,
            "customer" | "customer_id" => Self::Customer,
            "line_id" => Self::Line,
            "order" | "order_id" => Self::Order,
            "return_id" => Self::Return,
            "shipment" | "shipment_id" => Self::Shipment,
            _ => return None,
        })
    }
}

/// Collections whose members belong to the shop. What stands neither here nor in [`Kind`] fails the test, so that nobody
/// forgets to decide.
const OF_THE_SHOP: &[&str] = &[
    "categories",
    "by-slug",
    "charges",
    "credit-notes",
    "payment-webhooks",
    "payments",
    "prices",
    "processes",
    "products",
    "source-documents",
    "stock",
    "variants",
];

/// An operation of the document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) method: String,
    /// With `{parameters}`.
    pub(crate) path: String,
    /// The owned things in the path, by parameter.
    pub(crate) in_path: BTreeMap<String, Kind>,
    /// The owned things in the query, by parameter.
    pub(crate) in_query: BTreeMap<String, Kind>,
    /// The schema of the body.
    pub(crate) body: Option<Value>,
    /// The statuses that it may answer with.
    pub(crate) statuses: BTreeSet<u16>,
}

impl Operation {
    /// Every operation of a document.
    pub(crate) fn all(document: &Value) -> Vec<Self> {
        let mut all = Vec::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                all.push(Self::of(path, method, operation));
            }
        }
        all
    }

    fn of(path: &str, method: &str, operation: &Value) -> Self {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let mut in_query = BTreeMap::new();
        for parameter in parameters.filter(|parameter| parameter["in"] == "query") {
            let name = parameter["name"].as_str().unwrap();
            if let Some(kind) = Kind::of_field(name).filter(|_| is_id(&parameter["schema"])) {
                in_query.insert(name.to_owned(), kind);
            }
        }
        Self {
            name: operation["operationId"].as_str().unwrap().to_owned(),
            method: method.to_uppercase(),
            path: path.to_owned(),
            in_path: in_path(path),
            in_query,
            body: operation.pointer("/requestBody/content/application~1json/schema").cloned(),
            statuses: operation["responses"]
                .as_object()
                .unwrap()
                .keys()
                .map(|status| status.parse().unwrap())
                .collect(),
        }
    }

    /// The address with ids in it: of owned things out of `ids`, of the shop's own out of `shared`.
    pub(crate) fn address(&self, ids: &BTreeMap<Kind, String>, shared: &BTreeMap<&str, String>) -> String {
        let mut address = String::new();
        let mut collection = "";
        for segment in self.path.split('/').skip(1) {
            address.push('/');
            match parameter(segment) {
                Some(name) => address.push_str(match self.in_path.get(name) {
                    Some(kind) => &ids[kind],
                    None => shared
                        .get(name)
                        .or_else(|| shared.get(collection))
                        .unwrap_or_else(|| panic!("{}: there is nothing for {{{name}}}", self.path)),
                }),
                None => {
                    address.push_str(segment);
                    collection = segment;
                }
            }
        }
        address
    }
}

fn parameter(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn in_path(path: &str) -> BTreeMap<String, Kind> {
    let mut owned = BTreeMap::new();
    let mut collection = "";
    for segment in path.split('/') {
        let Some(name) = parameter(segment) else {
            collection = segment;
            continue;
        };
        let kind = if name == "id" { Kind::of_collection(collection) } else { Kind::of_field(name) };
        match kind {
            Some(kind) => drop(owned.insert(name.to_owned(), kind)),
            None => assert!(
                OF_THE_SHOP.contains(&collection),
                "{path}: does {{{name}}} belong to somebody? Say so in tests/e2e/owners/operations.rs"
            ),
        }
    }
    owned
}

/// False for what cannot hold an id, such as a time called `from`.
fn is_id(schema: &Value) -> bool {
    let text = schema.to_string();
    text.contains("\"string\"") && !text.contains("date") && !text.contains("enum")
}
