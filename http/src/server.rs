//! The accept loop: HTTP/1.1 and HTTP/2 in clear text, with a bound on everything a client could make us wait for.
//!
//! axum's own `serve` installs no timer, which leaves slow clients their connections for ever; hence this one.
//!
//! **Invariant:** no connection outlives its client's interest: before a request, between requests and while writing,
//! each wait has a bound. While a handler runs, [`crate::protect`] bounds it.

use admission::Admission;
use axum::Router;
use connection::Connection;
use std::{future::Future, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{sleep, timeout},
};

mod admission;
mod answers;
mod connection;
mod io_limits;

/// What a server allows its clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at a time. Further ones wait in the listener's queue until one ends. Default 1,024.
    pub connections_max: usize,
    /// Connections at a time from one address (IPv6: from one /64). Further ones are closed at once. Default 256.
    pub connections_per_address_max: usize,
    /// How long until a new connection has shown which protocol it speaks, which takes one byte of
    /// HTTP/1 and 24 of HTTP/2. Default 5 s.
    pub first_bytes_timeout: Duration,
    /// HTTP/1: how long until a request's headers are complete, from the end of the request before, so that it is also
    /// how long a connection may idle. Default 10 s.
    pub header_read_timeout: Duration,
    /// How long a connection may stay without a request, whatever it sends. Default 60 s.
    pub idle_timeout: Duration,
    /// How long a client may refuse to take a byte of its answer; HTTP/2: 16 KiB of an answer, or what there is of it.
    /// Then its connection ends. An answer that has nothing to give yet may wait. Default 30 s.
    pub write_timeout: Duration,
    /// Bytes of a request's headers, 8,192 or more. Default 16,384.
    pub header_bytes_max: u32,
    /// Fields of a request's headers. Default 64.
    pub header_fields_max: usize,
    /// Bytes of path and query. Default 8,192.
    pub uri_bytes_max: usize,
    /// HTTP/2: requests at a time on one connection. Default 64.
    pub streams_max: u32,
    /// How long requests may go on after shutdown began; then their connections are cut. Default 10 s.
    pub drain_timeout: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections_max: 1_024,
            connections_per_address_max: 256,
            first_bytes_timeout: Duration::from_secs(5),
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            write_timeout: Duration::from_secs(30),
            header_bytes_max: 16 << 10,
            header_fields_max: 64,
            uri_bytes_max: 8 << 10,
            streams_max: 64,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Serves a router until `shutdown` completes. Then no connection is accepted any more, requests that are being answered
/// may finish within [`ServerLimits::drain_timeout`], and what remains is cut.
///
/// A failed `accept` is logged and tried again after a pause that grows to a second: running out of file descriptors
/// passes when connections end.
///
/// # Errors
/// If the listener has no local address any more; all other failures concern single connections.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()>,
) -> io::Result<()> {
    let address = listener.local_addr()?;
    tracing::info!(%address, "listening");
    let (stop, stopped) = watch::channel(false);
    let server = Connection::new(router, limits, stopped);
    let mut connections = JoinSet::new();
    {
        let mut shutdown = pin!(shutdown);
        let mut accepts = Accepts::new(&listener, &limits);
        loop {
            tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => {}
                (stream, admitted) = accepts.next() => {
                    let server = server.clone();
                    connections.spawn(async move {
                        server.run(stream).await;
                        drop(admitted);
                    });
                }
            }
        }
    }
    drop(listener);
    tracing::info!(%address, connections = connections.len(), "stopped listening; waiting for requests to finish");
    // The receivers are the connections; without any there is nobody to tell.
    let _ = stop.send(true);
    let drained = timeout(limits.drain_timeout, async { while connections.join_next().await.is_some() {} });
    if drained.await.is_err() {
        tracing::warn!(%address, connections = connections.len(), "cutting connections that did not finish in time");
        connections.shutdown().await;
    }
    Ok(())
}

/// Held as long as a connection is served.
type Admitted = (OwnedSemaphorePermit, admission::Admitted);

/// Accepts connections within the limits. Dropping the future of [`Self::next`] loses no connection.
struct Accepts<'a> {
    listener: &'a TcpListener,
    slots: Arc<Semaphore>,
    admission: Admission,
    pause: Duration,
}

/// The pauses after failed accepts.
const PAUSE_MIN: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(1);

impl<'a> Accepts<'a> {
    fn new(listener: &'a TcpListener, limits: &ServerLimits) -> Self {
        Self {
            listener,
            slots: Arc::new(Semaphore::new(limits.connections_max)),
            admission: Admission::new(limits.connections_per_address_max),
            pause: PAUSE_MIN,
        }
    }

    async fn next(&mut self) -> (TcpStream, Admitted) {
        loop {
            // The slot comes first: who finds none waits in the listener's queue, where waiting costs us nothing.
            let Ok(slot) = Arc::clone(&self.slots).acquire_owned().await else {
                // Nobody closes the semaphore.
                return std::future::pending().await;
            };
            let (stream, address) = self.accept().await;
            match self.admission.admit(address.ip()) {
                Some(admitted) => return (stream, (slot, admitted)),
                None => tracing::debug!("closed a connection from an address that has too many"),
            }
        }
    }

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => {
                    self.pause = PAUSE_MIN;
                    return accepted;
                }
                Err(error) if concerns_one_connection(&error) => {}
                Err(error) => {
                    tracing::error!(%error, "accepting a connection failed");
                    sleep(self.pause).await;
                    self.pause = (self.pause * 2).min(PAUSE_MAX);
                }
            }
        }
    }
}

fn concerns_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset | Interrupted)
}

#[cfg(test)]
mod tests;
