//! At the window (选用接口 §1.3 to 1.5): the HIS hands over the code that a patient showed; the
//! gateway asks who it is, reports the registration, begins the order, and tells how it stands.
//! That the payment is confirmed in the HIS and told to the payer is the payment's own course.

mod advance;
mod calls;
mod platform;
mod rows;
mod scan;
mod step;
mod told;
pub(crate) mod worker;

#[cfg(test)]
mod sagas;
#[cfg(test)]
mod tests;

pub(crate) use calls::{ScanError, cancel, scanned, state};

use medpay_domain::OrgNo;
use medpay_store::Lease;

/// The queue of [`worker`].
const QUEUE: &str = "window";

/// The name of a scan's job.
fn job_key(org_no: &OrgNo, scan_no: &str) -> String {
    format!("{org_no}/{scan_no}")
}

/// The hospital and the number of a scan's job.
fn job_parts(lease: &Lease) -> (OrgNo, &str) {
    let org_no = OrgNo::new(lease.payload.clone());
    let scan_no = lease.key.strip_prefix(&format!("{org_no}/")).unwrap_or_default();
    (org_no, scan_no)
}
