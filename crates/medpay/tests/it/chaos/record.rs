//! The record of a run: a line of JSON for each thing done to the town, and at last the audit.

use serde::Serialize;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

/// One thing that was done to the town. Times are milliseconds of the machine.
#[derive(Debug, Serialize)]
pub(super) struct Line {
    /// Since the beginning of the run.
    pub(super) at_ms: u128,
    /// `kill`, `stop`, `cut`, `torn_answers`, `slow_sync`, `sync_error`, `full_disk`.
    pub(super) fault: &'static str,
    /// Who or what it was done to.
    pub(super) victim: String,
    /// How many orders were under way when it began.
    pub(super) orders: u64,
    /// After a kill: until the victim did its work again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) restart_ms: Option<u128>,
    /// How long it lasted, if it lasted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lasted_ms: Option<u128>,
    /// How often it bit: connections broken, syncs slowed or failed, writes refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) bit: Option<u64>,
}

/// The record, and the file it is also written to.
#[derive(Default)]
pub(super) struct Record {
    pub(super) lines: Vec<Line>,
    file: Option<File>,
}

impl Record {
    /// A record that is also written to `file`, if there is one.
    pub(super) fn new(file: Option<&Path>) -> anyhow::Result<Self> {
        let file = file.map(File::create).transpose()?;
        Ok(Self { lines: Vec::new(), file })
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: Line) -> anyhow::Result<()> {
        self.write(&line)?;
        self.lines.push(line);
        Ok(())
    }

    /// Writes anything else as a line: what the run is, and what it came to.
    pub(super) fn write(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        if let Some(file) = &mut self.file {
            writeln!(file, "{}", serde_json::to_string(value)?)?;
        }
        Ok(())
    }

    /// How often something was done, and how often it bit.
    pub(super) fn count(&self, fault: &str) -> (usize, u64) {
        let lines = self.lines.iter().filter(|line| line.fault == fault);
        lines.fold((0, 0), |(count, bit), line| (count + 1, bit + line.bit.unwrap_or(0)))
    }
}
