//! How an import tells how far it has got.

/// What an import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The first pass: which rows belong to which document.
    Reading,
    /// The second pass: what the documents are, and how much stock there must have been.
    Surveying,
    /// Events enter the log. Documents that had entered before are passed over quickly.
    Recording,
    /// File, log and read models are compared; rows and documents count what the log was found to hold.
    Comparing,
}

/// How far an import has got in one phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progressed {
    /// The phase.
    pub phase: Phase,
    /// Rows done.
    pub rows: u64,
    /// Of how many; `None` while reading, when nobody knows.
    pub rows_total: Option<u64>,
    /// Documents done, or seen so far while reading.
    pub documents: u64,
    /// Of how many; `None` while reading.
    pub documents_total: Option<u64>,
}

/// Is told how far an import has got; a progress bar, for instance.
pub trait Progress: Send {
    /// Called at the beginning and the end of a phase and some thousand rows apart in it. Should return quickly.
    fn progressed(&mut self, progressed: Progressed);
}

/// Nobody wants to know.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn progressed(&mut self, _: Progressed) {}
}
