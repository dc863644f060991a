//! Fills a shop: categories, products that are published, priced and in stock, and guests' carts.
//!
//! Everything goes through the bus, many commands at a time, so that the log is one that the program could have written.
//! Claims of SKUs and slugs are left out; no read looks at them.

use super::mix::Catalog;
use crate::Failure;
use std::{collections::VecDeque, fmt::Display, future::Future, pin::Pin};
use tillroll_domain::{
    aggregate::Aggregate,
    cart::{Cart, commands::CartCommand, events::CartOwner},
    category_tree::{
        CategoryTree,
        commands::{CategoryTreeCommand, NewCategory},
    },
    ids::{CartId, CartLineId, CategoryId, CommandId, ProductId, ReceiptId},
    money::Currency,
    price::{Price, UnitPrice},
    product::{Product, ProductDetails, commands::ProductCommand},
    quantity::Quantity,
    stock_item::{
        StockItem,
        commands::{StockItemCommand, stream_id},
    },
    text::{LocationId, Sku},
};
use tillroll_http::Keys;
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, CommandContext},
};
use uuid::Uuid;

/// What filled a shop; changes with everything here, so that a shop of before is not taken for one of now.
pub(super) const VERSION: &str = "1";

/// Categories of the first level, and below each of them.
const FIRST_LEVEL: u32 = 20;
const BELOW_EACH: u32 = 9;
const BRANDS: usize = 100;
/// Lines of a cart.
const LINES: u32 = 3;
/// Units of every SKU in stock.
const STOCKED: i64 = 1_000;
/// Commands that wait for their answer at a time.
const IN_FLIGHT: usize = 2_000;

const WORDS: [&str; 24] = [
    "Amber", "Birch", "Copper", "Dune", "Ember", "Fjord", "Glass", "Hazel", "Indigo", "Juniper", "Kelp", "Linen",
    "Maple", "Nickel", "Ochre", "Pine", "Quartz", "Rattan", "Slate", "Teak", "Umber", "Velvet", "Walnut", "Zinc",
];
const THINGS: [&str; 16] = [
    "basket", "bowl", "chair", "clock", "cup", "frame", "jug", "lamp", "mirror", "plate", "rug", "shelf", "stool",
    "table", "tray", "vase",
];

/// A shop of so many products and carts; everything in it follows from its number.
#[derive(Debug)]
pub(super) struct Seeded {
    pub(super) products: u32,
    pub(super) carts: u32,
    pub(super) keys: Keys,
}

/// An id that looks like those that the engine makes.
fn id(kind: u32, number: u32) -> Uuid {
    Uuid::from_u128((0x0198_0000_0000_7000_8000_u128 << 48) | (u128::from(kind) << 32) | u128::from(number))
}

fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl Catalog for Seeded {
    fn products(&self) -> usize {
        usize::try_from(self.products).unwrap_or(usize::MAX)
    }

    fn carts(&self) -> usize {
        usize::try_from(self.carts).unwrap_or(usize::MAX)
    }

    fn product(&self, at: usize) -> String {
        ProductId::new(id(1, number(at))).to_string()
    }

    fn sku(&self, at: usize) -> String {
        format!("TR-{at:06}")
    }

    fn category(&self, at: usize) -> String {
        // One in four looks at a category of the first level with all below it.
        let (first, below) = (number(at) % FIRST_LEVEL, number(at) % BELOW_EACH);
        if at.is_multiple_of(4) { format!("department-{first}") } else { format!("department-{first}-{below}") }
    }

    fn brand(&self, at: usize) -> String {
        format!("brand-{}", at % BRANDS)
    }

    fn word(&self, at: usize) -> String {
        format!("{}%20{}", WORDS[at % WORDS.len()].to_lowercase(), THINGS[at % THINGS.len()])
    }

    fn cart(&self, at: usize) -> (String, String) {
        let cart = CartId::new(id(5, number(at)));
        (cart.to_string(), self.keys.cart_secret(cart).reveal().to_owned())
    }
}

/// Cents.
fn cents(product: u32) -> u32 {
    product.wrapping_mul(7_919) % 9_500 + 499
}

fn amount(product: u32) -> String {
    format!("{}.{:02}", cents(product) / 100, cents(product) % 100)
}

fn parsed<T: std::str::FromStr<Err: Display>>(text: &str) -> Result<T, Failure> {
    text.parse().map_err(|error| format!("{text}: {error}").into())
}

/// The answer to a command that was sent.
type Answer<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

/// Commands that were sent and not yet answered.
struct Sender<'a> {
    bus: &'a Bus,
    ambient: &'a Ambient,
    waiting: VecDeque<Answer<'a>>,
}

impl Sender<'_> {
    async fn send<A: Aggregate>(&mut self, stream: &str, command: A::Command) -> Result<(), Failure>
    where
        A::Error: std::error::Error + Send + Sync + 'static,
    {
        if self.waiting.len() == IN_FLIGHT
            && let Some(oldest) = self.waiting.pop_front()
        {
            oldest.await?;
        }
        let context = CommandContext::live(CommandId::new(self.ambient.ids.next()), "admin");
        let answer = self.bus.submit::<A>(stream, command, context).await?;
        self.waiting.push_back(Box::pin(async move { Ok(answer.await.map(drop)?) }));
        Ok(())
    }

    async fn finish(self) -> Result<(), Failure> {
        for answer in self.waiting {
            answer.await?;
        }
        Ok(())
    }
}

/// Fills an empty shop.
pub(super) async fn fill(bus: &Bus, ambient: &Ambient, shop: &Seeded) -> Result<(), Failure> {
    let mut sender = Sender { bus, ambient, waiting: VecDeque::new() };
    for first in 0..FIRST_LEVEL {
        category(&mut sender, first, None, first).await?;
        for below in 0..BELOW_EACH {
            let number = FIRST_LEVEL + first * BELOW_EACH + below;
            category(&mut sender, number, Some((first, below)), first).await?;
        }
    }
    for number in 0..shop.products {
        product(&mut sender, shop, number).await?;
    }
    for number in 0..shop.carts {
        cart(&mut sender, shop, number).await?;
    }
    sender.finish().await
}

async fn category(sender: &mut Sender<'_>, number: u32, below: Option<(u32, u32)>, first: u32) -> Result<(), Failure> {
    let slug = match below {
        Some((_, below)) => format!("department-{first}-{below}"),
        None => format!("department-{first}"),
    };
    let category = NewCategory {
        name: parsed(&format!("Department {number}"))?,
        slug: parsed(&slug)?,
        parent_id: below.map(|(first, _)| CategoryId::new(id(2, first))),
        description: parsed("")?,
        image: None,
        sort_order: i32::try_from(number)?,
    };
    let command = CategoryTreeCommand::Add { category_id: CategoryId::new(id(2, number)), category };
    sender.send::<CategoryTree>(CategoryTree::STREAM_ID, command).await
}

async fn product(sender: &mut Sender<'_>, shop: &Seeded, number: u32) -> Result<(), Failure> {
    let at = usize::try_from(number)?;
    let stream = id(1, number).to_string();
    let sku: Sku = parsed(&shop.sku(at))?;
    let price = Price { amount: parsed::<UnitPrice>(&amount(number))?, currency: parsed::<Currency>("EUR")? };
    let details = ProductDetails {
        short_description: parsed("Made to be used every day.")?,
        description: parsed(&"It lasts, it can be repaired, and it looks good on the table. ".repeat(8))?,
        brand: Some(parsed(&shop.brand(at))?),
        meta_title: None,
        meta_description: None,
    };
    let leaf = FIRST_LEVEL + number % FIRST_LEVEL * BELOW_EACH + number % BELOW_EACH;
    let name = format!("{} {} {number}", WORDS[at % WORDS.len()], THINGS[at % THINGS.len()]);
    for command in [
        ProductCommand::Create { name: parsed(&name)? },
        ProductCommand::Describe { details },
        ProductCommand::SetSlug { slug: parsed(&format!("product-{number}"))?, claim_round: 0 },
        ProductCommand::Categorize { category_ids: vec![CategoryId::new(id(2, leaf))] },
        ProductCommand::AddVariant { sku: sku.clone(), attributes: Vec::new() },
        ProductCommand::SetVariantPrice { sku: sku.clone(), price },
        ProductCommand::Publish,
    ] {
        sender.send::<Product>(&stream, command).await?;
    }
    let receive = StockItemCommand::Receive {
        receipt_id: ReceiptId::new(id(3, number)),
        quantity: Quantity::new(STOCKED)?,
        reference: None,
    };
    sender.send::<StockItem>(&stream_id(&parsed::<LocationId>("main")?, &sku), receive).await
}

async fn cart(sender: &mut Sender<'_>, shop: &Seeded, number: u32) -> Result<(), Failure> {
    let cart_id = CartId::new(id(5, number));
    let stream = cart_id.uuid().to_string();
    let create =
        CartCommand::Create { cart_id, owner: CartOwner::Guest, currency: parsed("EUR")?, country: parsed("DE")? };
    sender.send::<Cart>(&stream, create).await?;
    for line in 0..LINES {
        let product = number.wrapping_mul(31).wrapping_add(line * 977) % shop.products;
        let add = CartCommand::AddLine {
            line_id: CartLineId::new(id(6 + line, number)),
            sku: parsed(&shop.sku(usize::try_from(product)?))?,
            options: Vec::new(),
            quantity: Quantity::new(i64::from(line) + 1)?,
            unit_price: parsed(&amount(product))?,
            available: u32::try_from(STOCKED)?,
        };
        sender.send::<Cart>(&stream, add).await?;
    }
    Ok(())
}
