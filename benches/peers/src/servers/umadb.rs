//! A UmaDB server of our own, from its Python wheel, with its defaults.

use super::{fetched, free_port, in_search_path, run};
use std::{
    env,
    fs::{self, File},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};
use tillroll_benches::Failure;
use tokio::process::{Child, Command};
use umadb_client::UmaDbClient;
use umadb_dcb::DcbEventStoreAsync;

/// How long it may take to start.
const START_MAX: Duration = Duration::from_secs(20);

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct UmaDbServer {
    child: Child,
    port: u16,
    version: String,
}

/// The program: the one that is named, or what `prepare` has fetched, or one on the search path.
pub(super) fn find() -> Option<PathBuf> {
    if let Some(program) = env::var_os("UMADB_BIN") {
        return Some(PathBuf::from(program)).filter(|program| program.is_file());
    }
    let fetched = fetched().join("bin/umadb");
    if fetched.is_file() { Some(fetched) } else { Some(in_search_path("umadb")?.join("umadb")) }
}

impl UmaDbServer {
    pub(super) async fn start(program: &Path, folder: PathBuf) -> Result<Self, Failure> {
        fs::create_dir(&folder)?;
        let version = run(Command::new(program).arg("--version")).await?.stdout;
        let version = String::from_utf8_lossy(&version).trim().to_owned();
        let port = free_port()?;
        let log = File::create(folder.join("log"))?;
        let mut command = Command::new(program);
        command.arg("--listen").arg(format!("127.0.0.1:{port}")).arg("--db-path").arg(folder.join("uma.db"));
        command.stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let mut server = Self { child: command.spawn()?, port, version };
        let start = Instant::now();
        loop {
            if let Some(status) = server.child.try_wait()? {
                let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
                return Err(format!("UmaDB does not start ({status}): {log}").into());
            }
            // Connecting tries again by itself for half a second.
            let answer = match UmaDbClient::new(server.url()).connect_async().await {
                Ok(client) => client.head().await,
                Err(failure) => Err(failure),
            };
            match answer {
                Ok(_) => return Ok(server),
                Err(failure) if start.elapsed() > START_MAX => {
                    return Err(format!("UmaDB does not answer: {failure}").into());
                }
                Err(_) => {}
            }
        }
    }

    /// Where clients connect.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its version and how it runs.
    #[must_use]
    pub fn about(&self) -> String {
        format!("{} over gRPC, defaults", self.version)
    }

    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        Ok(self.child.kill().await?)
    }
}
