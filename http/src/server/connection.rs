//! One connection: hyper with our limits, watched for idleness and for the server's shutdown.

use super::{
    ServerLimits,
    answers::{Answer, OpenRequest, Requests},
    io_limits::Impatient,
};
use crate::problem::{Problem, registry};
use axum::{
    Router,
    body::Body,
    http::{Request, Version},
    response::IntoResponse,
};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use std::{convert::Infallible, future::pending, pin::pin, sync::Arc};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{Instant, sleep_until, timeout},
};
use tower::ServiceExt;

/// Serves connections; cloning is cheap.
#[derive(Clone)]
pub(super) struct Connection {
    builder: Arc<Builder<TokioExecutor>>,
    router: Router,
    limits: ServerLimits,
    stopped: watch::Receiver<bool>,
}

impl Connection {
    pub(super) fn new(router: Router, limits: ServerLimits, stopped: watch::Receiver<bool>) -> Self {
        let mut builder = Builder::new(TokioExecutor::new());
        let header_bytes_max = usize::try_from(limits.header_bytes_max).unwrap_or(usize::MAX).max(8 << 10);
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.header_read_timeout)
            .max_headers(limits.header_fields_max)
            .max_buf_size(header_bytes_max);
        builder
            .http2()
            .timer(TokioTimer::new())
            .max_header_list_size(limits.header_bytes_max)
            .max_concurrent_streams(limits.streams_max)
            // A client that opens and resets streams faster than we notice is cut off (CVE-2023-44487).
            .max_pending_accept_reset_streams(20)
            .max_local_error_reset_streams(256)
            .keep_alive_interval(limits.idle_timeout / 3)
            .keep_alive_timeout(limits.first_bytes_timeout);
        Self { builder: Arc::new(builder), router, limits, stopped }
    }

    /// Serves a connection to its end.
    pub(super) async fn run(mut self, stream: TcpStream) {
        // Answers are written whole; waiting for more to send only delays them.
        let _ = stream.set_nodelay(true);
        let stream = Impatient::new(stream, self.limits.first_bytes_timeout, self.limits.write_timeout);
        let (requests, mut watched) = watch::channel(Requests::none());
        let requests = Arc::new(requests);
        let router = self.router.clone();
        let limits = self.limits;
        let service = service_fn(move |request: Request<Incoming>| {
            let open = OpenRequest::new(Arc::clone(&requests));
            let router = router.clone();
            let windowed = request.version() == Version::HTTP_2;
            async move {
                let response = match refusal(&request, &limits) {
                    Some(problem) => problem.into_response(),
                    None => router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {}),
                };
                Ok::<_, Infallible>(response.map(|body| Answer::new(body, open, windowed)))
            }
        });
        let mut serving = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = &mut serving => Some(ended),
            () = unused(&mut watched, &limits) => None,
            _ = self.stopped.wait_for(|&stopped| stopped) => None,
        };
        let ended = match ended {
            Some(ended) => Ok(ended),
            None => {
                serving.as_mut().graceful_shutdown();
                // The drain of the whole server is bounded by its own timeout, which is the same.
                timeout(limits.drain_timeout, serving).await
            }
        };
        match ended {
            Ok(Ok(())) => {}
            // Clients go away and send nonsense; that is theirs to repair.
            Ok(Err(error)) => tracing::debug!(error = %error, "a connection ended with an error"),
            Err(_) => tracing::debug!("cut a connection that did not end when asked to"),
        }
    }
}

/// Completes when there has been no request for the idle timeout, or when a piece of an answer has not been taken for the
/// write timeout.
async fn unused(requests: &mut watch::Receiver<Requests>, limits: &ServerLimits) {
    loop {
        // What was waited for may have come to pass silently, so each deadline is looked at again when it is over.
        let deadline = requests.borrow_and_update().deadline(limits);
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return;
        }
        let over = async {
            match deadline {
                Some(deadline) => sleep_until(deadline).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = over => {}
            changed = requests.changed() => if changed.is_err() {
                // The service is gone and with it the connection, whose end somebody else reports.
                return pending().await;
            },
        }
    }
}

/// Limits that hyper does not know, or not for both protocols.
fn refusal(request: &Request<Incoming>, limits: &ServerLimits) -> Option<Problem> {
    let uri = request.uri().path_and_query().map_or(0, |path_and_query| path_and_query.as_str().len());
    if uri > limits.uri_bytes_max {
        return Some(Problem::of(&registry::URI_TOO_LONG));
    }
    if request.headers().len() > limits.header_fields_max {
        return Some(Problem::of(&registry::HEADERS_TOO_LARGE));
    }
    None
}
