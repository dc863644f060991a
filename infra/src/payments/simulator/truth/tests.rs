//! The provider's books: what they allow, and that asking twice changes nothing.

mod properties;

use super::*;
use tillroll_domain::{ids::OrderId, money::Money, provider_message::ProviderFactKind};
use uuid::Uuid;

const PAYMENT: PaymentId = PaymentId::new(Uuid::from_u128(1));
const WEEK: TimeDelta = TimeDelta::days(7);

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

fn request(operation: u128, minor: i64) -> OperationRequest {
    OperationRequest {
        payment_id: PAYMENT,
        operation_id: OperationId::new(Uuid::from_u128(operation)),
        order_id: OrderId::new(Uuid::from_u128(3)),
        amount: Money::new(minor, "EUR".parse().unwrap()),
        instrument: Some("tok_approve".parse().unwrap()),
        authorization: None,
        captured: None,
        quote_hash: None,
    }
}

/// One charge, asked in order; panics unless an operation stands as told.
struct Asked {
    truth: Truth,
    now: i64,
    said: Vec<ProviderFactKind>,
}

impl Asked {
    fn new() -> Self {
        Self { truth: Truth::new([1; 16]), now: 1_000, said: Vec::new() }
    }

    fn ask(&mut self, kind: OperationKind, operation: u128, minor: i64, verdict: Verdict) -> Standing {
        let (standing, said) = self.truth.request(kind, &request(operation, minor), verdict, WEEK, at(self.now));
        self.said.extend(said.iter().map(|fact| fact.kind));
        standing
    }

    #[track_caller]
    fn done(&mut self, kind: OperationKind, operation: u128, minor: i64) {
        let standing = self.ask(kind, operation, minor, Verdict::Approve);
        assert_eq!(status(&standing), "succeeded", "{standing:?}");
    }

    #[track_caller]
    fn refused(&mut self, kind: OperationKind, operation: u128, minor: i64, code: &str) {
        let standing = self.ask(kind, operation, minor, Verdict::Approve);
        assert_eq!(status(&standing), code);
    }

    fn settle(&mut self, now: i64) {
        self.now = now;
        self.said.extend(self.truth.settle(at(now)).iter().map(|fact| fact.kind));
    }

    fn charge(&self) -> &Charge {
        self.truth.charge(PAYMENT).unwrap()
    }

    /// Set aside, captured, refunded, disputed.
    fn amounts(&self) -> [i64; 4] {
        let charge = self.charge();
        [charge.aside_minor(at(self.now)), charge.captured_minor(), charge.refunded_minor(), charge.disputed_minor()]
    }
}

fn status(standing: &Standing) -> String {
    match standing {
        Standing::Refused(code) => format!("not kept: {code}"),
        Standing::Known(operation) => match &operation.status {
            OperationStatus::Succeeded => "succeeded".to_owned(),
            OperationStatus::Failed { code } => code.to_string(),
            OperationStatus::ActionRequired => "action required".to_owned(),
            OperationStatus::Pending { .. } => "pending".to_owned(),
        },
    }
}

use OperationKind::{Authorize, Capture, Refund, Void};

#[test]
fn money_is_set_aside_taken_in_parts_and_given_back_in_parts() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    assert_eq!(asked.amounts(), [1_000, 0, 0, 0]);
    asked.done(Capture, 2, 600);
    asked.done(Capture, 3, 400);
    assert_eq!(asked.amounts(), [0, 1_000, 0, 0]);
    asked.done(Refund, 4, 999);
    asked.done(Refund, 5, 1);
    assert_eq!(asked.amounts(), [0, 1_000, 1_000, 0]);
    use ProviderFactKind::{Authorized, Captured, Refunded};
    assert_eq!(asked.said, [Authorized, Captured, Captured, Refunded, Refunded]);
}

#[test]
fn no_more_is_taken_than_was_set_aside_and_no_more_given_back_than_was_taken() {
    let mut asked = Asked::new();
    asked.refused(Capture, 9, 1, "no_such_authorization");
    asked.done(Authorize, 1, 1_000);
    asked.refused(Capture, 2, 1_001, "amount_exceeds_authorized");
    asked.refused(Refund, 3, 1, "amount_exceeds_captured");
    asked.done(Capture, 4, 1_000);
    asked.refused(Capture, 5, 1, "amount_exceeds_authorized");
    asked.done(Refund, 6, 600);
    asked.refused(Refund, 7, 401, "amount_exceeds_captured");
    asked.refused(Refund, 8, 0, "amount_not_positive");
    assert_eq!(asked.amounts(), [0, 1_000, 600, 0]);
}

/// Case 9: the operation id is the idempotency key.
#[test]
fn the_same_operation_again_changes_nothing_and_is_answered_as_the_first_time() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    let first = asked.ask(Capture, 2, 600, Verdict::Approve);
    let failed = asked.ask(Capture, 3, 500, Verdict::Approve);
    let said = asked.said.clone();
    for _ in 0..3 {
        assert_eq!(asked.ask(Capture, 2, 600, Verdict::Decline(code("card_declined"))), first);
        assert_eq!(asked.ask(Capture, 3, 500, Verdict::Approve), failed);
    }
    assert_eq!((asked.amounts(), asked.said), ([400, 600, 0, 0], said));
}

#[test]
fn an_operation_id_with_other_content_is_refused_and_counted() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    asked.done(Capture, 2, 600);
    asked.refused(Capture, 2, 300, "not kept: idempotency_key_reused");
    asked.refused(Refund, 2, 600, "not kept: idempotency_key_reused");
    assert_eq!((asked.amounts(), asked.charge().reused_keys), ([400, 600, 0, 0], 2));
}

#[test]
fn a_void_sets_the_rest_free_for_good() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    asked.done(Capture, 2, 300);
    asked.done(Void, 3, 700);
    assert_eq!(asked.amounts(), [0, 300, 0, 0]);
    asked.refused(Capture, 4, 1, "authorization_voided");
    asked.refused(Void, 5, 700, "authorization_voided");
    // Another try may set money aside again.
    asked.done(Authorize, 6, 700);
    asked.done(Capture, 7, 700);
    assert_eq!(asked.amounts(), [0, 1_000, 0, 0]);
    asked.refused(Void, 8, 700, "nothing_authorized");
}

#[test]
fn a_capture_takes_from_the_authorization_that_it_names() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    asked.done(Authorize, 2, 200);
    let first = asked.charge().operations[0].reference.clone();
    let named = |operation, minor| OperationRequest { authorization: Some(first.clone()), ..request(operation, minor) };
    let (standing, _) = asked.truth.request(Capture, &named(3, 900), Verdict::Approve, WEEK, at(1_000));
    assert_eq!(status(&standing), "succeeded");
    asked.refused(Capture, 4, 201, "amount_exceeds_authorized");
    let unknown = OperationRequest { authorization: Some(code("sim_aut_x")), ..request(5, 1) };
    let (standing, _) = asked.truth.request(Capture, &unknown, Verdict::Approve, WEEK, at(1_000));
    assert_eq!(status(&standing), "no_such_authorization");
    let unknown = OperationRequest { captured: Some(code("sim_cap_x")), ..request(6, 1) };
    let (standing, _) = asked.truth.request(Refund, &unknown, Verdict::Approve, WEEK, at(1_000));
    assert_eq!(status(&standing), "no_such_capture");
}

/// Case 28: an authorization lapses, and then nothing can be taken.
#[test]
fn an_authorization_lapses_by_itself() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    asked.done(Capture, 2, 300);
    let end = 1_000 + WEEK.num_seconds();
    asked.settle(end - 1);
    assert_eq!(asked.amounts(), [700, 300, 0, 0]);
    // Also before anybody has noticed.
    asked.now = end;
    assert_eq!(asked.amounts(), [0, 300, 0, 0]);
    asked.settle(end);
    asked.settle(end + 1);
    let lapsed = asked.said.iter().filter(|kind| **kind == ProviderFactKind::AuthorizationExpired).count();
    assert_eq!((asked.amounts(), lapsed), ([0, 300, 0, 0], 1));
    asked.refused(Capture, 3, 1, "authorization_expired");
}

#[test]
fn an_end_that_frees_nothing_is_not_told() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    asked.done(Capture, 2, 1_000);
    asked.done(Authorize, 3, 500);
    asked.done(Void, 4, 500);
    let said = asked.said.clone();
    asked.settle(1_000_000_000);
    assert_eq!((asked.said, asked.truth.next_due()), (said, None));
}

/// Case F11: charged later than anybody waited.
#[test]
fn a_late_decision_counts_when_it_is_made() {
    let mut asked = Asked::new();
    assert_eq!(status(&asked.ask(Authorize, 1, 1_000, Verdict::Later(at(1_060)))), "pending");
    assert_eq!((asked.amounts(), asked.said.len()), ([0; 4], 0));
    asked.refused(Capture, 2, 1, "no_such_authorization");
    asked.settle(1_059);
    assert_eq!(asked.amounts(), [0; 4]);
    asked.settle(1_060);
    assert_eq!(asked.amounts(), [1_000, 0, 0, 0]);
    // What is being taken late can be taken by nobody else meanwhile.
    asked.ask(Capture, 3, 800, Verdict::Later(at(1_100)));
    asked.refused(Capture, 4, 201, "amount_exceeds_authorized");
    asked.ask(Refund, 5, 800, Verdict::Later(at(1_200)));
    asked.settle(1_100);
    assert_eq!(asked.amounts(), [200, 800, 0, 0], "the refund was refused at once: nothing was captured then");
    asked.ask(Refund, 6, 800, Verdict::Later(at(1_200)));
    asked.refused(Refund, 7, 1, "amount_exceeds_captured");
    asked.settle(1_200);
    assert_eq!(asked.amounts(), [200, 800, 800, 0]);
}

#[test]
fn a_late_authorization_lapses_and_is_told_too() {
    let mut asked = Asked::new();
    asked.ask(Authorize, 1, 1_000, Verdict::Later(at(1_060)));
    asked.settle(1_060);
    asked.settle(1_000 + WEEK.num_seconds());
    use ProviderFactKind::{AuthorizationExpired, Authorized};
    assert_eq!(asked.said, [Authorized, AuthorizationExpired]);
}

#[test]
fn a_late_capture_of_what_was_set_free_meanwhile_fails() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    asked.ask(Capture, 2, 400, Verdict::Later(at(2_000)));
    asked.done(Void, 3, 600);
    asked.settle(2_000);
    assert_eq!(asked.amounts(), [0; 4]);
    assert_eq!(status(&asked.ask(Capture, 2, 400, Verdict::Approve)), "authorization_voided");
    // What falls due first happens first, however late somebody looks.
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    let end = 1_000 + WEEK.num_seconds();
    asked.ask(Capture, 2, 400, Verdict::Later(at(end + 1)));
    asked.settle(end + 1_000);
    assert_eq!(asked.amounts(), [0; 4]);
    use ProviderFactKind::{AuthorizationExpired, Authorized, Failed};
    assert_eq!(asked.said, [Authorized, AuthorizationExpired, Failed]);
}

#[test]
fn the_customer_decides_what_waits_for_the_customer() {
    for (approve, aside, code) in [(true, 1_000, "succeeded"), (false, 0, "action_declined")] {
        let mut asked = Asked::new();
        assert_eq!(status(&asked.ask(Authorize, 1, 1_000, Verdict::AskCustomer)), "action required");
        assert_eq!(asked.amounts(), [0; 4]);
        let said = asked.truth.complete_action(PAYMENT, None, approve, WEEK, at(2_000)).unwrap();
        assert_eq!((said.len(), asked.amounts()), (1, [aside, 0, 0, 0]));
        assert_eq!(status(&asked.ask(Authorize, 1, 1_000, Verdict::Approve)), code);
        let again = asked.truth.complete_action(PAYMENT, None, true, WEEK, at(2_000));
        assert_eq!(again, Err(ControlError::NothingWaiting));
    }
    let mut asked = Asked::new();
    asked.ask(Authorize, 1, 1_000, Verdict::AskCustomer);
    asked.ask(Authorize, 2, 1_000, Verdict::AskCustomer);
    let first = Some(request(1, 0).operation_id);
    asked.truth.complete_action(PAYMENT, first, true, WEEK, at(2_000)).unwrap();
    assert_eq!(status(&asked.ask(Authorize, 2, 1_000, Verdict::Approve)), "action required");
    // The time runs from the customer's consent.
    assert_eq!(asked.charge().operations[0].expires_at, Some(at(2_000) + WEEK));
}

#[test]
fn a_decline_is_kept_and_told() {
    let mut asked = Asked::new();
    let declined = asked.ask(Authorize, 1, 1_000, Verdict::Decline(code("card_declined")));
    assert_eq!(status(&declined), "card_declined");
    asked.done(Authorize, 2, 1_000);
    asked.done(Capture, 3, 1_000);
    asked.ask(Refund, 4, 10, Verdict::Decline(code("later")));
    use ProviderFactKind::{Authorized, Captured, Failed, RefundFailed};
    assert_eq!(asked.said, [Failed, Authorized, Captured, RefundFailed]);
    assert_eq!(asked.amounts(), [0, 1_000, 0, 0]);
}

/// Case 24: what is done in the provider's dashboard is the truth, too.
#[test]
fn operations_by_hand_count_and_carry_no_reference_of_ours() {
    let mut asked = Asked::new();
    let unknown = asked.truth.by_hand(PAYMENT, Capture, None, at(1_000));
    assert_eq!(unknown, Err(ControlError::UnknownCharge));
    asked.done(Authorize, 1, 1_000);
    let said = asked.truth.by_hand(PAYMENT, Capture, Some(400), at(1_000)).unwrap();
    assert_eq!(
        (said[0].kind, said[0].payment_id, said[0].operation_id),
        (ProviderFactKind::Captured, Some(PAYMENT), None)
    );
    asked.truth.by_hand(PAYMENT, Capture, None, at(1_000)).unwrap();
    assert_eq!(asked.amounts(), [0, 1_000, 0, 0]);
    let refused = asked.truth.by_hand(PAYMENT, Capture, None, at(1_000)).unwrap_err();
    assert_eq!(refused, ControlError::Refused { code: code("amount_not_positive") });
    assert_eq!(asked.truth.by_hand(PAYMENT, Refund, Some(0), at(1_000)), Err(ControlError::AmountNotPositive));
    asked.truth.by_hand(PAYMENT, Refund, Some(300), at(1_000)).unwrap();
    asked.refused(Refund, 2, 701, "amount_exceeds_captured");
    asked.truth.by_hand(PAYMENT, Refund, None, at(1_000)).unwrap();
    assert_eq!(asked.amounts(), [0, 1_000, 1_000, 0]);
}

/// Case 29: a disputed charge is not given back a second time.
#[test]
fn what_is_disputed_cannot_be_refunded_unless_the_shop_wins() {
    let mut asked = Asked::new();
    asked.done(Authorize, 1, 1_000);
    asked.done(Capture, 2, 1_000);
    asked.truth.open_dispute(PAYMENT, Some(600), at(1_000)).unwrap();
    assert_eq!(asked.amounts(), [0, 1_000, 0, 600]);
    asked.refused(Refund, 3, 401, "charge_disputed");
    asked.done(Refund, 4, 400);
    let said = asked.truth.open_dispute(PAYMENT, Some(400), at(1_001)).unwrap();
    assert_eq!((said[0].kind, said[0].dispute.is_some()), (ProviderFactKind::DisputeOpened, true));
    let too_much = asked.truth.open_dispute(PAYMENT, Some(1), at(1_001));
    assert_eq!(too_much, Err(ControlError::Refused { code: code("amount_exceeds_captured") }));
    let won = asked.truth.close_dispute(PAYMENT, None, true).unwrap();
    assert_eq!((won[0].kind, won[0].amount.map(|amount| amount.minor)), (ProviderFactKind::DisputeWon, Some(600)));
    let second = asked.charge().disputes[1].reference.clone();
    let lost = asked.truth.close_dispute(PAYMENT, Some(&second), false).unwrap();
    assert_eq!(lost[0].kind, ProviderFactKind::DisputeLost);
    assert_eq!(asked.truth.close_dispute(PAYMENT, None, true), Err(ControlError::NoOpenDispute));
    assert_eq!((asked.amounts(), asked.charge().refundable_minor()), ([0, 1_000, 400, 400], 200));
}

#[test]
fn an_authorization_can_be_made_to_lapse_early() {
    let mut asked = Asked::new();
    assert_eq!(asked.truth.expire(PAYMENT, at(1_000)), Err(ControlError::UnknownCharge));
    asked.done(Authorize, 1, 1_000);
    asked.done(Capture, 2, 300);
    let said = asked.truth.expire(PAYMENT, at(1_500)).unwrap();
    assert_eq!((said.len(), said[0].amount.map(|amount| amount.minor)), (1, Some(700)));
    asked.refused(Capture, 3, 1, "authorization_expired");
    let again = asked.truth.expire(PAYMENT, at(1_500));
    assert_eq!(again, Err(ControlError::Refused { code: code("nothing_authorized") }));
}

#[test]
fn a_charge_is_bounded() {
    let mut asked = Asked::new();
    for operation in 0..CHARGE_OPERATIONS_MAX {
        asked.done(Authorize, u128::try_from(operation).unwrap(), 1);
    }
    asked.refused(Authorize, 1_000, 1, "not kept: too_many_operations");
    asked.done(Authorize, 0, 1);
}

#[test]
fn other_books_give_other_references() {
    let names = |salt| {
        let mut truth = Truth::new([salt; 16]);
        [truth.name("a"), truth.name("a")]
    };
    let [first, second] = names(1);
    assert_ne!(first, second);
    assert_ne!(first, names(2)[0]);
    assert_eq!(first, names(1)[0]);
    assert!(first.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{first}");
}
