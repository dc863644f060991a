//! `Prefer: wait=<seconds>` on writes: the answer waits until the read models show what was written.
//!
//! It surrounds the APIs from here, because writes know nothing of read models. A write may wait for more by itself, such as a
//! checkout for its settled state; both happen within the same seconds.

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method},
    middleware::{Next, from_fn_with_state},
    response::Response,
};
use std::time::Duration;
use tillroll_http::headers::{self, NotAwaited};
use tillroll_infra::stream::Position;
use tillroll_projections::read::ReadModels;
use tokio::time::Instant;

/// The longest that an answer waits.
const WAIT_MAX: Duration = Duration::from_secs(10);

/// Lets writes that succeeded wait until every read model has passed the position they reached, at most as long as their
/// client prefers and ten seconds, counted from when the request came. `Preference-Applied` says that they have, and that
/// whatever else the write waits for has come. The write happened in any case: neither a read model that stands still nor a
/// client that goes away undoes it.
pub(super) fn honoring_wait(router: Router, read_models: ReadModels) -> Router {
    router.layer(from_fn_with_state(read_models, wait_for_read_models))
}

async fn wait_for_read_models(State(read_models): State<ReadModels>, request: Request, next: Next) -> Response {
    let is_write = request.method() == Method::POST;
    let preferred = headers::prefer(request.headers()).wait.filter(|_| is_write);
    let came = Instant::now();
    let mut response = next.run(request).await;
    let is_awaited = response.extensions().get::<NotAwaited>().is_none();
    let position = position(&response).filter(|_| is_awaited);
    let (Some(preferred), Some(position), true) = (preferred, position, response.status().is_success()) else {
        return response;
    };
    if let Some(applied) = applied(&read_models, position, preferred, came.elapsed()).await {
        response.headers_mut().insert(&headers::PREFERENCE_APPLIED, applied);
    }
    response
}

/// `Preference-Applied` once all read models have passed the position; `None` if they did not in time, of which some is over.
async fn applied(
    read_models: &ReadModels,
    position: Position,
    preferred: Duration,
    over: Duration,
) -> Option<HeaderValue> {
    let wait = preferred.min(WAIT_MAX);
    let all: Vec<&'static str> = read_models.statuses().iter().map(|status| status.name).collect();
    read_models.wait_for(&all, position, wait.saturating_sub(over)).await.ok()?;
    HeaderValue::try_from(format!("wait={}", wait.as_secs())).ok()
}

/// What the answer says that the write reached.
fn position(response: &Response) -> Option<Position> {
    response.headers().get(&headers::POSITION)?.to_str().ok()?.parse().ok().map(Position)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use tillroll_domain::{
        ids::CommandId,
        stock_item::{StockItem, commands::StockItemCommand},
    };
    use tillroll_infra::{bus::CommandContext, config::Settings};

    #[tokio::test]
    async fn the_preference_is_applied_once_every_read_model_shows_the_write() {
        let folder = tempfile::tempdir().unwrap();
        let settings = Settings { data: folder.path().to_owned(), ..Settings::default() };
        // Nothing follows the log unless it is told to.
        let engine = Engine::open(settings).await.unwrap();
        let context = CommandContext::live(CommandId::new(engine.ambient.ids.next()), "tester");
        let set = StockItemCommand::SetReorderLevel { level: 1 };
        let position = engine.bus.execute::<StockItem>("main.85123A", set, context).await.unwrap().position;
        let read_models = engine.projections.read_models();
        let none = Duration::ZERO;
        assert_eq!(applied(&read_models, position, none, none).await, None);
        assert_eq!(applied(&read_models, position, WAIT_MAX, WAIT_MAX).await, None, "its time is over");
        let (waited, followed) =
            tokio::join!(applied(&read_models, position, Duration::from_secs(60), none), engine.projections.catch_up());
        followed.unwrap();
        assert_eq!(waited.unwrap(), "wait=10", "it is bounded");
        assert_eq!(applied(&read_models, position, none, none).await.unwrap(), "wait=0");
        engine.close(None).await;
    }
}
