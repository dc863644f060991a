//! A stream whose silence has bounds: before the protocol is known, and while it does not take what we write.
//!
//! hyper bounds the wait for headers, but only once it knows the protocol; a client that sends nothing, or the letter
//! `P`, would wait for ever.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// What HTTP/2 connections begin with (RFC 9113, section 3.4); who deviates from it speaks HTTP/1.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream with bounded silence; beyond a bound it fails with [`io::ErrorKind::TimedOut`].
#[derive(Debug)]
pub(super) struct Impatient<S> {
    stream: S,
    /// Runs until the protocol must be known; gone once it is.
    first_bytes: Option<Pin<Box<Sleep>>>,
    /// How many bytes of the preface have come.
    seen: usize,
    /// Runs while the peer does not take what we write.
    stalled_write: Option<Pin<Box<Sleep>>>,
    write_timeout: Duration,
}

impl<S> Impatient<S> {
    pub(super) fn new(stream: S, first_bytes_timeout: Duration, write_timeout: Duration) -> Self {
        let first_bytes = Some(Box::pin(sleep(first_bytes_timeout)));
        Self { stream, first_bytes, seen: 0, stalled_write: None, write_timeout }
    }

    fn written<T>(&mut self, cx: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            self.stalled_write = None;
            return poll;
        }
        let write_timeout = self.write_timeout;
        let stalled = self.stalled_write.get_or_insert_with(|| Box::pin(sleep(write_timeout)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buffer) {
            Poll::Ready(read) => {
                if self.first_bytes.is_some() {
                    let bytes = &buffer.filled()[before..];
                    let expected = &PREFACE[self.seen..];
                    if expected.starts_with(bytes) && bytes.len() < expected.len() {
                        self.seen += bytes.len();
                    } else {
                        self.first_bytes = None;
                    }
                }
                Poll::Ready(read)
            }
            Poll::Pending => {
                if let Some(first_bytes) = &mut self.first_bytes {
                    ready!(first_bytes.as_mut().poll(cx));
                    return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
                }
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(cx, buffer);
        self.written(cx, poll)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, buffers);
        self.written(cx, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(cx);
        self.written(cx, poll)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.written(cx, poll)
    }
}
