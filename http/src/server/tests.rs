//! The accept loop against raw sockets.

use super::{ServerLimits, serve};
use axum::{Router, body::Body, routing::get};
use futures::{StreamExt, stream};
use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Notify, Semaphore, oneshot},
    task::JoinHandle,
    time::timeout,
};

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<std::io::Result<()>>,
    /// Told when a request to `/slow` is being answered.
    entered: Arc<Notify>,
    /// One permit lets one request to `/slow` or `/live` finish.
    release: Arc<Semaphore>,
}

/// Long enough to never matter unless a test shortens it.
const LONG: Duration = Duration::from_secs(600);
/// How long a test waits before it fails.
const PATIENCE: Duration = Duration::from_secs(60);
/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(50);

fn patient() -> ServerLimits {
    ServerLimits {
        first_bytes_timeout: LONG,
        header_read_timeout: LONG,
        idle_timeout: LONG,
        write_timeout: LONG,
        drain_timeout: LONG,
        ..ServerLimits::default()
    }
}

async fn start(limits: ServerLimits) -> Server {
    let entered = Arc::new(Notify::new());
    let release = Arc::new(Semaphore::new(0));
    let (notify, gate) = (Arc::clone(&entered), Arc::clone(&release));
    let live_gate = Arc::clone(&release);
    let live = get(async move || {
        let first = stream::iter([Ok::<_, Infallible>("first")]);
        let last = stream::once(async move {
            live_gate.acquire().await.unwrap().forget();
            Ok("last")
        });
        Body::from_stream(first.chain(last))
    });
    let router = Router::new()
        .route("/fine", get(async || "fine"))
        .route("/large", get(async || "x".repeat(64 << 20)))
        .route(
            "/slow",
            get(async move || {
                notify.notify_one();
                gate.acquire().await.unwrap().forget();
                "done"
            }),
        )
        .route("/live", live);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let running = tokio::spawn(serve(listener, router, limits, async move {
        let _ = stopped.await;
    }));
    Server { address, stop, running, entered, release }
}

impl Server {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    async fn send(&self, text: &str) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_bytes()).await.unwrap();
        stream
    }

    async fn get(&self, path: &str) -> TcpStream {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await
    }

    async fn stop(self) {
        self.stop.send(()).unwrap();
        self.running.await.unwrap().unwrap();
    }
}

/// What the server sends until it closes the connection.
async fn rest(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is as good an end as a close: the server did not read all that was sent.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("the connection ends");
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn a_request_is_answered() {
    let server = start(patient()).await;
    let answer = rest(server.get("/fine").await).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("fine"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_sends_nothing_is_closed() {
    let server = start(ServerLimits { first_bytes_timeout: SHORT, ..patient() }).await;
    assert_eq!(rest(server.connect().await).await, "");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_does_not_show_its_protocol_is_closed() {
    let server = start(ServerLimits { first_bytes_timeout: SHORT, ..patient() }).await;
    // What HTTP/2 begins with as well.
    assert_eq!(rest(server.send("PRI * HTTP/2").await).await, "");
    server.stop().await;
}

#[tokio::test]
async fn headers_that_do_not_come_to_an_end_close_the_connection() {
    let server = start(ServerLimits { header_read_timeout: SHORT, ..patient() }).await;
    let answer = rest(server.send("GET /fine HTTP/1.1\r\nHost: x\r\nX-Slow: ").await).await;
    assert!(!answer.contains("200 OK"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_connection_that_idles_between_requests_is_closed() {
    let server = start(ServerLimits { idle_timeout: SHORT, ..patient() }).await;
    let answer = rest(server.send("GET /fine HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
    assert!(answer.ends_with("fine"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn an_http2_connection_without_requests_is_closed() {
    let server = start(ServerLimits { idle_timeout: SHORT, drain_timeout: SHORT, ..patient() }).await;
    let mut stream = server.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).await.unwrap();
    // Its frames are its own business; that it ends is ours.
    rest(stream).await;
    server.stop().await;
}

/// A connection of HTTP/2 whose streams begin with the given window, and its request for `path`.
async fn http2_get(server: &Server, path: &str, window: u32) -> TcpStream {
    let mut stream = server.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await;
    // SETTINGS_INITIAL_WINDOW_SIZE.
    let mut bytes = vec![0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 4];
    bytes.extend(window.to_be_bytes());
    // The fields by their numbers in the static table: `:method: GET`, `:scheme: http`, `:authority`, `:path`.
    let mut fields = vec![0x82, 0x86, 0x01, 1, b'x', 0x04, u8::try_from(path.len()).unwrap()];
    fields.extend(path.as_bytes());
    // HEADERS of stream 1, which end both headers and stream.
    bytes.extend([0, 0, u8::try_from(fields.len()).unwrap(), 1, 5, 0, 0, 0, 1]);
    bytes.extend(fields);
    stream.write_all(&bytes).await.unwrap();
    stream
}

/// Reads until the answer shows a text.
async fn read_until(stream: &mut TcpStream, text: &str) {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(text) {
        let read = timeout(PATIENCE, stream.read_buf(&mut bytes)).await.expect("the answer goes on").unwrap();
        assert_ne!(read, 0, "the connection ended before {text:?}");
    }
}

#[tokio::test]
async fn an_http2_client_that_opens_no_window_is_cut_off() {
    for path in ["/fine", "/large", "/live"] {
        let limits = ServerLimits { write_timeout: SHORT, drain_timeout: SHORT, connections_max: 1, ..patient() };
        let server = start(limits).await;
        rest(http2_get(&server, path, 0).await).await;
        let answer = rest(server.get("/fine").await).await;
        assert!(answer.ends_with("fine"), "{path}: {answer}");
        server.stop().await;
    }
}

#[tokio::test]
async fn a_large_answer_over_http2_may_stop_half_way_only_so_long() {
    let server = start(ServerLimits { write_timeout: SHORT, drain_timeout: SHORT, ..patient() }).await;
    let answer = rest(http2_get(&server, "/large", 60_000).await).await;
    assert!(answer.len() > 60_000, "{} bytes", answer.len());
    server.stop().await;
}

#[tokio::test]
async fn a_live_answer_that_waits_for_events_is_not_cut_off() {
    let server = start(ServerLimits { write_timeout: SHORT, drain_timeout: SHORT, ..patient() }).await;
    let mut live = http2_get(&server, "/live", 60_000).await;
    read_until(&mut live, "first").await;
    // A connection that came later and takes nothing has met its end meanwhile.
    rest(http2_get(&server, "/fine", 0).await).await;
    server.release.add_permits(1);
    read_until(&mut live, "last").await;
    drop(live);
    server.stop().await;
}

#[tokio::test]
async fn a_request_being_answered_is_not_idle() {
    let server = start(ServerLimits { idle_timeout: SHORT, ..patient() }).await;
    let slow = server.get("/slow").await;
    server.entered.notified().await;
    // A connection that came later has idled to its end meanwhile.
    rest(server.send("GET /fine HTTP/1.1\r\nHost: x\r\n\r\n").await).await;
    server.release.add_permits(1);
    let answer = rest(slow).await;
    assert!(answer.ends_with("done"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_its_answer_is_cut_off() {
    let server = start(ServerLimits { write_timeout: SHORT, connections_max: 1, ..patient() }).await;
    let _deaf = server.get("/large").await;
    // The only slot comes back although the answer was never read.
    let answer = rest(server.get("/fine").await).await;
    assert!(answer.ends_with("fine"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn too_many_connections_wait_their_turn() {
    let server = start(ServerLimits { connections_max: 2, ..patient() }).await;
    let (first, second) = (server.get("/slow").await, server.get("/slow").await);
    server.entered.notified().await;
    let waiting = server.get("/fine").await;
    assert!(timeout(SHORT, waiting.readable()).await.is_err(), "answered although all connections are taken");
    server.release.add_permits(1);
    let answer = rest(waiting).await;
    assert!(answer.ends_with("fine"), "{answer}");
    server.release.add_permits(1);
    assert!(rest(first).await.ends_with("done"));
    assert!(rest(second).await.ends_with("done"));
    server.stop().await;
}

#[tokio::test]
async fn half_open_connections_give_way_to_a_good_request() {
    let limits = ServerLimits { connections_max: 8, first_bytes_timeout: SHORT, ..patient() };
    let server = start(limits).await;
    let mut half_open = Vec::new();
    for _ in 0..64 {
        half_open.push(server.connect().await);
    }
    let answer = rest(server.get("/fine").await).await;
    assert!(answer.ends_with("fine"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn one_address_cannot_take_all_connections() {
    let server = start(ServerLimits { connections_per_address_max: 1, ..patient() }).await;
    let slow = server.get("/slow").await;
    server.entered.notified().await;
    assert_eq!(rest(server.get("/fine").await).await, "", "the second connection is closed unanswered");
    server.release.add_permits(1);
    assert!(rest(slow).await.ends_with("done"));
    server.stop().await;
}

#[tokio::test]
async fn oversized_headers_are_refused() {
    let server = start(patient()).await;
    let large = format!("GET /fine HTTP/1.1\r\nHost: x\r\nX-Large: {}\r\n\r\n", "x".repeat(64 << 10));
    let mut stream = server.connect().await;
    // The server may close before it has taken all of it.
    let _ = stream.write_all(large.as_bytes()).await;
    assert!(!rest(stream).await.contains("200 OK"));
    let many = format!("GET /fine HTTP/1.1\r\nHost: x\r\n{}\r\n", "X-Many: 1\r\n".repeat(100));
    let answer = rest(server.send(&many).await).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn an_oversized_address_is_refused() {
    let server = start(patient()).await;
    let answer = rest(server.get(&format!("/fine?{}", "x".repeat(9_000))).await).await;
    assert!(answer.starts_with("HTTP/1.1 414") && answer.contains("uri_too_long"), "{answer}");
    server.stop().await;
}

#[tokio::test]
async fn shutdown_lets_a_request_finish_and_accepts_no_other() {
    let server = start(patient()).await;
    let slow = server.get("/slow").await;
    server.entered.notified().await;
    server.stop.send(()).unwrap();
    // Once the listener is gone, nobody can connect any more.
    while TcpStream::connect(server.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    server.release.add_permits(1);
    let answer = rest(slow).await;
    assert!(answer.ends_with("done"), "{answer}");
    server.running.await.unwrap().unwrap();
}

#[tokio::test]
async fn shutdown_does_not_wait_for_ever() {
    let server = start(ServerLimits { drain_timeout: SHORT, ..patient() }).await;
    let slow = server.get("/slow").await;
    server.entered.notified().await;
    let address = server.address;
    server.stop().await;
    assert_eq!(rest(slow).await, "");
    assert!(TcpStream::connect(address).await.is_err());
}
