//! A small file system in memory, to be filled up. Needs the right to mount.

use crate::campaign;
use std::{
    io,
    path::Path,
    process::{Command, Output},
};
use tempfile::TempDir;

/// A mounted file system, gone when it is dropped.
#[derive(Debug)]
pub struct Tmpfs(TempDir);

fn done(output: &Output) -> io::Result<()> {
    if output.status.success() {
        Ok(())
    } else {
        Err(io::Error::other(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
    }
}

impl Tmpfs {
    /// Mounts one of so many MiB; `Ok(None)`, with a note on standard error, if `TILLROLL_WITHOUT_TMPFS=1` says that this
    /// machine cannot.
    ///
    /// # Errors
    /// A machine that cannot, and does not say so. A test that needs one must fail then, not pass without a test.
    pub fn mount(mebibytes: u32, test: &str) -> io::Result<Option<Self>> {
        if std::env::var_os("TILLROLL_WITHOUT_TMPFS").is_some_and(|value| value == "1") {
            eprintln!("NOT TESTED: {test} (TILLROLL_WITHOUT_TMPFS=1)");
            return Ok(None);
        }
        let folder = campaign::folder();
        let size = format!("size={mebibytes}m,mode=700");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tillroll-faults"]).arg(folder.path());
        match mount.output().and_then(|output| done(&output)) {
            Ok(()) => Ok(Some(Self(folder))),
            Err(error) => Err(io::Error::other(format!(
                "{test} needs to mount a tmpfs (run as root, inside `unshare -rm`, or set TILLROLL_WITHOUT_TMPFS=1): {error}"
            ))),
        }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Lets it be read only from now on.
    ///
    /// # Errors
    /// While a file is open for writing.
    pub fn make_read_only(&self) -> io::Result<()> {
        Command::new("mount").args(["-o", "remount,ro"]).arg(self.path()).output().and_then(|output| done(&output))
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // Lazily: after a failed test a file may still be open.
        match Command::new("umount").arg("-l").arg(self.path()).output().and_then(|output| done(&output)) {
            Ok(()) => {}
            Err(error) => eprintln!("{} stays mounted: {error}", self.path().display()),
        }
    }
}
