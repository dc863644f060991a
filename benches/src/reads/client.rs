//! Sends requests over loopback: as fast as they are answered, or at a given rate whatever the answers do.

use super::mix::{Kind, Request};
use crate::Failure;
use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Connections, each with at most one request under way.
pub(super) struct Client {
    connections: Vec<Connection>,
}

/// How long a request of a kind took.
pub(super) type Latency = (Kind, Duration);

impl Client {
    /// Connects.
    pub(super) fn connect(server: SocketAddr, connections: usize) -> Result<Self, Failure> {
        Ok(Self { connections: (0..connections).map(|_| Connection::open(server)).collect::<Result<_, _>>()? })
    }

    /// `count` requests from `first` on, as fast as they are answered.
    pub(super) fn saturate(&mut self, requests: &[Request], first: usize, count: usize) -> Result<Duration, Failure> {
        let start = Instant::now();
        self.all(requests, first, count, |_| start)?;
        Ok(start.elapsed())
    }

    /// `count` requests, one every `interval`. A latency counts from the moment when its request was due, so that a request
    /// that had to wait for a connection has waited, and a server that stands still is not asked less.
    pub(super) fn open_loop(
        &mut self,
        requests: &[Request],
        first: usize,
        count: usize,
        interval: Duration,
    ) -> Result<Vec<Latency>, Failure> {
        let start = Instant::now() + Duration::from_millis(5);
        self.all(requests, first, count, |number| start + interval.mul_f64(f64::from(number)))
    }

    fn all(
        &mut self,
        requests: &[Request],
        first: usize,
        count: usize,
        due: impl Fn(u32) -> Instant + Sync,
    ) -> Result<Vec<Latency>, Failure> {
        let (next, due) = (AtomicUsize::new(0), &due);
        let latencies = thread::scope(|scope| {
            let threads: Vec<_> = self
                .connections
                .iter_mut()
                .map(|connection| {
                    let next = &next;
                    scope.spawn(move || -> Result<Vec<Latency>, Failure> {
                        let mut latencies = Vec::new();
                        loop {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if number >= count {
                                return Ok(latencies);
                            }
                            let due = due(u32::try_from(number)?);
                            thread::sleep(due.saturating_duration_since(Instant::now()));
                            let request = &requests[(first + number) % requests.len()];
                            connection.get(request)?;
                            latencies.push((request.kind, due.elapsed()));
                        }
                    })
                })
                .collect();
            let join = |thread: thread::ScopedJoinHandle<'_, Result<Vec<Latency>, Failure>>| {
                thread.join().unwrap_or_else(|_| Err("a thread panicked".into()))
            };
            threads.into_iter().map(join).collect::<Result<Vec<_>, _>>()
        })?;
        Ok(latencies.concat())
    }
}

/// A connection that is kept alive.
pub(super) struct Connection {
    server: SocketAddr,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub(super) fn open(server: SocketAddr) -> Result<Self, Failure> {
        let stream = Self::stream(server)?;
        Ok(Self { server, stream, buffer: vec![0; 256 << 10] })
    }

    fn stream(server: SocketAddr) -> Result<TcpStream, Failure> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(stream)
    }

    /// A connection that idled while a baseline worked may have been closed.
    pub(super) fn get(&mut self, request: &Request) -> Result<(), Failure> {
        let body = match self.exchange(&request.bytes) {
            Ok(body) => body,
            Err(Broken::Connection) => {
                self.stream = Self::stream(self.server)?;
                self.exchange(&request.bytes).map_err(|broken| broken.failure(request))?
            }
            Err(broken) => return Err(broken.failure(request)),
        };
        if body == 0 { Err(format!("{} answered nothing", request.address).into()) } else { Ok(()) }
    }

    /// Answers how many bytes the body has.
    fn exchange(&mut self, request: &[u8]) -> Result<usize, Broken> {
        self.stream.write_all(request).map_err(|_| Broken::Connection)?;
        let mut filled = 0;
        loop {
            let read = self.stream.read(&mut self.buffer[filled..]).map_err(|_| Broken::Connection)?;
            if read == 0 {
                return Err(Broken::Connection);
            }
            filled += read;
            let Some(head) = find(&self.buffer[..filled], b"\r\n\r\n") else { continue };
            let text = std::str::from_utf8(&self.buffer[..head]).map_err(|_| Broken::Answer(String::new()))?;
            let body: usize = header(text, "content-length").ok_or_else(|| Broken::Answer(text.to_owned()))?;
            if !text.starts_with("HTTP/1.1 200 ") {
                return Err(Broken::Answer(text.to_owned()));
            }
            let whole = head + 4 + body;
            if whole > self.buffer.len() {
                self.buffer.resize(whole, 0);
            }
            if filled >= whole {
                return Ok(body);
            }
        }
    }
}

enum Broken {
    Connection,
    Answer(String),
}

impl Broken {
    fn failure(self, request: &Request) -> Failure {
        let address = &request.address;
        match self {
            Self::Connection => format!("{address}: the connection broke").into(),
            Self::Answer(head) => format!("{address} answered {head}").into(),
        }
    }
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

fn header(head: &str, name: &str) -> Option<usize> {
    head.lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(key, _)| key.eq_ignore_ascii_case(name))?
        .1
        .trim()
        .parse()
        .ok()
}
