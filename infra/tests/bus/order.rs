//! Commands on one stream: their order, their pipeline, and what they are decided on.

use crate::{
    counter::{ADD_1, Counter, CounterCommand, CounterError},
    support::{Shop, command},
};
use chrono::{TimeZone, Utc};
use futures::{FutureExt, future::join_all};
use tillroll_infra::{
    bus::{CommandContext, ExecuteError, Outcome},
    stream::{Position, Revision},
};

#[tokio::test]
async fn commands_on_one_stream_are_decided_in_the_order_of_their_submission() {
    let shop = Shop::open();
    let mut pending = Vec::new();
    for number in 0..1_000 {
        pending.push(shop.bus.submit::<Counter>("a", ADD_1, command(number)).await.unwrap());
    }
    for (number, answer) in join_all(pending).await.into_iter().enumerate() {
        assert_eq!(answer.unwrap().revision, Some(Revision(u64::try_from(number).unwrap())));
    }
    assert_eq!(shop.sum("a").await, 1_000);
}

#[tokio::test]
async fn a_follower_is_decided_before_its_predecessor_is_durable_but_answered_after_it() {
    let shop = Shop::open();
    shop.log.hold_answers();
    let mut first = shop.bus.submit::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let mut second = shop.bus.submit::<Counter>("a", ADD_1, command(2)).await.unwrap();
    shop.wait_for_events("a", 2).await;
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    shop.log.let_answers_go();
    assert_eq!(first.await.unwrap().revision, Some(Revision(0)));
    assert_eq!(second.await.unwrap().revision, Some(Revision(1)));
}

#[tokio::test]
async fn two_nodes_on_one_stream_lose_nothing() {
    let shop = Shop::open();
    let nodes = [shop.bus.clone(), shop.second_node()];
    let commands = (0..400).map(|number: u128| {
        let bus = nodes[usize::try_from(number % 2).unwrap()].clone();
        tokio::spawn(async move { bus.execute::<Counter>("a", ADD_1, command(number)).await })
    });
    for answer in join_all(commands).await {
        answer.unwrap().unwrap();
    }
    assert_eq!(shop.sum("a").await, 400);
}

#[tokio::test]
async fn what_was_decided_on_a_refused_append_is_decided_again_whoever_wrote_in_between() {
    let shop = Shop::open();
    let limit = |limit| CounterCommand::SetLimit { limit };
    shop.bus.execute::<Counter>("a", limit(1), command(1)).await.unwrap();
    // The other node takes the one unit that there is; the first node still thinks it is free.
    shop.second_node().execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
    let raise = shop.bus.submit::<Counter>("a", limit(3), command(3)).await.unwrap();
    let add = shop.bus.submit::<Counter>("a", ADD_1, command(4)).await.unwrap();
    raise.await.unwrap();
    add.await.unwrap();
    let sums: Vec<_> = shop.events("a").await.iter().map(|event| event.data.to_string()).collect();
    // Had the follower been accepted at the revision it expected, it would claim a sum of one.
    assert_eq!(sums, [r#"{"limit":1}"#, r#"{"amount":1,"sum":1}"#, r#"{"limit":3}"#, r#"{"amount":1,"sum":2}"#]);
}

#[tokio::test]
async fn a_refusal_is_answered_only_after_the_newer_events_were_read() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", CounterCommand::SetLimit { limit: 1 }, command(1)).await.unwrap();
    let raised = CounterCommand::SetLimit { limit: 5 };
    shop.second_node().execute::<Counter>("a", raised, command(2)).await.unwrap();
    // The first node still has the lower limit in its cache.
    let add_3 = CounterCommand::Add { amount: 3 };
    let answer = shop.bus.execute::<Counter>("a", add_3.clone(), command(3)).await.unwrap();
    assert_eq!(answer.revision, Some(Revision(2)));
    let error = shop.bus.execute::<Counter>("a", add_3, command(4)).await.unwrap_err();
    let ExecuteError::Refused(refusal) = error else { panic!("{error:?}") };
    assert_eq!(refusal, CounterError::BeyondLimit { sum: 6, limit: 5 });
}

#[tokio::test]
async fn a_refusal_behind_commands_on_their_way_waits_for_them() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", CounterCommand::SetLimit { limit: 1 }, command(1)).await.unwrap();
    shop.log.hold_answers();
    let first = shop.bus.submit::<Counter>("a", ADD_1, command(2)).await.unwrap();
    let mut refused = shop.bus.submit::<Counter>("a", ADD_1, command(3)).await.unwrap();
    let later = shop.bus.submit::<Counter>("a", CounterCommand::SetLimit { limit: 9 }, command(4)).await.unwrap();
    shop.wait_for_events("a", 2).await;
    assert!((&mut refused).now_or_never().is_none());
    shop.log.let_answers_go();
    first.await.unwrap();
    let error = refused.await.unwrap_err();
    assert!(matches!(error, ExecuteError::Refused(CounterError::BeyondLimit { sum: 2, limit: 1 })), "{error:?}");
    later.await.unwrap();
    assert_eq!(shop.events("a").await.len(), 3);
}

#[tokio::test]
async fn nothing_to_do_appends_nothing_and_says_where_the_stream_stands() {
    let shop = Shop::open();
    let nothing = CounterCommand::Add { amount: 0 };
    let answer = shop.bus.execute::<Counter>("a", nothing.clone(), command(1)).await.unwrap();
    assert_eq!((answer.outcome, answer.revision, answer.position), (Outcome::NothingToDo, None, Position(0)));
    shop.bus.execute::<Counter>("a", ADD_1, command(2)).await.unwrap();
    let answer = shop.bus.execute::<Counter>("a", nothing, command(1)).await.unwrap();
    assert_eq!(answer.outcome, Outcome::NothingToDo);
    assert_eq!((answer.revision, answer.position), (Some(Revision(0)), Position(1)));
}

#[tokio::test]
async fn nothing_to_do_behind_commands_on_their_way_answers_a_position_that_covers_them() {
    let shop = Shop::open();
    shop.log.hold_answers();
    let first = shop.bus.submit::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let nothing = shop.bus.submit::<Counter>("a", CounterCommand::Add { amount: 0 }, command(2)).await.unwrap();
    shop.wait_for_events("a", 1).await;
    shop.log.let_answers_go();
    let (first, nothing) = (first.await.unwrap(), nothing.await.unwrap());
    assert_eq!(nothing.outcome, Outcome::NothingToDo);
    assert_eq!((nothing.revision, nothing.position), (first.revision, first.position));
}

#[tokio::test]
async fn a_required_revision_must_be_the_last_one() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", ADD_1, command(1)).await.unwrap();
    let requiring = |number, revision| CommandContext { if_revision: Some(Revision(revision)), ..command(number) };
    let error = shop.bus.execute::<Counter>("a", ADD_1, requiring(2, 1)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::RevisionMismatch { actual: Some(Revision(0)), .. }), "{error:?}");
    let error = shop.bus.execute::<Counter>("b", ADD_1, requiring(3, 0)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::RevisionMismatch { actual: None, .. }), "{error:?}");
    let answer = shop.bus.execute::<Counter>("a", ADD_1, requiring(4, 0)).await.unwrap();
    assert_eq!(answer.revision, Some(Revision(1)));
}

#[tokio::test]
async fn a_decision_is_told_the_effective_time_and_the_stores_date() {
    let shop = Shop::open();
    shop.bus.execute::<Counter>("a", CounterCommand::NoteTime, command(1)).await.unwrap();
    let effective_at = Utc.with_ymd_and_hms(2010, 12, 1, 8, 26, 0).unwrap();
    let past = CommandContext { effective_at: Some(effective_at), ..command(2) };
    shop.bus.execute::<Counter>("a", CounterCommand::NoteTime, past).await.unwrap();
    let events = shop.events("a").await;
    // Half past eleven in the evening in UTC is the next day in Berlin.
    assert_eq!(&*events[0].data, r#"{"now":"2026-03-01T23:30:00Z","business_date":"2026-03-02"}"#);
    assert_eq!(&*events[1].data, r#"{"now":"2010-12-01T08:26:00Z","business_date":"2010-12-01"}"#);
    assert_eq!(events[0].metadata().unwrap().effective_at, None);
    assert_eq!(events[1].metadata().unwrap().effective_at, Some(effective_at));
    assert_eq!(events[0].recorded_at, events[1].recorded_at);
}

#[tokio::test]
async fn metadata_says_who_caused_an_event_and_by_which_command() {
    let shop = Shop::open();
    let context = CommandContext {
        correlation_id: Some("c-1".into()),
        causation_id: Some("e-1".into()),
        traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".into()),
        ..command(1)
    };
    shop.bus.execute::<Counter>("a", ADD_1, context.clone()).await.unwrap();
    let metadata = shop.events("a").await[0].metadata().unwrap();
    assert_eq!((metadata.actor.as_str(), metadata.origin.as_str()), ("tester", "live"));
    assert_eq!(metadata.command_id, Some(context.command_id.to_string()));
    assert_eq!(metadata.command_fingerprint.map(|text| text.len()), Some(32));
    assert_eq!((metadata.correlation_id, metadata.causation_id), (context.correlation_id, context.causation_id));
    assert_eq!(metadata.traceparent, context.traceparent);
}
