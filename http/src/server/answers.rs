//! The requests of one connection that are being answered, and since when an answer's next piece waits to be taken.
//!
//! Over HTTP/2 each stream has a window of its own. A client that opens none and answers our PINGs looks alive to every
//! bound below HTTP, while hyper keeps the piece of the answer that it has in hand. So the body itself notes when it
//! last gave a piece away: until hyper asks for the next one, or drops the body, that piece waits for the client. A body
//! that was asked and has nothing yet waits for us, which is no fault of the client.

use super::ServerLimits;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};
use tokio::{sync::watch, time::Instant};

/// Bytes of an answer that are given away at a time over HTTP/2, so that a slow client has the whole of the write timeout
/// for each of them.
const PIECE_BYTES_MAX: usize = 16 << 10;

/// How the requests of a connection stand.
#[derive(Debug)]
pub(super) struct Requests {
    open: usize,
    /// How many there have been; it numbers them.
    count: u64,
    /// When the last one ended, or the connection began.
    ended: Instant,
    /// Since when the last piece of each answer has waited to be taken.
    untaken: BTreeMap<u64, Instant>,
}

impl Requests {
    /// Those of a connection that begins now.
    pub(super) fn none() -> Self {
        Self { open: 0, count: 0, ended: Instant::now(), untaken: BTreeMap::new() }
    }

    /// When the connection has been of no use for too long, if nothing happens until then.
    pub(super) fn deadline(&self, limits: &ServerLimits) -> Option<Instant> {
        if self.open == 0 {
            return Some(self.ended + limits.idle_timeout);
        }
        self.untaken.values().min().map(|&since| since + limits.write_timeout)
    }
}

/// Counts a request as open until its answer is given up or handed over completely.
#[derive(Debug)]
pub(super) struct OpenRequest {
    requests: Arc<watch::Sender<Requests>>,
    number: u64,
}

impl OpenRequest {
    pub(super) fn new(requests: Arc<watch::Sender<Requests>>) -> Self {
        let mut number = 0;
        requests.send_modify(|requests| {
            requests.open += 1;
            requests.count += 1;
            number = requests.count;
        });
        Self { requests, number }
    }

    /// The client has to take what it was given; whoever watches must learn of the first such wait, and those that
    /// follow end later.
    fn given(&self) {
        self.requests.send_if_modified(|requests| {
            let first = requests.untaken.is_empty();
            requests.untaken.insert(self.number, Instant::now());
            first
        });
    }

    /// What was given is taken. Nobody need hear of it: that a wait ended early is seen when it would have been over.
    fn taken(&self) {
        self.requests.send_if_modified(|requests| {
            requests.untaken.remove(&self.number);
            false
        });
    }
}

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.requests.send_modify(|requests| {
            requests.open -= 1;
            requests.ended = Instant::now();
            requests.untaken.remove(&self.number);
        });
    }
}

/// An answer's body, which keeps its request open.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    open: OpenRequest,
    /// Whether it goes over a window of its own. The bound on writes to the socket is enough for HTTP/1.
    windowed: bool,
    /// What was polled out of the body and not given away yet.
    rest: Bytes,
}

impl Answer {
    pub(super) fn new(body: Body, open: OpenRequest, windowed: bool) -> Self {
        Self { body, open, windowed, rest: Bytes::new() }
    }

    fn next_piece(&mut self) -> Frame<Bytes> {
        let length = self.rest.len().min(PIECE_BYTES_MAX);
        Frame::data(self.rest.split_to(length))
    }
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if !self.windowed {
            return Pin::new(&mut self.body).poll_frame(cx);
        }
        self.open.taken();
        let frame = if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)).transpose()?.map(Frame::into_data) {
                None => return Poll::Ready(None),
                Some(Err(trailers)) => trailers,
                Some(Ok(data)) => {
                    self.rest = data;
                    self.next_piece()
                }
            }
        } else {
            self.next_piece()
        };
        self.open.given();
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = self.body.size_hint();
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        // The upper bound first: it must not fall below the lower one in between.
        if let Some(upper) = hint.upper() {
            hint.set_upper(upper.saturating_add(rest));
        }
        hint.set_lower(hint.lower().saturating_add(rest));
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::task::noop_waker;

    fn answer(body: Body, windowed: bool) -> (Answer, watch::Receiver<Requests>) {
        let (requests, watched) = watch::channel(Requests::none());
        (Answer::new(body, OpenRequest::new(Arc::new(requests)), windowed), watched)
    }

    fn waits(requests: &watch::Receiver<Requests>) -> usize {
        requests.borrow().untaken.len()
    }

    fn poll(answer: &mut Answer) -> Poll<Option<Bytes>> {
        let waker = noop_waker();
        Pin::new(answer)
            .poll_frame(&mut Context::from_waker(&waker))
            .map(|frame| frame.map(|frame| frame.unwrap().into_data().unwrap()))
    }

    #[test]
    fn a_piece_waits_until_the_next_is_asked_for() {
        let (mut answer, requests) = answer(Body::from("fine"), true);
        assert_eq!(waits(&requests), 0);
        assert_eq!(poll(&mut answer), Poll::Ready(Some(Bytes::from("fine"))));
        assert_eq!(waits(&requests), 1, "even the last piece must be taken");
        assert_eq!(poll(&mut answer), Poll::Ready(None));
        assert_eq!(waits(&requests), 0);
    }

    #[test]
    fn a_dropped_answer_waits_for_nobody() {
        let (mut answer, requests) = answer(Body::from("fine"), true);
        assert!(poll(&mut answer).is_ready());
        drop(answer);
        assert_eq!((requests.borrow().open, waits(&requests)), (0, 0));
    }

    #[test]
    fn a_body_with_nothing_to_give_yet_waits_for_us() {
        let events = futures::stream::pending::<Result<Bytes, axum::Error>>();
        let first = futures::stream::iter([Ok(Bytes::from("first"))]);
        let body = Body::from_stream(futures::StreamExt::chain(first, events));
        let (mut answer, requests) = answer(body, true);
        assert!(poll(&mut answer).is_ready());
        assert!(poll(&mut answer).is_pending());
        assert_eq!(waits(&requests), 0);
    }

    #[test]
    fn a_large_answer_is_given_in_pieces_of_the_same_size_in_all() {
        let whole = Bytes::from_iter((0..40_000_u32).map(|n| n.to_le_bytes()[0]));
        let (mut answer, _requests) = answer(Body::from(whole.clone()), true);
        let mut given = Vec::new();
        while !answer.is_end_stream() {
            assert_eq!(answer.size_hint().exact(), Some(u64::try_from(whole.len() - given.len()).unwrap()));
            let Poll::Ready(Some(piece)) = poll(&mut answer) else { panic!("a piece is missing") };
            assert!(!piece.is_empty() && piece.len() <= PIECE_BYTES_MAX, "{} bytes", piece.len());
            given.extend_from_slice(&piece);
        }
        assert_eq!(given, whole);
    }

    #[test]
    fn without_a_window_the_answer_is_given_as_it_is() {
        let (mut answer, requests) = answer(Body::from("x".repeat(40_000)), false);
        let Poll::Ready(Some(piece)) = poll(&mut answer) else { panic!("the answer is missing") };
        assert_eq!((piece.len(), waits(&requests)), (40_000, 0));
    }
}
