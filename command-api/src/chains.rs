//! Requests of several steps, which are carried through once they have begun.

use crate::{CommandApi, problems::BUSY};
use std::sync::Arc;
use tillroll_http::Problem;
use tracing::Instrument;

/// Runs the steps of one request in a task of their own: a handler is dropped in the middle when its client goes away or
/// its time is over, and would leave a half of what was asked for.
pub(crate) async fn carry_through<T: Send + 'static>(
    api: &CommandApi,
    steps: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    // Clients that go away make room for others, whose steps then run besides; so these are counted for themselves.
    let Ok(permit) = Arc::clone(&api.chains).try_acquire_owned() else {
        return Err(Problem::of(&BUSY).detail("too many requests of several steps are being carried out"));
    };
    let task = tokio::spawn(
        async move {
            let result = steps.await;
            drop(permit);
            result
        }
        .in_current_span(),
    );
    match task.await {
        Ok(result) => result,
        // The edge logs and answers it as if the handler itself had panicked.
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(_) => Err(Problem::unavailable("the server stops")),
        },
    }
}
