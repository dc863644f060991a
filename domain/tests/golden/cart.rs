//! Samples of carts.

use crate::{
    Sample,
    helpers::{quantity, text, time, uuid},
    today,
};
use chrono::TimeDelta;
use tillroll_domain::{
    cart::{
        events::{
            CartAbsorbed, CartAddressSet, CartAssigned, CartCheckoutBegan, CartCleared, CartCompletionClaimed,
            CartCompletionReleased, CartContactErased, CartConverted, CartCountryChanged, CartCreated,
            CartCurrencyChanged, CartEmailSet, CartEvent, CartExpired, CartLineAdded, CartLineQuantityChanged,
            CartLineRemoved, CartMerged, CartOwner, CartPaymentAttached, CartPaymentDetached, CartQuoted,
            CartShippingSelected, MergeStrategy, ReleaseCause,
        },
        line::{CartLine, LeftOut, LineOption, LinePrice},
    },
    checkout::{CapturePolicy, CheckoutTerms, PaymentTerms},
    contact::Address,
    customer::events::AddressKind,
    ids::{CartId, CartLineId, CustomerId, OrderId, PaymentId, SubjectId},
    personal::Personal,
    pricing::{
        FlatTax, PriceReason, PricingLine, PricingRequest, Quote, SelectedPrice, TaxRate, ThresholdShipping, price,
        shipping::ShippingTariff,
    },
};

const AT: &str = "2024-03-01T12:00:00Z";

fn line_id() -> CartLineId {
    CartLineId::new(uuid(11))
}

fn options() -> Vec<LineOption> {
    vec![LineOption { name: text("engraving"), value: text("Forever") }]
}

/// What events say of a line.
pub(crate) fn line() -> CartLine {
    CartLine {
        line_id: line_id(),
        sku: text("85123A"),
        options: options(),
        quantity: quantity(2),
        unit_price: text("2.55"),
    }
}

/// A guest who is the cart with the number 1.
fn subject() -> SubjectId {
    SubjectId::new(uuid(1))
}

pub(crate) fn owned_by(owner: CartOwner) -> CartCreated {
    let at = time(AT);
    CartCreated { cart_id: CartId::new(uuid(1)), owner, currency: text("EUR"), country: text("DE"), at }
}

/// The quote of [`line`], shipped to Norway.
fn quote() -> Box<Quote> {
    let request = PricingRequest {
        currency: text("EUR"),
        country: text("NO"),
        lines: vec![PricingLine {
            line_id: line_id(),
            sku: text("85123A"),
            description: text("WHITE HANGING HEART T-LIGHT HOLDER"),
            quantity: quantity(2),
            price: SelectedPrice { amount: text("2.55"), reason: PriceReason::ListPrice },
        }],
        shipping_method: text("standard"),
        at: time(AT),
        valid_for: TimeDelta::minutes(15),
    };
    let tariffs = [(text("EUR"), ShippingTariff { price_minor: 599, free_from_minor: 5_000 })].into();
    let tax = FlatTax { rate: TaxRate::from_millionths(80_000).unwrap() };
    Box::new(price(&request, &tax, &ThresholdShipping { tariffs }).unwrap())
}

fn address() -> Personal<Address> {
    let value = Address {
        recipient: text("Anna Berg"),
        line1: text("Torggata 1"),
        line2: Some(text("3rd floor")),
        city: text("Oslo"),
        region: Some(text("Oslo")),
        postal_code: Some(text("0181")),
        country: text("NO"),
        phone: Some(text("+47 22 33 44 55")),
    };
    Personal::known(subject(), value)
}

pub(crate) fn cart() -> Vec<Sample<CartEvent>> {
    let (at, line_id) = (time(AT), line_id());
    let CartLine { sku, options, quantity: units, unit_price, .. } = line();
    let left_out = vec![LeftOut { line_id: CartLineId::new(uuid(12)), sku: text("22423"), quantity: quantity(1) }];
    vec![
        today(owned_by(CartOwner::Guest)),
        today(CartLineAdded { line_id, sku, options, quantity: units, unit_price, at }),
        today(CartLineQuantityChanged { line_id, quantity: quantity(2), at }),
        today(CartLineRemoved { line_id, at }),
        today(CartCleared { at }),
        today(CartAddressSet { kind: AddressKind::Shipping, address: address(), country: text("NO"), at }),
        today(CartEmailSet { email: Personal::known(subject(), text("anna@example.com")), at }),
        today(CartCountryChanged { country: text("NO"), at }),
        today(CartShippingSelected { method: text("standard"), at }),
        today(CartCurrencyChanged {
            currency: text("EUR"),
            prices: vec![LinePrice { line_id, unit_price: text("2.55") }],
            at,
        }),
        today(CartQuoted { quote: quote(), at }),
        today(CartCompletionClaimed {
            fence: 1,
            quote_hash: quote().hash,
            expires_at: time("2024-03-01T12:10:00Z"),
            at,
        }),
        today(CartCheckoutBegan {
            fence: 2,
            order_id: OrderId::new(uuid(2)),
            quote_hash: quote().hash,
            terms: CheckoutTerms {
                payment: Some(PaymentTerms {
                    method: text("card"),
                    provider: text("simulated"),
                    capture: CapturePolicy::AtOnce,
                }),
            },
            instrument: Some(text("tok_approve")),
            at,
        }),
        today(CartCompletionReleased { fence: 1, cause: ReleaseCause::Aborted, at }),
        today(CartConverted { fence: 1, order_id: OrderId::new(uuid(2)), at }),
        today(CartPaymentAttached { payment_id: PaymentId::new(uuid(3)), at }),
        today(CartPaymentDetached { payment_id: PaymentId::new(uuid(3)), at }),
        today(CartAssigned { customer_id: CustomerId::new(uuid(4)), at }),
        today(CartMerged { into: CartId::new(uuid(5)), currency: text("EUR"), lines: vec![line()], at }),
        today(CartAbsorbed {
            from: CartId::new(uuid(5)),
            strategy: MergeStrategy::Larger,
            lines: vec![line()],
            left_out,
            at,
        }),
        today(CartExpired { idle_since: time("2024-02-23T12:00:00Z"), at }),
        today(CartContactErased { subject: subject(), at }),
    ]
}
