//! Registrations reported to the bureau (挂号报备): [`preregister`] for whoever is known by openid,
//! [`qrcodepreregister`] for whoever was scanned at the window, [`report`] for what both do.

pub mod preregister;
pub mod qrcodepreregister;
pub mod report;
pub(crate) mod rows;

#[cfg(test)]
mod sagas;
#[cfg(test)]
mod tests;
