//! A shop on disk, kept between runs, and the program's read API over it on loopback.

use super::{
    recording::{Recorder, RecordingStore},
    seed::{self, Seeded},
};
use crate::Failure;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};
use tillroll_domain::{cart::Cart, category_tree::CategoryTree, product::Product, stock_item::StockItem};
use tillroll_http::{Edge, Keys, ServerLimits, protect, serve};
use tillroll_infra::{
    ambient::Ambient,
    bus::Bus,
    log::{EventLog, SqliteLog, sqlite::SqliteLogOptions},
    vault::{
        KeyVault,
        sqlite::{SqliteVault, SqliteVaultOptions},
    },
};
use tillroll_projections::{
    models,
    runtime::{Limits, Runtime as Projections},
    store::sqlite::{SqliteStore, SqliteStoreOptions},
};
use tillroll_read_api::ReadApi;
use tokio::{
    net::TcpListener,
    runtime::{Builder, Runtime},
    sync::oneshot,
    task::JoinHandle,
};

/// Stands in the folder once the shop is complete. Its content tells what filled it.
const MARK: &str = "complete";

/// A shop that is being served.
pub(super) struct Server {
    runtime: Runtime,
    log: Arc<SqliteLog>,
    vault: Arc<SqliteVault>,
    projections: Projections,
    served: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
    address: SocketAddr,
    database: PathBuf,
    recorder: Recorder,
    catalog: Seeded,
    key: String,
    was_kept: bool,
}

impl Server {
    /// Serves the shop in a folder below `parent`, and fills it first unless it is complete.
    pub(super) fn open(parent: &Path, products: u32, carts: u32) -> Result<Self, Failure> {
        let folder = parent.join(format!("reads-{products}-{carts}"));
        let mark = format!("{}\n", seed::VERSION);
        let was_kept = fs::read_to_string(folder.join(MARK)).is_ok_and(|text| text == mark);
        if !was_kept && folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        fs::create_dir_all(&folder)?;
        // As many threads as the program has.
        let runtime = Builder::new_multi_thread().enable_all().build()?;
        let ambient = Ambient::system();
        let log = Arc::new(SqliteLog::open(&SqliteLogOptions::new(folder.join("log.db")), ambient.clock.clone())?);
        let vault = SqliteVault::open(&SqliteVaultOptions::new(folder.join("vault.db")), ambient.randomness.clone())?;
        let vault = Arc::new(vault);
        let bus = Bus::builder(log.clone() as Arc<dyn EventLog>, ambient.clone())
            .vault(vault.clone() as Arc<dyn KeyVault>)
            .register::<Cart>()
            .register::<CategoryTree>()
            .register::<Product>()
            .register::<StockItem>()
            .build();
        let keys_file = folder.join("keys.toml");
        let keys = Keys::load_or_create(&keys_file, &*ambient.randomness)?;
        let catalog = Seeded { products, carts, keys: keys.clone() };
        let database = folder.join("read.db");
        let recorder = Recorder::default();
        let (projections, address, served) = runtime.block_on(async {
            if !was_kept {
                let start = Instant::now();
                eprintln!(
                    "reads: filling a shop with {products} products and {carts} carts; it is kept for later runs"
                );
                seed::fill(&bus, &ambient, &catalog).await?;
                eprintln!("reads: filled after {:.0} s; the read models follow", start.elapsed().as_secs_f64());
            }
            let inner = SqliteStore::open(SqliteStoreOptions::new(&database)).await?;
            let store = Arc::new(RecordingStore { inner, recorder: recorder.clone() });
            let codec = bus.codec().clone();
            let projections = Projections::open_with_store(
                log.clone(),
                codec,
                ambient.clock.clone(),
                store,
                Limits::default(),
                models::all(),
            )
            .await?;
            projections.catch_up().await?;
            let api = ReadApi::new(projections.read_models(), log.clone(), keys.clone());
            let (router, _) = tillroll_read_api::router(api).split_for_parts();
            let router = protect(router, Edge::new(ambient.ids.clone()));
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            let address = listener.local_addr()?;
            let (stop, stopped) = oneshot::channel::<()>();
            let served = tokio::spawn(async move {
                let until = async {
                    // Either way it is the end.
                    let _ = stopped.await;
                };
                if let Err(error) = serve(listener, router, ServerLimits::default(), until).await {
                    eprintln!("reads: the server ended: {error}");
                }
            });
            Ok::<_, Failure>((projections, address, Some((stop, served))))
        })?;
        fs::write(folder.join(MARK), mark)?;
        let key = key_of(&fs::read_to_string(keys_file)?)?;
        Ok(Self { runtime, log, vault, projections, served, address, database, recorder, catalog, key, was_kept })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The file of the read models.
    pub(super) fn database(&self) -> &Path {
        &self.database
    }

    pub(super) fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    pub(super) fn catalog(&self) -> &Seeded {
        &self.catalog
    }

    /// The storefront's key.
    pub(super) fn key(&self) -> &str {
        &self.key
    }

    /// Whether the shop was there already.
    pub(super) fn was_kept(&self) -> bool {
        self.was_kept
    }

    pub(super) fn products(&self) -> u32 {
        self.catalog.products
    }

    pub(super) fn carts(&self) -> u32 {
        self.catalog.carts
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let served = self.served.take();
        self.runtime.block_on(async {
            if let Some((stop, served)) = served {
                let _ = stop.send(());
                let _ = served.await;
            }
            self.projections.close().await;
        });
        self.vault.close();
        self.log.close();
    }
}

/// The storefront's key in a file of role keys.
fn key_of(file: &str) -> Result<String, Failure> {
    let key = file.lines().find_map(|line| line.strip_prefix("storefront = \"")?.strip_suffix('"'));
    key.map(str::to_owned).ok_or_else(|| "there is no key of the storefront".into())
}
