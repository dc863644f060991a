//! The window against a model that keeps everything, and its stored form.

use super::*;
use crate::event::time_of_id;
use chrono::TimeDelta;
use proptest::{collection::vec, prelude::*};

fn id(number: usize) -> Uuid {
    Uuid::from_u128(u128::try_from(number).unwrap() + 1)
}

fn cause(number: usize) -> Cause {
    Cause { command_id: id(number), fingerprint: None, not_after: None }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn noted(commands: usize) -> CommandWindow {
    let mut window = CommandWindow::default();
    for number in 0..commands {
        let place = u64::try_from(number).unwrap();
        window.note(cause(number), Revision(place), Position(place + 1));
    }
    window
}

/// Notes commands with these numbers, one event each, all at one time.
fn note_at(window: &mut CommandWindow, numbers: std::ops::Range<usize>, now: DateTime<Utc>, ahead: Option<TimeDelta>) {
    for number in numbers {
        let place = u64::try_from(number).unwrap();
        window.pass(now);
        let not_after = ahead.map(|ahead| now + ahead);
        window.note(Cause { not_after, ..cause(number) }, Revision(place), Position(place + 1));
    }
}

fn stored(window: &CommandWindow) -> String {
    serde_json::to_string(window).unwrap()
}

#[test]
fn every_command_within_the_window_is_found_and_none_beyond_it() {
    for commands in [1, SEARCHED_UP_TO, SEARCHED_UP_TO + 1, COMMANDS_REMEMBERED, COMMANDS_REMEMBERED * 2 + 7] {
        let window = noted(commands);
        for number in 0..commands {
            let expected = (number + COMMANDS_REMEMBERED >= commands).then(|| u64::try_from(number).unwrap());
            let found = window.get(id(number)).map(|entry| entry.last_revision.0);
            assert_eq!(found, expected, "command {number} of {commands}");
        }
        assert_eq!(window.get(id(commands)), None);
    }
}

#[test]
fn events_of_one_command_are_one_entry() {
    let mut window = noted(1);
    window.note(cause(0), Revision(1), Position(9));
    let entry = window.get(id(0)).unwrap();
    assert_eq!((entry.events, entry.last_revision, entry.position), (2, Revision(1), Some(Position(9))));
}

#[test]
fn a_command_that_came_again_after_leaving_the_window_is_found_at_its_newer_place() {
    let mut window = noted(COMMANDS_REMEMBERED + 1);
    window.note(cause(0), Revision(5_000), Position(5_001));
    for number in 0..10 {
        window.note(cause(10_000 + number), Revision(6_000), Position(6_001));
    }
    assert_eq!(window.get(id(0)).map(|entry| entry.last_revision), Some(Revision(5_000)));
}

#[test]
fn a_timed_command_is_remembered_until_the_streams_time_has_passed_its_end_and_the_grace() {
    let mut window = CommandWindow::default();
    note_at(&mut window, 0..1, at(0), Some(TimeDelta::seconds(60)));
    note_at(&mut window, 1..3_000, at(10), None);
    assert_eq!(window.get(id(0)).map(|entry| entry.last_revision), Some(Revision(0)));
    assert_eq!(window.get(id(1)), None, "the one behind it had no end and is forgotten");
    let last = at(60) + NOT_AFTER_GRACE;
    note_at(&mut window, 3_000..3_001, last, None);
    assert!(window.get(id(0)).is_some());
    note_at(&mut window, 3_001..3_002, last + TimeDelta::milliseconds(1), None);
    assert_eq!(window.get(id(0)), None);
    assert_eq!(window.timed.as_ref().map(|timed| timed.bytes()), None, "nothing is left of it");
}

#[test]
fn a_timed_command_among_the_newest_stays_there_after_its_end() {
    let mut window = CommandWindow::default();
    note_at(&mut window, 0..1, at(0), Some(TimeDelta::seconds(60)));
    note_at(&mut window, 1..COMMANDS_REMEMBERED, at(1_000_000), None);
    assert!(window.get(id(0)).is_some());
    note_at(&mut window, 5_000..5_001, at(1_000_000), None);
    assert_eq!(window.get(id(0)), None);
}

#[test]
fn there_is_room_for_so_many_timed_commands_and_again_once_they_are_over() {
    let mut window = CommandWindow::default();
    let ahead = TimeDelta::seconds(60);
    note_at(&mut window, 0..TIMED_COMMANDS_MAX - 1, at(0), Some(ahead));
    assert!(window.has_room_for_timed(at(0)));
    note_at(&mut window, TIMED_COMMANDS_MAX - 1..TIMED_COMMANDS_MAX, at(0), Some(ahead));
    assert!(!window.has_room_for_timed(at(0)));
    let over = at(0) + ahead + NOT_AFTER_GRACE;
    assert!(!window.has_room_for_timed(over));
    assert!(window.has_room_for_timed(over + TimeDelta::milliseconds(1)), "though the stream itself has not gone on");
}

#[test]
fn a_stream_that_another_program_filled_with_timed_commands_stays_bounded() {
    let mut window = CommandWindow::default();
    note_at(&mut window, 0..TIMED_COMMANDS_MAX + 2_000, at(0), Some(TimeDelta::days(100_000)));
    assert!(window.get(id(1_999)).is_none() && window.get(id(2_000)).is_some());
    let soon = at(0) + NOT_AFTER_AHEAD_MAX + NOT_AFTER_GRACE * 2 + TimeDelta::milliseconds(1);
    assert!(window.has_room_for_timed(soon), "nor is anything remembered for ever");
}

#[test]
fn the_streams_time_is_that_of_its_ids() {
    let moment = at(7) + TimeDelta::milliseconds(89);
    let millis = u64::try_from(moment.timestamp_millis()).unwrap();
    let id = uuid::Builder::from_unix_timestamp_millis(millis, &[0xff; 10]).into_uuid();
    assert_eq!(time_of_id(id), Some(moment));
    assert_eq!(time_of_id(Uuid::from_u128(7)), None);
}

/// One command: how much later than the one before it, how far ahead its end is, and whether it comes again.
#[derive(Debug, Clone, Copy)]
struct Step {
    later: i64,
    ahead: Option<i64>,
    events: usize,
}

fn step() -> impl Strategy<Value = Step> {
    let ahead = prop_oneof![3 => Just(None), 2 => (0..2_500_i64).prop_map(Some)];
    (-1..4_i64, ahead, 1..3_usize).prop_map(|(later, ahead, events)| Step { later, ahead, events })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What the node that decides remembers, what a fold remembers, what a snapshot on the way gives, and what the rule
    /// says in plain words are the same.
    #[test]
    fn deciding_folding_and_a_snapshot_on_the_way_remember_what_the_rule_says(
        steps in vec(step(), 1_000..1_600),
        snapshot_at in 0..1_600_usize,
    ) {
        let (mut decided, mut folded) = (CommandWindow::default(), CommandWindow::default());
        let mut model: Vec<(DateTime<Utc>, DateTime<Utc>)> = Vec::new();
        let (mut now, mut latest, mut revision) = (at(0), DateTime::<Utc>::default(), 0);
        for (number, step) in steps.iter().enumerate() {
            now += TimeDelta::seconds(step.later);
            latest = latest.max(now);
            let not_after = step.ahead.map(|ahead| now + TimeDelta::seconds(ahead));
            let cause = Cause { not_after, ..cause(number) };
            let first = revision;
            revision += u64::try_from(step.events).unwrap();
            decided.pass(now);
            decided.push(Answered {
                command_id: cause.command_id,
                fingerprint: None,
                events: step.events,
                last_revision: Revision(revision - 1),
                position: None,
                until: decided.until(not_after),
            });
            decided.settle(cause.command_id, Position(revision));
            for revision in first..revision {
                folded.pass(now);
                folded.note(cause, Revision(revision), Position(revision + 1));
            }
            if number == snapshot_at {
                let restored: CommandWindow = serde_json::from_str(&stored(&folded)).unwrap();
                prop_assert_eq!(stored(&restored), stored(&folded));
                folded = restored;
            }
            model.push((latest, not_after.unwrap_or_default()));
        }
        prop_assert_eq!(stored(&decided), stored(&folded));
        for (number, (_, not_after)) in model.iter().enumerate() {
            let is_new = number + COMMANDS_REMEMBERED >= steps.len();
            let is_live = steps[number].ahead.is_some() && *not_after + NOT_AFTER_GRACE >= latest;
            prop_assert_eq!(folded.get(id(number)).is_some(), is_new || is_live, "command {}", number);
        }
    }
}

#[test]
fn a_stored_window_of_more_commands_than_are_remembered_is_not_read() {
    let whole = stored(&noted(COMMANDS_REMEMBERED));
    assert!(serde_json::from_str::<CommandWindow>(&whole).is_ok());
    let row = r#"["00000000000000000000000000000009",null,1,9,9,null],"#;
    let more = whole.replacen(r#""newest":["#, &format!(r#""newest":[{row}"#), 1);
    assert!(serde_json::from_str::<CommandWindow>(&more).is_err());
}
