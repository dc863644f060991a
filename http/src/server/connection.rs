//! One connection: hyper with our limits, watched for idleness and for the server's shutdown.

use super::{ServerLimits, io_limits::Impatient};
use crate::problem::{Problem, registry};
use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    http::Request,
    response::IntoResponse,
};
use hyper::{
    body::{Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use std::{
    convert::Infallible,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};
use tokio::{
    net::TcpStream,
    sync::watch,
    time::{sleep, timeout},
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
        let (requests, mut open_requests) = watch::channel(0_usize);
        let requests = Arc::new(requests);
        let router = self.router.clone();
        let limits = self.limits;
        let service = service_fn(move |request: Request<Incoming>| {
            let open = OpenRequest::new(Arc::clone(&requests));
            let router = router.clone();
            async move {
                let response = match refusal(&request, &limits) {
                    Some(problem) => problem.into_response(),
                    None => router.oneshot(request.map(Body::new)).await.unwrap_or_else(|never| match never {}),
                };
                Ok::<_, Infallible>(response.map(|body| Answer { body, _open: open }))
            }
        });
        let mut serving = pin!(self.builder.serve_connection(TokioIo::new(stream), service));
        let ended = tokio::select! {
            ended = &mut serving => Some(ended),
            () = idle(&mut open_requests, &limits) => None,
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

/// Completes when there has been no request for the idle timeout.
async fn idle(open_requests: &mut watch::Receiver<usize>, limits: &ServerLimits) {
    loop {
        if open_requests.wait_for(|&open| open == 0).await.is_err() {
            // The service is gone and with it the connection, whose end somebody else reports.
            return std::future::pending().await;
        }
        tokio::select! {
            () = sleep(limits.idle_timeout) => return,
            changed = open_requests.changed() => if changed.is_err() {
                return std::future::pending().await;
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

/// Counts a request as open until its answer is written or given up.
#[derive(Debug)]
struct OpenRequest(Arc<watch::Sender<usize>>);

impl OpenRequest {
    fn new(requests: Arc<watch::Sender<usize>>) -> Self {
        requests.send_modify(|open| *open += 1);
        Self(requests)
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}

/// An answer's body, which keeps its request open.
#[derive(Debug)]
struct Answer {
    body: Body,
    _open: OpenRequest,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
