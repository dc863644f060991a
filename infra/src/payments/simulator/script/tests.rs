//! Which rule holds for which request and message.

use super::*;
use tillroll_domain::{ids::OperationId, money::Money};
use uuid::Uuid;

fn request(payment: u128, order: u128, instrument: &str) -> OperationRequest {
    OperationRequest {
        payment_id: PaymentId::new(Uuid::from_u128(payment)),
        operation_id: OperationId::new(Uuid::from_u128(1)),
        order_id: OrderId::new(Uuid::from_u128(order)),
        amount: Money::new(100, "EUR".parse().unwrap()),
        instrument: Some(instrument.parse().unwrap()),
        authorization: None,
        captured: None,
        quote_hash: None,
    }
}

fn rule(scope: RuleScope, behavior: Behavior) -> Rule {
    Rule { scope, behavior: Some(behavior), messages: None, times: None }
}

fn declined(code: &str) -> Behavior {
    Behavior::Decline { code: code.parse().unwrap() }
}

#[test]
fn magic_instruments_speak_for_themselves_and_others_follow_the_default() {
    let mut script = Script { default: declined("closed"), ..Script::default() };
    let mut kinds = Vec::new();
    for token in MAGIC_INSTRUMENTS {
        kinds.push(script.treat(OperationKind::Authorize, &request(1, 2, token)));
    }
    let expected = [
        Behavior::Approve,
        declined("card_declined"),
        Behavior::ActionRequired,
        Behavior::TimeoutBefore { hang_seconds: 0 },
        Behavior::TimeoutAfter { hang_seconds: 0 },
        Behavior::Late { seconds: 60 },
    ];
    assert_eq!(kinds, expected);
    assert_eq!(script.treat(OperationKind::Authorize, &request(1, 2, "tok_other")), declined("closed"));
    // An instrument says how it can be charged, and nothing about what comes later.
    assert_eq!(script.treat(OperationKind::Capture, &request(1, 2, "tok_approve")), declined("closed"));
}

#[test]
fn the_last_rule_that_applies_holds_and_goes_before_instruments() {
    let order = |id| RuleScope { order_id: Some(OrderId::new(Uuid::from_u128(id))), ..RuleScope::default() };
    let payment = |id| RuleScope { payment_id: Some(PaymentId::new(Uuid::from_u128(id))), ..RuleScope::default() };
    let captures = RuleScope { operation: Some(OperationKind::Capture), ..RuleScope::default() };
    let token = RuleScope { instrument: Some("tok_approve".parse().unwrap()), ..RuleScope::default() };
    let mut script = Script {
        rules: vec![
            rule(order(2), declined("a")),
            rule(payment(1), declined("b")),
            rule(captures, declined("c")),
            rule(token, declined("d")),
        ],
        ..Script::default()
    };
    let mut code = |kind, payment, order, token| match script.treat(kind, &request(payment, order, token)) {
        Behavior::Decline { code } => code.to_string(),
        other => format!("{other:?}"),
    };
    use OperationKind::{Authorize, Capture, Refund};
    assert_eq!(code(Authorize, 9, 2, "x"), "a");
    assert_eq!(code(Authorize, 1, 2, "x"), "b");
    assert_eq!(code(Capture, 1, 2, "tok_approve"), "c");
    assert_eq!(code(Authorize, 1, 2, "tok_approve"), "d");
    assert_eq!(code(Refund, 9, 9, "tok_approve"), "Approve");
}

#[test]
fn a_rule_holds_for_as_many_requests_as_it_says() {
    let twice = Rule { times: Some(2), ..rule(RuleScope::default(), Behavior::Unavailable) };
    let mut script = Script { rules: vec![twice], ..Script::default() };
    let mut treat = || script.treat(OperationKind::Authorize, &request(1, 2, "x"));
    assert_eq!([treat(), treat(), treat()], [Behavior::Unavailable, Behavior::Unavailable, Behavior::Approve]);
    assert!(script.rules.is_empty());
}

#[test]
fn messages_follow_rules_about_messages_alone() {
    let quiet = MessageConduct { enabled: false, ..MessageConduct::default() };
    let refunds = RuleScope { operation: Some(OperationKind::Refund), ..RuleScope::default() };
    let script = Script {
        rules: vec![
            Rule { scope: refunds.clone(), behavior: None, messages: Some(quiet.clone()), times: None },
            rule(refunds, Behavior::Approve),
        ],
        ..Script::default()
    };
    let (order, payment) = (OrderId::new(Uuid::from_u128(2)), PaymentId::new(Uuid::from_u128(1)));
    assert_eq!(script.conduct(Some(OperationKind::Refund), order, payment), &quiet);
    for kind in [Some(OperationKind::Capture), None] {
        assert_eq!(script.conduct(kind, order, payment), &MessageConduct::default());
    }
}

#[test]
fn a_script_that_cannot_be_followed_is_refused() {
    let good = Script::default();
    assert_eq!(good.check(), Ok(()));
    let copies = |copies| MessageConduct { copies, ..MessageConduct::default() };
    let late = Behavior::Late { seconds: SCRIPT_SECONDS_MAX + 1 };
    let times = |times| Rule { times: Some(times), ..rule(RuleScope::default(), Behavior::Approve) };
    let many = vec![rule(RuleScope::default(), Behavior::Approve); SCRIPT_RULES_MAX + 1];
    for bad in [
        Script { messages: copies(0), ..good.clone() },
        Script { messages: copies(MESSAGE_COPIES_MAX + 1), ..good.clone() },
        Script { authorization_seconds: 0, ..good.clone() },
        Script { default: late.clone(), ..good.clone() },
        Script { rules: vec![rule(RuleScope::default(), late)], ..good.clone() },
        Script { rules: vec![times(0)], ..good.clone() },
        Script { rules: vec![times(RULE_TIMES_MAX + 1)], ..good.clone() },
        Script { rules: many, ..good },
    ] {
        assert!(bad.check().is_err(), "{bad:?}");
    }
}
