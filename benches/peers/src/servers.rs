//! Throw-away servers on free ports, with their data beside everybody else's.

use crate::{options::Options, system::Kind};
use std::{
    env, io,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Output,
};
use tillroll_benches::Failure;
use tokio::process::Command;

mod postgres;
mod umadb;

pub use postgres::Postgres;
pub use umadb::UmaDbServer;

/// Its functions are written with hexadecimal numbers, which older versions do not read.
const DISINTEGRATE_NEEDS: u32 = 16;

/// Where the programs of the wanted servers are.
#[derive(Debug)]
pub struct Programs {
    /// The folder of `initdb` and `pg_ctl`.
    postgres: Option<PathBuf>,
    umadb: Option<PathBuf>,
    /// Each of these has a server of its own, since UmaDB knows no databases.
    umadb_for: Vec<Kind>,
}

/// The running servers.
#[derive(Debug)]
pub struct Servers {
    postgres: Option<Postgres>,
    umadb: Vec<(Kind, UmaDbServer)>,
}

impl Programs {
    /// Looks for the programs of all systems that are wanted.
    ///
    /// # Errors
    /// What is missing, how to install it and how to do without.
    pub fn find(options: &Options) -> Result<Self, Failure> {
        let wants = |kind| options.kinds().any(|wanted| wanted == kind);
        let mut found = Self { postgres: None, umadb: None, umadb_for: Vec::new() };
        if wants(Kind::PostgresEs) || wants(Kind::Disintegrate) {
            let programs = postgres::find().ok_or(
                "PostgreSQL's programs initdb and pg_ctl are not here: run benches/peers/prepare, or install Debian's \
                 package `postgresql`, or name their folder in PG_BIN, or measure with --without postgres-es --without \
                 disintegrate",
            )?;
            let version = postgres::version(&programs).ok_or("PostgreSQL's initdb does not tell its version")?;
            if wants(Kind::Disintegrate) && version < DISINTEGRATE_NEEDS {
                return Err(format!(
                    "disintegrate-postgres needs PostgreSQL {DISINTEGRATE_NEEDS} or newer, and {} is {version}: run \
                     benches/peers/prepare, or name another in PG_BIN, or measure with --without disintegrate",
                    programs.display()
                )
                .into());
            }
            found.postgres = Some(programs);
        }
        found.umadb_for = [Kind::UmaDb, Kind::UmaDbShared].into_iter().filter(|kind| wants(*kind)).collect();
        if !found.umadb_for.is_empty() {
            found.umadb = Some(umadb::find().ok_or(
                "the program `umadb` is not here: run benches/peers/prepare, or `pip install umadb==0.7.8` and name the \
                 program in UMADB_BIN, or measure with --without umadb \
                 --without umadb-shared",
            )?);
        }
        Ok(found)
    }

    /// Starts them for this many writers, with their data below a folder.
    ///
    /// # Errors
    /// What they print.
    pub async fn start(&self, folder: &Path, writers: usize) -> Result<Servers, Failure> {
        let postgres = match &self.postgres {
            Some(programs) => Some(Postgres::start(programs, folder, writers).await?),
            None => None,
        };
        let mut umadb = Vec::new();
        for (kind, program) in self.umadb_for.iter().zip(self.umadb.iter().cycle()) {
            umadb.push((*kind, UmaDbServer::start(program, folder.join(kind.name())).await?));
        }
        Ok(Servers { postgres, umadb })
    }
}

impl Servers {
    /// The running PostgreSQL.
    ///
    /// # Errors
    /// It was not wanted.
    pub fn postgres(&self) -> Result<&Postgres, Failure> {
        Ok(self.postgres.as_ref().ok_or("no PostgreSQL was started")?)
    }

    /// The running UmaDB of a system.
    ///
    /// # Errors
    /// It was not wanted.
    pub fn umadb(&self, kind: Kind) -> Result<&UmaDbServer, Failure> {
        let server = self.umadb.iter().find(|(of, _)| *of == kind).map(|(_, server)| server);
        Ok(server.ok_or("no UmaDB was started")?)
    }

    /// Stops them and waits until they are gone.
    ///
    /// # Errors
    /// One that cannot be stopped.
    pub async fn stop(self) -> Result<(), Failure> {
        if let Some(postgres) = self.postgres {
            postgres.stop()?;
        }
        for (_, umadb) in self.umadb {
            umadb.stop().await?;
        }
        Ok(())
    }
}

/// Where the script `prepare` puts what it fetches.
fn fetched() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv")
}

/// A port that was free a moment ago. Whoever else takes it makes the server fail to start, not share it.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Runs a program to its end.
async fn run(command: &mut Command) -> Result<Output, Failure> {
    let output = command.output().await?;
    if output.status.success() {
        return Ok(output);
    }
    let program = command.as_std().get_program().to_string_lossy();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    Err(format!("{program} failed: {said}").into())
}

/// The first folder of the search path that holds a program.
fn in_search_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).find(|folder| folder.join(program).is_file())
}
