//! What an erasure leaves in the folder of an embedded engine, open and closed, and how it goes on.

use super::{
    ANN, ANN_EMAIL, ANN_NAME, ANN_OLD_EMAIL, ANN_OLD_NAME, ANN_REMARK, BOB, BOB_EMAIL, BOB_NAME, BOB_REMARK,
    SNAPSHOT_EVERY, ann,
    contacts::{Contact, ContactCommand, ContactState, Email, Name, Remark, old},
    context, execute, profile, remarks,
    scan::{self, Form},
    state, subject, visit,
};
use std::{path::Path, sync::Arc};
use tillroll_domain::{ids::SubjectId, personal::Personal};
use tillroll_infra::{
    ambient::Ambient,
    bus::{Bus, ExecuteError, Fingerprint, Loaded},
    log::{SqliteLog, controlled::ControlledLog, sqlite::SqliteLogOptions},
    snapshots::{SnapshotStore, SqliteSnapshots, SqliteSnapshotsOptions},
    stream::StreamId,
    vault::{KeyState, KeyVault, SqliteVault, sqlite::SqliteVaultOptions},
};

/// A folder with a log, a vault and snapshots, all of them open.
struct Shop {
    log: Arc<SqliteLog>,
    vault: Arc<SqliteVault>,
    snapshots: Arc<SqliteSnapshots>,
    bus: Bus,
}

impl Shop {
    fn open(folder: &Path) -> Self {
        let ambient = Ambient::system();
        let log = SqliteLog::open(&SqliteLogOptions::new(folder.join("log.db")), ambient.clock.clone()).unwrap();
        let vault = SqliteVaultOptions::new(folder.join("vault.db"));
        let vault = Arc::new(SqliteVault::open(&vault, ambient.randomness.clone()).unwrap());
        let snapshots = SqliteSnapshots::open(SqliteSnapshotsOptions::new(folder.join("snapshots.db"))).unwrap();
        let (log, snapshots) = (Arc::new(log), Arc::new(snapshots));
        let bus = Bus::builder(log.clone(), ambient)
            .vault(vault.clone())
            .snapshots(snapshots.clone(), SNAPSHOT_EVERY)
            .register::<Contact>()
            .build();
        Self { log, vault, snapshots, bus }
    }

    fn close(self) {
        self.log.close();
        self.snapshots.close();
        self.vault.close();
    }

    /// The program before its last update.
    fn old_bus(&self) -> Bus {
        let builder = Bus::builder(self.log.clone(), self.bus.ambient().clone());
        builder.vault(self.vault.clone()).register::<old::Contact>().build()
    }

    async fn key(&self, subject: SubjectId) -> [u8; 32] {
        match self.vault.key("default", subject).await.unwrap() {
            KeyState::Known(key) => *key.exposed(),
            other => panic!("{other:?}"),
        }
    }

    /// The state as the log alone tells it, with neither cache nor snapshot.
    async fn folded(&self, id: &str) -> ContactState {
        let builder = Bus::builder(self.log.clone(), self.bus.ambient().clone());
        state(&builder.vault(self.vault.clone()).register::<Contact>().build(), id).await
    }

    async fn wait_for_snapshot(&self, id: &str) -> String {
        let stream = StreamId::new("contact", id).unwrap();
        loop {
            if let Some(snapshot) = self.snapshots.load(&stream).await {
                return snapshot.body.into();
            }
            tokio::task::yield_now().await;
        }
    }
}

/// The histories of two people and a crowd, over many pages of every file.
async fn fill(shop: &Shop) {
    let old = shop.old_bus();
    let register = old::Register {
        name: Personal::known(subject(ANN), Name(ANN_OLD_NAME.to_owned())),
        email: Personal::known(subject(ANN), Email(ANN_OLD_EMAIL.to_owned())),
    };
    old.execute::<old::Contact>("ann", register, context(1)).await.unwrap();
    let bus = &shop.bus;
    let bob = ContactCommand::Register { profile: profile(BOB, BOB_NAME, BOB_EMAIL) };
    execute(bus, "bob", 2, bob).await.unwrap();
    for number in 0..200_u128 {
        let id = format!("crowd-{number}");
        let name = format!("Face {number} in the crowd");
        let command = ContactCommand::Register { profile: profile(0xc_0000 + number, &name, "crowd@example.test") };
        execute(bus, &id, 1_000 + number, command).await.unwrap();
    }
    for number in 0..60_u128 {
        let both = remarks(&[(ANN, ANN_REMARK), (BOB, BOB_REMARK), (ANN, &format!("{ANN_REMARK} no. {number}"))]);
        execute(bus, "ann", 2_000 + number, both).await.unwrap();
        execute(bus, "ann", 3_000 + number, visit(number)).await.unwrap();
        execute(bus, "bob", 4_000 + number, visit(number)).await.unwrap();
    }
    let ann = ContactCommand::Register { profile: profile(ANN, ANN_NAME, ANN_EMAIL) };
    execute(bus, "ann", 10, ann).await.unwrap();
}

/// Everything of Ann's that nobody may read, and digests that would let a guess be confirmed.
fn planted() -> Vec<Form> {
    let mut forms = Vec::new();
    for (name, text) in [
        ("old name", ANN_OLD_NAME),
        ("old email", ANN_OLD_EMAIL),
        ("name", ANN_NAME),
        ("email", ANN_EMAIL),
        ("remark", ANN_REMARK),
        ("remark of Bob", BOB_REMARK),
        ("name of Bob", BOB_NAME),
    ] {
        forms.extend(scan::text(name, text));
    }
    let command = ContactCommand::Register { profile: profile(ANN, ANN_NAME, ANN_EMAIL) };
    for (name, digest) in [
        ("digest of the command", Fingerprint::of(&command)),
        ("digest of the email", Fingerprint::of_bytes(ANN_EMAIL.as_bytes())),
        ("digest of the email in JSON", Fingerprint::of(&ANN_EMAIL)),
    ] {
        forms.extend(scan::text(name, &digest.to_string()));
    }
    forms
}

fn assert_bob_is_known(state: &ContactState) {
    let profile = state.profile.as_ref().unwrap();
    assert_eq!(profile.name.value(), Some(&Name(BOB_NAME.to_owned())));
    assert_eq!(profile.email.value(), Some(&Email(BOB_EMAIL.to_owned())));
    assert_eq!(state.visits, 60);
}

/// Ann's stream as it is read once she is erased: hers is gone, Bob's words in it are still there.
fn assert_ann_is_erased(state: &ContactState, visits: u64) {
    let profile = state.profile.as_ref().unwrap();
    assert_eq!((&profile.name, &profile.email), (&Personal::erased(subject(ANN)), &Personal::erased(subject(ANN))));
    assert_eq!(profile.country, "Planted Country Republic");
    assert_eq!(state.remarks.len(), 180);
    for remarks in state.remarks.chunks(3) {
        assert_eq!(remarks[0], Personal::erased(subject(ANN)));
        assert_eq!(remarks[1].value(), Some(&Remark(BOB_REMARK.to_owned())));
        assert_eq!(remarks[2], Personal::erased(subject(ANN)));
    }
    assert_eq!(state.visits, visits);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_an_erased_person_is_left_in_the_folder_and_the_log_still_folds() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::open(folder.path());
    fill(&shop).await;
    let (ann, bob) = (shop.key(subject(ANN)).await, shop.key(subject(BOB)).await);
    let (planted, ann, bob) = (planted(), scan::key("Ann's key", &ann), scan::key("Bob's key", &bob));
    let snapshot = shop.wait_for_snapshot("ann").await;
    assert!(snapshot.contains("$sealed") && !snapshot.contains("$personal"), "a snapshot is sealed");

    // Before: no data is found, the key is; and what is not personal is found, so that the scan looks at the right place.
    assert_eq!(scan::found(folder.path(), &planted), [""; 0]);
    assert!(!scan::found(folder.path(), &ann).is_empty());
    let plain = [
        scan::text("country", "Planted Country Republic"),
        scan::text("digest of a command without personal data", &Fingerprint::of(&visit(7)).to_string()),
    ];
    for plain in &plain {
        assert!(!scan::found(folder.path(), plain).is_empty());
    }
    let known = state(&shop.bus, "ann").await;
    assert_eq!(known.profile.unwrap(), profile(ANN, ANN_NAME, ANN_EMAIL));

    shop.bus.erase("default", subject(ANN)).await.unwrap();

    // With everything still open.
    assert_eq!(scan::found(folder.path(), &ann), [""; 0]);
    assert_eq!(scan::found(folder.path(), &planted), [""; 0]);
    assert!(!scan::found(folder.path(), &bob).is_empty());
    assert_ann_is_erased(&state(&shop.bus, "ann").await, 60);
    assert_ann_is_erased(&shop.folded("ann").await, 60);
    assert_bob_is_known(&state(&shop.bus, "bob").await);
    execute(&shop.bus, "ann", 11, visit(0)).await.unwrap();

    shop.close();
    assert_eq!(scan::found(folder.path(), &ann), [""; 0]);
    assert_eq!(scan::found(folder.path(), &planted), [""; 0]);
    assert!(!scan::found(folder.path(), &bob).is_empty());

    let shop = Shop::open(folder.path());
    assert_ann_is_erased(&state(&shop.bus, "ann").await, 61);
    assert_ann_is_erased(&shop.folded("ann").await, 61);
    assert_bob_is_known(&state(&shop.bus, "bob").await);
    execute(&shop.bus, "ann", 12, visit(0)).await.unwrap();
    for (number, command) in [
        (13, remarks(&[(BOB, BOB_REMARK), (ANN, ANN_REMARK)])),
        (14, ContactCommand::Register { profile: profile(ANN, ANN_NAME, ANN_EMAIL) }),
        // What the state holds of her cannot get into an event again either.
        (15, ContactCommand::Repeat),
    ] {
        let refused = execute(&shop.bus, "ann", number, command).await.unwrap_err();
        assert!(matches!(refused, ExecuteError::SubjectErased { subject: who } if who == subject(ANN)), "{refused}");
    }
    execute(&shop.bus, "ann", 16, remarks(&[(BOB, BOB_REMARK)])).await.unwrap();
    // The first time it was carried out, but its content cannot be compared any more.
    let again = ContactCommand::Register { profile: profile(ANN, ANN_NAME, ANN_EMAIL) };
    let refused = execute(&shop.bus, "ann", 10, again).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::SubjectErased { .. }), "{refused}");
    shop.close();
    assert_eq!(scan::found(folder.path(), &ann), [""; 0]);
    assert_eq!(scan::found(folder.path(), &planted), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_snapshot_from_before_an_erasure_is_read_with_the_person_erased() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::open(folder.path());
    fill(&shop).await;
    shop.wait_for_snapshot("ann").await;
    shop.close();
    let shop = Shop::open(folder.path());
    shop.vault.erase("default", subject(ANN)).await.unwrap();
    let log = Arc::new(ControlledLog::new(shop.log.clone()));
    let bus = Bus::builder(log.clone(), shop.bus.ambient().clone())
        .vault(shop.vault.clone())
        .snapshots(shop.snapshots.clone(), SNAPSHOT_EVERY)
        .register::<Contact>()
        .build();
    let resumed = bus.load::<Contact>("default", "ann").await.unwrap();
    assert_ann_is_erased(&resumed.state, 60);
    let (read, whole) = (log.take_events_read(), usize::try_from(resumed.revision.unwrap().0).unwrap() + 1);
    assert!(read < whole, "all {whole} events were read, so that the snapshot was passed over");
    drop((bus, log));
    shop.close();
}

#[tokio::test]
async fn a_lost_vault_is_an_error_and_not_an_erasure() {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::open(folder.path());
    execute(&shop.bus, "ann", 1, ann()).await.unwrap();
    shop.close();
    std::fs::remove_file(folder.path().join("vault.db")).unwrap();
    let shop = Shop::open(folder.path());
    assert!(shop.vault.was_created());
    let lost: Result<Loaded<Contact>, _> = shop.bus.load("default", "ann").await;
    let Err(ExecuteError::PersonalData { source, .. }) = lost else { panic!("{lost:?}") };
    assert!(source.to_string().contains("restore the key vault"), "{source}");
    // What needs no personal data goes on.
    execute(&shop.bus, "other", 2, visit(1)).await.unwrap();
    shop.close();
}
