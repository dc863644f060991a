//! Buyers with carts: what they put in, how they check out, and what a test sees of it.

use crate::stage::Stage;
use chrono::TimeDelta;
use tillroll_domain::{
    cart::{Cart, CartOwner, CartState, commands::CartCommand},
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms},
    ids::{CartId, CartLineId, OrderId, ReceiptId},
    order::{CancelCause, Order, commands::OrderCommand, status::Lifecycle},
    payment::payment_of_order,
    pricing::{
        FlatTax, PriceReason, PricingLine, PricingRequest, Quote, QuoteHash, SelectedPrice, TaxRate, ThresholdShipping,
        price,
    },
    quantity::Quantity,
    stock_item::{StockItem, commands::StockItemCommand},
    text::Reference,
};
use tillroll_infra::stream::DEFAULT_TENANT;
use uuid::Uuid;

/// What a buyer pays with.
pub(crate) fn card() -> Option<Reference> {
    Some("tok_card".parse().unwrap())
}

pub(crate) fn cart_of(buyer: u128) -> CartId {
    CartId::new(Uuid::from_u128(0xca_0000 + buyer))
}

/// The order of a buyer's `nth` checkout.
pub(crate) fn order_of(buyer: u128, nth: u128) -> OrderId {
    OrderId::new(Uuid::from_u128(0x0d_0000 + (nth << 16) + buyer))
}

fn terms(capture: CapturePolicy) -> PaymentTerms {
    PaymentTerms { method: "card".parse().unwrap(), provider: "simulated".parse().unwrap(), capture }
}

fn units(units: u32) -> Quantity {
    Quantity::new(units.into()).unwrap()
}

impl Stage {
    pub(crate) async fn receive_goods(&mut self, sku: &str, location: &str, quantity: u32) {
        let receipt_id = ReceiptId::new(self.bus.ambient().ids.next());
        let command = StockItemCommand::Receive { receipt_id, quantity: units(quantity), reference: None };
        self.send::<StockItem>(&format!("{location}.{sku}"), command).await.unwrap();
    }

    pub(crate) async fn on_cart(&mut self, buyer: u128, command: CartCommand) {
        self.send::<Cart>(&cart_of(buyer).uuid().to_string(), command).await.unwrap();
    }

    pub(crate) async fn cart(&self, buyer: u128) -> CartState {
        self.bus.load::<Cart>(DEFAULT_TENANT, &cart_of(buyer).uuid().to_string()).await.unwrap().state
    }

    /// A guest puts goods at 10.00 each into a cart.
    pub(crate) async fn fill_cart(&mut self, buyer: u128, goods: &[(&str, u32)]) {
        let (currency, country) = ("EUR".parse().unwrap(), "DE".parse().unwrap());
        let cart_id = cart_of(buyer);
        self.on_cart(buyer, CartCommand::Create { cart_id, owner: CartOwner::Guest, currency, country }).await;
        for (line, (sku, quantity)) in (1_u128..).zip(goods) {
            let add = CartCommand::AddLine {
                line_id: CartLineId::new(Uuid::from_u128(line)),
                sku: sku.parse().unwrap(),
                options: vec![tillroll_domain::cart::LineOption {
                    name: "line".parse().unwrap(),
                    value: line.to_string().parse().unwrap(),
                }],
                quantity: units(*quantity),
                unit_price: "10".parse().unwrap(),
                available: 999,
            };
            self.on_cart(buyer, add).await;
        }
        self.on_cart(buyer, CartCommand::SelectShipping { method: "standard".parse().unwrap() }).await;
    }

    /// The buyer is told what the cart costs: goods at 10.00 each, no carriage, no tax.
    async fn quote(&mut self, buyer: u128) -> Quote {
        let state = self.cart(buyer).await;
        let cart = state.open().unwrap();
        let amount = "10".parse().unwrap();
        let line = |line: &tillroll_domain::cart::CartLine| PricingLine {
            line_id: line.line_id,
            sku: line.sku.clone(),
            description: "".parse().unwrap(),
            quantity: line.quantity,
            price: SelectedPrice { amount, reason: PriceReason::ListPrice },
        };
        let request = PricingRequest {
            currency: cart.currency,
            country: cart.country.clone(),
            lines: cart.lines.iter().map(line).collect(),
            shipping_method: "standard".parse().unwrap(),
            at: self.now(),
            valid_for: TimeDelta::minutes(15),
        };
        let tariff = tillroll_domain::pricing::shipping::ShippingTariff { price_minor: 0, free_from_minor: 0 };
        let shipping = ThresholdShipping { tariffs: [(cart.currency, tariff)].into() };
        let quote = price(&request, &FlatTax { rate: TaxRate::from_millionths(0).unwrap() }, &shipping).unwrap();
        self.on_cart(buyer, CartCommand::Quote { quote: Box::new(quote.clone()) }).await;
        quote
    }

    /// The quote of the checkout that runs.
    pub(crate) async fn agreed(&self, buyer: u128) -> QuoteHash {
        self.cart(buyer).await.open().unwrap().running_checkout().unwrap().quote_hash
    }

    /// The buyer says yes; nothing else happens yet.
    pub(crate) async fn check_out(&mut self, buyer: u128, nth: u128, capture: CapturePolicy) -> OrderId {
        let quote_hash = self.quote(buyer).await.hash;
        let order_id = order_of(buyer, nth);
        let terms = CheckoutTerms { payment: Some(terms(capture)) };
        self.on_cart(buyer, CartCommand::BeginCheckout { order_id, quote_hash, terms, instrument: card() }).await;
        order_id
    }

    pub(crate) async fn on_order_of(&mut self, order_id: OrderId, command: OrderCommand) {
        self.send::<Order>(&order_id.uuid().to_string(), command).await.unwrap();
    }

    /// Units that are promised to an order, and units that are held for anybody, over locations.
    pub(crate) async fn stock_of(&self, sku: &str, locations: &[&str], order_id: OrderId) -> (u32, i64) {
        let (mut promised, mut held) = (0, 0);
        for location in locations {
            let state = self.stock(&format!("{location}.{sku}")).await;
            promised += state.allocated_to(order_id);
            held += state.reserved();
        }
        (promised, held)
    }

    /// The cart is open, and nobody has a claim on it.
    pub(crate) async fn is_free(&self, buyer: u128) -> bool {
        self.cart(buyer).await.open().is_ok_and(|cart| cart.claim.is_none())
    }

    pub(crate) async fn cause(&self, order_id: OrderId) -> Option<CancelCause> {
        let order = self.order(order_id).await;
        assert_eq!(order.cancel_cause().is_some(), order.lifecycle() != Lifecycle::Confirmed);
        order.cancel_cause().cloned()
    }

    /// What the provider holds of the order's payment: set aside, taken, given back.
    pub(crate) fn at_provider(&self, order_id: OrderId) -> (i64, i64, i64) {
        let charge = self.provider.charge(payment_of_order(order_id));
        charge.map_or((0, 0, 0), |charge| {
            (charge.aside_minor(self.now()), charge.captured_minor(), charge.refunded_minor())
        })
    }
}
