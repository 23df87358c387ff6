//! The disk under the processes: `disk.c`, made at test time, and the file by which it is told what
//! to do.

use anyhow::{Context as _, ensure};
use std::fs::{File, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the source is.
const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/chaos/disk.c");

/// The numbers in the control file, as `disk.c` explains them.
#[derive(Clone, Copy)]
enum Number {
    DelayMs,
    SyncFails,
    IsFull,
    Slowed,
    Failed,
    Refused,
    Syncs,
}

/// A disk that does as it is told. Every process that is to stand on it is started through
/// [`Disk::under`].
pub(super) struct Disk {
    library: PathBuf,
    control_file: PathBuf,
    control: File,
    /// Which files it looks at: words of their paths.
    files: &'static str,
}

/// How full a disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Full {
    /// There is room.
    No,
    /// No file can become longer.
    NoLongerFiles,
    /// Nothing can be written at all: a disk that never overwrites in place.
    Nothing,
}

/// What the disk has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// Syncs made slower.
    pub(super) slowed: i64,
    /// Syncs that failed.
    pub(super) failed: i64,
    /// Writes refused for want of space.
    pub(super) refused: i64,
    /// Syncs, whatever became of them.
    pub(super) syncs: i64,
}

impl Disk {
    /// Makes one whose library and control file lie in `folder`, for files whose paths contain one
    /// of the words of `files`.
    pub(super) fn new(folder: &Path, files: &'static str) -> anyhow::Result<Self> {
        let library = folder.join("disk.so");
        let output = Command::new("cc")
            .args(["-O2", "-shared", "-fPIC", "-o"])
            .arg(&library)
            .args([SOURCE, "-ldl"])
            .output()
            .context("a C compiler, `cc`, is needed for the disk of the chaos tests")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let control_file = folder.join("disk.control");
        let control = File::options()
            .create(true)
            .truncate(true)
            .read(true)
            .write(true)
            .open(&control_file)?;
        control.write_all_at(&[0; 64], 0)?;
        // PostgreSQL runs as another user.
        for (path, mode) in [(&library, 0o755), (&control_file, 0o666)] {
            std::fs::set_permissions(path, Permissions::from_mode(mode))?;
        }
        Ok(Self { library, control_file, control, files })
    }

    /// The library that stands between a process and its files.
    pub(super) fn library(&self) -> &Path {
        &self.library
    }

    /// Puts a process that is about to be started on this disk.
    pub(super) fn under<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("LD_PRELOAD", &self.library)
            .env("CHAOS_DISK_CONTROL", &self.control_file)
            .env("CHAOS_DISK_FILES", self.files)
    }

    /// Lets every sync take `ms` milliseconds longer; 0 ends that.
    pub(super) fn slow_down(&self, ms: i64) -> anyhow::Result<()> {
        self.set(Number::DelayMs, ms)
    }

    /// Lets the next `count` syncs fail.
    pub(super) fn fail_syncs(&self, count: i64) -> anyhow::Result<()> {
        self.set(Number::SyncFails, count)
    }

    /// Fills it up, or makes room again.
    pub(super) fn fill(&self, full: Full) -> anyhow::Result<()> {
        self.set(Number::IsFull, full as i64)
    }

    /// What it has done so far.
    pub(super) fn done(&self) -> anyhow::Result<Done> {
        Ok(Done {
            slowed: self.get(Number::Slowed)?,
            failed: self.get(Number::Failed)?,
            refused: self.get(Number::Refused)?,
            syncs: self.get(Number::Syncs)?,
        })
    }

    fn set(&self, number: Number, value: i64) -> anyhow::Result<()> {
        Ok(self.control.write_all_at(&value.to_ne_bytes(), 8 * number as u64)?)
    }

    fn get(&self, number: Number) -> anyhow::Result<i64> {
        let mut bytes = [0; 8];
        self.control.read_exact_at(&mut bytes, 8 * number as u64)?;
        Ok(i64::from_ne_bytes(bytes))
    }
}
