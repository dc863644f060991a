//! Given what is asked of carts, these rows: always what the aggregate itself folds to.

use super::*;
use crate::models::testing::{History, parse, recorded_at, units};
use chrono::{DateTime, NaiveDate, TimeDelta};
use futures::FutureExt;
use proptest::{collection::vec, prelude::*, sample::select};
use tillroll_domain::{
    aggregate::{Aggregate, Moment},
    cart::{
        AddressKind, Cart, CartEnding, CartOwner, CartState, CompletionClaim, MergeStrategy,
        commands::{CartCommand as Command, IdleLimits},
        line::{CartLine, LineOption, LinePrice, SkuAvailability},
    },
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms},
    contact::Address,
    ids::{CartId, CartLineId, CustomerId, OrderId, PaymentId, SubjectId},
    personal::Personal,
    pricing::{
        FlatTax, PriceReason, PricingLine, PricingRequest, Quote, QuoteHash, SelectedPrice, TaxRate, ThresholdShipping,
        price, shipping::ShippingTariff,
    },
};
use tillroll_infra::stream::DEFAULT_TENANT;
use uuid::Uuid;

const NUMBER: u128 = 0x0189_0000_0000_7000_8000_0000_0000_00aa;
const STREAM: &str = "cart-01890000-0000-7000-8000-0000000000aa";
const CART_ID: &str = "crt_01890000-0000-7000-8000-0000000000aa";
const CUSTOMER: CustomerId = CustomerId::new(Uuid::from_u128(0xc1));
const SUBJECT: SubjectId = SubjectId::new(Uuid::from_u128(NUMBER));

fn line_id(number: u128) -> CartLineId {
    CartLineId::new(Uuid::from_u128(number))
}

fn moment(minutes: i64) -> Moment {
    let now = DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
    Moment { now, business_date: NaiveDate::default() }
}

/// The read model beside the aggregate.
struct Told {
    history: History<Carts>,
    state: CartState,
    minutes: i64,
}

impl Told {
    fn nothing() -> Self {
        Self { history: History::of(Carts), state: Cart::initial(), minutes: 0 }
    }

    /// Asks; what is refused changes nothing.
    fn ask(&mut self, command: &Command) -> bool {
        let Ok(events) = Cart::decide(&self.state, command, &moment(self.minutes)) else { return false };
        for event in events {
            self.state = Cart::evolve(std::mem::replace(&mut self.state, Cart::initial()), &event);
            self.history.push::<CartEvent>(STREAM, event);
        }
        true
    }

    /// Asks what must be possible.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "tests build the command in place")]
    fn and(mut self, command: Command) -> Self {
        assert!(self.ask(&command), "{command:?} must be possible here");
        self
    }

    fn row(&self) -> CartRow {
        self.history.tables.only()
    }

    fn lines(&self) -> Vec<CartLineRow> {
        let ids: Vec<String> = serde_json::from_str(&self.row().line_ids).unwrap();
        let mut lines = self.history.tables.all::<CartLineRow>();
        lines.sort_by_key(|line| ids.iter().position(|id| *id == line.line_id).unwrap());
        lines
    }

    fn quote(&self) -> Option<Box<Quote>> {
        let cart = self.state.open().ok().filter(|cart| !cart.lines.is_empty())?;
        let amount = SelectedPrice { amount: parse("10"), reason: PriceReason::ListPrice };
        let lines = cart.lines.iter().map(|line| PricingLine {
            line_id: line.line_id,
            sku: line.sku.clone(),
            description: parse("Heart"),
            quantity: line.quantity,
            price: amount,
        });
        let request = PricingRequest {
            currency: cart.currency,
            country: cart.country.clone(),
            lines: lines.collect(),
            shipping_method: parse("standard"),
            at: moment(self.minutes).now,
            valid_for: TimeDelta::minutes(15),
        };
        let tariff = ShippingTariff { price_minor: 599, free_from_minor: 5_000 };
        let tariffs = ["EUR", "USD"].map(|code| (parse(code), tariff)).into();
        let tax = FlatTax { rate: TaxRate::from_millionths(80_000).unwrap() };
        Some(Box::new(price(&request, &tax, &ThresholdShipping { tariffs }).unwrap()))
    }

    /// The rows say what the state says.
    fn check(&self) -> Result<(), TestCaseError> {
        let Some(row) = self.history.tables.all::<CartRow>().pop() else {
            prop_assert_eq!(&self.state, &CartState::Absent);
            return Ok(());
        };
        prop_assert_eq!(Some(row.owner()), self.state.owner());
        match &self.state {
            CartState::Absent => prop_assert!(false, "a row of nothing"),
            CartState::Open(cart) => {
                prop_assert_eq!(&*row.state, "open");
                prop_assert_eq!((&*row.currency, &*row.country), (cart.currency.code(), cart.country.as_str()));
                prop_assert_eq!(row.shipping_method.clone(), cart.shipping_method.as_ref().map(ToString::to_string));
                let quote = row.quote.as_deref().map(|text| serde_json::from_str::<Quote>(text).unwrap());
                prop_assert_eq!(quote.as_ref(), cart.quote.as_deref());
                prop_assert_eq!(row.quote_total_minor, cart.quote.as_ref().map(|quote| quote.total_minor));
                prop_assert_eq!(row.quote_expires_at, cart.quote.as_ref().map(|quote| quote.expires_at));
                prop_assert_eq!(row.claimed_until, cart.claim.as_ref().and_then(CompletionClaim::lapses_at));
                let checkout = cart.running_checkout().map(|checkout| checkout.order_id.to_string());
                prop_assert_eq!(row.checkout_order_id.clone(), checkout);
                prop_assert_eq!(row.payments, i64::try_from(cart.payments.len()).unwrap());
                let cells = [row.shipping_address.is_some(), row.billing_address.is_some(), row.email.is_some()];
                let known = [cart.shipping_address.is_some(), cart.billing_address.is_some(), cart.email.is_some()];
                prop_assert_eq!(cells, known);
                self.check_lines(&row, &cart.lines)?;
            }
            CartState::Closed(cart) => {
                let (state, into, order_id) = match &cart.ending {
                    CartEnding::Merged { into, .. } => ("merged", Some(into.to_string()), None),
                    CartEnding::Converted { order_id } => ("converted", None, Some(order_id.to_string())),
                    CartEnding::Expired => ("expired", None, None),
                };
                prop_assert_eq!((&*row.state, row.merged_into.clone(), row.order_id.clone()), (state, into, order_id));
                prop_assert_eq!((row.claimed_until, row.checkout_order_id), (None, None));
            }
        }
        Ok(())
    }

    fn check_lines(&self, row: &CartRow, expected: &[CartLine]) -> Result<(), TestCaseError> {
        let lines = self.lines();
        prop_assert_eq!((row.lines, lines.len()), (i64::try_from(expected.len()).unwrap(), expected.len()));
        prop_assert_eq!(row.filled, !expected.is_empty());
        prop_assert_eq!(row.units, expected.iter().map(|line| line.quantity.as_i64()).sum::<i64>());
        for (line, expected) in lines.iter().zip(expected) {
            prop_assert_eq!(&line.line_id, &expected.line_id.to_string());
            prop_assert_eq!((&*line.sku, line.quantity), (expected.sku.as_str(), expected.quantity.as_i64()));
            prop_assert_eq!(line.unit_price_micros, expected.unit_price.micros());
            prop_assert_eq!(&line.unit_price, &expected.unit_price.to_string());
            prop_assert_eq!(&line.options, &serde_json::to_string(&expected.options).unwrap());
        }
        Ok(())
    }
}

fn create(owner: CartOwner) -> Command {
    let cart_id = CartId::new(Uuid::from_u128(NUMBER));
    Command::Create { cart_id, owner, currency: parse("EUR"), country: parse("DE") }
}

fn add(number: u128, sku: &str, count: i64) -> Command {
    Command::AddLine {
        line_id: line_id(number),
        sku: parse(sku),
        options: vec![],
        quantity: units(count),
        unit_price: parse("10"),
        available: 100,
    }
}

fn address(country: &str) -> Personal<Address> {
    let value = Address {
        recipient: parse("Anna Berg"),
        line1: parse("Torggata 1"),
        line2: None,
        city: parse("Oslo"),
        region: None,
        postal_code: None,
        country: parse(country),
        phone: None,
    };
    Personal::known(SUBJECT, value)
}

fn ship_to(country: &str) -> Command {
    Command::SetAddress { kind: AddressKind::Shipping, address: address(country), country: parse(country) }
}

fn email() -> Command {
    Command::SetEmail { email: Personal::known(SUBJECT, parse("anna@example.com")) }
}

fn absorb(lines: Vec<CartLine>, strategy: MergeStrategy) -> Command {
    let available = ["HEART", "STAR"].map(|sku| SkuAvailability { sku: parse(sku), available: 50 }).to_vec();
    let (from, currency) = (CartId::new(Uuid::from_u128(7)), parse("EUR"));
    Command::Absorb { from, currency, lines, strategy, prices: vec![], available }
}

fn other_line(number: u128, sku: &str, count: i64, options: Vec<LineOption>) -> CartLine {
    CartLine { line_id: line_id(number), sku: parse(sku), options, quantity: units(count), unit_price: parse("9") }
}

fn guest() -> Told {
    Told::nothing().and(create(CartOwner::Guest))
}

#[test]
fn a_cart_shows_its_lines_in_their_order() {
    let told = guest().and(add(2, "STAR", 3)).and(add(1, "HEART", 2)).and(add(3, "STAR", 1));
    let row = told.row();
    assert_eq!((&*row.cart_id, &*row.state, row.lines, row.units), (CART_ID, "open", 2, 6));
    assert_eq!((row.revision, row.position, row.updated_at), (3, 4, recorded_at(4)));
    let lines: Vec<_> = told.lines().into_iter().map(|line| (line.sku, line.quantity, line.unit_price)).collect();
    let line = |sku: &str, quantity| (sku.to_owned(), quantity, "10".to_owned());
    assert_eq!(lines, [line("STAR", 4), line("HEART", 2)]);
    told.check().unwrap();
}

#[test]
fn a_quote_goes_with_what_it_stood_on() {
    let told = guest().and(add(1, "HEART", 2)).and(Command::SelectShipping { method: parse("standard") });
    let quote = told.quote().unwrap();
    let quoted = || {
        let told = guest().and(add(1, "HEART", 2)).and(Command::SelectShipping { method: parse("standard") });
        told.and(Command::Quote { quote: quote.clone() })
    };
    let row = quoted().row();
    assert_eq!((row.quote_total_minor, row.quote_hash), (Some(2_759), Some(quote.hash.to_string())));
    assert_eq!(serde_json::from_str::<Quote>(&row.quote.unwrap()).unwrap(), *quote);
    let currency = Command::ChangeCurrency {
        currency: parse("USD"),
        prices: vec![LinePrice { line_id: line_id(1), unit_price: parse("11") }],
    };
    let country = Command::SetCountry { country: parse("FR") };
    let remove = Command::RemoveLine { line_id: line_id(1) };
    let method = Command::SelectShipping { method: parse("express") };
    for change in
        [add(2, "STAR", 1), add(2, "HEART", 1), remove, Command::Clear, country, method, currency, ship_to("NO")]
    {
        let row = quoted().and(change).row();
        let gone = (row.quote, row.quote_hash, row.quote_total_minor, row.quote_expires_at);
        assert_eq!(gone, (None, None, None, None));
    }
    assert!(quoted().and(ship_to("DE")).row().quote.is_some());
}

#[test]
fn contact_stays_sealed_and_goes_when_it_is_erased() {
    let told = || guest().and(ship_to("NO")).and(email());
    let row = told().row();
    assert!(!format!("{row:?}").contains("Anna"));
    let history = told().history;
    let row: CartRow = history.tables.only();
    let cell = row.shipping_address.unwrap();
    let open = || cell.open(&history.codec).now_or_never().unwrap().unwrap().into_value();
    assert_eq!(open().map(|address| address.recipient), Some(parse("Anna Berg")));
    // Destroying the key is enough, before any event is folded.
    history.codec.vault().erase(DEFAULT_TENANT, SUBJECT).now_or_never().unwrap().unwrap();
    assert_eq!(open(), None);
    for erasing in [Command::EraseContact, Command::AssignCustomer { customer_id: CUSTOMER }] {
        let row = told().and(erasing).row();
        assert_eq!((row.shipping_address, row.billing_address, row.email), (None, None, None));
    }
}

#[test]
fn a_merged_cart_is_empty_and_names_the_other() {
    let into = CartId::new(Uuid::from_u128(9));
    let told = guest().and(add(1, "HEART", 2)).and(Command::BeginMerge { into });
    assert_eq!(told.row().merged_into, Some(into.to_string()));
    assert_eq!((told.row().lines, told.lines().len()), (0, 0));
}

#[test]
fn a_cart_takes_lines_in_and_keeps_when_its_own_came() {
    let mut told = guest().and(add(1, "HEART", 2));
    told.minutes = 60;
    let lines = vec![other_line(11, "HEART", 3, vec![]), other_line(12, "STAR", 1, vec![])];
    let told = told.and(absorb(lines, MergeStrategy::Larger));
    told.check().unwrap();
    let times: Vec<_> = told.lines().into_iter().map(|line| (line.sku, line.quantity, line.added_at)).collect();
    let line = |sku: &str, quantity, minutes| (sku.to_owned(), quantity, moment(minutes).now);
    assert_eq!(times, [line("HEART", 3, 0), line("STAR", 1, 60)]);
}

fn check_out(order: u128, quote_hash: QuoteHash) -> Command {
    let payment =
        PaymentTerms { method: parse("card"), provider: parse("simulated"), capture: CapturePolicy::AtFulfillment };
    let terms = CheckoutTerms { payment: Some(payment) };
    Command::BeginCheckout { order_id: OrderId::new(Uuid::from_u128(order)), quote_hash, terms, instrument: None }
}

/// Case 14: whoever looks at a cart that is checked out sees for which order it is frozen.
#[test]
fn a_cart_names_the_order_whose_checkout_runs() {
    let told = guest().and(add(1, "HEART", 2)).and(Command::SelectShipping { method: parse("standard") });
    let quote = told.quote().unwrap();
    let hash = quote.hash;
    let checked_out = told.and(Command::Quote { quote }).and(check_out(6, hash));
    let order_id = OrderId::new(Uuid::from_u128(6));
    assert_eq!(checked_out.row().checkout_order_id, Some(order_id.to_string()));
    assert_eq!((checked_out.row().claimed_until, checked_out.row().order_id), (None, None));
    let freed = checked_out.and(Command::EndCheckout { order_id, placed: false });
    assert_eq!((freed.row().checkout_order_id, &*freed.row().state), (None, "open"));
}

fn command() -> impl Strategy<Value = Command> {
    let sku = || select(vec!["HEART", "STAR"]);
    let options = || select(vec![vec![], vec![LineOption { name: parse("color"), value: parse("red") }]]);
    let id = || (0..4_u128).prop_map(line_id);
    let strategies = vec![MergeStrategy::Sum, MergeStrategy::GuestWins, MergeStrategy::CustomerWins];
    prop_oneof![
        2 => select(vec![CartOwner::Guest, CartOwner::Customer(CUSTOMER)]).prop_map(create),
        8 => (id(), sku(), options(), 1..5_i64).prop_map(|(line_id, sku, options, count)| Command::AddLine {
            line_id, sku: parse(sku), options, quantity: units(count), unit_price: parse("10"), available: 50
        }),
        3 => (id(), 0..6_u32)
            .prop_map(|(line_id, quantity)| Command::SetQuantity { line_id, quantity, available: 50 }),
        1 => id().prop_map(|line_id| Command::RemoveLine { line_id }),
        1 => Just(Command::Clear),
        2 => select(vec!["DE", "NO"]).prop_map(ship_to),
        1 => Just(email()),
        1 => select(vec!["DE", "NO"]).prop_map(|code| Command::SetCountry { country: parse(code) }),
        4 => Just(Command::SelectShipping { method: parse("standard") }),
        1 => select(vec!["EUR", "USD"]).prop_map(|code| Command::ChangeCurrency {
            currency: parse(code),
            prices: (0..4).map(|n| LinePrice { line_id: line_id(n), unit_price: parse("3") }).collect(),
        }),
        1 => Just(Command::AttachPayment { payment_id: PaymentId::new(Uuid::from_u128(5)) }),
        3 => Just(Command::DetachPayment { payment_id: PaymentId::new(Uuid::from_u128(5)) }),
        1 => Just(Command::AssignCustomer { customer_id: CUSTOMER }),
        1 => Just(Command::BeginMerge { into: CartId::new(Uuid::from_u128(9)) }),
        1 => Just(Command::RedirectMerge {
            instead_of: CartId::new(Uuid::from_u128(9)),
            into: CartId::new(Uuid::from_u128(10)),
        }),
        3 => (sku(), options(), 1..5_i64, select(strategies)).prop_map(|(sku, options, count, strategy)| {
            absorb(vec![other_line(20, sku, count, options)], strategy)
        }),
        1 => Just(Command::AbortCompletion { fence: 1 }),
        1 => Just(Command::Convert { fence: 1, order_id: OrderId::new(Uuid::from_u128(6)) }),
        2 => (1..3_u128, any::<bool>()).prop_map(|(order, placed)| Command::EndCheckout {
            order_id: OrderId::new(Uuid::from_u128(order)), placed,
        }),
        1 => Just(Command::EraseContact),
        1 => Just(Command::Expire {
            limits: IdleLimits { guest_seconds: 1, customer_seconds: 1, empty_seconds: 1 }
        }),
    ]
}

proptest! {
    #[test]
    fn rows_say_what_the_aggregate_folds_to(steps in vec((command(), 0..3_i64, 0..4_u8), 1..40)) {
        let mut told = Told::nothing();
        for (command, minutes, also) in steps {
            told.minutes += minutes;
            told.ask(&command);
            if also == 0 && let Some(quote) = told.quote() {
                let quote_hash = quote.hash;
                told.ask(&Command::Quote { quote });
                if minutes == 0 {
                    told.ask(&check_out(1, quote_hash));
                }
                told.ask(&Command::BeginCompletion { quote_hash, lease_seconds: 60 });
            }
            told.check()?;
        }
    }
}
