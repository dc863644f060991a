//! A running `tillroll serve`.

use super::{Api, Ran};
use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// Nothing that works takes so long; a test that waits longer has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// A server; it is killed with this value, so that a failed test leaves nothing behind.
pub(crate) struct Server {
    child: Child,
    address: String,
    data: PathBuf,
    stderr: Option<JoinHandle<String>>,
}

impl Server {
    /// Starts it and waits for the address that it prints.
    pub(crate) fn start(mut command: Command, data: &Path) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        // Standard error is read to its end, or the server would block on a full pipe.
        let stderr = thread::spawn(move || {
            let mut text = String::new();
            for line in stderr.lines().map_while(Result::ok) {
                text.push_str(&line);
                text.push('\n');
                // After the address nobody listens any more.
                let _ = sender.send(line);
            }
            text
        });
        let mut server = Self { child, address: String::new(), data: data.to_owned(), stderr: Some(stderr) };
        server.address = server.printed_address(&lines);
        server
    }

    fn printed_address(&mut self, lines: &Receiver<String>) -> String {
        loop {
            match lines.recv_timeout(PATIENCE) {
                Ok(line) => {
                    if let Some((_, rest)) = line.split_once("tillroll serves http://") {
                        return rest.split('/').next().unwrap().to_owned();
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("the server prints no address"),
                Err(RecvTimeoutError::Disconnected) => panic!("the server ended: {}", self.all_stderr()),
            }
        }
    }

    /// A client with the keys of this server, once every read model follows the log.
    pub(crate) async fn ready(&self) -> Api {
        let keys = std::fs::read_to_string(self.data.join("keys.toml")).unwrap();
        let api = Api::new(&self.address, &keys);
        let deadline = Instant::now() + PATIENCE;
        while api.get("/ready", None).await.status != 200 {
            assert!(Instant::now() < deadline, "the server does not become ready");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        api
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub(crate) fn stop(mut self) -> Ran {
        let pid = self.child.id();
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status().unwrap();
        assert!(sent.success());
        let deadline = Instant::now() + PATIENCE;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < deadline, "the server does not end on SIGTERM");
            thread::sleep(Duration::from_millis(5));
        };
        Ran { code: status.code(), stdout: String::new(), stderr: self.all_stderr() }
    }

    /// Ends it without warning (SIGKILL).
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        assert_eq!(self.child.wait().unwrap().code(), None, "it ended before it was killed");
    }

    fn all_stderr(&mut self) -> String {
        self.stderr.take().map(|thread| thread.join().unwrap()).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail where it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
