//! Connections without threads: whoever calls also does the work.

use super::session::Role;
use super::threads::{at_once, open, open_prepared, read};
use crate::batch::{Shared, Writer};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::work::Work;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// One connection that works where it is called.
pub(crate) struct InPlace(Mutex<Job>);

enum Job {
    Write(Writer),
    Read(Tx, Arc<Shared>),
}

impl InPlace {
    /// Runs `work` to its end and answers it.
    pub(crate) fn run(&self, work: Box<dyn Work>) {
        match &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Job::Write(writer) => at_once(writer.run(vec![work])),
            Job::Read(tx, shared) => read(tx, shared, work),
        }
    }
}

/// Opens the file twice, to write and to read; `prepare` runs before anything else.
pub(crate) fn in_place(
    path: &Path,
    shared: &Arc<Shared>,
    prepare: impl FnOnce(&mut Tx) -> Result<(), StoreError>,
) -> Result<(InPlace, InPlace), StoreError> {
    let writer = Writer { tx: open_prepared(path, Role::Writer, prepare)?, shared: shared.clone() };
    let reader = Job::Read(open(path, Role::Reader)?, shared.clone());
    Ok((InPlace(Mutex::new(Job::Write(writer))), InPlace(Mutex::new(reader))))
}
