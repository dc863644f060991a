//! Properties of carts under random commands and jumps of time.

use super::{
    AddressKind, Cart, CartState, GuestContact, MergeStrategy, OpenCart,
    commands::CartCommand as Command,
    error::CartError,
    events::{CartEvent as Event, CartOwner},
    line::{CartLine, LINE_UNITS_MAX, LINES_MAX, LineOption, SkuAvailability, demand},
    quote::is_of_lines,
    samples::{
        address_of, at, available, cart_id, country, currency, customer, email_of, limits, line, line_id, option,
        order_id, payment_id, price, prices, quote_of, sku, subject, units,
    },
};
use crate::{
    aggregate::Aggregate,
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms},
    personal::Personal,
    testing::assert_survives_storage,
};
use proptest::{collection::vec, prelude::*, sample::select};
use std::collections::BTreeMap;

const SKUS: [&str; 3] = ["HEART", "STAR", "MOON"];
const STRATEGIES: [MergeStrategy; 4] =
    [MergeStrategy::Sum, MergeStrategy::Larger, MergeStrategy::GuestWins, MergeStrategy::CustomerWins];

/// A command, or one that can only be made when the cart is known.
#[derive(Debug, Clone)]
enum Step {
    Ask(Command),
    Quote,
    Begin,
    CheckOut(u128),
    /// Gives a claim up under the newest fence, or an older one.
    Abort(u64),
    Convert(u64),
    ConvertPlaced,
}

fn options() -> impl Strategy<Value = Vec<LineOption>> {
    select(vec![vec![], vec![option("color", "red")]])
}

fn other_lines() -> impl Strategy<Value = Vec<CartLine>> {
    let other = (0..3_usize, options(), 1..12_u32);
    vec(other, 0..4).prop_map(|lines| {
        let mut unique: Vec<CartLine> = vec![];
        for (n, (name, options, count)) in (100..).zip(lines) {
            if !unique.iter().any(|known| known.is_same(&sku(SKUS[name]), &options)) {
                unique.push(CartLine { options, ..line(n, SKUS[name], count) });
            }
        }
        unique
    })
}

fn facts() -> impl Strategy<Value = Vec<SkuAvailability>> {
    vec(0..20_u32, 3).prop_map(|counts| available(&[(SKUS[0], counts[0]), (SKUS[1], counts[1]), (SKUS[2], counts[2])]))
}

fn command() -> impl Strategy<Value = Command> {
    let name = || select(SKUS.to_vec());
    let id = || (0..6_u128).prop_map(line_id);
    prop_oneof![
        2 => select(vec![CartOwner::Guest, CartOwner::Customer(customer(1))]).prop_map(super::samples::create),
        9 => (id(), name(), options(), 1..9_u32, 0..20_u32).prop_map(|(line_id, name, options, count, available)| {
            let (quantity, unit_price) = (units(count), price("10"));
            Command::AddLine { line_id, sku: sku(name), options, quantity, unit_price, available }
        }),
        4 => (id(), 0..12_u32, 0..20_u32)
            .prop_map(|(line_id, quantity, available)| Command::SetQuantity { line_id, quantity, available }),
        1 => id().prop_map(|line_id| Command::RemoveLine { line_id }),
        1 => Just(Command::Clear),
        2 => (select(vec![AddressKind::Shipping, AddressKind::Billing]), select(vec!["DE", "NO"])).prop_map(
            |(kind, code)| Command::SetAddress { kind, address: address_of(subject(), code), country: country(code) }
        ),
        1 => Just(Command::SetEmail { email: email_of(subject(), "anna@example.com") }),
        1 => select(vec!["DE", "NO"]).prop_map(|code| Command::SetCountry { country: country(code) }),
        4 => select(vec!["standard", "standard", "express"])
            .prop_map(|method| Command::SelectShipping { method: method.parse().unwrap() }),
        1 => select(vec!["EUR", "USD"]).prop_map(|code| Command::ChangeCurrency {
            currency: currency(code),
            prices: prices(&[(0, "1"), (1, "2"), (2, "3"), (3, "4"), (4, "5"), (5, "6")]),
        }),
        1 => (0..3_u128).prop_map(|n| Command::AttachPayment { payment_id: payment_id(n) }),
        3 => (0..3_u128).prop_map(|n| Command::DetachPayment { payment_id: payment_id(n) }),
        1 => (1..3_u128).prop_map(|n| Command::AssignCustomer { customer_id: customer(n) }),
        1 => (1..4_u128).prop_map(|n| Command::BeginMerge { into: cart_id(n) }),
        1 => (1..4_u128, 1..4_u128).prop_map(|(one, other)| Command::RedirectMerge {
            instead_of: cart_id(one), into: cart_id(other),
        }),
        3 => (1..5_u128, other_lines(), select(STRATEGIES.to_vec()), facts()).prop_map(
            |(n, lines, strategy, available)| Command::Absorb {
                from: cart_id(n), currency: currency("EUR"), lines, strategy, prices: vec![], available,
            }
        ),
        1 => Just(Command::Expire { limits: limits() }),
        1 => Just(Command::EraseContact),
        2 => (1..4_u128, any::<bool>()).prop_map(|(order, placed)| Command::EndCheckout {
            order_id: order_id(order), placed,
        }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => command().prop_map(Step::Ask),
        4 => Just(Step::Quote),
        4 => Just(Step::Begin),
        2 => (1..4_u128).prop_map(Step::CheckOut),
        1 => (0..2_u64).prop_map(Step::Abort),
        1 => (0..2_u64).prop_map(Step::Convert),
        1 => Just(Step::ConvertPlaced),
    ]
}

impl Step {
    fn command(self, state: &CartState, minutes: i64) -> Option<Command> {
        let cart = state.open().ok();
        let newest = cart.map_or(0, |cart| cart.last_fence);
        Some(match self {
            Self::Ask(command) => command,
            Self::Quote => Command::Quote { quote: quote_of(cart.filter(|cart| !cart.lines.is_empty())?, minutes) },
            Self::Begin => Command::BeginCompletion { quote_hash: cart?.quote.as_ref()?.hash, lease_seconds: 600 },
            Self::CheckOut(order) => Command::BeginCheckout {
                order_id: order_id(order),
                quote_hash: cart?.quote.as_ref()?.hash,
                terms: CheckoutTerms { payment: Some(terms()) },
                instrument: None,
            },
            Self::Abort(older) => Command::AbortCompletion { fence: newest.saturating_sub(older) },
            Self::Convert(older) => Command::Convert { fence: newest.saturating_sub(older), order_id: order_id(1) },
            // Only of a cart that was claimed can an order have been made.
            Self::ConvertPlaced => (newest > 0).then(|| Command::ConvertPlaced { order_id: order_id(1) })?,
        })
    }
}

fn terms() -> PaymentTerms {
    let (method, provider) = ("card".parse().unwrap(), "simulated".parse().unwrap());
    PaymentTerms { method, provider, capture: CapturePolicy::AtFulfillment }
}

/// What a command says is available of a SKU; nothing, if it is not one that asks for more.
fn said_available(command: &Command, name: &str) -> u32 {
    if let Command::AddLine { available, sku: named, .. } = command {
        return if *named == sku(name) { *available } else { 0 };
    }
    if let Command::Absorb { available, .. } = command {
        return available.iter().find(|fact| fact.sku == sku(name)).map_or(0, |fact| fact.available);
    }
    if let Command::SetQuantity { available, .. } = command { *available } else { 0 }
}

fn check_open(cart: &OpenCart) -> Result<(), TestCaseError> {
    if let Some(quote) = &cart.quote {
        prop_assert!(is_of_lines(quote, cart), "the quote is of what the cart holds: {:?}", cart);
        prop_assert_eq!((&quote.country, quote.currency), (&cart.country, cart.currency));
        prop_assert_eq!(Some(&quote.shipping.method), cart.shipping_method.as_ref());
    }
    prop_assert!(cart.lines.len() <= LINES_MAX);
    for (index, line) in cart.lines.iter().enumerate() {
        prop_assert!(line.quantity.get() <= LINE_UNITS_MAX);
        let others = &cart.lines[index + 1..];
        prop_assert!(!others.iter().any(|other| other.is_same(&line.sku, &line.options)), "one line per key");
        prop_assert!(!others.iter().any(|other| other.line_id == line.line_id), "line ids are unique");
    }
    let contact = [&cart.shipping_address, &cart.billing_address].into_iter().flatten().map(Personal::subject);
    let contact = contact.chain(cart.email.iter().map(Personal::subject));
    for subject in contact {
        prop_assert_eq!(subject, cart.subject(), "a cart holds the data of its owner");
    }
    Ok(())
}

/// Whether the event is one that may happen while somebody else makes an order of the cart.
fn may_happen_under_a_claim(event: &Event) -> bool {
    matches!(
        event,
        Event::CartConverted(_)
            | Event::CartCompletionReleased(_)
            | Event::CartPaymentAttached(_)
            | Event::CartPaymentDetached(_)
    )
}

/// Whether a command that was carried out has nothing more to do. Adding and claiming say "one more time"; it is the bus
/// that answers a repeated command.
fn settles(command: &Command) -> bool {
    !matches!(command, Command::AddLine { .. } | Command::BeginCompletion { .. })
}

proptest! {
    /// Edge cases 3, 14, 19 and 32.
    #[test]
    fn a_cart_keeps_its_rules(steps in vec((step(), 0..6_i64, any::<prop::sample::Index>()), 1..80)) {
        let (mut state, mut history, mut minutes) = (Cart::initial(), vec![], 0);
        let mut newest_fence = 0;
        for (step, passed, leap) in steps {
            // Mostly minutes pass, and now and then a week.
            minutes += if leap.index(40) == 0 { 7 * 24 * 60 } else { passed };
            let now = at(minutes).now;
            let Some(command) = step.command(&state, minutes) else { continue };
            let Ok(events) = Cart::decide(&state, &command, &at(minutes)) else { continue };

            let before = state.clone();
            let open = before.open().ok();
            if open.is_some_and(|cart| cart.live_claim(now).is_some()) {
                prop_assert!(events.iter().all(may_happen_under_a_claim), "{:?}: {:?}", command, events);
            }
            if let Some(checkout) = open.and_then(OpenCart::running_checkout) {
                let of_it = matches!(&command, Command::EndCheckout { order_id, .. } if *order_id == checkout.order_id);
                let ends = |event: &Event| matches!(event, Event::CartConverted(_) | Event::CartCompletionReleased(_));
                prop_assert!(of_it || !events.iter().any(ends), "{:?} ended the checkout: {:?}", command, events);
            }
            let paid = open.is_some_and(|cart| !cart.payments.is_empty());
            prop_assert!(!paid || !events.iter().any(|event| matches!(event, Event::CartExpired(_))));
            if matches!(before, CartState::Closed(_)) {
                let erased = |event: &Event| matches!(event, Event::CartContactErased(_));
                let redirected = matches!((&command, &events[..]), (Command::RedirectMerge { .. }, [Event::CartMerged(_)]));
                prop_assert!(redirected || events.iter().all(erased), "a closed cart changed: {:?}", events);
            }
            for event in &events {
                let fence = if let Event::CartCheckoutBegan(began) = event {
                    Some(began.fence)
                } else if let Event::CartCompletionClaimed(claimed) = event {
                    Some(claimed.fence)
                } else {
                    None
                };
                if let Some(fence) = fence {
                    prop_assert!(fence > newest_fence, "fences rise");
                    newest_fence = fence;
                }
            }
            state = events.iter().fold(state, Cart::evolve);
            if let CartState::Open(cart) = &state {
                check_open(cart)?;
                for name in SKUS {
                    let most = open.map_or(0, |cart| demand(&cart.lines, &sku(name)));
                    let most = most.max(said_available(&command, name));
                    prop_assert!(demand(&cart.lines, &sku(name)) <= most, "more than is available: {:?}", command);
                }
            }
            if settles(&command) {
                let again = Cart::decide(&state, &command, &at(minutes));
                prop_assert!(
                    again == Ok(vec![]) || matches!(again, Err(CartError::Closed { .. } | CartError::PaymentAttached)),
                    "asked again: {:?} {:?}", command, again
                );
            }
            history.extend(events);
        }
        prop_assert_eq!(&Cart::fold(&history), &state);
        assert_survives_storage::<Cart>(&state);
        let given = history.iter().any(|event| matches!(event, Event::CartAddressSet(_) | Event::CartEmailSet(_)));
        if let (false, CartState::Open(cart)) = (given, &state) {
            prop_assert_eq!(cart.guest_contact, GuestContact::Never);
        }
    }

    /// Edge case 33: whatever the two carts hold, each strategy comes to its own sums.
    #[test]
    fn a_merge_comes_to_what_its_strategy_says(
        theirs in other_lines(),
        guests in other_lines(),
        strategy in select(STRATEGIES.to_vec()),
    ) {
        let theirs: Vec<CartLine> =
            (0..).zip(theirs).map(|(n, line)| CartLine { line_id: line_id(n), ..line }).collect();
        let state = with_lines(&theirs);
        let facts = available(&SKUS.map(|name| (name, 999)));
        let command = absorb(guests.clone(), strategy, facts);
        let events = Cart::decide(&state, &command, &at(0)).unwrap();
        let merged = events.iter().fold(state, Cart::evolve);

        let (theirs, guests) = (by_key(&theirs), by_key(&guests));
        let mut expected = BTreeMap::new();
        for key in theirs.keys().chain(guests.keys()) {
            let (one, other) = (theirs.get(key).copied(), guests.get(key).copied());
            let units = match strategy {
                MergeStrategy::Sum => one.unwrap_or(0) + other.unwrap_or(0),
                MergeStrategy::Larger => one.max(other).unwrap_or(0),
                MergeStrategy::GuestWins if guests.is_empty() => one.unwrap_or(0),
                MergeStrategy::GuestWins => other.unwrap_or(0),
                MergeStrategy::CustomerWins if theirs.is_empty() => other.unwrap_or(0),
                MergeStrategy::CustomerWins => one.unwrap_or(0),
            };
            if units > 0 {
                expected.insert(key.clone(), units);
            }
        }
        prop_assert_eq!(by_key(&merged.open().unwrap().lines), expected);
        // Case 33: merging twice is merging once.
        prop_assert_eq!(Cart::decide(&merged, &command, &at(0)), Ok(vec![]));
    }

    /// Edge cases 3 and 33: what a merge takes and what it leaves out add up, and fit into what is available.
    #[test]
    fn a_merge_loses_no_unit_silently(theirs in other_lines(), guests in other_lines(), facts in facts()) {
        let theirs: Vec<CartLine> =
            (0..).zip(theirs).map(|(n, line)| CartLine { line_id: line_id(n), ..line }).collect();
        let state = with_lines(&theirs);
        let events = Cart::decide(&state, &absorb(guests.clone(), MergeStrategy::Sum, facts.clone()), &at(0)).unwrap();
        let [Event::CartAbsorbed(absorbed)] = &events[..] else { panic!("{events:?}") };
        for fact in &facts {
            let before = demand(&theirs, &fact.sku);
            let wanted = before + demand(&guests, &fact.sku);
            let taken = demand(&absorbed.lines, &fact.sku);
            let left: u32 =
                absorbed.left_out.iter().filter(|left| left.sku == fact.sku).map(|left| left.quantity.get()).sum();
            prop_assert_eq!(taken + left, wanted);
            prop_assert!(taken <= before.max(fact.available) && taken >= before);
            prop_assert!(left == 0 || taken >= fact.available, "as much as there is");
        }
    }
}

fn absorb(lines: Vec<CartLine>, strategy: MergeStrategy, available: Vec<SkuAvailability>) -> Command {
    Command::Absorb { from: cart_id(2), currency: currency("EUR"), lines, strategy, prices: vec![], available }
}

fn with_lines(lines: &[CartLine]) -> CartState {
    let mut state = Cart::initial();
    let adds = lines.iter().map(|line| Command::AddLine {
        line_id: line.line_id,
        sku: line.sku.clone(),
        options: line.options.clone(),
        quantity: line.quantity,
        unit_price: line.unit_price,
        available: 999,
    });
    for command in std::iter::once(super::samples::create(CartOwner::Customer(customer(1)))).chain(adds) {
        let events = Cart::decide(&state, &command, &at(0)).unwrap();
        state = events.iter().fold(state, Cart::evolve);
    }
    state
}

fn by_key(lines: &[CartLine]) -> BTreeMap<(String, Vec<LineOption>), u32> {
    lines.iter().map(|line| ((line.sku.to_string(), line.options.clone()), line.quantity.get())).collect()
}
