//! A connection without a thread: whoever calls also does the work.

use super::session::Role;
use super::threads::{at_once, open_prepared, read};
use crate::batch::{Shared, Writer};
use crate::error::StoreError;
use crate::tx::Tx;
use crate::work::Work;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The one connection, for writes and for reads.
#[derive(Clone)]
pub(crate) struct InPlace(Arc<Mutex<Writer>>);

impl InPlace {
    /// Opens the file; `prepare` runs before anything else.
    pub(crate) fn open(
        path: &Path,
        shared: &Arc<Shared>,
        prepare: impl FnOnce(&mut Tx) -> Result<(), StoreError>,
    ) -> Result<Self, StoreError> {
        let tx = open_prepared(path, Role::Writer, prepare)?;
        Ok(Self(Arc::new(Mutex::new(Writer { tx, shared: Arc::clone(shared) }))))
    }

    /// Runs a write to its end and answers it.
    pub(crate) fn write(&self, work: Box<dyn Work>) {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        at_once(writer.run(vec![work]));
    }

    /// Runs a read to its end and answers it.
    pub(crate) fn read(&self, work: Box<dyn Work>) {
        let mut writer = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Writer { tx, shared } = &mut *writer;
        read(tx, shared, work);
    }
}
