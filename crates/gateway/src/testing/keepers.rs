//! A platform and a HIS that keep honest books, for saga tests: what comes again under its number
//! or key is answered as before, and nothing is given back that was not paid.

mod his;
mod platform;

pub(crate) use his::{DIGEST, KeepingHis, NAME, PATIENT};
pub(crate) use platform::KeepingPlatform;

use std::sync::{Mutex, MutexGuard};

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().expect("not poisoned")
}
