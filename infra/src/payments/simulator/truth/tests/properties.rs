//! The provider's books under whatever may happen to them.

use super::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Act {
    Ask { kind: OperationKind, operation: u128, minor: i64, verdict: u8, named: Option<usize> },
    Hand { kind: OperationKind, minor: Option<i64> },
    Dispute { minor: Option<i64> },
    CloseDispute { won: bool },
    Complete { approve: bool },
    Expire,
    Pass { seconds: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let kind = || prop::sample::select(OperationKind::ALL.to_vec());
    let minor = || prop::option::of(-1..1_200_i64);
    let ask = (kind(), 0..40_u128, -1..1_200_i64, 0..5_u8, prop::option::of(0..4_usize));
    let act = prop_oneof![
        8 => ask.prop_map(|(kind, operation, minor, verdict, named)| Act::Ask { kind, operation, minor, verdict, named }),
        1 => (prop::sample::select(vec![Capture, Refund]), minor()).prop_map(|(kind, minor)| Act::Hand { kind, minor }),
        1 => minor().prop_map(|minor| Act::Dispute { minor }),
        1 => any::<bool>().prop_map(|won| Act::CloseDispute { won }),
        1 => any::<bool>().prop_map(|approve| Act::Complete { approve }),
        1 => Just(Act::Expire),
        3 => (0..400_000_i64).prop_map(|seconds| Act::Pass { seconds }),
    ];
    prop::collection::vec(act, 1..60)
}

fn act(truth: &mut Truth, now: &mut i64, act: &Act) -> Vec<ProviderFact> {
    match act {
        Act::Ask { kind, operation, minor, verdict, named } => {
            let verdict = match verdict {
                0 => Verdict::Decline(code("card_declined")),
                1 => Verdict::AskCustomer,
                2 => Verdict::Later(at(*now + 100_000)),
                _ => Verdict::Approve,
            };
            let authorization = named.and_then(|index| {
                truth
                    .charge(PAYMENT)?
                    .operations
                    .iter()
                    .filter(|o| o.kind == Authorize)
                    .nth(index)
                    .map(|o| o.reference.clone())
            });
            let request = OperationRequest { authorization, ..request(*operation, *minor) };
            truth.request(*kind, &request, verdict, WEEK, at(*now)).1
        }
        Act::Hand { kind, minor } => truth.by_hand(PAYMENT, *kind, *minor, at(*now)).unwrap_or_default(),
        Act::Dispute { minor } => truth.open_dispute(PAYMENT, *minor, at(*now)).unwrap_or_default(),
        Act::CloseDispute { won } => truth.close_dispute(PAYMENT, None, *won).unwrap_or_default(),
        Act::Complete { approve } => truth.complete_action(PAYMENT, None, *approve, WEEK, at(*now)).unwrap_or_default(),
        Act::Expire => truth.expire(PAYMENT, at(*now)).unwrap_or_default(),
        Act::Pass { seconds } => {
            *now += seconds;
            truth.settle(at(*now))
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_books_are_right(acts in acts()) {
        let (mut truth, mut now) = (Truth::new([1; 16]), 1_000);
        let mut answered: BTreeMap<OperationId, String> = BTreeMap::new();
        let (mut captured, mut refunded) = (0, 0);
        for one in &acts {
            for fact in act(&mut truth, &mut now, one) {
                let minor = fact.amount.map_or(0, |amount| amount.minor);
                match fact.kind {
                    ProviderFactKind::Captured => captured += minor,
                    ProviderFactKind::Refunded => refunded += minor,
                    _ => {}
                }
            }
            let Some(charge) = truth.charge(PAYMENT) else { continue };
            prop_assert_eq!((charge.captured_minor(), charge.refunded_minor()), (captured, refunded), "all was told");
            prop_assert!(charge.refunded_minor() <= charge.captured_minor());
            prop_assert!(charge.disputed_minor() <= charge.captured_minor());
            for authorization in charge.authorizations() {
                let name = Some(&authorization.reference);
                let taken: i64 = charge.operations.iter()
                    .filter(|o| o.kind == Capture && o.status == OperationStatus::Succeeded && o.authorization.as_ref() == name)
                    .map(|o| o.amount_minor).sum();
                prop_assert!(taken <= authorization.amount_minor);
            }
            // A final outcome stays.
            for operation in &charge.operations {
                let Some(id) = operation.operation_id else { continue };
                let status = status(&Standing::Known(operation.clone()));
                if let Some(before) = answered.get(&id)
                    && !["pending", "action required"].contains(&before.as_str())
                {
                    prop_assert_eq!(before, &status);
                }
                answered.insert(id, status);
            }
        }
    }

    #[test]
    fn books_that_were_put_away_go_on_as_if_they_had_not_been(acts in acts(), split in 0..60_usize) {
        let (mut whole, mut now) = (Truth::new([1; 16]), 1_000);
        let (mut parts, mut then) = (Truth::new([1; 16]), 1_000);
        for (index, one) in acts.iter().enumerate() {
            if index == split {
                let kept: Vec<String> = parts.charges().map(|charge| serde_json::to_string(charge).unwrap()).collect();
                let kept = kept.iter().map(|charge| serde_json::from_str(charge).unwrap());
                parts = Truth::restored(*parts.salt(), parts.named(), kept);
            }
            prop_assert_eq!(act(&mut whole, &mut now, one), act(&mut parts, &mut then, one));
        }
        prop_assert_eq!(whole.charges().collect::<Vec<_>>(), parts.charges().collect::<Vec<_>>());
    }
}
