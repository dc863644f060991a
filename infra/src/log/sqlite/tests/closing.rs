//! After a log was closed.

use super::{Place, append, appended, exact};
use crate::log::{
    AppendError, EventFilter, EventLog, ExpectedRevision, ReadError, ReadFrom, SqliteLog, Subscription,
    SubscriptionMessage,
};
use crate::stream::Position;
use std::{fs, sync::Arc};

#[tokio::test]
async fn a_closed_log_answers_errors_and_nobody_waits() {
    let place = Place::new();
    let writer = Arc::new(place.open());
    appended(&writer, place.append(1, ExpectedRevision::NoStream, 1)).await;
    let reader = Arc::new(SqliteLog::open_read_only(&place.options()).unwrap());
    for log in [reader, writer] {
        let mut subscription = Subscription::new(log.clone(), Position(1), EventFilter::default(), 10);
        assert_eq!(subscription.next().await.unwrap(), SubscriptionMessage::CaughtUp(Position(1)));
        log.close();
        log.close();
        assert!(matches!(subscription.next().await, Err(ReadError::Unavailable(_))));
        let stream = super::order(1);
        assert!(matches!(
            log.read_stream(&stream, ReadFrom::BackwardsFromEnd, 1).await,
            Err(ReadError::Unavailable(_))
        ));
        let refused = append(log.as_ref(), place.append(1, exact(0), 1)).await;
        assert!(matches!(refused, Err(AppendError::Unavailable(_))), "{refused:?}");
    }
}

#[tokio::test]
async fn a_closed_log_is_one_file() {
    let place = Place::new();
    let log = place.open();
    appended(&log, place.append(1, ExpectedRevision::NoStream, 100)).await;
    // Readers have been at work, too.
    assert_eq!(super::positions(&log).await.len(), 100);
    log.close();
    let mut names: Vec<_> =
        fs::read_dir(place.folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["events.sqlite", "writer.lock"]);
}
