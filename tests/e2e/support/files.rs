//! Files to import: the real sample, found by its path, and small ones that tests write.

use flate2::{Compression, write::GzEncoder};
use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};
use tempfile::TempDir;

/// The first line of every file.
const HEADER: &str = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// A small history: orders with carriage and half pence, a credit note, a write-off, found stock and a fee.
pub(crate) const HISTORY: &[&str] = &[
    "100001,A1,\"CUP, SMALL\",6,2010-12-01 08:26:00,2.55,17850,United Kingdom",
    "100001,A2,LAMP,3,2010-12-01 08:26:00,3.335,17850,United Kingdom",
    "100002,A1,\"CUP, SMALL\",12,2010-12-03 09:00:00,2.1,12583,France",
    "100002,POST,POSTAGE,1,2010-12-03 09:00:00,18,12583,France",
    "C100003,A1,\"CUP, SMALL\",-2,2011-01-05 10:00:00,2.55,17850,United Kingdom",
    "100004,A2,broken,-1,2011-01-06 10:00:00,0,,United Kingdom",
    "100005,A3,found,4,2011-01-06 11:00:00,0,,United Kingdom",
    "C100006,AMAZONFEE,AMAZON FEE,-1,2011-01-07 12:00:00,37.215,,United Kingdom",
];

/// Some of the types of event that [`HISTORY`] becomes.
pub(crate) const HISTORY_EVENT_TYPES: [&str; 4] =
    ["OrderPlaced", "CreditNoteIssued", "ExpenseRecorded", "StockDocumentRecorded"];

/// A file of the Online Retail data set. Fails if it is absent, unless `TILLROLL_WITHOUT_RETAIL_DATA=1` says that this is
/// known; then it answers `None` and says so.
pub(crate) fn retail(file: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("TILLROLL_RETAIL_DATA")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/retail"), PathBuf::from);
    let path = folder.join(file);
    if path.is_file() {
        // The program runs in another folder.
        return Some(path.canonicalize().unwrap());
    }
    let message = format!(
        "the retail data is absent: there is no {}; set TILLROLL_RETAIL_DATA to the folder that holds it, or \
         TILLROLL_WITHOUT_RETAIL_DATA=1 to go without",
        path.display()
    );
    assert!(std::env::var_os("TILLROLL_WITHOUT_RETAIL_DATA").is_some_and(|value| value == "1"), "{message}");
    eprintln!("not tested: {message}");
    None
}

/// A file that a test wrote; it goes with this value.
pub(crate) struct CsvFile {
    folder: TempDir,
    name: &'static str,
}

impl CsvFile {
    /// A file of rows under the right header.
    pub(crate) fn of<R: AsRef<str>>(rows: &[R]) -> Self {
        let mut text = HEADER.to_owned();
        for row in rows {
            text.push_str("\r\n");
            text.push_str(row.as_ref());
        }
        text.push_str("\r\n");
        Self::of_bytes("history.csv", text.as_bytes())
    }

    pub(crate) fn of_bytes(name: &'static str, bytes: &[u8]) -> Self {
        let file = Self { folder: tempfile::tempdir().unwrap(), name };
        fs::write(file.path(), bytes).unwrap();
        file
    }

    /// The same content, gzipped, under a name that does not say so.
    pub(crate) fn gzipped(plain: &Path) -> Self {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(&fs::read(plain).unwrap()).unwrap();
        Self::of_bytes("history", &encoder.finish().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(self.name)
    }
}
