//! What is stored of a provider's messages.

use super::*;
use crate::{
    ids::PaymentId,
    testing::{given, moment},
};
use uuid::Uuid;

fn id() -> ProviderMessageId {
    ProviderMessageId::new(Uuid::from_u128(5))
}

fn receive(text: &str, kind: ProviderFactKind) -> ProviderMessageCommand {
    ProviderMessageCommand::Receive {
        provider: "simulated".parse().unwrap(),
        message_id: "evt_1".parse().unwrap(),
        raw: sealed(id(), text.parse().unwrap()),
        fact: ProviderFact { payment_id: Some(PaymentId::new(Uuid::from_u128(9))), ..ProviderFact::of(kind) },
        signed_at: moment().now,
    }
}

/// Case 9: a message is stored before anybody knows what it belongs to.
#[test]
fn a_message_is_stored_as_it_came() {
    let expected = ProviderMessageReceived {
        provider: "simulated".parse().unwrap(),
        message_id: "evt_1".parse().unwrap(),
        raw: sealed(id(), "{}".parse().unwrap()),
        fact: ProviderFact {
            payment_id: Some(PaymentId::new(Uuid::from_u128(9))),
            ..ProviderFact::of(ProviderFactKind::Captured)
        },
        signed_at: moment().now,
    };
    given::<ProviderMessage>([]).when(receive("{}", ProviderFactKind::Captured)).then([expected.into()]);
}

/// Case 11: the same message twice, or with other content.
#[test]
fn the_first_message_under_an_id_stands() {
    let received = || given::<ProviderMessage>([]).and(receive("{}", ProviderFactKind::Captured));
    received().when(receive("{}", ProviderFactKind::Captured)).then_nothing();
    received().when(receive("{ }", ProviderFactKind::Refunded)).then_nothing();
}

#[test]
fn a_message_has_a_key_of_its_own() {
    assert_eq!(message_subject(id()).uuid(), id().uuid());
    assert_eq!(sealed(id(), "{}".parse().unwrap()).subject(), message_subject(id()));
}

#[test]
fn a_message_is_bounded_and_never_shown() {
    let most = "a".repeat(RAW_MESSAGE_BYTES_MAX);
    assert_eq!(most.parse::<RawMessage>().unwrap().as_str(), most);
    assert_eq!((most + "a").parse::<RawMessage>(), Err(ParseRawMessageError));
    assert_eq!(format!("{:?}", "secret".parse::<RawMessage>().unwrap()), "RawMessage(***)");
    assert!(serde_json::from_str::<RawMessage>(&format!("{:?}", "a".repeat(RAW_MESSAGE_BYTES_MAX + 1))).is_err());
}
